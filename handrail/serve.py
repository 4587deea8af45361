"""Start the parts: all together as one service, or each as a process of its own."""

import sys
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from urllib.request import urlopen

import click

from handrail import app
from handrail.config_sections import Config
from handrail.demo import DemoLogin, prepare_demo
from handrail.domain.ids import ConversationId, ReferralId
from handrail.edge import Entrance, bind, serve_entrances
from handrail.processes import (
    Child,
    end_with_parent,
    has_parent,
    lock_directory,
    run_together,
    stop_on_signals,
)
from handrail.sweep import Sweep
from referral_queue import worker as queue_worker

READY_SECONDS = 60.0


def serve_all(config: Config, *, config_file: Path | None, demo: bool) -> None:
    """Supervise embedded Redis, worker, web chat and console until SIGTERM. Prints where they are.

    Raises ConfigError, KeyFileError, StorageError or PlaybookError before anything starts.
    """
    stop = stop_on_signals()
    with lock_directory(config.data):
        _must_be_free(config)
        wired = app.wire(config, demo=demo)  # a failing part is named now, not by a child's log
        if config.bots.web.enabled:
            app.web_chat_of(wired)
        app.console_of(wired)
        logins = prepare_demo(wired.store, wired.house.clock) if demo else []
        common = [*(["--config", str(config_file)] if config_file else [])]
        flag = ["--demo"] if demo else []
        children = [
            Child("worker", [*common, "worker", *flag]),
            Child("edge", [*common, "edge", *flag]),
        ]
        threading.Thread(
            target=_announce_when_ready, args=(config, demo, logins, stop), daemon=True
        ).start()
        with app.broker_of(config):  # without it the sweep does the work, only slower
            run_together(children, stop)


def _must_be_free(config: Config) -> None:
    """Say now that a port is taken, instead of starting a child again and again."""
    web, desk = config.bots.web, config.console
    if web.enabled:
        bind(web.host, web.port, "bots.web.port").close()
    bind(desk.host, desk.port, "console.port").close()


def serve_edge(
    config: Config, *, demo: bool = False, bots: bool = True, console: bool = True
) -> None:
    """Web chat, console, or both, in this process, until SIGTERM."""
    end_with_parent()
    wired = app.wire(config, nudger=app.nudger_of(config), demo=demo)
    entrances: list[Entrance] = []
    web = config.bots.web
    if bots and web.enabled:
        chat = app.web_chat_of(wired)
        entrances.append(Entrance(app=chat, host=web.host, port=web.port, key="bots.web.port"))
    if console:
        desk, section = app.console_of(wired), config.console
        entrances.append(
            Entrance(app=desk, host=section.host, port=section.port, key="console.port")
        )
    serve_entrances(entrances)


def serve_worker(config: Config, *, demo: bool = False) -> None:
    """RQ jobs and the sweep, in this process, until SIGTERM."""
    end_with_parent()
    stop = threading.Event()
    queue_worker.stop_on_signals(stop)
    wired = app.wire(config, nudger=app.nudger_of(config), demo=demo)
    runtime = _WorkerRuntime(wired)
    broker = app.broker_of(config)
    with nullcontext() if has_parent() else broker:
        queue_worker.run(runtime, broker, stop, alarm=wired.house.alert)


class _WorkerRuntime:
    """What RQ jobs and the loop of the worker reach for."""

    def __init__(self, wired: app.Wired) -> None:
        self._wired = wired
        self._sweep = Sweep(wired.house, wired.deliver)

    def deliver(self, conversation_id: ConversationId) -> None:
        self._wired.deliver(conversation_id)

    def referral_changed(self, referral_id: ReferralId) -> None:
        """Desks read the record themselves in this version; platforms will be told here."""

    def sweep(self) -> None:
        self._sweep.run()


def _announce_when_ready(
    config: Config, demo: bool, logins: Sequence[DemoLogin], stop: threading.Event
) -> None:
    web, desk = config.bots.web, config.console
    chat_url = web.public_url or f"http://{web.host}:{web.port}/"
    desk_url = desk.public_url or f"http://{desk.host}:{desk.port}/"
    until = time.monotonic() + READY_SECONDS
    while not stop.is_set() and time.monotonic() < until:
        if _answers(f"http://{desk.host}:{desk.port}/login"):
            break
        stop.wait(0.2)
    else:  # never say that it runs when it does not
        if not stop.is_set():
            click.echo(f"The console did not answer within {READY_SECONDS:.0f} seconds.", err=True)
        return
    click.echo("")
    click.echo(f"Handrail is running. Data: {config.data.resolve()}")
    click.echo(f"  A contact writes here:      {chat_url}")
    click.echo(f"  A volunteer works here:     {desk_url}")
    click.echo(_first_account(demo, logins))
    click.echo("  Ctrl-C stops everything; nothing is lost.")


def _first_account(demo: bool, logins: Sequence[DemoLogin]) -> str:
    if not demo:
        return (
            f"  Create the first account:   {sys.argv[0]} people add NAME --role volunteer "
            "--role supervisor"
        )
    lines = ["  Demo people (each password works once, then a new one is chosen):"]
    lines += [f"    {who.username:8} {who.password}   {', '.join(who.roles)}" for who in logins]
    return "\n".join(lines)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2):  # noqa: S310  (our own address on this machine)
            return True
    except OSError:
        return False
