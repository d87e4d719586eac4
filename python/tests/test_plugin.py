"""The plugin of pytest, in a pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
from certbind_harness import PROFILES, Binding

ADD = ["netsh", "http", "add", "sslcert", "ipport=0.0.0.0:443", "certhash=5226dc6c54559761cd471b86eb51c096252c90f2",
       "appid={4dc3e181-e14b-4a21-b022-59fc669b0914}"]

def test_binds(http_sys):
    assert http_sys.run(ADD).returncode == 0
    assert [binding.key for binding in http_sys.bindings()] == ["ipport=0.0.0.0:443"]
    print("profile", http_sys.profile)

def test_differs(http_sys):
    assert http_sys.run(ADD).returncode == 0
    assert http_sys.bindings() == [Binding("ipport=0.0.0.0:443"), Binding("ccs=443")]

def test_fault_is_forgotten(http_sys):
    http_sys.fault("update", answer=5)
"""


def pytest_of(folder, *options):
    (folder / "test_it.py").write_text(TESTS)
    environment = dict(os.environ, PYTHONPATH=str(Path(__file__).parents[1]), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    command = [sys.executable, "-m", "pytest", "-p", "certbind_harness.plugin", "-p", "no:cacheprovider", "-rA", *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_fixture_is_a_host_whose_differences_are_shown(tmp_path):
    printed = pytest_of(tmp_path).stdout
    assert "PASSED test_it.py::test_binds\n" in printed, printed
    assert "FAILED test_it.py::test_differs" in printed
    assert "- Binding(key='ccs=443'" in printed
    assert "hash                       None -> '5226dc6c54559761cd471b86eb51c096252c90f2'" in printed
    # The end of a test whose fault never fired is an error.
    assert "ERROR test_it.py::test_fault_is_forgotten" in printed
    assert "no program met these faults" in printed


def test_tests_run_on_each_profile_that_is_named(tmp_path):
    printed = pytest_of(tmp_path, "-k", "binds", "--certbind-profile", "8", "--certbind-profile", "2025").stdout
    assert "2 passed" in printed, printed
    assert "profile 8\n" in printed and "profile 2025\n" in printed
    printed = pytest_of(tmp_path, "-k", "binds", "--certbind-profile", "all").stdout
    assert "7 passed" in printed, printed
    assert pytest_of(tmp_path, "--certbind-profile", "11").returncode == 4
