#!/usr/bin/env python3
"""Measures audits of many exports: builds of certbind side by side, in turns.

    python3 benches/audits.py certbind [earlier-certbind ...] [--hosts 5000] [--bindings 50]

A quarter of the exports each are listings in UTF-8, listings in UTF-16, registry exports and JSON. A
third of the bindings have one of 120 certificates of the inventory. Prints the times, the memory, and
the ratio of the first program to each other.
"""
import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

ROUNDS = 5
CERTIFICATES = 120
APPLICATIONS = [
    "4dc3e181-e14b-4a21-b022-59fc669b0914",
    "ba195980-cd49-458b-9e23-c84ee0adcd75",
    "5d89a20c-beab-4389-9447-324788eb944a",
]
OPTIONS = [
    ("Verify Client Certificate Revocation", "Enabled"),
    ("Verify Revocation Using Cached Client Certificate Only", "Disabled"),
    ("Usage Check", "Enabled"),
    ("Revocation Freshness Time", "0"),
    ("URL Retrieval Timeout", "0"),
    ("Ctl Identifier", "(null)"),
    ("Ctl Store Name", "(null)"),
    ("DS Mapper Usage", "Disabled"),
    ("Negotiate Client Certificate", "Disabled"),
    ("Reject Connections", "Disabled"),
    ("Disable HTTP2", "Not Set"),
    ("Disable QUIC", "Not Set"),
    ("Disable TLS1.2", "Not Set"),
    ("Disable TLS1.3", "Not Set"),
    ("Disable OCSP Stapling", "Not Set"),
    ("Enable Token Binding", "Not Set"),
    ("Log Extended Events", "Not Set"),
    ("Disable Legacy TLS Versions", "Not Set"),
    ("Enable Session Ticket", "Not Set"),
]
PROPERTIES = [
    " Extended Properties:",
    "    PropertyId                   : 0",
    "    Receive Window               : 1048576",
    " Extended Properties:",
    "    PropertyId                   : 1",
    "    Max Settings Per Frame       : 2796202",
    "    Max Settings Per Minute      : 4294967295",
]


def certificates(folder):
    """Self-signed certificates, and their SHA-1 hashes."""
    hashes = []
    for number in range(CERTIFICATES):
        file = folder / f"{number}.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", os.devnull, "-out", file, "-days", str(10 + 3 * number),
             "-subj", f"/CN=shop-{number}.contoso.com",
             "-addext", f"subjectAltName=DNS:shop-{number}.contoso.com,DNS:*.contoso.com"],
            check=True, stderr=subprocess.DEVNULL)
        shown = subprocess.run(["openssl", "x509", "-in", file, "-noout", "-fingerprint", "-sha1"],
                               check=True, stdout=subprocess.PIPE, text=True).stdout
        hashes.append(shown.split("=")[1].strip().replace(":", "").lower())
    return hashes


def bindings(draw, host, count, hashes):
    """Keys, with a hash and an application id each."""
    for number in range(count):
        hash = draw.choice(hashes) if draw.random() < 1 / 3 else draw.randbytes(20).hex()
        address = f"10.{host >> 8}.{host & 255}.{number}:443"
        name = f"shop-{draw.randrange(CERTIFICATES)}-{number}.contoso.com:443"
        yield (address if number % 2 else name), hash, draw.choice(APPLICATIONS)


def listing(bound):
    lines = ["", "SSL Certificate bindings:", "-" * 25, ""]
    for key, hash, app in bound:
        label = "IP:port" if key[:3] == "10." else "Hostname:port"
        rows = [(label, key), ("Certificate Hash", hash), ("Application ID", "{%s}" % app),
                ("Certificate Store Name", "MY"), *OPTIONS]
        lines += [f"    {label:<28} : {value}" for label, value in rows] + PROPERTIES + [""]
    return "\r\n".join(lines) + "\r\n"


def registry(bound):
    path = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP\Parameters"
    lines = ["Windows Registry Editor Version 5.00", ""]
    digits = lambda bytes: ",".join(f"{byte:02x}" for byte in bytes)
    for key, hash, app in bound:
        kind = "SslBindingInfo" if key[:3] == "10." else "SslSniBindingInfo"
        lines += [f"[{path}\\{kind}\\{key}]", f'"AppId"=hex:{digits(uuid.UUID(app).bytes_le)}',
                  f'"SslCertHash"=hex:{digits(bytes.fromhex(hash))}', '"SslCertStoreName"="MY"',
                  '"DefaultSslCertCheckMode"=dword:00000000',
                  '"DefaultSslRevocationFreshnessTime"=dword:00000000',
                  '"DefaultSslRevocationUrlRetrievalTimeout"=dword:00000000',
                  '"DefaultFlags"=dword:00000000', ""]
    return "\r\n".join(lines)


def export(bound):
    kind = lambda key: "ipport" if key[:3] == "10." else "hostnameport"
    rows = [{"key": f"{kind(key)}={key}", "certificate": {"hash": hash, "store_name": "MY"},
             "app_id": app} for key, hash, app in bound]
    return json.dumps({"format": "certbind-export", "version": 1, "header": {}, "bindings": rows})


def write_hosts(folder, hosts, count, hashes):
    draw = random.Random(31)
    for host in range(hosts):
        bound = list(bindings(draw, host, count, hashes))
        name = folder / f"web{host:04}"
        match host % 4:
            case 0:
                name.with_suffix(".txt").write_bytes(listing(bound).encode())
            case 1:
                name.with_suffix(".txt").write_bytes(listing(bound).encode("utf-16"))
            case 2:
                name.with_suffix(".reg").write_bytes(registry(bound).encode("utf-16"))
            case _:
                name.with_suffix(".json").write_text(export(bound))


def audit(program, files, certs, report):
    """Seconds, and MiB of memory."""
    start = time.monotonic()
    pid = os.posix_spawn(program, [program, "audit", *files, "--certificates", certs, "-o", report],
                         os.environ, file_actions=[
                             (os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)])
    _, status, used = os.wait4(pid, 0)
    seconds = time.monotonic() - start
    if status != 0:
        sys.exit(f"{program}: exit code {os.waitstatus_to_exitcode(status)}")
    return seconds, used.ru_maxrss / 1024


def main():
    options = argparse.ArgumentParser()
    options.add_argument("programs", nargs="+")
    options.add_argument("--hosts", type=int, default=5000)
    options.add_argument("--bindings", type=int, default=50)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as space:
        certs, hosts, report = Path(space, "certs"), Path(space, "hosts"), Path(space, "report.txt")
        certs.mkdir(), hosts.mkdir()
        write_hosts(hosts, chosen.hosts, chosen.bindings, certificates(certs))
        files = sorted(map(str, hosts.iterdir()))
        size = sum(os.path.getsize(file) for file in files)
        print(f"{len(files)} exports of {chosen.bindings} bindings, {size / 2**20:.0f} MiB")
        measured = {program: [] for program in chosen.programs}
        for _ in range(ROUNDS):
            for program in chosen.programs:
                report.unlink(missing_ok=True)
                measured[program].append(audit(program, files, str(certs), str(report)))
                whole = f" in {chosen.hosts * chosen.bindings} bindings of {chosen.hosts} hosts, "
                if whole not in report.read_text():
                    sys.exit(f"{program}: the report lacks {whole!r}")
        medians = [statistics.median(seconds for seconds, _ in rows) for rows in measured.values()]
        for (program, rows), seconds in zip(measured.items(), medians):
            memory = max(memory for _, memory in rows)
            print(f"{program}: {seconds:.2f} s, {memory:.0f} MiB, "
                  f"{seconds / medians[0]:.2f} times the first")


main()
