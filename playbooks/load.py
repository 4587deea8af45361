"""Reads the library: shipped texts, then the deployment's own, which replace them key by key.

    library/<locale>/playbooks/<key>.toml     overlay/<locale>/playbooks/<key>.toml
    library/<locale>/flows/<name>.toml        overlay/<locale>/flows/<name>.toml
    library/<locale>/words.toml               overlay/<locale>/words.toml   (phrase by phrase,
                                                                            fragment by fragment)
    helplines/<country>.toml                  overlay/helplines/<country>.toml

Strict: whatever could fail in front of a contact fails here, at start-up, and names the file.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from handrail.domain.errors import PlaybookError
from playbooks import parse
from playbooks.choose import gaps
from playbooks.fragments import fragments
from playbooks.helpline_files import load_helplines
from playbooks.model import Flow, Library, Playbook, Words
from playbooks.phrases import REQUIRED
from playbooks.placeholders import broken_braces, known, names_in
from playbooks.tables import Table, nearest, one_of

SHIPPED = Path(__file__).parent / "library"
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_HELPLINES = "helplines"

REQUIRED_PLAYBOOKS = frozenset(
    {
        "edited_note",
        "form_paused",
        "heard_answer",
        "heard_yes",
        "help_menu",
        "later_ok",
        "quiet_stopped",
        "report_added",
        "report_danger",
        "report_withdrawn",
        "status_answer",
        "status_lost",
        "status_unknown",
        "still_with",
        "taken_back",
        "talk_already",
        "talk_opened",
        "unreadable",
        "welcome",
    }
)
"""Named by the conversation engine, whatever the level."""
REQUIRED_FLOWS = frozenset({"report", "status", "delete"})
REQUIRED_INTENTS = frozenset({"stop", "delete", "help", "talk", "report", "yes", "no"})


def load_library(shipped: Path | None = None, overlay: Path | None = None) -> Library:
    """The whole library, checked. Raises PlaybookError naming the file and the nearest key."""
    root = shipped or SHIPPED
    helplines = load_helplines(overlay=_folder(overlay, _HELPLINES))
    locales = sorted({*_locales(root), *(_locales(overlay) if overlay else ())})
    if not locales:
        raise PlaybookError(f"{root.name}: there is no locale folder")
    playbooks: dict[tuple[str, str], Playbook] = {}
    flows: dict[tuple[str, str], Flow] = {}
    words: dict[str, Words] = {}
    for locale in locales:
        folders = [base / locale for base in (root, overlay) if base and (base / locale).is_dir()]
        for key, table in _tables(folders, "playbooks").items():
            playbooks[locale, key] = parse.playbook(table, locale, key)
        pieces = _fragments(folders, locale)
        for name, table in _tables(folders, "flows").items():
            flows[locale, name] = parse.flow(table, locale, name, pieces)
        words[locale] = _words(folders, locale, pieces)
    library = Library(
        playbooks=MappingProxyType(playbooks),
        flows=MappingProxyType(flows),
        words_by_locale=MappingProxyType(words),
        helplines=helplines,
    )
    for locale in locales:
        _check(library, locale)
    return library


def _folder(base: Path | None, name: str) -> Path | None:
    return base / name if base is not None and (base / name).is_dir() else None


def _locales(base: Path) -> list[str]:
    """Raises PlaybookError for a folder that is no locale: a misspelt one would be ignored."""
    if not base.is_dir():
        raise PlaybookError(f"{base.name}: the folder does not exist")
    names = [path.name for path in base.iterdir() if path.is_dir() and path.name != _HELPLINES]
    names = [name for name in names if not name.startswith((".", "__"))]
    for name in names:
        if not _LOCALE.fullmatch(name):
            raise PlaybookError(f"{name}: a folder here must be a locale such as en-GB")
    return names


def _tables(folders: Iterable[Path], kind: str) -> Mapping[str, Table]:
    """Key -> table; a later folder replaces the same key of an earlier one."""
    tables: dict[str, Table] = {}
    for folder in folders:
        for path in sorted((folder / kind).glob("*.toml")):
            where = f"{folder.name}/{kind}/{path.name}"
            tables[path.stem] = Table.read(path, where)
    return tables


def _words_tables(folders: Iterable[Path], locale: str) -> list[Table]:
    paths = [folder / "words.toml" for folder in folders]
    return [Table.read(path, f"{locale}/words.toml") for path in paths if path.is_file()]


def _fragments(folders: Iterable[Path], locale: str) -> dict[str, str]:
    """Of all words files together: an overlay's fragment also changes the shipped patterns."""
    known: dict[str, str] = {}
    for table in _words_tables(folders, locale):
        known = fragments(table, known)
    return known


def _words(folders: Iterable[Path], locale: str, pieces: Mapping[str, str]) -> Words:
    intents: dict[str, tuple[str, ...]] = {}
    phrases: dict[str, str] = {}
    where = f"{locale}/words.toml"
    for table in _words_tables(folders, locale):
        read = parse.words(table, locale, pieces)
        intents |= read.intents
        phrases |= read.phrases
    if not phrases:
        raise PlaybookError(f"{where} is missing")
    return Words(
        locale=locale,
        intents=MappingProxyType(intents),
        phrases=MappingProxyType(phrases),
        file=where,
    )


def _check(library: Library, locale: str) -> None:
    """What spans several files of one locale."""
    keys = [key for at, key in library.playbooks if at == locale]
    flows = [flow for (at, _), flow in library.flows.items() if at == locale]
    words = library.words(locale)
    _all_there(REQUIRED_PLAYBOOKS, keys, f"{locale}/playbooks")
    _all_there(REQUIRED_FLOWS, [flow.name for flow in flows], f"{locale}/flows")
    _all_there(REQUIRED, words.phrases, f"{locale}/words.toml: [phrases]")
    _all_there(REQUIRED_INTENTS, words.intents, f"{locale}/words.toml: [intents]")
    for flow in flows:
        _check_flow(flow, keys)
    _check_placeholders(library, locale)
    missing = gaps(library, locale)
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise PlaybookError(f"L104: no playbook for {'; '.join(missing[:5])}{more}")


def _all_there(required: Iterable[str], present: Iterable[str], where: str) -> None:
    there = set(present)
    missing = sorted(set(required) - there)
    if missing:
        raise PlaybookError(f"{where}: missing {', '.join(missing)}{nearest(missing[0], there)}")


def _check_flow(flow: Flow, keys: list[str]) -> None:
    named = [
        *(("opening", key) for key in flow.opening),
        *(("closing", key) for key in flow.closing),
        *(("before", a.before) for q in flow.questions for a in q.answers if a.before),
    ]
    for what, key in named:
        one_of(key, keys, what=f"playbook in {what!r}", where=flow.file)


def _check_placeholders(library: Library, locale: str) -> None:
    allowed = known(library.helplines)
    for playbook in (p for (at, _), p in library.playbooks.items() if at == locale):
        for step in playbook.steps:
            for text in step.texts:
                _check_text(text, allowed, playbook.file)
    for flow in (f for (at, _), f in library.flows.items() if at == locale):
        for question in flow.questions:
            for text in (question.text, question.again):
                _check_text(text, allowed, f"{flow.file}: {question.id}")
    words = library.words(locale)
    for name, phrase in words.phrases.items():
        slots = allowed if name == "translated_card" else REQUIRED.get(name)
        if slots is not None:
            _check_text(phrase, slots - {"translated_card"}, f"{words.file}: {name}")


def _check_text(text: str, allowed: frozenset[str], where: str) -> None:
    for name in names_in(text):
        one_of(name, allowed, what="placeholder", where=where)
    if broken_braces(text):
        raise PlaybookError(f"{where}: a placeholder is not closed or not opened")
