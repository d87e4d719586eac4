"""A host of a test's own."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Union

from .api import FUNCTIONS, Api, HttpApiError, check_configuration, library_in
from .arguments import Value, boolean, integer, one_of, text
from .binding import Binding, Registration, UrlReservation, differences
from .configuration import PROFILES, RELEASES, STATES, USERS, Configuration
from .programs import Call, HarnessError, fail_unloaded
from .serving import Serving

# A process has one simulator for each library.
_READING = threading.Lock()

# The largest integer of TOML.
_LARGEST = 2**63 - 1

# The names under which programs ask for the library. The loader of the system takes a name as it is; .NET, Mono and
# JNA put "lib" before it and ".so" after it. Names of Windows are written in either case.
_NAMES = [
    prefix + name + dll + suffix
    for name in ["httpapi", "Httpapi", "HttpApi", "HTTPAPI"]
    for dll in ["", ".dll", ".DLL"]
    for prefix in ["", "lib"]
    for suffix in ["", ".so"]
]

class Harness:
    """An isolated host: a store, and an environment in which programs take it for HTTP.sys.

    It lives in a temporary folder, which goes with it: use it in a `with` statement. All programs
    that are run in one harness share its store. Faults hold for each program that is run, counted
    from its start.

    `kit` is the folder with the library and the program `certbind`; without, the environment
    variable CERTBIND_KIT names it, and without that it is the one of the wheel that is installed.
    """

    # A test that sets an attribute which there is not, `host.usr`, sets nothing: that is an error.
    __slots__ = ("kit", "folder", "_configuration", "_required", "_numbered", "_program", "_seeded", "__weakref__")

    def __init__(self, *, profile: str = "2022", kit: Union[str, os.PathLike, None] = None):
        named = kit or os.environ.get("CERTBIND_KIT") or packaged_kit()
        if not named:
            raise HarnessError("name the folder with the library and certbind, as kit or in CERTBIND_KIT")
        self._configuration = Configuration(one_of("profile", profile, [*PROFILES, *RELEASES]))
        self.kit = Path(named).resolve()
        # Of all faults that there were, those that have to take effect: a text that names it, and its file.
        self._required: Dict[Path, str] = {}
        self._numbered = 0
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
        return self._configuration.profile

    @profile.setter
    def profile(self, profile: str) -> None:
        self._configuration.profile = one_of("profile", profile, [*PROFILES, *RELEASES])

    @property
    def user(self) -> str:
        """The caller, `administrator` or `standard`; it may be set."""
        return self._configuration.user

    @user.setter
    def user(self, user: str) -> None:
        self._configuration.user = one_of("user", user, USERS)

    def stock(self) -> None:
        """Gives the host the URL reservations that Windows is installed with, those of WinRM among them."""
        self._configuration.stock = True

    def account(self, name: str, sid: str) -> None:
        """Adds an account, `DOMAIN\\name` or the name of one of the machine, with its SID. `user=` of `netsh http add
        urlacl` can name it, and `run_as`. `HarnessError` for a name or a SID that is none. Every host has the accounts
        that every Windows has, and one with the name of the user of the test."""
        accounts = self._configuration.accounts
        self._changed(accounts={**accounts, text("name", name): text("sid", sid)})

    def run_as(self, account: str) -> None:
        """Has programs run as this account, which decides the URLs that they may register. Without, they run as the
        user of the test. `HarnessError` for one that the host does not have."""
        self._named("run_as", account)

    def machine(self, name: str) -> None:
        """Names the machine, which is the domain of its accounts. Without, it has the name of the test's own."""
        self._named("machine", name)

    def _named(self, what: str, name: str) -> None:
        self._changed(names={**self._configuration.names, what: text("name", name)})

    def fault(self, call: str, nth: int = 1, *, answer: Optional[int] = None, delay_ms: Optional[int] = None,
              kill: bool = False, delete: Optional[str] = None, optional: bool = False) -> None:  # fmt: skip
        """Has the nth call of a function (`initialize`, `set`, `update`, `delete`, `query-exact`,
        `query-next`) answer a code, take longer, end the process, or meet a key that another program
        has unbound.

        A fault that takes effect in no program fails the test at its end, unless it is `optional`. `ValueError`
        for an argument that is not one, and for a fault that does nothing; `HarnessError` for a key that is none."""
        fault: Dict[str, Value] = {
            "call": one_of("call", call, FUNCTIONS),
            "nth": integer("nth", nth, 1, _LARGEST),
            "kill": boolean("kill", kill),
        }
        boolean("optional", optional)
        if answer is not None:
            fault["answer"] = integer("answer", answer, 0, 2**32 - 1)
        if delay_ms is not None:
            fault["delay_ms"] = integer("delay_ms", delay_ms, 0, _LARGEST)
        if delete is not None:
            fault["delete"] = text("delete", delete)
        if not kill and len(fault) == 3:
            raise ValueError("the fault does nothing: it has neither answer, delay_ms, kill nor delete")
        described = f"fault({', '.join(f'{name}={value!r}' for name, value in fault.items())})"
        self._numbered += 1
        fault["fired"] = f"fired/{self._numbered}"
        self._changed(faults=[*self._configuration.faults, fault])
        if not optional:
            self._required[self.folder / "fired" / str(self._numbered)] = described

    def clear_faults(self) -> None:
        """Takes all faults away. Those that have never taken effect still fail the test at its end."""
        self._configuration = replace(self._configuration, faults=[])

    def certificate(self, hash: str, state: str, *, attempts: Optional[int] = None) -> None:
        """What HTTP.sys finds of a certificate: `usable`, `without-key`, `absent`, or `settling`, whose key was made
        moments ago: in each program the first `attempts` calls that bind it are answered 87. The hash is SHA-1 in 40
        hexadecimal digits; `ValueError` for anything else."""
        if not re.fullmatch("[0-9A-Fa-f]{40}", text("hash", hash)):
            raise ValueError(f"hash has to be 40 hexadecimal digits, and is {hash!r}")
        found: Value = one_of("state", state, STATES)
        if (found == "settling") != (attempts is not None):
            raise ValueError("attempts go with the state settling, and it with them")
        if attempts is not None:
            found = {"settling": integer("attempts", attempts, 1, 2**32 - 1)}
        self._changed(certificates=[*self._configuration.certificates, {"hash": hash, "state": found}])

    def without_store(self, name: str) -> None:
        """Takes a certificate store from the host, as `WebHosting` where IIS is not installed: a certificate in it
        cannot be bound. `HarnessError` for a name that no store can have."""
        self._changed(missing_stores=[*self._configuration.missing_stores, text("name", name)])

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
        command = [str(self._program), "--store", f"redb:{store}", "list", "--uses", str(Path(file).absolute())]
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
        configuration = self._write("simulator.toml", has_faults=True)
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
        fail_unloaded(program, done)
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

    def registrations(self) -> List[Registration]:
        """The URLs that programs have registered to receive requests, in their order. Those of programs that have
        ended, or have removed them, are no longer active."""
        with _READING:
            return self._reader().registrations()

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
        printed = differences(expected, self.bindings())
        if printed:
            raise AssertionError(f"the store is not as expected (- missing, + not expected, ~ expected -> found)\n{printed}")

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

    def _changed(self, **changes: Any) -> None:
        """Changes the configuration, unless the simulator refuses it."""
        before = self._configuration
        self._configuration = replace(before, **changes)
        try:
            self._check()
        except HarnessError:
            self._configuration = before
            raise

    def _check(self) -> None:
        try:
            with _READING, _untraced():
                check_configuration(library_in(self.kit), str(self._write("check.toml", has_faults=True)))
        except HttpApiError as error:
            raise HarnessError(f"the simulator refuses its configuration: {error}") from error

    def _reader(self) -> Api:
        with _untraced():
            return Api(library_in(self.kit), str(self._write("reader.toml", has_faults=False)))

    def _write(self, name: str, *, has_faults: bool) -> Path:
        path = self.folder / name
        has_folder = (self.folder / "certificates").exists()
        path.write_text(self._configuration.toml(has_folder=has_folder, has_faults=has_faults), encoding="utf-8")
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
        printed = "\n".join(f"- {fault}" for fault in faults)
        raise AssertionError(f"no program met these faults; give optional=True to one that may not fire\n{printed}")


def packaged_kit() -> Optional[Path]:
    """The kit that wheels have in them."""
    folder = Path(__file__).with_name("kit")
    return folder if folder.is_dir() else None
