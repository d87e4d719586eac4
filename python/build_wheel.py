#!/usr/bin/env python3
"""Builds a wheel of certbind-harness with a kit inside: the library and certbind, for one system.

    build_wheel.py KIT FOLDER [--uncompressed]

KIT is a folder with libhttpapi.so and certbind, or with httpapi.dll and certbind.exe. The tag of a wheel for Linux is the
lowest manylinux that the versions of the symbols in the kit allow. The path of the wheel is printed.
"""

import base64
import hashlib
import re
import struct
import sys
import zipfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent

# The libraries that every system of a manylinux tag has (PEP 600).
SYSTEM_LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libdl.so.2", "libpthread.so.0", "librt.so.1"}

MACHINES = {62: "x86_64", 183: "aarch64"}


def strings_of_dynamic_section(elf: bytes):
    """The machine, the needed libraries and the versions of their symbols of a 64-bit ELF file."""
    if elf[:6] != b"\x7fELF\x02\x01":
        raise ValueError("no 64-bit ELF file of little-endian byte order")
    (machine,) = struct.unpack_from("<H", elf, 18)
    (sections_at,) = struct.unpack_from("<Q", elf, 40)
    size, count = struct.unpack_from("<HH", elf, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", elf, sections_at + size * index) for index in range(count)]
    needed, versions = [], []
    for _, kind, _, _, at, length, link, info, _, _ in sections:
        # SHT_DYNAMIC: entries of two words; DT_NEEDED is 1.
        if kind == 6:
            for entry in range(at, at + length, 16):
                tag, value = struct.unpack_from("<QQ", elf, entry)
                if tag == 1:
                    needed.append(text(elf, sections[link][4] + value))
        # SHT_GNU_verneed: `info` records, each with a list of versions.
        if kind == 0x6FFFFFFE:
            record = at
            for _ in range(info):
                _, names, _, first, following = struct.unpack_from("<HHIII", elf, record)
                entry = record + first
                for _ in range(names):
                    _, _, _, name, after = struct.unpack_from("<IHHII", elf, entry)
                    versions.append(text(elf, sections[link][4] + name))
                    entry += after
                record += following
    if machine not in MACHINES:
        raise ValueError(f"an ELF file for machine {machine}; wheels are made for {', '.join(MACHINES.values())}")
    return MACHINES[machine], needed, versions


def text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode()


def tag_of(files) -> str:
    """The platform of a wheel with these files."""
    if any(file.suffix == ".exe" for file in files):
        return "win_amd64"
    newest, machines = (2, 17), set()
    for file in files:
        try:
            machine, needed, versions = strings_of_dynamic_section(file.read_bytes())
        except ValueError as error:
            raise SystemExit(f"{file.name} is {error}") from error
        machines.add(machine)
        foreign = [name for name in needed if name not in SYSTEM_LIBRARIES and not name.startswith("ld-linux")]
        if foreign:
            raise SystemExit(f"{file.name} needs {', '.join(foreign)}, which systems need not have")
        for version in versions:
            found = re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", version)
            if found:
                newest = max(newest, (int(found[1]), int(found[2])))
    if len(machines) != 1:
        raise SystemExit(f"the files of the kit are for {', '.join(sorted(machines))}")
    return f"manylinux_{newest[0]}_{newest[1]}_{machines.pop()}"


def main(kit: Path, folder: Path, compression: int) -> None:
    project = (SOURCE / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.*)"$', project, re.MULTILINE)[1]
    summary = re.search(r'^description = "(.*)"$', project, re.MULTILINE)[1]
    python = re.search(r'^requires-python = "(.*)"$', project, re.MULTILINE)[1]
    names = ["httpapi.dll", "certbind.exe"] if (kit / "certbind.exe").is_file() else ["libhttpapi.so", "certbind"]
    binaries = [kit / name for name in names]
    tag = tag_of(binaries)
    info = f"certbind_harness-{version}.dist-info"
    metadata = (
        f"Metadata-Version: 2.1\nName: certbind-harness\nVersion: {version}\nSummary: {summary}\n"
        f"License: MIT OR Apache-2.0\nRequires-Python: {python}\nDescription-Content-Type: text/markdown\n\n"
    )
    contents = {f"certbind_harness/{file.name}": file.read_bytes() for file in (SOURCE / "certbind_harness").glob("*.py")}
    contents |= {f"certbind_harness/kit/{file.name}": file.read_bytes() for file in binaries}
    contents |= {
        f"{info}/METADATA": (metadata + (SOURCE / "README.md").read_text(encoding="utf-8")).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: certbind\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n".encode(),
        f"{info}/entry_points.txt": b"[pytest11]\ncertbind = certbind_harness.plugin\n",
    }
    for name in ["LICENSE-MIT", "LICENSE-APACHE"]:
        contents[f"{info}/{name}"] = (SOURCE.parent / name).read_bytes()
    record = ""
    for name, content in sorted(contents.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    contents[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    wheel = folder / f"certbind_harness-{version}-py3-none-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in contents.items():
            # The same files make the same wheel, at any time.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            mode = 0o755 if "/kit/" in name else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = compression
            archive.writestr(entry, content)
    print(wheel)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--uncompressed"]):
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]), zipfile.ZIP_STORED if sys.argv[3:] else zipfile.ZIP_DEFLATED)
