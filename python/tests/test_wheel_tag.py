"""The tag of a wheel for Linux is that of the programs inside, on whatever machine it is made."""

import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[1] / "build_wheel.py"

X86_64, AARCH64, RISCV = 62, 183, 243

HEADER, SECTION = 64, 64


def elf(machine, needed=("libc.so.6",), versions=("GLIBC_2.17",), ident=b"\x7fELF\x02\x01\x01"):
    """An ELF file with a dynamic section and the versions of the symbols that it needs, and nothing else."""
    strings, places = b"\0", {}
    for name in [*needed, *versions]:
        places[name] = len(strings)
        strings += name.encode() + b"\0"
    dynamic = b"".join(struct.pack("<QQ", 1, places[name]) for name in needed) + bytes(16)
    verneed = struct.pack("<HHIII", 1, len(versions), places[needed[0]], 16, 0)
    for index, version in enumerate(versions):
        verneed += struct.pack("<IHHII", 0, 0, 2, places[version], 16 if index + 1 < len(versions) else 0)
    sections, body = bytes(SECTION), b""
    # SHT_STRTAB, SHT_DYNAMIC, SHT_GNU_verneed.
    for kind, content, info in [(3, strings, 0), (6, dynamic, 0), (0x6FFFFFFE, verneed, 1)]:
        sections += struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, HEADER + len(body), len(content), 1, info, 1, 0)
        body += content
    header = ident.ljust(16, b"\0") + struct.pack("<HHIQQQI", 3, machine, 1, 0, 0, HEADER + len(body), 0)
    return header + struct.pack("<HHHHHH", HEADER, 0, 0, SECTION, 4, 0) + body + sections


def build(folder, certbind, library):
    kit = folder / "kit"
    kit.mkdir()
    (kit / "certbind").write_bytes(certbind)
    (kit / "libhttpapi.so").write_bytes(library)
    return subprocess.run([sys.executable, str(BUILD), str(kit), str(folder)], capture_output=True, text=True)


@pytest.mark.parametrize(("machine", "name"), [(AARCH64, "aarch64"), (X86_64, "x86_64")])
def test_machine_and_glibc_are_those_of_the_programs(tmp_path, machine, name):
    versions = ("GLIBC_2.17", "GLIBC_2.28", "GLIBC_2.9", "GLIBC_2.2.5")
    done = build(tmp_path, elf(machine, versions=versions), elf(machine, ("libgcc_s.so.1",), ("GCC_4.2.0",)))
    assert done.returncode == 0, done.stderr
    wheel = Path(done.stdout.strip())
    assert wheel.name.endswith(f"-py3-none-manylinux_2_28_{name}.whl")
    with zipfile.ZipFile(wheel) as archive:
        info = wheel.name.split("-py3-")[0] + ".dist-info"
        assert f"\nTag: py3-none-manylinux_2_28_{name}\n" in archive.read(f"{info}/WHEEL").decode()


def test_oldest_tag_is_that_of_manylinux2014(tmp_path):
    done = build(tmp_path, elf(AARCH64, versions=("GLIBC_2.2.5",)), elf(AARCH64))
    assert done.stdout.strip().endswith("-manylinux_2_17_aarch64.whl"), done.stderr


@pytest.mark.parametrize(
    ("library", "reason"),
    [
        (elf(X86_64), "the files of the kit are for aarch64, x86_64"),
        (elf(RISCV), "libhttpapi.so is an ELF file for machine 243"),
        (elf(AARCH64, ("libssl.so.3",)), "libhttpapi.so needs libssl.so.3"),
        (elf(AARCH64, ident=b"\x7fELF\x01\x01\x01"), "libhttpapi.so is no 64-bit ELF file"),
        (b"#!/bin/sh\n", "libhttpapi.so is no 64-bit ELF file"),
    ],
    ids=["two machines", "another machine", "another library", "32 bits", "a script"],
)
def test_programs_that_no_wheel_can_have_are_refused(tmp_path, library, reason):
    done = build(tmp_path, elf(AARCH64), library)
    assert done.returncode == 1 and reason in done.stderr, done.stderr
    assert not list(tmp_path.glob("*.whl"))
