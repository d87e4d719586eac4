"""What the arguments of a harness have to be, and how its configuration has them."""

from typing import Mapping, Sequence, Union

Value = Union[str, int, bool, Mapping[str, int], Sequence[str]]
"""A value of the configuration."""


def one_of(name: str, value: str, values: Sequence[str]) -> str:
    if value not in values:
        raise ValueError(f"{name} has to be one of {', '.join(values)}, and is {value!r}")
    return value


def integer(name: str, value: int, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{name} has to be an integer from {least} to {most}, and is {value!r}")
    return value


def boolean(name: str, value: bool) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} has to be True or False, and is {value!r}")
    return value


def text(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} has to be a string, and is {value!r}")
    return value


def toml(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {toml(each)}" for name, each in value.items()) + " }"
    if not isinstance(value, str):
        return "[" + ", ".join(map(toml, value)) + "]"
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
    return f'"{escaped}"'
