"""The extended properties of bindings, which the HTTP Server API keeps apart from their records."""

import ctypes
from ctypes import POINTER, c_int32, c_ubyte, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Any, Dict

from .structures import CCS, IP_PORT, KEYS, SCOPED_CCS, SNI

# The ids of the properties of a kind of key.
IDS = {IP_PORT: 8, SNI: 9, CCS: 10, SCOPED_CCS: 12}


class Secret(str):
    """Hexadecimal digits that are compared, and not printed."""

    def __repr__(self) -> str:
        return "'(secret)'"

    __str__ = __repr__


class _Text(ctypes.Structure):
    """UNICODE_STRING; its length is in bytes."""

    _fields_ = [("length", c_uint16), ("room", c_uint16), ("buffer", c_void_p)]


class _Crypto(ctypes.Structure):
    """CRYPTO_SETTINGS."""

    _fields_ = [
        ("usage", c_int32),
        ("algorithm", _Text),
        ("mode_count", c_uint32),
        ("modes", POINTER(_Text)),
        ("min_bits", c_uint32),
        ("max_bits", c_uint32),
    ]


class _Restriction(ctypes.Structure):
    """TLS_PARAMETERS."""

    _fields_ = [
        ("alpn_count", c_uint32),
        ("alpn_ids", POINTER(_Text)),
        ("disabled_protocols", c_uint32),
        ("crypto_count", c_uint32),
        ("disabled_crypto", POINTER(_Crypto)),
        ("flags", c_uint32),
    ]


class _Header(ctypes.Structure):
    """HTTP_UNKNOWN_HEADER."""

    _fields_ = [("name_length", c_uint16), ("value_length", c_uint16), ("name", c_void_p), ("value", c_void_p)]


class _TicketKey(ctypes.Structure):
    """SecPkgCred_SessionTicketKey."""

    _fields_ = [("version", c_uint32), ("id", c_ubyte * 16), ("material", c_ubyte * 64), ("size", c_ubyte)]


class _Limits(ctypes.Structure):
    _fields_ = [("per_frame", c_uint32), ("per_minute", c_uint32)]


class _Performance(ctypes.Structure):
    _fields_ = [("setting", c_int32), ("size", c_uint32), ("buffer", c_void_p)]


class _Restrictions(ctypes.Structure):
    _fields_ = [("count", c_uint32), ("list", POINTER(_Restriction))]


class _ErrorHeaders(ctypes.Structure):
    _fields_ = [("status", c_uint16), ("count", c_uint16), ("list", POINTER(_Header))]


class _TicketKeys(ctypes.Structure):
    _fields_ = [("count", c_uint32), ("list", POINTER(_TicketKey))]


class _Value(ctypes.Union):
    _fields_ = [
        ("window", c_uint32),
        ("limits", _Limits),
        ("performance", _Performance),
        ("restrictions", _Restrictions),
        ("headers", _ErrorHeaders),
        ("keys", _TicketKeys),
    ]


class Param(ctypes.Structure):
    """HTTP_SERVICE_CONFIG_SSL_PARAM_EX."""

    _fields_ = [("type", c_int32), ("flags", c_uint64), ("value", _Value)]


# Of ipport keys too the address is in the structure.
_KEYS = {**KEYS, IP_PORT: KEYS[CCS]}


def _set(key):
    return type("SetEx", (ctypes.Structure,), {"_fields_": [("key", key), ("param", Param)]})


def _query(key):
    fields = [("query", c_uint32), ("key", key), ("token", c_uint32), ("type", c_uint32)]
    return type("QueryEx", (ctypes.Structure,), {"_fields_": fields})


SETS = {kind: _set(key) for kind, key in _KEYS.items()}
QUERIES = {kind: _query(key) for kind, key in _KEYS.items()}


def _window(value: _Value) -> Dict[str, Any]:
    return {"receive_window": value.window}


def _limits(value: _Value) -> Dict[str, Any]:
    return {"max_per_frame": value.limits.per_frame, "max_per_minute": value.limits.per_minute}


def _performance(value: _Value) -> Dict[str, Any]:
    found = value.performance
    return {"setting": found.setting, "buffer": _bytes(found.buffer, found.size).hex()}


def _restrictions(value: _Value) -> Dict[str, Any]:
    found = value.restrictions
    return {"restrictions": [_restriction(found.list[index]) for index in range(found.count)]}


def _restriction(found: _Restriction) -> Dict[str, Any]:
    return {
        "alpn_ids": [_text(found.alpn_ids[index]) for index in range(found.alpn_count)],
        "disabled_protocols": found.disabled_protocols,
        "disabled_crypto": [_crypto(found.disabled_crypto[index]) for index in range(found.crypto_count)],
        "restriction_flags": found.flags,
    }


def _crypto(found: _Crypto) -> Dict[str, Any]:
    return {
        "usage": found.usage,
        "algorithm": _text(found.algorithm) or None,
        "chaining_modes": [_text(found.modes[index]) for index in range(found.mode_count)],
        "min_bits": found.min_bits,
        "max_bits": found.max_bits,
    }


def _headers(value: _Value) -> Dict[str, Any]:
    found = value.headers
    return {"status": found.status, "headers": [_header(found.list[index]) for index in range(found.count)]}


def _header(found: _Header) -> Dict[str, Any]:
    name, value = _bytes(found.name, found.name_length), _bytes(found.value, found.value_length)
    return {"name": name.decode("latin-1"), "value": value.decode("latin-1")}


def _ticket_keys(value: _Value) -> Dict[str, Any]:
    found = value.keys
    return {"keys": [_ticket_key(found.list[index]) for index in range(found.count)]}


def _ticket_key(found: _TicketKey) -> Dict[str, Any]:
    material = Secret(bytes(found.material[: found.size]).hex())
    return {"version": found.version, "id": bytes(found.id).hex(), "material": material}


def _bytes(pointer: Any, size: int) -> bytes:
    return ctypes.string_at(pointer, size) if size else b""


def _text(found: _Text) -> str:
    return _bytes(found.buffer, found.length).decode("utf-16-le")


# By their types, which are numbered from 0.
_TYPES = [
    ("http2_window", _window),
    ("http2_settings_limits", _limits),
    ("performance", _performance),
    ("tls_restrictions", _restrictions),
    ("error_headers", _headers),
    ("session_ticket_keys", _ticket_keys),
]

NAMES = [name for name, _ in _TYPES]


def value(param: Param) -> Dict[str, Any]:
    """What a property is set to, as JSON exports have it."""
    _, decoded = _TYPES[param.type]
    flags = {"flags": f"{param.flags:#x}"} if param.flags else {}
    return {**decoded(param.value), **flags}
