"""Programs on hosts of their own."""

import hashlib
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from uuid import UUID

import pytest
from certbind_harness import Binding, Harness, HarnessError, Registration, ServeError, UrlReservation, differences

HASH = "5226dc6c54559761cd471b86eb51c096252c90f2"
EXAMPLES = Path(__file__).parents[2] / "examples"
ADD = [
    "netsh", "http", "add", "sslcert", "ipport=0.0.0.0:443", f"certhash={HASH}",
    "appid={4dc3e181-e14b-4a21-b022-59fc669b0914}",
]  # fmt: skip
ADDED = Binding("ipport=0.0.0.0:443", hash=HASH, app_id=UUID("4dc3e181-e14b-4a21-b022-59fc669b0914"))


@pytest.fixture
def harness():
    with Harness() as harness:
        yield harness


def test_hosts_are_independent(harness):
    done = harness.run(ADD)
    assert done.returncode == 0, done.stdout
    harness.assert_bindings([ADDED])
    with Harness() as other:
        other.assert_bindings([])


def test_a_program_finds_the_library_by_its_name(harness):
    program = "import ctypes; print(ctypes.CDLL('libhttpapi.so').CertbindHttpApiCalls(0))"
    done = harness.run([sys.executable, "-c", program])
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


SVC = "S-1-5-21-3623811015-3361044348-30300820-1104"


def test_netsh_knows_the_accounts_of_the_host(harness):
    harness.machine("WEB1")
    harness.account("CONTOSO\\svc-web", SVC)
    harness.run_as("svc-web")
    everyone = ["Jeder", "Tout le monde", "Todos", "Все"]
    users = ["contoso\\SVC-WEB", *everyone, "CONTOSO\\other"]
    for port, user in enumerate(users, 8000):
        done = harness.run(["netsh", "http", "add", "urlacl", f"url=http://+:{port}/", f"user={user}"])
        assert done.returncode == (user == "CONTOSO\\other"), done.stdout
    shown = harness.run(["netsh", "http", "show", "urlacl"]).stdout
    assert shown.count("User: CONTOSO\\svc-web\n") == 1 and shown.count("User: \\Everyone\n") == 4
    reserved = [reservation.sddl for reservation in harness.url_reservations()]
    assert reserved == [f"D:(A;;GX;;;{SVC})"] + ["D:(A;;GX;;;WD)"] * 4


def test_accounts_that_cannot_be_are_refused(harness):
    for name, sid in [("CONTOSO\\x", "1104"), ("a:b", SVC), ("BUILTIN\\Users", SVC)]:
        with pytest.raises(HarnessError, match="account"):
            harness.account(name, sid)
    with pytest.raises(HarnessError, match="nobody-here"):
        harness.run_as("nobody-here")
    with pytest.raises(ValueError, match="sid has to be a string"):
        harness.account("CONTOSO\\x", 1104)
    assert harness.run(ADD).returncode == 0


def test_stock_host_has_the_reservations_of_windows(harness):
    assert harness.url_reservations() == []
    harness.stock()
    urls = [reservation.url for reservation in harness.url_reservations()]
    assert "http://+:5985/wsman/" in urls and len(urls) == 7
    done = harness.run(["netsh", "http", "delete", "urlacl", "url=http://+:5985/wsman/"])
    assert done.returncode == 0, done.stdout
    assert len(harness.url_reservations()) == 6


SERVER = """
import ctypes, sys
lib = ctypes.CDLL("libhttpapi.so")
session, group = ctypes.c_uint64(), ctypes.c_uint64()
assert lib.HttpInitialize(2, 1, None) == 0
assert lib.HttpCreateServerSession(2, ctypes.byref(session), 0) == 0
assert lib.HttpCreateUrlGroup(session, ctypes.byref(group), 0) == 0
wide = lambda text: (text + chr(0)).encode("utf-16-le")
print(*[lib.HttpAddUrlToUrlGroup(group, wide(url), ctypes.c_uint64(0), 0) for url in sys.argv[1:]], flush=True)
sys.stdin.read()
"""


def test_servers_register_permitted_urls(harness):
    """By the reservations, the account, and what is registered."""
    urls = ["http://+:8080/app/", "http://+:8080/", "http://localhost:8080/"]

    def serve(*urls):
        done = harness.run([sys.executable, "-c", SERVER, *urls], input="")
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    assert serve(*urls, urls[1]) == ["0", "0", "0", "183"]
    harness.user = "standard"
    harness.account("CONTOSO\\svc-web", SVC)
    assert serve(*urls) == ["5", "5", "0"]
    harness.user = "administrator"
    reserve = ["netsh", "http", "add", "urlacl", "url=http://+:8080/app/", "user=svc-web"]
    assert harness.run(reserve).returncode == 0
    harness.user = "standard"
    assert serve(*urls) == ["5", "5", "0"]
    harness.run_as("CONTOSO\\svc-web")
    assert serve(*urls) == ["0", "5", "0"]
    registered = [registration.url for registration in harness.registrations()]
    assert registered == urls + [urls[2]] * 2 + [urls[0], urls[2]]
    assert not any(registration.is_active for registration in harness.registrations())


@pytest.mark.skipif(sys.platform != "linux", reason="a process is ended by its number")
def test_a_url_is_registered_while_its_program_runs(harness):
    url = "http://localhost:8080/"
    command = [sys.executable, "-c", SERVER, url]
    with subprocess.Popen(
        command, env=harness.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout.readline() == "0\n"
        assert harness.registrations() == [Registration(url, server.pid, True)]
        assert harness.run(command, input="").stdout == "183\n"
        server.kill()
    assert harness.registrations() == [Registration(url, server.pid, False)]
    assert harness.run(command, input="").stdout == "0\n"


def test_fault_applies_until_cleared(harness):
    harness.fault("set", answer=1312)
    for _ in range(2):
        done = harness.run(ADD)
        assert done.returncode == 1 and "1312" in done.stdout
    harness.assert_unchanged()
    harness.clear_faults()
    assert harness.run(ADD).returncode == 0


def test_faults_that_never_fired_fail_at_the_end():
    with pytest.raises(AssertionError, match=r"(?s)no program met.*call='update'"):
        with Harness() as host:
            host.fault("set", answer=5)
            host.fault("update", answer=1312)
            assert "Error: 5" in host.run(ADD).stdout
            host.clear_faults()
    assert not host.folder.exists()
    host = Harness()
    host.fault("delete", kill=True)
    with pytest.raises(AssertionError, match="delete"):
        host.close()


def test_optional_faults_and_kills_need_no_exemption():
    with Harness() as host:
        host.fault("update", answer=5, optional=True)
        host.fault("initialize", kill=True)
        assert host.run(ADD).returncode < 0
        host.assert_unchanged()


def test_failing_tests_keep_their_own_message():
    with pytest.raises(ZeroDivisionError), Harness() as host:
        host.fault("set", answer=5)
        1 / 0  # noqa: B018


@pytest.mark.parametrize(
    "arguments",
    [
        {"call": "sett", "answer": 5}, {"call": "set"}, {"call": "set", "nth": 0, "answer": 5},
        {"call": "set", "nth": True, "answer": 5}, {"call": "set", "answer": -1}, {"call": "set", "answer": 2**32},
        {"call": "set", "answer": "5"}, {"call": "set", "delay_ms": 1.5}, {"call": "set", "kill": "yes"},
        {"call": "set", "delete": 443}, {"call": "set", "answer": 5, "optional": 1},
    ],
)  # fmt: skip
def test_invalid_faults_are_refused_where_they_are_given(harness, arguments):
    with pytest.raises(ValueError):
        harness.fault(**arguments)
    assert harness.run(ADD).returncode == 0


def test_invalid_arguments_are_refused_at_the_call(harness):
    with pytest.raises(ValueError, match="Standard"):
        harness.user = "Standard"
    with pytest.raises(ValueError, match="11"):
        harness.profile = "11"
    with pytest.raises(ValueError, match="11"):
        Harness(profile="11")
    for hash in [HASH[1:], HASH + "0", "g" + HASH[1:], HASH + "\n"]:
        with pytest.raises(ValueError, match="40 hexadecimal"):
            harness.certificate(hash, "absent")
    with pytest.raises(ValueError, match="missing"):
        harness.certificate(HASH, "missing")
    for state, attempts in [("settling", None), ("settling", 0), ("settling", True), ("absent", 1)]:
        with pytest.raises(ValueError, match="attempts"):
            harness.certificate(HASH, state, attempts=attempts)
    with pytest.raises(ValueError, match="name has to be a string"):
        harness.without_store(None)
    with pytest.raises(HarnessError, match="refuses its configuration"):
        harness.without_store("")
    with pytest.raises(AttributeError, match="usr"):
        harness.usr = "standard"
    assert harness.run(ADD).returncode == 0


def test_configuration_that_the_simulator_refuses_is_an_error(harness):
    with pytest.raises(HarnessError, match="(?s)refuses its configuration.*ipport"):
        harness.fault("set", delete="ipport=0.0.0.0")
    # The fault is gone again.
    assert harness.run(ADD).returncode == 0


def test_nothing_is_unchanged_without_a_call(harness):
    harness.run([sys.executable, "-c", "pass"])
    assert harness.calls == []
    with pytest.raises(AssertionError, match="no program has called"):
        harness.assert_unchanged()
    harness.run(ADD)
    made = {call.function: call.result for call in harness.calls}
    assert made["HttpSetServiceConfiguration"] == 0 and made["HttpTerminate"] == 0
    assert len({call.process for call in harness.calls}) == 1


def test_program_that_cannot_load_the_library_is_an_error(harness):
    load = [sys.executable, "-c", "import ctypes; ctypes.CDLL('httpapi.dll')"]
    assert harness.run(load).returncode == 0
    shutil.rmtree(harness.folder / "lib")
    for options in [{}, {"text": False}]:
        with pytest.raises(HarnessError, match="could not load the library: .*httpapi.dll"):
            harness.run(load, **options)


@pytest.mark.parametrize(
    "message",
    [
        "panic: Failed to load httpapi.dll: The specified module could not be found.",
        "FileNotFoundError: Could not find module 'C:\\\\httpapi.dll' (or one of its dependencies).",
    ],
    ids=["Go", "Python"],
)
def test_message_of_a_loader_on_windows_is_an_error(harness, message):
    def ends(text):
        return [sys.executable, "-c", f"import sys; sys.exit({text!r})"]

    with pytest.raises(HarnessError, match="could not load the library"):
        harness.run(ends(message))
    # Of another library.
    assert harness.run(ends(message.replace("httpapi", "kernel32"))).returncode == 1


@pytest.mark.parametrize("name", ["httpapi.dll", "Httpapi.dll", "HttpApi.dll", "HTTPAPI.dll", "httpapi", "libHttpapi.so"])
def test_library_is_found_under_the_names_of_windows(harness, name):
    done = harness.run([sys.executable, "-c", f"import ctypes; ctypes.CDLL({name!r}).HttpTerminate(2, None)"])
    assert (done.returncode, done.stderr) == (0, "")
    assert [call.function for call in harness.calls] == ["HttpTerminate"]


@pytest.mark.skipif(sys.platform == "win32", reason="netsh has one name there")
def test_netsh_is_found_with_its_suffix(harness):
    assert harness.run(["netsh.exe", *ADD[1:]]).returncode == 0
    harness.assert_bindings([ADDED])


def test_a_certificate_without_its_key_is_refused(harness):
    harness.certificate(HASH, "without-key")
    assert "Error: 1312" in harness.run(ADD).stdout
    harness.assert_unchanged()


def test_a_key_that_was_just_made_is_usable_later(harness):
    harness.certificate(HASH, "settling", attempts=2)
    program = (
        "import os; from certbind_harness import Api, Binding, HttpApiError\n"
        "host = Api('libhttpapi.so', os.environ['CERTBIND_HTTPAPI'])\n"
        "for _ in range(3):\n"
        f"    try: print(host.set(Binding('ipport=0.0.0.0:443', hash={HASH!r})))\n"
        "    except HttpApiError as error: print(error.code)\n"
    )
    done = harness.run([sys.executable, "-c", program])
    assert (done.returncode, done.stdout) == (0, "87\n87\nNone\n"), done.stderr


def test_a_certificate_in_a_missing_store_is_refused(harness):
    harness.without_store("WebHosting")
    assert "Error: 1312" in harness.run([*ADD, "certstorename=webhosting"]).stdout
    assert harness.run([*ADD, "certstorename=MY"]).returncode == 0


def test_a_standard_user_is_refused(harness):
    harness.user = "standard"
    assert "Error: 5" in harness.run(ADD).stdout


def test_netsh_is_that_of_the_simulated_windows(monkeypatch):
    monkeypatch.setenv("CERTBIND_NETSH", "2025")
    with Harness(profile="8") as old, Harness(profile="2025") as new:
        assert "disablesessionid" not in old.run(["netsh", "http", "add", "sslcert", "?"]).stdout
        assert "disablesessionid" in new.run(["netsh", "http", "add", "sslcert", "?"]).stdout


def test_no_program_is_passed_on_to_another_library(harness, monkeypatch):
    monkeypatch.setenv("CERTBIND_PASS", "/no/library.so")
    assert harness.run(ADD).returncode == 0
    assert len(harness.bindings()) == 1


def test_trace_has_program_calls_only(harness, monkeypatch, tmp_path):
    trace = tmp_path / "trace.jsonl"
    monkeypatch.setenv("CERTBIND_TRACE", str(trace))
    harness.bindings()
    assert not trace.exists()
    harness.run(ADD)
    assert "HttpSetServiceConfiguration" in trace.read_text()


def test_netsh_reservation_is_read_back(harness):
    assert harness.url_reservations() == []
    done = harness.run(["netsh", "http", "add", "urlacl", "url=http://+:8080/App", "user=Everyone"])
    assert done.returncode == 0, done.stdout
    assert harness.url_reservations() == [UrlReservation("http://+:8080/App/", "D:(A;;GX;;;WD)")]
    harness.assert_unchanged()


def test_netsh_listen_list_and_timeouts_are_read_back(harness):
    assert harness.listen_list() == []
    assert harness.timeout("idleconnectiontimeout") == 120
    for line in [
        "add iplisten ipaddress=192.0.2.2",
        "add iplisten ipaddress=fe80::1",
        "add timeout timeouttype=headerwaittimeout value=30",
    ]:
        done = harness.run(["netsh", "http", *line.split()])
        assert done.returncode == 0, done.stdout
    assert harness.listen_list() == ["192.0.2.2", "fe80::1"]
    assert harness.timeout("headerwaittimeout") == 30
    with pytest.raises(ValueError):
        harness.timeout("idle")


def test_updated_extended_property_is_a_difference(harness):
    assert harness.run(ADD).returncode == 0
    update = ["netsh", "http", "update", "sslpropertyex", "ipport=0.0.0.0:443", "propertyid=0", "receivewindow=65536"]
    done = harness.run(update)
    assert done.returncode == 0, done.stdout
    with pytest.raises(AssertionError, match="extended .* -> {'http2_window': {'receive_window': 65536}}"):
        harness.assert_bindings([ADDED])


def test_extended_properties_match_the_export(harness, tmp_path):
    extended = {
        "http2_window": {"receive_window": 65536, "flags": "0x9"},
        "http2_settings_limits": {"max_per_frame": 32, "max_per_minute": 960},
        "performance": {"setting": 1, "buffer": "01000000"},
        "tls_restrictions": {
            "restrictions": [
                {
                    "alpn_ids": ["h2", "http/1.1"],
                    "disabled_protocols": 5,
                    "disabled_crypto": [
                        {"usage": 1, "algorithm": "RSA", "chaining_modes": ["CBC"], "min_bits": 1, "max_bits": 2048}
                    ],
                    "restriction_flags": 3,
                }
            ]
        },
        "error_headers": {"status": 503, "headers": [{"name": "Retry-After", "value": "6ö"}]},
        "session_ticket_keys": {"keys": [{"version": 1, "id": "01" * 16, "material": "0203" * 16}]},
    }
    record = {"app_id": str(ADDED.app_id), "certificate": {"hash": HASH, "store_name": None}, "extended": extended}
    central = {**record, "certificate": None}
    keys = ["ipport=[2001:db8::1]:443", "hostnameport=www.contoso.com:443", "ccs=443", "scopedccs=a.example:443"]
    bindings = [{"key": key, **(central if "ccs" in key else record)} for key in keys]
    bindings[1]["host_spelling"] = "WWW.contoso.com"
    export = tmp_path / "export.json"
    header = {"host": None, "captured_at": None, "source": None, "tool": None}
    export.write_text(json.dumps({"format": "certbind-export", "version": 2, "header": header, "bindings": bindings}))
    harness.seed(export)
    found = harness.bindings()
    assert [binding.key.lower() for binding in found] == keys
    assert [binding.extended for binding in found] == [extended] * 4
    assert "0203" not in repr(found)


def test_a_store_is_seeded_from_an_export(harness):
    harness.seed(EXAMPLES / "host-2022.txt")
    assert len(harness.bindings()) == 6
    harness.run(["netsh", "http", "show", "sslcert"])
    harness.assert_unchanged()
    harness.run(["netsh", "http", "delete", "sslcert", "ipport=0.0.0.0:443"])
    with pytest.raises(AssertionError, match="- Binding"):
        harness.assert_unchanged()


def test_invalid_export_is_refused(harness, tmp_path):
    broken = tmp_path / "broken.txt"
    broken.write_text("nothing of the kind")
    with pytest.raises(HarnessError, match="import"):
        harness.seed(broken)


def test_failed_harness_leaves_no_folder(tmp_path, monkeypatch):
    kit, temporary = tmp_path / "kit", tmp_path / "temporary"
    for folder in [kit, temporary]:
        folder.mkdir()
    for name in ["libhttpapi.so", "httpapi.dll", "certbind", "certbind.exe"]:
        (kit / name).write_text("no library, and no program")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with pytest.raises(OSError):
        Harness(kit=kit)
    assert list(temporary.iterdir()) == []


def test_differences_are_reported_by_field():
    other = Binding(ADDED.key, hash=HASH, app_id=ADDED.app_id, flags=2)
    printed = differences([ADDED, Binding("ccs=443")], [other, Binding("ccs=444")])
    lines = printed.splitlines()
    assert [line[0] for line in lines] == ["-", "+", "~", " "]
    assert lines[3].split() == ["flags", "0", "->", "2"]
    assert differences([ADDED, other], [other]) == ""


def made_certificate(folder):
    pem = folder / "www.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
         "-subj", "/CN=www.contoso.com", "-keyout", str(folder / "www.key"), "-out", str(pem)],
        check=True, capture_output=True,
    )  # fmt: skip
    return pem, hashlib.sha1(ssl.PEM_cert_to_DER_cert(pem.read_text())).hexdigest()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_installed_certificate_can_be_bound(harness, tmp_path):
    pem, hash = made_certificate(tmp_path)
    with pytest.raises(HarnessError, match="no certificate"):
        harness.install_certificate(Path(__file__))
    add = [*ADD[:5], f"certhash={hash}", ADD[6]]
    assert harness.certificate_folder.is_dir()
    assert "Error: 1312" in harness.run(add).stdout
    pfx = tmp_path / "www.pfx"
    export = ["openssl", "pkcs12", "-export", "-in", str(pem), "-inkey", str(tmp_path / "www.key"), "-out", str(pfx)]
    subprocess.run([*export, "-passout", "pass:secret"], check=True, capture_output=True)
    with pytest.raises(HarnessError, match="no certificate"):
        harness.install_certificate(pfx)
    subprocess.run([*export, "-passout", "pass:"], check=True, capture_output=True)
    harness.install_certificate(pfx)
    assert harness.run(add).returncode == 0
    assert "Error: 1312" in harness.run([*ADD[:4], "ipport=0.0.0.0:444", *ADD[5:]]).stdout


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_program_binds_a_certificate_that_it_installs(harness, tmp_path):
    pem, hash = made_certificate(tmp_path)
    program = tmp_path / "install.py"
    # It makes the simulator of its process before the certificate is there.
    program.write_text(
        "import shutil, sys; from certbind_harness import Api, Binding, HttpApiError\n"
        "import os; host = Api('libhttpapi.so', os.environ['CERTBIND_HTTPAPI'])\n"
        f"bind = lambda: host.set(Binding('ipport=0.0.0.0:443', hash={hash!r}))\n"
        "try: bind(); print('bound')\nexcept HttpApiError as error: print(error.code)\n"
        "shutil.copy(sys.argv[1], sys.argv[2]); bind()\n"
    )
    done = harness.run([sys.executable, program, pem, harness.certificate_folder])
    assert (done.returncode, done.stdout) == (0, "1312\n"), done.stderr
    assert [binding.hash for binding in harness.bindings()] == [hash]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_certificate_that_one_program_adds_is_bound_by_another(harness, tmp_path):
    """By the control function of the library."""
    pem, hash = made_certificate(tmp_path)
    assert harness.certificate_folder.is_dir()
    add = [*ADD[:5], f"certhash={hash}", ADD[6]]
    assert "Error: 1312" in harness.run(add).stdout
    program = (
        "import os, sys; from certbind_harness import Api\n"
        "host = Api('libhttpapi.so', os.environ['CERTBIND_HTTPAPI'])\n"
        "host.install_certificate(sys.argv[1])\n"
    )
    done = harness.run([sys.executable, "-c", program, pem])
    assert done.returncode == 0, done.stderr
    assert harness.run(add).returncode == 0
    done = harness.run([sys.executable, "-c", program, __file__])
    assert "CertbindHttpApiInstallCertificate: 87" in done.stderr


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_bound_certificate_is_served(harness, tmp_path):
    with pytest.raises(ServeError, match="no bindings"):
        harness.serve(tmp_path)
    _, hash = made_certificate(tmp_path)
    done = harness.run([*ADD[:5], f"certhash={hash}", ADD[6]])
    assert done.returncode == 0, done.stdout
    with harness.serve(tmp_path) as serving:
        assert serving.url(443).startswith("https://127.0.0.1:")
        assert serving.url(444) is None
        served = ssl.get_server_certificate(serving.socket("127.0.0.1", 443))
        assert hashlib.sha1(ssl.PEM_cert_to_DER_cert(served)).hexdigest() == hash
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with urllib.request.urlopen(serving.url(443) + "/path", context=context, timeout=20) as answer:
            answer = json.load(answer)
        assert answer["connection"]["certificate"] == hash
        assert answer["request"]["path"] == "/path"
