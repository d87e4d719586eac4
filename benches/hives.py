#!/usr/bin/env python3
"""Measures the reading of bindings from a hive: certbind next to regipy and python-registry, in turns.

    cargo build --release -p certbind
    cargo run --release -p certbind-formats --example large_hive -- FOLDER
    cargo build --release -p certbind-formats --example read_hive
    pip install regipy python-registry
    python3 benches/hives.py target/release FOLDER [ROUNDS]

Two lookups, in hives of 12 MB with 50, 200 and 1,000 bindings: all bindings with all values and times,
and the values of one key whose path is known. Each is measured in one process for both sides, from
opening the file on, and as a whole process (`certbind list` next to a script of Python). The values
that are found are compared. regipy takes a minute for 1,000 bindings, so it is given fewer rounds.

Times are CPU time of the process, user and system, so that other work on the machine counts little;
wall time is printed next to it.
"""
import json
import os
import resource
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

HTTP = r"ControlSet002\Services\HTTP\Parameters"
FAMILIES = ("SslBindingInfo", "SslSniBindingInfo")
ONE = "10.0.0.0:443"


def python_registry(hive, one=None):
    from Registry import Registry

    registry = Registry.Registry(hive)
    keys = []
    if one:
        keys = [registry.open(f"{HTTP}\\{FAMILIES[0]}\\{one}")]
    else:
        for family in FAMILIES:
            keys += registry.open(f"{HTTP}\\{family}").subkeys()
    return {key.name(): ({it.name(): it.value() for it in key.values()}, key.timestamp()) for key in keys}


def regipy(hive, one=None):
    from regipy.registry import Cell, NKRecord, RegistryHive

    opened = RegistryHive(hive)
    # regipy takes the first cell for the root key, which it is in hives of Windows. The base block says
    # where it is.
    with open(hive, "rb") as file:
        root = struct.unpack_from("<I", file.read(40), 36)[0]
    opened.root = NKRecord(Cell(offset=4096 + root + 6, cell_type="nk", size=0), opened._stream)
    keys = []
    if one:
        keys = [opened.get_key(f"\\{HTTP}\\{FAMILIES[0]}\\{one}")]
    else:
        for family in FAMILIES:
            keys += opened.get_key(f"\\{HTTP}\\{family}").iter_subkeys()
    return {key.name: ({it.name: it.value for it in key.iter_values()}, key.header.last_modified) for key in keys}


READERS = {"python-registry": python_registry, "regipy": regipy}


def hash_of(value):
    return value.hex() if isinstance(value, bytes) else str(value).lower()


def check(program, hive, found):
    """Compares the hashes and the number of bindings with those of certbind."""
    hosts = json.loads(run([program, "list", hive, "--format", "json"]))
    expected = sorted(it["certificate"]["hash"] for it in hosts[0]["bindings"])
    hashes = sorted(hash_of(values["SslCertHash"]) for values, _ in found.values())
    assert hashes == expected, (hashes[:2], expected[:2])


def run(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def cpu(of):
    used = resource.getrusage(of)
    return used.ru_utime + used.ru_stime


def measured(of, action, rounds):
    """The medians of CPU time and wall time, in seconds."""
    times = []
    for _ in range(rounds):
        start, wall = cpu(of), time.perf_counter()
        action()
        times.append((cpu(of) - start, time.perf_counter() - wall))
    return [statistics.median(column) for column in zip(*times)]


def in_process(target, hive, one, rounds):
    """CPU time of a round of `read_hive`, without its start, and the median of its wall times."""
    arguments = [f"{target}/examples/read_hive", hive]
    key = [f"ipport={one}"] if one else []
    used, printed = [], b""
    for count in (1, 1 + rounds):
        start = cpu(resource.RUSAGE_CHILDREN)
        printed = run([*arguments, str(count), *key])
        used.append(cpu(resource.RUSAGE_CHILDREN) - start)
    wall = [int(number) / 1e9 for number in printed.split()[2:]]
    return (used[1] - used[0]) / rounds, statistics.median(wall)


def line(what, ours, theirs):
    (our_cpu, our_wall), (cpu_time, wall) = ours, theirs
    print(
        f"{what:58} {cpu_time * 1e3:10.2f} ms CPU {wall * 1e3:10.2f} ms"
        f"  certbind {our_cpu * 1e3:7.3f} and {our_wall * 1e3:7.3f}"
        f"  {cpu_time / our_cpu:8.0f} and {wall / our_wall:6.0f} times"
    )


def main():
    target, folder = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    program = f"{target}/certbind"
    print(f"load of the machine: {os.getloadavg()}, {os.cpu_count()} processors")
    for bindings in (50, 200, 1000):
        hive = f"{folder}/{bindings}/SYSTEM"
        for name, reader in READERS.items():
            check(program, hive, reader(hive))
            for one in (None, ONE):
                few = 1 if name == "regipy" and not one else rounds
                ours = in_process(target, hive, one, 500)
                theirs = measured(resource.RUSAGE_SELF, lambda: reader(hive, one), few)
                line(f"{bindings} bindings, {'one' if one else 'all'}, in process: {name}", ours, theirs)
            if name == "regipy" and bindings == 1000:
                continue
            code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import hives; hives.{name.replace('-', '_')}({hive!r})"
            listed = lambda: run([program, "list", hive])
            ours = measured(resource.RUSAGE_CHILDREN, listed, 3 * rounds)
            theirs = measured(resource.RUSAGE_CHILDREN, lambda: run([sys.executable, "-c", code]), 3)
            line(f"{bindings} bindings, all, whole process: {name}", ours, theirs)
    for name in ("50", "dirty"):
        hive = f"{folder}/{name}/SYSTEM"
        command = [program, "list", hive]
        median = measured(resource.RUSAGE_CHILDREN, lambda: run(command), 3 * rounds)
        timed = ["/usr/bin/time", "-f", "%M", *command]
        done = subprocess.run(timed, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        memory = int(done.stderr.split()[-1]) * 1024
        size = os.path.getsize(hive)
        print(f"{hive}: {size:,} bytes, {median[0] * 1e3:.1f} ms CPU, {median[1] * 1e3:.1f} ms, {memory:,} bytes of memory")


if __name__ == "__main__":
    main()
