"""The structures of the HTTP Server API (http.h), for 64-bit programs."""

import ctypes
from ctypes import c_ubyte, c_uint16, c_uint32, c_uint64, c_void_p

AF_INET = 2
AF_INET6 = 23

IP_PORT = 1
SNI = 5
CCS = 6
SCOPED_CCS = 11
URL_RESERVATION = 2
LISTEN_LIST = 0
TIMEOUT = 3

QUERY_EXACT = 0
QUERY_NEXT = 1


class Version(ctypes.Structure):
    _fields_ = [("major", c_uint16), ("minor", c_uint16)]


class Address(ctypes.Structure):
    """SOCKADDR_STORAGE, with what SOCKADDR_IN and SOCKADDR_IN6 have in it."""

    _fields_ = [
        ("family", c_uint16),
        ("port", c_ubyte * 2),
        ("v4", c_ubyte * 4),
        ("v6", c_ubyte * 16),
        ("scope", c_uint32),
        ("rest", c_ubyte * 100),
    ]


class Param(ctypes.Structure):
    """HTTP_SERVICE_CONFIG_SSL_PARAM."""

    _fields_ = [
        ("hash_length", c_uint32),
        ("hash", c_void_p),
        ("app_id", c_ubyte * 16),
        ("store_name", c_void_p),
        ("check_mode", c_uint32),
        ("revocation_freshness_time", c_uint32),
        ("url_retrieval_timeout", c_uint32),
        ("ctl_identifier", c_void_p),
        ("ctl_store_name", c_void_p),
        ("flags", c_uint32),
    ]


class IpPortKey(ctypes.Structure):
    _fields_ = [("address", c_void_p)]


class HostKey(ctypes.Structure):
    """HTTP_SERVICE_CONFIG_SSL_SNI_KEY. The address is aligned as SOCKADDR_STORAGE is."""

    _fields_ = [("address", Address), ("host", c_void_p)]


class CcsKey(ctypes.Structure):
    _fields_ = [("address", Address), ("aligned", c_uint64 * 0)]


KEYS = {IP_PORT: IpPortKey, SNI: HostKey, CCS: CcsKey, SCOPED_CCS: HostKey}


def _set(key):
    return type("Set", (ctypes.Structure,), {"_fields_": [("key", key), ("param", Param)]})


def _query(key):
    fields = [("query", c_uint32), ("key", key), ("token", c_uint32)]
    return type("Query", (ctypes.Structure,), {"_fields_": fields})


SETS = {kind: _set(key) for kind, key in KEYS.items()}
QUERIES = {kind: _query(key) for kind, key in KEYS.items()}


class UrlSet(ctypes.Structure):
    """HTTP_SERVICE_CONFIG_URLACL_SET."""

    _fields_ = [("url", c_void_p), ("sddl", c_void_p)]


class UrlQuery(ctypes.Structure):
    """HTTP_SERVICE_CONFIG_URLACL_QUERY."""

    _fields_ = [("query", c_uint32), ("url", c_void_p), ("token", c_uint32)]


class ListenList(ctypes.Structure):
    """The beginning of HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY; as many addresses follow."""

    _fields_ = [("count", c_uint32), ("aligned", c_uint64 * 0)]
