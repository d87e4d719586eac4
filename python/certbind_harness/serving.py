"""TLS endpoints of a harness."""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Optional, Tuple

# How long the server may take to start, in seconds.
_START_TIMEOUT = 30


class ServeError(Exception):
    """`certbind serve` did not start; the message is its own."""


class Serving:
    """A running `certbind serve`. It ends with its `with` statement.

    The bindings are those of the store, also after programs change them.
    """

    def __init__(self, program: Path, store: Path, certificates: str, folder: Path):
        place = Path(tempfile.mkdtemp(prefix="serve-", dir=folder))
        self._ready_file = place / "ready.json"
        messages = place / "messages.txt"
        command = [
            str(program), "serve", "--free-ports", "--from", f"redb:{store}",
            "--certificates", certificates, "--ready-file", str(self._ready_file),
        ]  # fmt: skip
        with open(messages, "wb") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file
            )
        end = time.monotonic() + _START_TIMEOUT
        while not self._ready_file.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                self.close()
                raise ServeError(messages.read_text(encoding="utf-8", errors="replace").strip())
            time.sleep(0.005)

    def __enter__(self) -> "Serving":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the server."""
        self._process.kill()
        self._process.wait()

    def socket(self, address: str, port: int) -> Optional[Tuple[str, int]]:
        """The local address and port for those of the host, if they are listened on. A port that is
        bound later is there within a fraction of a second."""
        ready = json.loads(self._ready_file.read_text(encoding="utf-8"))
        for endpoint in ready["endpoints"]:
            if (endpoint["address"], endpoint["port"]) == (address, port):
                host, _, listened = endpoint["listens_on"].rpartition(":")
                return host.strip("[]"), int(listened)
        return None

    def url(self, port: int) -> Optional[str]:
        """The URL of a port at 127.0.0.1, without a slash at its end."""
        found = self.socket("127.0.0.1", port)
        return found and f"https://{found[0]}:{found[1]}"
