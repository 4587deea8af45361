"""The `handrail` command. Each command reads the configuration, wires, and prints plain words."""

import json
import logging
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

import handrail
from handrail import config as configuration
from handrail.config_sections import Config
from handrail.domain.errors import HandrailError
from handrail.logs import set_up_logging

P = ParamSpec("P")
R = TypeVar("R")


def _boundary(command: Callable[P, R]) -> Callable[P, R]:
    """Boundary "CLI": our own errors are one line that says what to do, not a traceback."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except HandrailError as error:
            raise click.ClickException(str(error) or type(error).__name__) from error

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(handrail.__version__)
@click.option("--config", "path", type=click.Path(path_type=Path), help="configuration file")
@click.pass_context
@_boundary
def main(context: click.Context, path: Path | None) -> None:
    """Anonymous concern reports and crisis triage in chat apps.

    Handrail orders a queue for human listeners. It does not assess, screen, diagnose or predict.
    """
    context.obj = path


def _config(context: click.Context, *, demo: bool = False) -> Config:
    loaded = configuration.load(context.find_root().obj)
    set_up_logging(loaded.log.level)
    return configuration.for_demo(loaded) if demo else loaded


_demo = click.option("--demo", is_flag=True, help="demo people, own data directory, marked pages")


# ---- the parts -------------------------------------------------------------------------------


@main.command()
@_demo
@click.pass_context
@_boundary
def serve(context: click.Context, demo: bool) -> None:
    """Start everything: embedded Redis, worker, web chat and console."""
    from handrail.serve import serve_all

    serve_all(_config(context, demo=demo), config_file=context.find_root().obj, demo=demo)


@main.command()
@_demo
@click.pass_context
@_boundary
def bots(context: click.Context, demo: bool) -> None:
    """Start what contacts write to: the web chat."""
    from handrail.serve import serve_edge

    serve_edge(_config(context, demo=demo), demo=demo, console=False)


@main.command()
@_demo
@click.pass_context
@_boundary
def console(context: click.Context, demo: bool) -> None:
    """Start the console where volunteers work."""
    from handrail.serve import serve_edge

    serve_edge(_config(context, demo=demo), demo=demo, bots=False)


@main.command(hidden=True)
@_demo
@click.pass_context
@_boundary
def edge(context: click.Context, demo: bool) -> None:
    """Web chat and console in one process, as `serve` starts them."""
    from handrail.serve import serve_edge

    serve_edge(_config(context, demo=demo), demo=demo)


@main.command()
@_demo
@click.pass_context
@_boundary
def worker(context: click.Context, demo: bool) -> None:
    """Start a worker: deliveries, leases, alarms. Starts the embedded Redis if none runs."""
    from handrail.serve import serve_worker

    serve_worker(_config(context, demo=demo), demo=demo)


@main.command()
@click.option("--as", "account", help="the same name gives the same conversation")
@_demo
@click.pass_context
@_boundary
def chat(context: click.Context, account: str | None, demo: bool) -> None:
    """Write to the service in this terminal, as a contact."""
    from bots.registry import make_adapter
    from bots.terminal.adapter import TerminalAdapter
    from handrail import app
    from handrail.domain.ids import Platform

    loaded = _config(context, demo=demo)
    logging.getLogger().setLevel(logging.CRITICAL)  # a log line must not break into the chat
    wired = app.wire(loaded, nudger=app.nudger_of(loaded), demo=demo)
    settings = app.terminal_settings_of(wired, account)
    adapter = make_adapter(Platform("terminal"), app.wiring_of(wired), settings)
    assert isinstance(adapter, TerminalAdapter)  # noqa: S101  (narrows for the type checker)
    click.echo(f"data: {loaded.data}", err=True)
    sys.exit(adapter.run())


# ---- looking after it ------------------------------------------------------------------------


@main.command()
@click.option("--effective", is_flag=True, help="print the configuration in force, secrets masked")
@_demo
@click.pass_context
@_boundary
def doctor(context: click.Context, effective: bool, demo: bool) -> None:
    """Check everything this installation rests on, and say what to do about each failure."""
    loaded = _config(context, demo=demo)
    if effective:
        click.echo(configuration.effective(loaded))
        return
    from handrail.doctor import examine

    failed = 0
    for finding in examine(loaded):
        click.echo(f"{finding.mark:4}  {finding.name}: {finding.what}")
        if finding.mark == "FAIL":
            failed += 1
            click.echo(f"      what to do: {finding.remedy}")
    if failed:
        raise click.ClickException(f"{failed} of the checks failed")


_REFUSED = {
    "username_form": "a username is 2 to 40 of a-z, 0-9, dot, dash and underscore",
    "username_taken": "that username is taken: choose another, or `handrail people list`",
    "name_missing": "--name must have 1 to 40 characters",
    "no_roles": "give at least one --role",
    "roles_clash": "an administrator cannot read chats: make two accounts",
}


@main.group()
def people() -> None:
    """Accounts of volunteers, supervisors and administrators."""


@people.command("add")
@click.argument("username")
@click.option("--name", "display_name", help="what colleagues and contacts see; an alias is fine")
@click.option(
    "--role", "roles", multiple=True, default=("volunteer",), show_default=True,
    help="volunteer, supervisor, clinical_lead, safeguarding_lead, data_lead, administrator",
)  # fmt: skip
@_demo
@click.pass_context
@_boundary
def people_add(
    context: click.Context,
    username: str,
    display_name: str | None,
    roles: tuple[str, ...],
    demo: bool,
) -> None:
    """Create an account and print its one-time password."""
    from handrail import app
    from handrail.console.accounts import AccountRefused, create_member
    from handrail.domain.errors import ConfigError
    from handrail.domain.referral import Role

    try:
        chosen = frozenset(Role(role) for role in roles)
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        raise ConfigError(f"{error}; known roles: {known}") from error
    wired = app.wire(_config(context, demo=demo))
    name, now = display_name or username.capitalize(), wired.house.clock.now()
    try:
        with wired.store.transaction() as tx:
            member, password = create_member(tx, username, name, chosen, None, now, demo)
    except AccountRefused as error:
        raise click.ClickException(_REFUSED.get(error.code, error.code)) from error
    click.echo(f"{member.username} logs in with this password first and then chooses another:")
    click.echo(password)


@people.command("list")
@click.pass_context
@_boundary
def people_list(context: click.Context) -> None:
    """List accounts."""
    from handrail import app

    wired = app.wire(_config(context))
    with wired.store.transaction(read_only=True) as tx:
        members = tx.people.all()
        if not members:
            click.echo("no accounts yet: handrail people add NAME --role volunteer", err=True)
        for member in members:
            roles = ", ".join(sorted(role.value for role in member.roles))
            state = "active" if member.active else "inactive"
            click.echo(f"{member.username}\t{member.display_name}\t{roles}\t{state}")


# ---- triage and playbooks --------------------------------------------------------------------


@main.command()
@click.argument("text", required=False)
@click.option("--jsonl", is_flag=True, help='read {"text": ...} lines, write one object a line')
@_boundary
def triage(text: str | None, jsonl: bool) -> None:
    """Say how soon a human should look at TEXT, and why. Nothing is stored."""
    from triage.assess import assess
    from triage.report import as_record, explain

    if not jsonl:
        if text is None:
            raise click.UsageError("give a text, or --jsonl with lines on standard input")
        click.echo(explain(assess(text)))
        return
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            record: dict[str, Any] = dict(as_record(assess(_text_of(line, number))))
            click.echo(json.dumps(record, ensure_ascii=False))


def _text_of(line: str, number: int) -> str:
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise click.ClickException(f'line {number}: expected {{"text": "..."}}') from error
    if not isinstance(text, str):
        raise click.ClickException(f'line {number}: "text" must be a string')
    return text


@main.group()
def playbooks() -> None:
    """What the service says."""


@playbooks.command("check")
@click.option("--json", "as_json", is_flag=True, help="one JSON object a finding")
@click.pass_context
@_boundary
def playbooks_check(context: click.Context, as_json: bool) -> None:
    """Apply the rules of safe wording; exit 1 on an error."""
    from dataclasses import asdict

    from handrail import app
    from playbooks.lint import check

    library = app.library_of(_config(context))
    findings = check(library)
    for finding in findings:
        click.echo(json.dumps(asdict(finding)) if as_json else str(finding))
    errors = [finding for finding in findings if finding.severity == "error"]
    if not as_json:
        click.echo(
            f"{len(library.playbooks)} playbooks, {len(library.flows)} flows, "
            f"{len(library.locales)} locales: {len(errors)} errors, "
            f"{len(findings) - len(errors)} warnings"
        )
    if errors:
        sys.exit(1)
