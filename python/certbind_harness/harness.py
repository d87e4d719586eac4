"""A host of a test's own."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Union

from .api import FUNCTIONS, Api, HttpApiError, check_configuration, library_in
from .binding import Binding, UrlReservation, differences
from .serving import Serving

# A process has one simulator for each library.
_READING = threading.Lock()

PROFILES = ["7", "8", "10-1607", "10-1703", "2019", "2022", "2025"]
"""The versions of Windows."""

_USERS = ["administrator", "standard"]

_STATES = ["usable", "without-key", "absent"]

# The largest integer of TOML.
_LARGEST = 2**63 - 1

# The names under which programs ask for the library. The loader of the system takes a name as it is; .NET, Mono and
# JNA put "lib" before it and ".so" behind it. Names of Windows are written in either case.
_NAMES = [
    before + name + dll + behind
    for name in ["httpapi", "Httpapi", "HttpApi", "HTTPAPI"]
    for dll in ["", ".dll"]
    for before in ["", "lib"]
    for behind in ["", ".so"]
]

# Messages of loaders that have not found a library: of Linux, of .NET and of JNA.
_NOT_LOADED = re.compile(
    r"error while loading shared libraries:|DllNotFoundException|Unable to load (?:shared )?library"
    r"|cannot open shared object file",
    re.IGNORECASE,
)

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


class Harness:
    """An isolated host: a store, and an environment in which programs take it for HTTP.sys.

    It lives in a temporary folder, which goes with it: use it in a `with` statement. All programs
    that are run in one harness share its store. Faults hold for each program that is run, counted
    from its start.

    `kit` is the folder with the library and the program `certbind`; without, the environment
    variable CERTBIND_KIT names it, and without that it is the one of the wheel that is installed.
    """

    def __init__(self, *, profile: str = "2022", kit: Union[str, os.PathLike, None] = None):
        named = kit or os.environ.get("CERTBIND_KIT") or _packaged_kit()
        if not named:
            raise HarnessError("name the folder with the library and certbind, as kit or in CERTBIND_KIT")
        self._profile = _one_of("profile", profile, PROFILES)
        self._user = "administrator"
        self.kit = Path(named).resolve()
        self._faults: List[Dict[str, Union[str, int, bool]]] = []
        # Of all faults that there were, those that have to take effect: a text that names it, and its file.
        self._required: Dict[Path, str] = {}
        self._numbered = 0
        self._certificates: List[Dict[str, str]] = []
        self._program = self.kit / ("certbind.exe" if os.name == "nt" else "certbind")
        for file in [library_in(self.kit), self._program]:
            if not file.is_file():
                raise HarnessError(f"{file} is not there")
        self.folder = Path(tempfile.mkdtemp(prefix="certbind-harness-"))
        try:
            for name in ["bin", "lib", "journal", "fired"]:
                (self.folder / name).mkdir()
            for name in ["httpapi.dll"] if os.name == "nt" else _NAMES:
                self._place(library_in(self.kit), self.folder / "lib" / name)
            for name in ["certbind", "netsh"]:
                self._place(self._program, self.folder / "bin" / (name + self._program.suffix))
            if os.name != "nt":
                # Programs that were written for Windows start it under its name there.
                self._place(self._program, self.folder / "bin" / "netsh.exe")
            self._seeded = self.bindings()
        except BaseException:
            # Nobody is left to do it.
            self._remove()
            raise

    def __enter__(self) -> "Harness":
        return self

    def __exit__(self, exception: object, *_: object) -> None:
        # A test that fails anyway keeps its own message.
        unfired = [] if exception else self._unfired()
        self._remove()
        _fail_unfired(unfired)

    def close(self) -> None:
        """Removes the folder. Fails, like the end of the `with` statement, if a fault that is not optional has never
        taken effect."""
        unfired = self._unfired()
        self._remove()
        _fail_unfired(unfired)

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _unfired(self) -> List[str]:
        return [text for file, text in self._required.items() if not file.exists()]

    @property
    def profile(self) -> str:
        """The version of Windows; it may be set."""
        return self._profile

    @profile.setter
    def profile(self, profile: str) -> None:
        self._profile = _one_of("profile", profile, PROFILES)

    @property
    def user(self) -> str:
        """The caller, `administrator` or `standard`; it may be set."""
        return self._user

    @user.setter
    def user(self, user: str) -> None:
        self._user = _one_of("user", user, _USERS)

    def fault(self, call: str, nth: int = 1, *, answer: Optional[int] = None, delay_ms: Optional[int] = None,
              kill: bool = False, delete: Optional[str] = None, optional: bool = False) -> None:  # fmt: skip
        """Has the nth call of a function (`initialize`, `set`, `update`, `delete`, `query-exact`,
        `query-next`) answer a code, take longer, end the process, or meet a key that another program
        has unbound.

        A fault that takes effect in no program fails the test at its end, unless it is `optional`. `ValueError`
        for an argument that is not one, and for a fault that does nothing; `HarnessError` for a key that is none."""
        fault: Dict[str, Union[str, int, bool]] = {
            "call": _one_of("call", call, FUNCTIONS),
            "nth": _integer("nth", nth, 1, _LARGEST),
            "kill": _boolean("kill", kill),
        }
        _boolean("optional", optional)
        if answer is not None:
            fault["answer"] = _integer("answer", answer, 0, 2**32 - 1)
        if delay_ms is not None:
            fault["delay_ms"] = _integer("delay_ms", delay_ms, 0, _LARGEST)
        if delete is not None:
            fault["delete"] = _text("delete", delete)
        if not kill and len(fault) == 3:
            raise ValueError("the fault does nothing: it has neither answer, delay_ms, kill nor delete")
        text = f"fault({', '.join(f'{name}={value!r}' for name, value in fault.items())})"
        self._numbered += 1
        fault["fired"] = f"fired/{self._numbered}"
        self._checked(self._faults, fault)
        if not optional:
            self._required[self.folder / "fired" / str(self._numbered)] = text

    def clear_faults(self) -> None:
        """Takes all faults away. Those that have never taken effect still fail the test at its end."""
        self._faults.clear()

    def certificate(self, hash: str, state: str) -> None:
        """What HTTP.sys finds of a certificate: `usable`, `without-key` or `absent`. The hash is SHA-1 in 40
        hexadecimal digits; `ValueError` for anything else."""
        if not re.fullmatch("[0-9A-Fa-f]{40}", _text("hash", hash)):
            raise ValueError(f"hash has to be 40 hexadecimal digits, and is {hash!r}")
        self._checked(self._certificates, {"hash": hash, "state": _one_of("state", state, _STATES)})

    @property
    def certificate_folder(self) -> Path:
        """The folder with the certificates that the host has, in PEM, DER and PFX files without a password. Once it is
        asked for, a certificate that is not in it is absent; before, every certificate is usable. Programs that were
        started from then on see at each call what is in it, so a program may put a certificate there and bind it."""
        folder = self.folder / "certificates"
        folder.mkdir(exist_ok=True)
        return folder

    def install_certificate(self, file: Union[str, os.PathLike]) -> None:
        """Copies a certificate into the `certificate_folder`: any program can bind it with its next call.
        `HarnessError` for a file in which no certificate can be read, such as a PFX file with a password."""
        store = self.folder / "bindings.redb"
        command = [str(self._program), "--store", f"redb:{store}", "list", "--cert", str(Path(file).absolute())]
        done = subprocess.run(command, capture_output=True, text=True)
        # 1: it is a certificate, and not bound.
        if done.returncode not in (0, 1):
            raise HarnessError(f"no certificate can be installed from {os.fspath(file)}: {done.stderr.strip()}")
        name = f"{len(list(self.certificate_folder.iterdir()))}-{Path(file).name}"
        # Whole, or not there: a program may look at the same moment.
        written = self.folder / "certificate.tmp"
        shutil.copyfile(file, written)
        written.replace(self.certificate_folder / name)

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
            CERTBIND_TRACE=str(self._trace),
        )
        return environment

    def run(self, command: Sequence[Union[str, os.PathLike]], **options) -> "subprocess.CompletedProcess[str]":
        """Runs a program on this host. Options are those of `subprocess.run`; unless they say
        otherwise, what it prints is kept as text. `HarnessError` if it says, on the standard error that is kept,
        that it could not load the library."""
        options.setdefault("capture_output", True)
        options.setdefault("text", True)
        given = options.pop("env", None)
        environment = self.environment(given)
        program, *arguments = command
        # The program itself is looked up where its own environment says.
        found = shutil.which(program, path=environment["PATH"]) or program
        trace = environment["CERTBIND_TRACE"]
        asked = (os.environ if given is None else given).get("CERTBIND_TRACE")
        begin = len(self._lines())
        # What fails with an exception (a check, a timeout) has made its calls too.
        try:
            done = subprocess.run([found, *arguments], env=environment, **options)
        finally:
            if asked and asked != trace:
                with open(asked, "a", encoding="utf-8") as file:
                    file.writelines(line + "\n" for line in self._lines()[begin:])
        _fail_unloaded(program, done)
        return done

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

    @property
    def calls(self) -> List[Call]:
        """The calls of the API that programs have made on this host, in the order in which they were answered. One
        that a fault has ended with its process is not among them."""
        calls = []
        for line in self._lines():
            found = json.loads(line)
            calls.append(Call(found["call"], found["result"], found["process"]))
        return calls

    def assert_unchanged(self) -> None:
        """Fails, with the differences, unless the bindings are those that were seeded; and if no program has called
        the API, since nothing was tested then."""
        if not self.calls and not any((self.folder / "fired").iterdir()):
            raise AssertionError(
                "no program has called the HTTP Server API on this host, so its bindings say nothing about one; "
                "assert_bindings compares them regardless"
            )
        self.assert_bindings(self._seeded)

    @property
    def _trace(self) -> Path:
        return self.folder / "calls.jsonl"

    def _lines(self) -> List[str]:
        if not self._trace.exists():
            return []
        # The last line is whole only with its end.
        return self._trace.read_text(encoding="utf-8").split("\n")[:-1]

    def _checked(self, rows: list, row: Dict[str, Union[str, int, bool]]) -> None:
        """Adds a row to the configuration, unless the simulator refuses it."""
        rows.append(row)
        try:
            with _READING, _untraced():
                check_configuration(library_in(self.kit), str(self._write("check.toml", self._faults)))
        except HttpApiError as error:
            rows.pop()
            raise HarnessError(f"the simulator refuses its configuration: {error}") from error

    def _reader(self) -> Api:
        with _untraced():
            return Api(library_in(self.kit), str(self._write("reader.toml", [])))

    def _write(self, name: str, faults: List[Dict[str, Union[str, int, bool]]]) -> Path:
        lines = ['store = "redb:bindings.redb"', "shared = true"]
        lines += [f"profile = {_toml(self.profile)}", f"user = {_toml(self.user)}"]
        if (self.folder / "certificates").exists():
            lines.append('certificates = "certificates"')
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


@contextmanager
def _untraced() -> Iterator[None]:
    """What reads is neither passed on to another library nor written down."""
    asked = {name: os.environ.pop(name) for name in ["CERTBIND_PASS", "CERTBIND_TRACE"] if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(asked)


def _fail_unfired(faults: List[str]) -> None:
    if faults:
        told = "\n".join(f"- {fault}" for fault in faults)
        raise AssertionError(f"no program met these faults; give optional=True to one that may not fire\n{told}")


def _fail_unloaded(program: object, done: "subprocess.CompletedProcess[str]") -> None:
    said = done.stderr or ""
    if isinstance(said, bytes):
        said = said.decode(errors="replace")
    found = [line for line in said.splitlines() if _NOT_LOADED.search(line) and "httpapi" in line.lower()]
    if done.returncode & 0xFFFFFFFF == _DLL_NOT_FOUND and os.name == "nt":
        found.append("STATUS_DLL_NOT_FOUND")
    if done.returncode and found:
        raise HarnessError(f"{os.fspath(program)} could not load the library: {found[0].strip()}")


def _one_of(name: str, value: str, values: Sequence[str]) -> str:
    if value not in values:
        raise ValueError(f"{name} has to be one of {', '.join(values)}, and is {value!r}")
    return value


def _integer(name: str, value: int, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{name} has to be an integer from {least} to {most}, and is {value!r}")
    return value


def _boolean(name: str, value: bool) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} has to be True or False, and is {value!r}")
    return value


def _text(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} has to be a string, and is {value!r}")
    return value


def _packaged_kit() -> Optional[Path]:
    """The kit that wheels have in them."""
    folder = Path(__file__).with_name("kit")
    return folder if folder.is_dir() else None


def _toml(value: Union[str, int, bool]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
    return f'"{escaped}"'
