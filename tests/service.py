"""The whole service as a person starts it: `handrail serve` in a directory of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

READY_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Service:
    """`handrail serve` under a temporary directory. Use as a context manager."""

    def __init__(self, home: Path, *, demo: bool = False, extra: str = "") -> None:
        self.home = home
        self.web, self.desk = free_port(), free_port()
        self.data = home / "data"
        self.config = home / "config.toml"
        self.config.write_text(
            f'[service]\ndata_directory = "{self.data}"\n'
            f"[bots.web]\nport = {self.web}\n[console]\nport = {self.desk}\n{extra}",
            encoding="utf-8",
        )
        self._flags = ["--demo"] if demo else []
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home / "service.log"
        self._contacts: list[WebContact] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    @property
    def desk_url(self) -> str:
        return f"http://127.0.0.1:{self.desk}"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "handrail", "--config", str(self.config), *arguments]

    def run(self, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        """One command to its end."""
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=60, **options
        )

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command("serve", *self._flags), stdout=log, stderr=log, start_new_session=True
            )

    def wait_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                up = httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
                if up and httpx.get(f"{self.desk_url}/login", timeout=2).status_code == 200:
                    return
            assert self.process is None or self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        raise AssertionError("the service did not become ready:\n" + self.log.read_text())

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def __enter__(self) -> "Service":
        self.start()
        self.wait_ready()
        return self

    def __exit__(self, *failure: object) -> None:
        self.kill("all")
        for contact in self._contacts:
            contact.http.close()

    # ---- pids ----------------------------------------------------------------------------------

    def pids(self, kind: str) -> list[int]:
        """kind: serve, worker, edge, redis or all."""
        marks = {
            "serve": f"--config {self.config} serve",
            "worker": f"--config {self.config} worker",
            "edge": f"--config {self.config} edge",
            "redis": str(self.data),
        }
        found = []
        for pid, command in _processes():
            if kind == "all":
                hit = str(self.home) in command
            elif kind == "redis":
                hit = marks["redis"] in command and "-m handrail" not in command
            else:
                hit = marks[kind] in command
            if hit:
                found.append(pid)
        return found

    def kill(self, kind: str) -> int:
        """SIGKILL. Returns how many processes were hit."""
        hit = 0
        for pid in self.pids(kind):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                hit += 1
        if kind in ("all", "serve") and self.process is not None:
            self.process.wait(10)
        return hit

    # ---- a contact -----------------------------------------------------------------------------

    def contact(self) -> "WebContact":
        made = WebContact(self)
        self._contacts.append(made)
        return made


class WebContact:
    """A contact on the web page: sends until it is taken, with the same id, as the page does."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.http = httpx.Client(base_url=service.url, timeout=20, headers={"X-Handrail-Chat": "1"})
        self.retries = 0

    def send(self, text: str, *, press: str | None = None, patience: float = 90) -> dict[str, Any]:
        body = {"client_id": uuid4().hex, "text": text}
        if press is not None:
            body["press"] = press
        until = time.monotonic() + patience
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                response = self.http.post("/api/v1/chat/messages", json=body)
                if response.status_code == 200 and response.json()["stored"]:
                    return dict(response.json())
            self.retries += 1
            time.sleep(0.2)
        raise AssertionError(
            "the message was never taken:\n" + self.service.log.read_text()[-3000:]
        )

    def open(self) -> None:
        """Get the chat's cookie before the first message, as the page does."""
        self.http.get("/").raise_for_status()

    def messages(self) -> list[dict[str, Any]]:
        response = self.http.get("/api/v1/chat/messages", params={"after": 0})
        response.raise_for_status()
        return list(response.json()["messages"])


def _processes() -> Sequence[tuple[int, str]]:
    listing = subprocess.run(
        ["ps", "-axwwo", "pid=,command="], capture_output=True, text=True, check=True
    ).stdout
    rows = (line.strip().split(None, 1) for line in listing.splitlines())
    return [(int(row[0]), row[1]) for row in rows if len(row) == 2]
