#!/usr/bin/env python3
"""Measures the reading of bindings from a hive: certbind next to regipy and python-registry, in turns.

    cargo run --release -p certbind-formats --example large_hive -- FOLDER
    pip install regipy python-registry
    python3 benches/hives.py target/release/certbind FOLDER

certbind is a process of its own, start included. The Python libraries read the same values of the same
keys in this process, without the start of Python. All bindings that are found are compared.
"""
import json
import os
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 7
HOSTS = 500
KEY = r"ControlSet002\Services\HTTP\Parameters\SslBindingInfo"


def certbind(program, *arguments):
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout


def by_certbind(program, hive):
    hosts = json.loads(certbind(program, "list", hive, "--format", "json"))
    return sorted(binding["key"].removeprefix("ipport=") for binding in hosts[0]["bindings"])


def by_regipy(hive):
    from regipy.registry import Cell, NKRecord, RegistryHive

    opened = RegistryHive(hive)
    # regipy takes the first cell for the root key, which it is in hives of Windows. The base block says
    # where it is.
    root = struct.unpack_from("<I", open(hive, "rb").read(40), 36)[0]
    opened.root = NKRecord(Cell(offset=4096 + root + 6, cell_type="nk", size=0), opened._stream)
    names = []
    for key in opened.get_key("\\" + KEY).iter_subkeys():
        values = {value.name: value.value for value in key.iter_values()}
        if "SslCertHash" in values and "AppId" in values:
            names.append(key.name)
    return sorted(names)


def by_python_registry(hive):
    from Registry import Registry

    names = []
    for key in Registry.Registry(hive).open(KEY).subkeys():
        values = {value.name(): value.value() for value in key.values()}
        if "SslCertHash" in values and "AppId" in values:
            names.append(key.name())
    return sorted(names)


def memory(program, hive):
    """By GNU time: a child of this process has the memory of Python at first."""
    timed = ["/usr/bin/time", "-f", "%M", program, "list", hive, "--format", "json"]
    done = subprocess.run(timed, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return int(done.stderr.split()[-1]) * 1024


def seconds(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main():
    program, folder = sys.argv[1:3]
    clean, dirty = f"{folder}/SYSTEM", f"{folder}/dirty/SYSTEM"
    readers = {
        "certbind": lambda: by_certbind(program, clean),
        "certbind, with logs": lambda: by_certbind(program, dirty),
        "regipy": lambda: by_regipy(clean),
        "python-registry": lambda: by_python_registry(clean),
    }
    expected = readers["certbind"]()
    assert len(expected) == 50, expected
    times = {name: [] for name in readers}
    for name, reader in readers.items():
        found = reader()
        assert found == expected, f"{name}: {len(found)} bindings"
    for _ in range(ROUNDS):
        for name, reader in readers.items():
            times[name].append(seconds(reader))
    medians = {name: statistics.median(of) for name, of in times.items()}
    for name, median in medians.items():
        print(f"{name:22} {median * 1000:9.1f} ms  {median / medians['certbind']:6.1f} times")
    sizes = [os.path.getsize(path) for path in (clean, dirty, dirty + ".LOG1")]
    print(f"hive {sizes[0]:,} bytes, logs {sizes[2]:,}")
    for hive in (clean, dirty):
        print(f"most memory for {hive}: {memory(program, hive):,} bytes")

    hosts = Path(folder, "hosts")
    for number in range(HOSTS):
        host = hosts / f"web-{number:03}"
        host.mkdir(parents=True, exist_ok=True)
        if not (host / "SYSTEM").exists():
            os.link(clean, host / "SYSTEM")
    audit = lambda: certbind(program, "audit", str(hosts), "--host-from", "folder", "--fail-on", "never", "--format", "json")
    audit()
    audited = statistics.median(seconds(audit) for _ in range(3))
    rate = HOSTS * sizes[0] / audited / 1e6
    print(f"audit of {HOSTS} hives, in the system's cache: {audited:.2f} s, {rate:,.0f} MB/s")


if __name__ == "__main__":
    main()
