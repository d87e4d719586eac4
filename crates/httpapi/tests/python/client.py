"""Binds, reads, fails on demand and unbinds through the library named on the command line."""

import ctypes
import sys
from ctypes import POINTER, byref, c_ubyte, c_uint16, c_uint32, c_uint64, c_void_p

lib = ctypes.CDLL(sys.argv[1])


class Guid(ctypes.Structure):
    _fields_ = [("data1", c_uint32), ("data2", c_uint16), ("data3", c_uint16), ("data4", c_ubyte * 8)]


class SockaddrIn(ctypes.Structure):
    _fields_ = [("family", c_uint16), ("port", c_ubyte * 2), ("addr", c_ubyte * 4), ("zero", c_ubyte * 8)]


class SslParam(ctypes.Structure):
    _fields_ = [
        ("hash_length", c_uint32),
        ("hash", c_void_p),
        ("app_id", Guid),
        ("store_name", c_void_p),
        ("check_mode", c_uint32),
        ("freshness_time", c_uint32),
        ("url_timeout", c_uint32),
        ("ctl_identifier", c_void_p),
        ("ctl_store_name", c_void_p),
        ("flags", c_uint32),
    ]


class SslSet(ctypes.Structure):
    _fields_ = [("key", POINTER(SockaddrIn)), ("param", SslParam)]


class SslQuery(ctypes.Structure):
    _fields_ = [("query", c_uint32), ("key", POINTER(SockaddrIn)), ("token", c_uint32)]


class Version(ctypes.Structure):
    _fields_ = [("major", c_uint16), ("minor", c_uint16)]


SSL = 1
CONFIG = 2
SET, QUERY_EXACT = 1, 4
lib.HttpInitialize.argtypes = [Version, c_uint32, c_void_p]
for name in ["HttpSetServiceConfiguration", "HttpDeleteServiceConfiguration"]:
    getattr(lib, name).argtypes = [c_void_p, c_uint32, c_void_p, c_uint32, c_void_p]
lib.HttpQueryServiceConfiguration.argtypes = [
    c_void_p, c_uint32, c_void_p, c_uint32, c_void_p, c_uint32, POINTER(c_uint32), c_void_p,
]
lib.CertbindHttpApiFail.argtypes = [c_uint32, c_uint64, c_uint32]
lib.CertbindHttpApiCalls.restype = c_uint64

assert ctypes.sizeof(SslSet) == 88 and ctypes.sizeof(SslQuery) == 24
address = SockaddrIn(2, (c_ubyte * 2)(0x01, 0xBB), (c_ubyte * 4)(192, 0, 2, 4))
digest = (c_ubyte * 20)(*range(20))
binding = SslSet(ctypes.pointer(address))
binding.param.hash_length = 20
binding.param.hash = ctypes.addressof(digest)
binding.param.flags = 0x10
size = ctypes.sizeof(binding)

# Before HttpInitialize nothing is to be had.
assert lib.HttpSetServiceConfiguration(None, SSL, byref(binding), size, None) == 6
assert lib.HttpInitialize(Version(1, 0), CONFIG, None) == 0
assert lib.CertbindHttpApiFail(SET, 1, 1312) == 0
assert lib.HttpSetServiceConfiguration(None, SSL, byref(binding), size, None) == 1312
assert lib.HttpSetServiceConfiguration(None, SSL, byref(binding), size, None) == 0
assert lib.HttpSetServiceConfiguration(None, SSL, byref(binding), size, None) == 183
assert lib.CertbindHttpApiCalls(SET) == 4

query = SslQuery(0, ctypes.pointer(address), 0)
needed = c_uint32(0)
arguments = [None, SSL, byref(query), ctypes.sizeof(query)]
assert lib.HttpQueryServiceConfiguration(*arguments, None, 0, byref(needed), None) == 122
buffer = ctypes.create_string_buffer(needed.value)
assert lib.HttpQueryServiceConfiguration(*arguments, buffer, needed.value, byref(needed), None) == 0
found = SslSet.from_buffer(buffer)
start = ctypes.addressof(buffer)
for pointer in [ctypes.cast(found.key, c_void_p).value, found.param.hash]:
    assert start <= pointer < start + needed.value, "what it points to is in the buffer"
assert bytes(found.key.contents.addr) == bytes([192, 0, 2, 4])
assert bytes(found.key.contents.port) == bytes([0x01, 0xBB])
assert ctypes.string_at(found.param.hash, found.param.hash_length) == bytes(range(20))
assert found.param.store_name is None and found.param.flags == 0x10
assert lib.CertbindHttpApiCalls(QUERY_EXACT) == 2

assert lib.HttpDeleteServiceConfiguration(None, SSL, byref(binding), size, None) == 0
assert lib.HttpDeleteServiceConfiguration(None, SSL, byref(binding), size, None) == 2
assert lib.HttpReceiveHttpRequest(None, ctypes.c_uint64(0), 0, None, 0, None, None) == 120
print("every check has passed")
