"""What a binding is, and what differs between bindings."""

from dataclasses import dataclass, field, fields
from typing import Any, Iterable, Mapping, Optional
from uuid import UUID


@dataclass(frozen=True)
class Binding:
    """A key and its record, as HTTP.sys has them. Texts of keys are netsh's."""

    key: str
    """`ipport=0.0.0.0:443`, `hostnameport=www.contoso.com:443`, `ccs=443`, `scopedccs=…`."""
    hash: Optional[str] = None
    """The certificate's SHA-1 hash, in lower case; none for the central certificate store."""
    store_name: Optional[str] = None
    app_id: UUID = UUID(int=0)
    check_mode: int = 0
    revocation_freshness_time: int = 0
    """In seconds."""
    url_retrieval_timeout: int = 0
    """In milliseconds."""
    ctl_identifier: Optional[str] = None
    ctl_store_name: Optional[str] = None
    flags: int = 0
    extended: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    """The extended properties that are set, named as in JSON exports:
    `{"http2_window": {"receive_window": 65536}}`."""


@dataclass(frozen=True)
class UrlReservation:
    """A URL, and the security descriptor with the accounts that may register it."""

    url: str
    """`http://+:8080/app/`, as it was given."""
    sddl: str
    """`D:(A;;GX;;;NS)`."""


@dataclass(frozen=True)
class Registration:
    """A URL that a program has registered, to receive its requests."""

    url: str
    process: int
    """The number of the program's process."""
    is_active: bool
    """Whether it is registered still: the program runs, and has not removed it."""


def differences(expected: Iterable[Binding], found: Iterable[Binding]) -> str:
    """Where `found` is not `expected`: a line for each binding that is missing (-) or not expected
    (+), and for each field that differs; empty if they are the same, in whatever order."""
    wanted = {binding.key: binding for binding in expected}
    there = {binding.key: binding for binding in found}
    lines = []
    for key in sorted(wanted.keys() | there.keys()):
        if key not in there:
            lines.append(f"- {wanted[key]!r}")
        elif key not in wanted:
            lines.append(f"+ {there[key]!r}")
        elif wanted[key] != there[key]:
            lines.append(f"~ {key!r}")
            for each in fields(Binding):
                before, after = getattr(wanted[key], each.name), getattr(there[key], each.name)
                if before != after:
                    lines.append(f"    {each.name:<26} {before!r} -> {after!r}")
    return "\n".join(lines)
