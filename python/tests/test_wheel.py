"""The wheel, installed where there is no Rust and no kit."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from certbind_harness.api import library_in

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("strip") is None, reason="strip makes the kit small")
def test_documented_tests_pass_with_the_installed_wheel_alone(tmp_path):
    kit = tmp_path / "kit"
    kit.mkdir()
    built = Path(os.environ["CERTBIND_KIT"])
    for file in [library_in(built), built / "certbind"]:
        subprocess.run(["strip", "-o", str(kit / file.name), str(file)], check=True)
    build = [sys.executable, str(ROOT / "python" / "build_wheel.py"), str(kit), str(tmp_path), "--uncompressed"]
    wheel = Path(subprocess.run(build, check=True, capture_output=True, text=True).stdout.strip())
    assert "-py3-none-manylinux_2_" in wheel.name

    venv.create(tmp_path / "venv", system_site_packages=True, with_pip=False)
    python = str(tmp_path / "venv" / "bin" / "python")
    environment = {"PATH": os.environ["PATH"]}
    pip = [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    installed = subprocess.run(pip, env=environment, cwd=tmp_path, capture_output=True, text=True)
    if "No module named pip" in installed.stderr:
        # Then as pip does it: a wheel is an archive of the folder of packages.
        packages = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
        for file in (packages / "certbind_harness" / "kit").iterdir():
            file.chmod(0o755)
    else:
        assert installed.returncode == 0, installed.stderr

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
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", "--quiet"]
    done = subprocess.run(command, env=environment, cwd=tests, capture_output=True, text=True)
    assert done.returncode == 0 and "8 passed" in done.stdout, done.stdout + done.stderr
