"""What programs did that a harness has run."""

import os
import re
import subprocess
from dataclasses import dataclass

# Messages of loaders that have not found a library: of Linux, of .NET, of JNA, of Go and of Python on Windows, and of
# Node's koffi, which does not name it.
_NOT_LOADED = re.compile(
    r"error while loading shared libraries:|DllNotFoundException|Unable to load (?:shared )?library"
    r"|cannot open shared object file|Failed to load \S*httpapi\S*:|Could not find module",
    re.IGNORECASE,
)
_UNNAMED = "Failed to load shared library"

# STATUS_DLL_NOT_FOUND.
_DLL_NOT_FOUND = 0xC0000135


class HarnessError(Exception):
    """A harness could not be made, a command that it needs has failed, or a program could not load the library."""


@dataclass(frozen=True)
class Call:
    """A call of the HTTP Server API that a program has made."""

    function: str
    """`HttpSetServiceConfiguration`."""
    result: int
    """The Win32 code that it was answered."""
    process: int
    """The number of the process."""


def fail_unloaded(program: object, done: "subprocess.CompletedProcess[str]") -> None:
    said = done.stderr or ""
    if isinstance(said, bytes):
        said = said.decode(errors="replace")
    lines = said.splitlines()
    found = [line for line in lines if _UNNAMED in line or _NOT_LOADED.search(line) and "httpapi" in line.lower()]
    if done.returncode & 0xFFFFFFFF == _DLL_NOT_FOUND and os.name == "nt":
        found.append("STATUS_DLL_NOT_FOUND")
    if done.returncode and found:
        raise HarnessError(f"{os.fspath(program)} could not load the library: {found[0].strip()}")
