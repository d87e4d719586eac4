#!/usr/bin/env python3
"""Measures how fast certbind reads exports: builds of certbind side by side, in turns.

    python3 benches/formats.py certbind [--earlier earlier-certbind] [--bindings 100000]
                               [--shuffled 1000000] [--rounds 5] [--out FILE]

The listing is that of benches/large_listing.py. A loop in Python that splits each of its lines at
` : `, and `wc -l`, read the same file in the same turns. The table gives medians of wall-clock time and
of processor time (user and system, of all threads), since other work on the machine disturbs the first.
"""
import argparse
import datetime
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

FOLDER = Path(__file__).parent
LOOP = """
import sys
with open(sys.argv[1], encoding="utf-8", newline="") as listing:
    for line in listing:
        line.split(" : ")
"""


def run(command):
    """Seconds of wall-clock time, seconds of processor time, and MB of memory."""
    start = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)])
    _, status, used = os.wait4(pid, 0)
    seconds = time.monotonic() - start
    code = os.waitstatus_to_exitcode(status)
    # An audit that has findings ends with 1.
    if code not in (0, 1):
        sys.exit(f"{command}: exit code {code}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6


def registry(file, count):
    """A registry export, which has no extended properties."""
    path = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP\Parameters\SslBindingInfo"
    draw = random.Random(26)
    digits = lambda bytes: ",".join(f"{byte:02x}" for byte in bytes)
    app = digits(uuid.UUID("4dc3e181-e14b-4a21-b022-59fc669b0914").bytes_le)
    lines = ["Windows Registry Editor Version 5.00", ""]
    for number in range(count):
        address = ".".join(str(byte) for byte in (0x0A00_0000 + number).to_bytes(4, "big"))
        lines += [f"[{path}\\{address}:443]", f'"AppId"=hex:{app}',
                  f'"SslCertHash"=hex:{digits(draw.randbytes(20))}', '"SslCertStoreName"="MY"',
                  '"DefaultSslCertCheckMode"=dword:00000000',
                  '"DefaultSslRevocationFreshnessTime"=dword:00000000',
                  '"DefaultSslRevocationUrlRetrievalTimeout"=dword:00000000',
                  '"DefaultFlags"=dword:00000000', ""]
    file.write_bytes("\r\n".join(lines).encode("utf-16"))


class Space:
    """The files, and the stores that imports fill."""

    def __init__(self, folder, program, chosen):
        self.folder, self.stores = folder, 0
        # No state outside of the folder.
        os.environ.update(XDG_DATA_HOME=str(folder), CERTBIND_JOURNAL=str(folder / "journal"))
        self.listing = self.made("listing.txt", chosen.bindings)
        self.small = self.made("small.txt", 6)
        self.shuffled = chosen.shuffled and self.made("shuffled.txt", chosen.shuffled, "--shuffled")
        registry(folder / "export.reg", chosen.bindings)
        self.registry = folder / "export.reg"
        self.json, self.snapshot = folder / "export.json", folder / "export.cbs"
        self.run_import(program, self.listing)
        store = f"redb:{folder}/store{self.stores}.redb"
        for file, format in [(self.json, "json"), (self.snapshot, "snapshot")]:
            run([program, "--store", store, "export", "--format", format, "-o", str(file)])
        self.clear()

    def made(self, name, *arguments):
        file = self.folder / name
        with open(file, "wb") as out:
            script = [sys.executable, FOLDER / "large_listing.py", *map(str, arguments)]
            subprocess.run(script, stdout=out, check=True)
        return file

    def run_import(self, program, file, *options):
        self.stores += 1
        store = f"redb:{self.folder}/store{self.stores}.redb"
        return run([program, "--store", store, "import", str(file), *options])

    def clear(self):
        for file in self.folder.glob("store*"):
            file.unlink()


def operations(space):
    """Each with a name, its file, and what it does with a program."""
    reading = lambda file: lambda program: space.run_import(program, file, "--dry-run")
    importing = lambda file: lambda program: space.run_import(program, file)
    yield "read the listing (`import --dry-run`)", space.listing, reading(space.listing)
    yield "`import` the listing", space.listing, importing(space.listing)
    yield "`audit` the listing", space.listing, lambda program: run([program, "audit", str(space.listing)])
    yield "`import` six records", space.small, importing(space.small)
    yield "read a registry export (UTF-16)", space.registry, reading(space.registry)
    yield "read a JSON export", space.json, reading(space.json)
    yield "read a snapshot", space.snapshot, reading(space.snapshot)


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def cell(row):
    return f"{row[0]:.3f} / {row[1]:.3f}"


def table(space, chosen):
    names = [chosen.program] + ([chosen.earlier] if chosen.earlier else [])
    python = lambda _: run([sys.executable, "-c", LOOP, str(space.listing)])
    count = lambda _: run(["wc", "-l", str(space.listing)])
    measures = [(name, file, each, names) for name, file, each in operations(space)]
    measures += [("a loop in Python over its lines", space.listing, python, names[:1]),
                 ("`wc -l`", space.listing, count, names[:1])]
    measured = {(name, program): [] for name, _, _, programs in measures for program in programs}
    for _ in range(chosen.rounds):
        for name, _, each, programs in measures:
            for program in programs:
                # Six records take milliseconds.
                for _ in range(20 if "six" in name else 1):
                    measured[name, program].append(each(program))
        space.clear()
    lines = ["| | MB | seconds, wall / processor | MB a second | the earlier build | times as fast |",
             "|---|---:|---:|---:|---:|---:|"]
    result = {}
    for name, file, _, programs in measures:
        ours = result[name] = medians(measured[name, programs[0]])
        size = file.stat().st_size / 1e6
        row = f"| {name} | {size:.1f} | {cell(ours)} | {size / ours[0]:.0f} |"
        if len(programs) > 1:
            theirs = medians(measured[name, programs[1]])
            ratios = f"{theirs[0] / ours[0]:.2f} / {theirs[1] / ours[1]:.2f}"
            row += f" {cell(theirs)} | {ratios} |"
        else:
            row += " – | – |"
        lines.append(row)
    if space.shuffled:
        rows = [space.run_import(program, space.shuffled) for program in names]
        space.clear()
        size = space.shuffled.stat().st_size / 1e6
        row = f"| `import` {chosen.shuffled:,} shuffled records, once | {size:.0f} | {cell(rows[0])} | "
        row += f"{size / rows[0][0]:.0f} |"
        row += f" {cell(rows[1])} | {rows[1][0] / rows[0][0]:.2f} |" if len(rows) > 1 else " – | – |"
        lines += [row, "", f"Peak memory of the last: {', '.join(f'{row[2]:.0f} MB' for row in rows)}."]
    loop, ours = result["a loop in Python over its lines"], result["`import` the listing"]
    lines += ["", f"`import` is {loop[0] / ours[0]:.2f} times as fast as the loop in Python by wall-clock "
                  f"time, {loop[1] / ours[1]:.2f} times by processor time."]
    return lines


def main():
    options = argparse.ArgumentParser()
    options.add_argument("program")
    options.add_argument("--earlier")
    options.add_argument("--bindings", type=int, default=100_000)
    options.add_argument("--shuffled", type=int, default=0)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--out")
    chosen = options.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        lines = table(Space(Path(folder), chosen.program, chosen), chosen)
    today = datetime.date.today()
    head = ["## Formats", "", f"Written by `benches/formats.py`, {today}: medians of {chosen.rounds} rounds in turns, "
            f"of whole processes.", f"Load of the machine (processes that want to run) before and after: "
            f"{before:.1f} and {os.getloadavg()[0]:.1f}, on {os.cpu_count()} processors.", ""]
    text = "\n".join(head + lines) + "\n"
    print(text, end="")
    if chosen.out:
        # The section replaces the one in the file.
        kept = Path(chosen.out).read_text().split("## Formats")[0].rstrip() + "\n\n"
        Path(chosen.out).write_text(kept + text)


main()
