"""Calls functions that are passed on, through the library named on the command line."""

import ctypes
import sys

lib = ctypes.CDLL(sys.argv[1])


def mixed(words):
    total = 0
    for word in words:
        total = total * 3 + word
    return total & 0xFFFFFFFF


def call(name, *words):
    function = getattr(lib, name)
    function.argtypes = [ctypes.c_size_t] * len(words)
    function.restype = ctypes.c_uint32
    return function(*words)


assert call("HttpCreateServerSession", 5, 6, 7) == mixed([5, 6, 7])
words = list(range(11, 21))
assert call("HttpSendHttpResponse", *words) == mixed(words)
assert call("HttpInitialize", 1, 2, 0) == 3
assert call("HttpTerminate", 2, 0) == 2
assert call("HttpSetServiceConfiguration", 0, 1, 0, 0, 0) == 1001
assert call("HttpDeleteServiceConfiguration", 0, 1, 0, 0, 0) == 1002
# What that library does not have is answered as if nothing were passed on.
assert call("HttpUpdateServiceConfiguration", 0, 1, 0, 0, 0) == 120
assert call("HttpAddUrl", 1, 2, 3) == 120
# There is no simulator to be steered.
assert call("CertbindHttpApiFail", 1, 1, 5) == 50
print("every check has passed")
