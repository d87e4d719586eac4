#!/usr/bin/env python3
"""Registers URLs by version 1 of the HTTP Server API, and serves none: prints what each is answered."""

import ctypes
import sys

api = ctypes.CDLL("libhttpapi.so")
queue = ctypes.c_void_p()
if api.HttpInitialize(1, 1, None) or api.HttpCreateHttpHandle(ctypes.byref(queue), 0):
    sys.exit("no request queue")
for url in sys.argv[1:]:
    text = (url + "\0").encode("utf-16-le")
    print(api.HttpAddUrl(queue, text, None))
