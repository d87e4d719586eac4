"""The HTTP Server API of the simulator, in this process."""

import ctypes
import ipaddress
import os
import struct
from ctypes import POINTER, byref, c_char_p, c_size_t, c_uint16, c_uint32, c_uint64, c_void_p
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Union
from uuid import UUID

from . import properties
from .arguments import integer
from .binding import Binding, Registration, UrlReservation
from .structures import (
    AF_INET,
    AF_INET6,
    CCS,
    IP_PORT,
    LISTEN_LIST,
    QUERIES,
    QUERY_NEXT,
    SCOPED_CCS,
    SETS,
    SNI,
    TIMEOUT,
    URL_RESERVATION,
    Address,
    ListenList,
    UrlQuery,
    UrlSet,
    Version,
)

_CONFIG = 2
_NO_MORE_ITEMS = 259
_INVALID_PARAMETER = 87
_INSUFFICIENT_BUFFER = 122
_MORE_DATA = 234

_TAGS = {IP_PORT: "ipport", SNI: "hostnameport", CCS: "ccs", SCOPED_CCS: "scopedccs"}

_TIMEOUTS = ["idleconnectiontimeout", "headerwaittimeout"]

FUNCTIONS = ["initialize", "set", "update", "delete", "query-exact", "query-next"]


class HttpApiError(Exception):
    """A function has answered a Win32 code."""

    def __init__(self, function: str, code: int, reason: str = ""):
        super().__init__(f"{function}: {code}" + (f" ({reason})" if reason else ""))
        self.code = code


def check_configuration(library: Union[str, os.PathLike], configuration: str) -> None:
    """Makes the simulator of this process as `configuration` says, and calls nothing of it. `HttpApiError`, with the
    reason, for a configuration that is refused."""
    _made(ctypes.CDLL(os.fspath(library)), configuration)


def _made(lib: ctypes.CDLL, configuration: str) -> None:
    lib.CertbindHttpApiConfigure.argtypes = [c_char_p]
    lib.CertbindHttpApiError.argtypes = [c_void_p, c_size_t]
    code = lib.CertbindHttpApiConfigure(os.fspath(configuration).encode())
    if code:
        raise HttpApiError("CertbindHttpApiConfigure", code, _reason(lib))


def _reason(lib: ctypes.CDLL) -> str:
    buffer = ctypes.create_string_buffer(4096)
    lib.CertbindHttpApiError(buffer, len(buffer))
    return buffer.value.decode()


class Api:
    """The simulator of the library at `library`, of which a process has one: `Api`s of one library
    share it. It is made as `configuration` says: a store's URL (`memory:`, `redb:PATH`) or
    the path of a TOML file."""

    def __init__(self, library: Union[str, os.PathLike], configuration: str = "memory:"):
        self._lib = lib = ctypes.CDLL(os.fspath(library))
        lib.HttpInitialize.argtypes = [Version, c_uint32, c_void_p]
        for name in ["Set", "Update", "Delete"]:
            function = getattr(lib, f"Http{name}ServiceConfiguration")
            function.argtypes = [c_void_p, c_uint32, c_void_p, c_uint32, c_void_p]
            function.restype = c_uint32
        query = lib.HttpQueryServiceConfiguration
        query.argtypes = [c_void_p, c_uint32, c_void_p, c_uint32, c_void_p, c_uint32, POINTER(c_uint32), c_void_p]
        query.restype = c_uint32
        lib.CertbindHttpApiFail.argtypes = [c_uint32, c_uint64, c_uint32]
        lib.CertbindHttpApiDelay.argtypes = [c_uint32, c_uint64, c_uint32]
        lib.CertbindHttpApiRegistration.argtypes = [
            c_uint32, c_char_p, c_size_t, POINTER(c_uint32), POINTER(c_uint32)
        ]  # fmt: skip
        lib.CertbindHttpApiInstallCertificate.argtypes = [c_char_p, c_size_t]
        lib.CertbindHttpApiCalls.argtypes = [c_uint32]
        lib.CertbindHttpApiCalls.restype = c_uint64
        self.configure(configuration)

    def configure(self, configuration: str) -> None:
        """Makes the simulator anew."""
        _made(self._lib, configuration)
        self._expect("HttpInitialize", self._lib.HttpInitialize(Version(1, 0), _CONFIG, None))

    def fail(self, function: str, nth: int, code: int) -> None:
        """Has the nth call of a function from now on answer `code` and do nothing. Functions are
        `initialize`, `set`, `update`, `delete`, `query-exact` and `query-next`."""
        nth, code = integer("nth", nth, 1, 2**64 - 1), integer("code", code, 0, 2**32 - 1)
        self._expect("CertbindHttpApiFail", self._lib.CertbindHttpApiFail(_number(function), nth, code))

    def delay(self, function: str, nth: int, milliseconds: int) -> None:
        """Has the nth call of a function from now on take so much longer."""
        nth, wait = integer("nth", nth, 1, 2**64 - 1), integer("milliseconds", milliseconds, 0, 2**32 - 1)
        self._expect("CertbindHttpApiDelay", self._lib.CertbindHttpApiDelay(_number(function), nth, wait))

    def install_certificate(self, file: Union[str, os.PathLike]) -> None:
        """Adds a certificate to those that the host has, from a PEM, DER or PFX file without a password. Where the
        configuration names a folder of certificates it is put there: any program can bind it with its next call.
        An `HttpApiError` with 87 for a file in which no certificate can be read."""
        content = Path(file).read_bytes()
        code = self._lib.CertbindHttpApiInstallCertificate(content, len(content))
        self._expect("CertbindHttpApiInstallCertificate", code)

    def calls(self, function: str) -> int:
        """How often a function was called since the simulator was made."""
        return self._lib.CertbindHttpApiCalls(_number(function))

    def set(self, binding: Binding) -> None:
        """HttpSetServiceConfiguration: binds a key that is not bound. Extended properties are read
        alone: a binding with some is refused with a ValueError, here and by `update`."""
        self._configure("Set", binding)

    def update(self, binding: Binding) -> None:
        """HttpUpdateServiceConfiguration: replaces the record of a key that is bound."""
        self._configure("Update", binding)

    def delete(self, key: str) -> None:
        """HttpDeleteServiceConfiguration: unbinds a key."""
        self._configure("Delete", Binding(key))

    def bindings(self) -> List[Binding]:
        """Every binding, as an enumeration gives them."""
        return [binding for kind in _TAGS for binding in self._of(kind)]

    def reserve(self, reservation: UrlReservation) -> None:
        """HttpSetServiceConfiguration: reserves a URL that is not reserved."""
        kept: list = []
        record = UrlSet(_wide(reservation.url, kept), _wide(reservation.sddl, kept))
        self._call("Set", URL_RESERVATION, record)

    def url_reservations(self) -> List[UrlReservation]:
        """Every URL that is reserved."""
        return [
            UrlReservation(_text(record.url) or "", _text(record.sddl) or "")
            for record in self._enumerate(URL_RESERVATION, UrlQuery(), UrlSet)
        ]

    def registrations(self) -> List[Registration]:
        """Every URL that a program has registered on the host, in their order, with those that have ended."""
        found: List[Registration] = []
        url = ctypes.create_string_buffer(65536)
        process, active = c_uint32(), c_uint32()
        while True:
            code = self._lib.CertbindHttpApiRegistration(len(found), url, len(url), byref(process), byref(active))
            if code == _NO_MORE_ITEMS:
                return found
            self._expect("CertbindHttpApiRegistration", code)
            found.append(Registration(url.value.decode(), process.value, bool(active.value)))

    def listen_list(self) -> List[str]:
        """The addresses of the IP listen list, in the order in which they were added."""
        found = self._query(LISTEN_LIST, None, 0)
        if found is None:
            return []
        count = ListenList.from_buffer(found).count
        addresses = (Address * count).from_buffer(found, ctypes.sizeof(ListenList))
        return [_host(address) for address in addresses]

    def timeout(self, name: str) -> int:
        """A timeout in seconds: `idleconnectiontimeout` or `headerwaittimeout`."""
        if name not in _TIMEOUTS:
            raise ValueError(f"{name!r} is no timeout; there are {', '.join(_TIMEOUTS)}")
        key = c_uint32(_TIMEOUTS.index(name))
        found = self._query(TIMEOUT, byref(key), ctypes.sizeof(key))
        return c_uint16.from_buffer(found).value

    def _of(self, kind: int) -> Iterator[Binding]:
        extended: Dict[str, Dict[str, Any]] = {}
        for number, name in enumerate(properties.NAMES):
            query = properties.QUERIES[kind](type=number)
            for record in self._enumerate(properties.IDS[kind], query, properties.SETS[kind]):
                key = _key(kind, record.key.address, record.key)
                extended.setdefault(key, {})[name] = properties.value(record.param)
        for record in self._enumerate(kind, QUERIES[kind](), SETS[kind]):
            binding = _binding(kind, record)
            yield replace(binding, extended=extended.get(binding.key, {}))

    def _enumerate(self, kind: int, query, structure) -> Iterator:
        query.query = QUERY_NEXT
        while True:
            found = self._query(kind, byref(query), ctypes.sizeof(query))
            if found is None:
                return
            yield structure.from_buffer(found)
            query.token += 1

    def _query(self, kind: int, query, size: int):
        """What a query gives, aligned; None where there is nothing more."""
        needed = c_uint32(0)
        arguments = [None, kind, query, size]
        code = self._lib.HttpQueryServiceConfiguration(*arguments, None, 0, byref(needed), None)
        # 87 is what a Windows answers that has no keys of this kind.
        if code == _INVALID_PARAMETER and kind not in (IP_PORT, LISTEN_LIST, TIMEOUT):
            return None
        buffer = None
        # What is there may change between the two calls.
        while code in (_INSUFFICIENT_BUFFER, _MORE_DATA):
            buffer = (c_uint64 * (needed.value // 8 + 1))()
            length = ctypes.sizeof(buffer)
            code = self._lib.HttpQueryServiceConfiguration(*arguments, buffer, length, byref(needed), None)
        if code == _NO_MORE_ITEMS:
            return None
        self._expect("HttpQueryServiceConfiguration", code)
        return buffer

    def _configure(self, verb: str, binding: Binding) -> None:
        kind, record, _kept = _record(binding)
        self._call(verb, kind, record)

    def _call(self, verb: str, kind: int, record) -> None:
        name = f"Http{verb}ServiceConfiguration"
        self._expect(name, getattr(self._lib, name)(None, kind, byref(record), ctypes.sizeof(record), None))

    def _expect(self, function: str, code: int) -> None:
        if code:
            raise HttpApiError(function, code)


def _number(function: str) -> int:
    if function not in FUNCTIONS:
        raise ValueError(f"{function!r} is no function; there are {', '.join(FUNCTIONS)}")
    return FUNCTIONS.index(function)


def _wide(text: Optional[str], kept: list) -> Optional[int]:
    if text is None:
        return None
    buffer = ctypes.create_string_buffer(text.encode("utf-16-le") + b"\0\0")
    kept.append(buffer)
    return ctypes.addressof(buffer)


def _text(pointer: Optional[int]) -> Optional[str]:
    if not pointer:
        return None
    units = []
    while (unit := ctypes.c_uint16.from_address(pointer + 2 * len(units)).value) != 0:
        units.append(unit)
    return struct.pack(f"<{len(units)}H", *units).decode("utf-16-le")


def _record(binding: Binding):
    """The structure of a set, and what its pointers lead to."""
    if binding.extended:
        raise ValueError(f"the extended properties of {binding.key!r} cannot be set here")
    kept: list = []
    tag, _, value = binding.key.partition("=")
    kind = next((kind for kind, name in _TAGS.items() if name == tag), None)
    if kind is None:
        raise ValueError(f"{binding.key!r} is no key: it begins with one of {', '.join(_TAGS.values())}")
    record = SETS[kind]()
    if kind == CCS:
        record.key.address = _any_address(int(value))
    elif kind == IP_PORT:
        host, _, port = value.rpartition(":")
        address = _address(host.strip("[]"), int(port))
        kept.append(address)
        record.key.address = ctypes.addressof(address)
    else:
        host, _, port = value.rpartition(":")
        record.key.address = _any_address(int(port))
        record.key.host = _wide(host, kept)
    if binding.hash is not None:
        digest = ctypes.create_string_buffer(bytes.fromhex(binding.hash), len(binding.hash) // 2)
        kept.append(digest)
        record.param.hash_length = len(digest)
        record.param.hash = ctypes.addressof(digest)
    record.param.app_id[:] = binding.app_id.bytes_le
    record.param.store_name = _wide(binding.store_name, kept)
    record.param.check_mode = binding.check_mode
    record.param.revocation_freshness_time = binding.revocation_freshness_time
    record.param.url_retrieval_timeout = binding.url_retrieval_timeout
    record.param.ctl_identifier = _wide(binding.ctl_identifier, kept)
    record.param.ctl_store_name = _wide(binding.ctl_store_name, kept)
    record.param.flags = binding.flags
    return kind, record, kept


def _any_address(port: int) -> Address:
    return _address("0.0.0.0", port)


def _address(host: str, port: int) -> Address:
    host, _, scope = host.partition("%")
    parsed = ipaddress.ip_address(host)
    address = Address()
    address.port[:] = port.to_bytes(2, "big")
    if parsed.version == 4:
        address.family = AF_INET
        address.v4[:] = parsed.packed
    else:
        address.family = AF_INET6
        address.v6[:] = parsed.packed
        address.scope = int(scope or 0)
    return address


def _key(kind: int, address: Address, key) -> str:
    port = int.from_bytes(bytes(address.port), "big")
    if kind == CCS:
        value = str(port)
    elif kind != IP_PORT:
        value = f"{_text(key.host)}:{port}"
    elif address.family == AF_INET:
        value = f"{_host(address)}:{port}"
    else:
        value = f"[{_host(address)}]:{port}"
    return f"{_TAGS[kind]}={value}"


def _host(address: Address) -> str:
    if address.family == AF_INET:
        return str(ipaddress.ip_address(bytes(address.v4)))
    scope = f"%{address.scope}" if address.scope else ""
    return f"{ipaddress.ip_address(bytes(address.v6))}{scope}"


def _binding(kind: int, record) -> Binding:
    address = Address.from_address(record.key.address) if kind == IP_PORT else record.key.address
    param = record.param
    return Binding(
        key=_key(kind, address, record.key),
        hash=ctypes.string_at(param.hash, param.hash_length).hex() if param.hash_length else None,
        store_name=_text(param.store_name),
        app_id=UUID(bytes_le=bytes(param.app_id)),
        check_mode=param.check_mode,
        revocation_freshness_time=param.revocation_freshness_time,
        url_retrieval_timeout=param.url_retrieval_timeout,
        ctl_identifier=_text(param.ctl_identifier),
        ctl_store_name=_text(param.ctl_store_name),
        flags=param.flags,
    )


def library_in(folder: Path) -> Path:
    """The library of a folder."""
    return folder / ("httpapi.dll" if os.name == "nt" else "libhttpapi.so")
