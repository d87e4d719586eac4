"""The wheel, installed where there is no Rust and no kit."""

import os
import resource
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from certbind_harness.api import library_in

ROOT = Path(__file__).parents[2]

# Seconds of processor time from the installation to the last test, of which a machine that does nothing else needs
# hardly more on the clock.
MOST = 30


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("strip") is None, reason="strip makes the kit small")
def test_documented_tests_pass_with_the_installed_wheel_alone(tmp_path):
    pytest.importorskip("ensurepip", reason="no python3-venv")
    kit = tmp_path / "kit"
    kit.mkdir()
    built = Path(os.environ["CERTBIND_KIT"])
    for file in [library_in(built), built / "certbind"]:
        subprocess.run(["strip", "-o", str(kit / file.name), str(file)], check=True)
    build = [sys.executable, str(ROOT / "python" / "build_wheel.py"), str(kit), str(tmp_path), "--uncompressed"]
    wheel = Path(subprocess.run(build, check=True, capture_output=True, text=True).stdout.strip())
    assert "-py3-none-manylinux_2_" in wheel.name

    tests = tmp_path / "tests"
    tests.mkdir()
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    (tests / "test_installer.py").write_text(page.split("```python\n")[1].split("```")[0], encoding="utf-8")
    plugin = page.split("```py\n")[1].split("```")[0]
    (tests / "test_plugin.py").write_text(plugin, encoding="utf-8")
    tutorial = (ROOT / "docs" / "test-an-installer.md").read_text(encoding="utf-8")
    (tests / "test_install.py").write_text(tutorial.split("```python\n")[1].split("```")[0], encoding="utf-8")
    for name in ["install.sh", "host-2022.txt"]:
        shutil.copy(ROOT / "examples" / name, tests)

    # The shell that install.sh is run by, and nothing else: no Rust, and no kit.
    path = tmp_path / "path"
    path.mkdir()
    (path / "sh").symlink_to(shutil.which("sh"))
    before = processor_time()
    # pytest is that of the system, as this is run without a network.
    venv.create(tmp_path / "venv", system_site_packages=True, with_pip=True)

    def run(*arguments):
        command = [str(tmp_path / "venv" / "bin" / "python"), "-m", *arguments]
        return subprocess.run(command, env={"PATH": str(path)}, cwd=tests, capture_output=True, text=True)

    installed = run("pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    assert installed.returncode == 0, installed.stderr
    done = run("pytest", "-p", "no:cacheprovider", "--quiet")
    assert done.returncode == 0 and "8 passed" in done.stdout, done.stdout + done.stderr
    assert processor_time() - before < MOST

    found = run("certbind_harness")
    assert found.returncode == 0, found.stderr
    assert Path(found.stdout.strip()).parent.parent.name == "site-packages"


def processor_time():
    """Of the programs that were run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
