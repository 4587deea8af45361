"""The process that people reach: web chat and console, two applications on two ports, one loop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from bots.web.app import end_streams
from handrail.domain.errors import ConfigError

GRACE_SECONDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """One application and where it listens. `key`: the setting to change if the port is taken."""

    app: FastAPI
    host: str
    port: int
    key: str


class _Server(uvicorn.Server):
    """Signals belong to the process, not to one of its servers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def serve_entrances(entrances: Sequence[Entrance]) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigError when a port is taken."""
    bound = [(door, bind(door.host, door.port, door.key)) for door in entrances]
    asyncio.run(_serve(bound))


def bind(host: str, port: int, key: str) -> socket.socket:
    """A socket that listens there. Raises ConfigError naming the setting when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"cannot listen on {host}:{port} ({error.strerror}). Is Handrail, or something else, "
            f"running there? Stop it, or change {key}"
        ) from error
    return sock


async def _serve(bound: Sequence[tuple[Entrance, socket.socket]]) -> None:
    servers = [_Server(_config(door)) for door, _ in bound]

    def stop() -> None:
        for (door, _), server in zip(bound, servers, strict=True):
            end_streams(door.app)
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await asyncio.gather(
        *(server.serve(sockets=[sock]) for server, (_, sock) in zip(servers, bound, strict=True))
    )


def _config(door: Entrance) -> uvicorn.Config:
    return uvicorn.Config(
        door.app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=15,
        forwarded_allow_ips="127.0.0.1",
    )
