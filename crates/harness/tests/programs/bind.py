"""Binds 0.0.0.0:443 through the library that the system finds by its name, then has netsh show it."""

import ctypes
import subprocess
import sys
from ctypes import byref, c_ubyte, c_uint16, c_uint32, c_void_p

lib = ctypes.CDLL("libhttpapi.so")


class Version(ctypes.Structure):
    _fields_ = [("major", c_uint16), ("minor", c_uint16)]


class SslSet(ctypes.Structure):
    _fields_ = [
        ("address", c_void_p),
        ("hash_length", c_uint32),
        ("hash", c_void_p),
        ("app_id", c_ubyte * 16),
        ("store_name", c_void_p),
        ("numbers", c_uint32 * 3),
        ("ctl", c_void_p * 2),
        ("flags", c_uint32),
    ]


lib.HttpInitialize.argtypes = [Version, c_uint32, c_void_p]
lib.HttpSetServiceConfiguration.argtypes = [c_void_p, c_uint32, c_void_p, c_uint32, c_void_p]

address = (c_ubyte * 16)(2, 0, 443 >> 8, 443 & 255)
digest = (c_ubyte * 20)(*range(1, 21))
name = ctypes.create_string_buffer("MY".encode("utf-16-le") + b"\0\0")
binding = SslSet(ctypes.addressof(address), 20, ctypes.addressof(digest))
binding.store_name = ctypes.addressof(name)
assert lib.HttpInitialize(Version(1, 0), 2, None) == 0
code = lib.HttpSetServiceConfiguration(None, 1, byref(binding), ctypes.sizeof(binding), None)
# This process is still at work with the API, and netsh sees what it did, as on Windows.
shown = subprocess.run(["netsh", "http", "show", "sslcert", "ipport=0.0.0.0:443"], capture_output=True, text=True)
print(shown.stdout)
sys.exit(3 if code == 1312 else code)
