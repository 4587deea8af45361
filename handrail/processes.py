"""Keep child processes running until told to stop: start, watch, restart, end.

A child that dies is started again, with a pause that doubles while it keeps dying. Children watch
their parent and stop by themselves when it is gone, so that `kill -9` of the parent leaves nobody
behind who would hold the ports.
"""

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from handrail.domain.errors import ConfigError

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 2.0
STEADY_SECONDS = 30.0
"""A child that ran this long was well: its next restart is quick again."""

STOP_SECONDS = 10.0
_PARENT = "HANDRAIL_PARENT"
_log = logging.getLogger(__name__)


class Child:
    """One `handrail ...` process."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def keep_running(self) -> None:
        """Start it unless it runs or died a moment ago."""
        now = time.monotonic()
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            steady = now - self._started > STEADY_SECONDS
            self._pause = (
                FIRST_PAUSE_SECONDS if steady else min(self._pause * 2, LONGEST_PAUSE_SECONDS)
            )
            self._not_before = now + self._pause
            self._process = None
            _log.warning("%s ended with %s, starting it again", self.name, code)
        if now < self._not_before:
            return
        command = [sys.executable, "-m", "handrail", *self._arguments]
        environ = {**os.environ, _PARENT: str(os.getpid())}
        self._process = subprocess.Popen(command, env=environ)  # noqa: S603  (our own program)
        self._started = now

    def terminate(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, until: float) -> None:
        """Kill it if it has not ended by then (`time.monotonic`)."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            _log.error("%s did not stop in time and was killed", self.name)
            self._process.kill()
            self._process.wait()


def run_together(children: Sequence[Child], stop: threading.Event) -> None:
    """Blocks until `stop` is set, then ends the children in reverse order of their start."""
    try:
        while not stop.is_set():
            for child in children:
                child.keep_running()
            stop.wait(0.25)
    finally:
        for child in reversed(children):
            child.terminate()
        until = time.monotonic() + STOP_SECONDS
        for child in reversed(children):
            child.wait(until)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set. Main thread only."""
    stop = threading.Event()

    def handle(_: int, __: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return stop


def has_parent() -> bool:
    """Whether a supervising `handrail serve` started this process."""
    return os.environ.get(_PARENT, "").isdecimal()


def end_with_parent() -> None:
    """In a child: end when the process that started us is gone. Works on every Unix."""
    if not has_parent():
        return
    parent = int(os.environ[_PARENT])

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def make_private(directory: Path) -> None:
    """Create the directory and whatever is missing above it, closed to others."""
    for parent in reversed([directory, *directory.parents]):
        parent.mkdir(mode=0o700, exist_ok=True)


def lock_directory(directory: Path) -> IO[str]:
    """Hold the directory for this process. Raises ConfigError when another one has it."""
    make_private(directory)
    file = os.fdopen(os.open(directory / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600), "w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ConfigError(
            f"another `handrail serve` uses {directory}: stop it, or set service.data_directory"
        ) from error
    return file
