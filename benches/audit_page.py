#!/usr/bin/env python3
"""Measures the page of an audit in a headless Chromium: pages of builds of certbind side by side, in turns.

    python3 benches/audit_page.py certbind [earlier-certbind ...] [--hosts 400] [--bindings 250]

Prints the times of the first paint and of the finished page, and the number of its elements. It needs
`chromedriver` and `chromium`.
"""
import argparse
import json
import statistics
import subprocess
import tempfile
import urllib.request
from pathlib import Path

ROUNDS = 5
IIS = "4dc3e181-e14b-4a21-b022-59fc669b0914"
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
MEASURE = """
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    const page = performance.getEntriesByType('navigation')[0];
    return [paint.startTime, page.loadEventEnd, document.querySelectorAll('*').length];
"""


def exports(folder, hosts, bindings):
    """Hosts with an address for every third binding and a host name for the others."""
    for host in range(hosts):
        records = []
        for n in range(bindings):
            port = [443, 8443, 9443, 10_000 + n % 50][n % 4]
            key = f"hostnameport=shop-{n}.site-{host}.contoso.com:{port}"
            if n % 3 == 0:
                key = f"ipport=10.{host // 250}.{host % 250}.{n % 250 + 1}:{port}"
            certificate = {"hash": f"{n % 100 + host % 7:040x}", "store_name": "MY"}
            records.append({"key": key, "app_id": IIS, "certificate": certificate})
        export = {"format": "certbind-export", "version": 1, "header": {}, "bindings": records}
        (folder / f"web-{host:03}.json").write_text(json.dumps(export))


class Browser:
    """A browser, driven by WebDriver."""

    def __init__(self):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        started = "started successfully on port "
        line = next(line for line in self.driver.stdout if started in line)
        self.url = f"http://127.0.0.1:{line.split(started)[1].strip().rstrip('.')}/session"
        options = {"goog:chromeOptions": {"args": ARGUMENTS}}
        session = self.post("", {"capabilities": {"alwaysMatch": options}})
        self.url += "/" + session["sessionId"]

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=300) as answer:
            return json.load(answer)["value"]

    def measure(self, page):
        self.post("/url", {"url": page.as_uri()})
        return self.post("/execute/sync", {"script": MEASURE, "args": []})

    def close(self):
        request = urllib.request.Request(self.url, method="DELETE")
        urllib.request.urlopen(request, timeout=60).close()
        self.driver.kill()
        self.driver.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", nargs="+", type=Path)
    parser.add_argument("--hosts", type=int, default=400)
    parser.add_argument("--bindings", type=int, default=250)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "exports").mkdir()
        exports(folder / "exports", arguments.hosts, arguments.bindings)
        pages = []
        for number, program in enumerate(arguments.programs):
            page = folder / f"{number}.html"
            command = [program.resolve(), "audit", "exports", "-o", page, "--now", "2026-06-01"]
            code = subprocess.run(command, cwd=folder, check=False).returncode
            if code not in (0, 1):
                raise SystemExit(f"{program}: exit code {code}")
            pages.append(page)
        measured = [[] for _ in pages]
        for _ in range(ROUNDS):
            for page, values in zip(pages, measured):
                browser = Browser()
                try:
                    values.append(browser.measure(page))
                finally:
                    browser.close()
        for program, page, values in zip(arguments.programs, pages, measured):
            paint, load, _ = (statistics.median(column) for column in zip(*values))
            worst = max(value[0] for value in values)
            print(
                f"{program}: first paint {paint:.0f} ms (at most {worst:.0f}), loaded after {load:.0f} ms, "
                f"{values[0][2]} elements, {page.stat().st_size >> 20} MB"
            )


if __name__ == "__main__":
    main()
