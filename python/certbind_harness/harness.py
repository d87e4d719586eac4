"""A host of a test's own."""

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Union

from .api import Api, library_in
from .binding import Binding, UrlReservation, differences
from .serving import Serving

# A process has one simulator for each library.
_READING = threading.Lock()

_VERSIONS = ["7", "8", "10-1607", "10-1703", "2019", "2022", "2025"]

# The names under which programs ask for the library; the last ones are those that .NET makes of
# "httpapi.dll" on Linux.
_NAMES = ["libhttpapi.so", "httpapi.so", "httpapi.dll.so", "libhttpapi.dll.so"]


class HarnessError(Exception):
    """A harness could not be made, or a command that it needs has failed."""


class Harness:
    """An isolated host: a store, and an environment in which programs take it for HTTP.sys.

    It lives in a temporary folder, which goes with it: use it in a `with` statement. All programs
    that are run in one harness share its store. Faults hold for each program that is run, counted
    from its start.

    `kit` is the folder with the library and the program `certbind`; without, the environment
    variable CERTBIND_KIT names it.
    """

    def __init__(self, *, profile: str = "2022", kit: Union[str, os.PathLike, None] = None):
        named = kit or os.environ.get("CERTBIND_KIT")
        if not named:
            raise HarnessError("name the folder with the library and certbind, as kit or in CERTBIND_KIT")
        if profile not in _VERSIONS:
            raise HarnessError(f"{profile!r} is no version; there are {', '.join(_VERSIONS)}")
        self.kit = Path(named).resolve()
        self.profile = profile
        self.user = "administrator"
        self._faults: List[Dict[str, Union[str, int, bool]]] = []
        self._certificates: List[Dict[str, str]] = []
        self._program = self.kit / ("certbind.exe" if os.name == "nt" else "certbind")
        for file in [library_in(self.kit), self._program]:
            if not file.is_file():
                raise HarnessError(f"{file} is not there")
        self.folder = Path(tempfile.mkdtemp(prefix="certbind-harness-"))
        try:
            for name in ["bin", "lib", "journal"]:
                (self.folder / name).mkdir()
            for name in ["httpapi.dll"] if os.name == "nt" else _NAMES:
                self._place(library_in(self.kit), self.folder / "lib" / name)
            for name in ["certbind", "netsh"]:
                self._place(self._program, self.folder / "bin" / (name + self._program.suffix))
            self._seeded = self.bindings()
        except BaseException:
            # Nobody is left to do it.
            self.close()
            raise

    def __enter__(self) -> "Harness":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def fault(self, call: str, nth: int = 1, *, answer: Optional[int] = None, delay_ms: Optional[int] = None,
              kill: bool = False, delete: Optional[str] = None) -> None:  # fmt: skip
        """Has the nth call of a function (`initialize`, `set`, `update`, `delete`, `query-exact`,
        `query-next`) answer a code, take longer, end the process, or meet a key that another program
        has unbound."""
        fault: Dict[str, Union[str, int, bool]] = {"call": call, "nth": nth, "kill": kill}
        for name, value in [("answer", answer), ("delay_ms", delay_ms), ("delete", delete)]:
            if value is not None:
                fault[name] = value
        self._faults.append(fault)

    def clear_faults(self) -> None:
        """Takes all faults away."""
        self._faults.clear()

    def certificate(self, hash: str, state: str) -> None:
        """What HTTP.sys finds of a certificate: `usable`, `without-key` or `absent`."""
        self._certificates.append({"hash": hash, "state": state})

    def seed(self, export: Union[str, os.PathLike]) -> None:
        """Puts the bindings of a file, in any form that certbind reads, in place of what was there."""
        store = self.folder / "bindings.redb"
        store.unlink(missing_ok=True)
        self._certbind("--store", f"redb:{store}", "import", os.fspath(export))
        self._seeded = self.bindings()

    def environment(self, base: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
        """An environment in which the library and netsh come before the system's."""
        environment = dict(os.environ if base is None else base)
        configuration = self._write("simulator.toml", self._faults)
        for variable, folder in [("PATH", "bin"), ("LD_LIBRARY_PATH", "lib")]:
            rest = environment.get(variable)
            environment[variable] = str(self.folder / folder) + (os.pathsep + rest if rest else "")
        # netsh is that of the simulated Windows, and no call is passed on to a real one.
        for variable in ["CERTBIND_NETSH", "CERTBIND_PASS"]:
            environment.pop(variable, None)
        environment.update(
            CERTBIND_HTTPAPI=str(configuration),
            CERTBIND_STORE=f"httpsys:{library_in(self.folder / 'lib')}",
            CERTBIND_JOURNAL=str(self.folder / "journal"),
        )
        return environment

    def run(self, command: Sequence[Union[str, os.PathLike]], **options) -> "subprocess.CompletedProcess[str]":
        """Runs a program on this host. Options are those of `subprocess.run`; unless they say
        otherwise, what it prints is kept as text."""
        options.setdefault("capture_output", True)
        options.setdefault("text", True)
        environment = self.environment(options.pop("env", None))
        program, *arguments = command
        # The program itself is looked up where its own environment says.
        found = shutil.which(program, path=environment["PATH"]) or program
        return subprocess.run([found, *arguments], env=environment, **options)

    def serve(self, certificates: Union[str, os.PathLike]) -> Serving:
        """Serves the bindings by TLS on free ports of the loopback address, with the certificates and private
        keys of a folder of PEM and PFX files. Something must be bound. `ServeError` if it does not start."""
        return Serving(self._program, self.folder / "bindings.redb", os.fspath(certificates), self.folder)

    def bindings(self) -> List[Binding]:
        """What is bound."""
        with _READING:
            return self._reader().bindings()

    def url_reservations(self) -> List[UrlReservation]:
        """The URLs that are reserved, and for whom."""
        with _READING:
            return self._reader().url_reservations()

    def listen_list(self) -> List[str]:
        """The addresses of the IP listen list, in the order in which they were added."""
        with _READING:
            return self._reader().listen_list()

    def timeout(self, name: str) -> int:
        """A timeout in seconds: `idleconnectiontimeout` or `headerwaittimeout`."""
        with _READING:
            return self._reader().timeout(name)

    def assert_bindings(self, expected: Iterable[Binding]) -> None:
        """Fails, with the differences, unless these are the bindings."""
        told = differences(expected, self.bindings())
        if told:
            raise AssertionError(f"the store is not as expected (- missing, + not expected, ~ expected -> found)\n{told}")

    def assert_unchanged(self) -> None:
        """Fails, with the differences, unless the bindings are those that were seeded."""
        self.assert_bindings(self._seeded)

    def _reader(self) -> Api:
        # What reads is neither passed on to another library nor written down.
        asked = {name: os.environ.pop(name) for name in ["CERTBIND_PASS", "CERTBIND_TRACE"] if name in os.environ}
        try:
            return Api(library_in(self.kit), str(self._write("reader.toml", [])))
        finally:
            os.environ.update(asked)

    def _write(self, name: str, faults: List[Dict[str, Union[str, int, bool]]]) -> Path:
        lines = ['store = "redb:bindings.redb"', "shared = true"]
        lines += [f"profile = {_toml(self.profile)}", f"user = {_toml(self.user)}"]
        for table, rows in [("certificate", self._certificates), ("fault", faults)]:
            for row in rows:
                lines.append(f"[[{table}]]")
                lines += [f"{key} = {_toml(value)}" for key, value in row.items()]
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def _certbind(self, *arguments: str) -> str:
        done = subprocess.run([str(self._program), *arguments], capture_output=True, text=True)
        if done.returncode:
            raise HarnessError(f"certbind {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    @staticmethod
    def _place(source: Path, link: Path) -> None:
        if os.name == "nt":
            shutil.copy(source, link)
        else:
            link.symlink_to(source)


def _toml(value: Union[str, int, bool]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
    return f'"{escaped}"'
