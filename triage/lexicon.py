"""Loads a lexicon: the words, patterns, reasons and sources of one locale. Data, never code."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from handrail.domain.errors import TriageError
from handrail.domain.level import Level
from triage.patterns import Compiler, Pattern
from triage.spelling import Spelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One named test and everything a person needs to judge it.

    asks: the one question. floor: None for a signal that is recorded and sets no level.
    kind: what a guard may cover: "statement" (somebody says it of somebody), "mention" (the bare
    topic), "weak" (everyday words that need company), "benign".
    unless: scopes in which a match does not count: negated, past, heard (told as another's words).
    hits, misses: examples that run as tests; they are fictional.
    """

    name: str
    asks: str
    signal: str
    floor: Level | None
    kind: str
    unless: frozenset[str]
    reason: str
    source: str
    patterns: tuple[Pattern, ...]
    hits: tuple[str, ...]
    misses: tuple[str, ...]

    @property
    def family(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A harmless reading. It covers the matches of `covers` (kinds, families or rules) that lie
    within its `reach` (span, sentence, near, text), and nothing else."""

    name: str
    signal: str
    covers: frozenset[str]
    reach: str
    reason: str
    patterns: tuple[Pattern, ...]
    hits: tuple[str, ...]

    def covers_rule(self, rule: Rule) -> bool:
        return bool(self.covers & {rule.kind, rule.family, rule.name, "all"})


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """One locale's lexicon, compiled.

    index: word -> places in `table` of the patterns that need it; always: those that need none.
    prefixes: beginnings of words (`retir*`) with which a pattern can begin.
    table: (name, pattern) of every rule, guard and cue.
    common: frequent words that tell this language from others.
    childish: words that children use for their parents, as typed.
    charged, stirring: words that send a text nothing else understood to a person, alone or in twos.
    """

    locale: str
    version: str
    spelling: Spelling
    rules: Mapping[str, Rule]
    guards: Mapping[str, Guard]
    lists: Mapping[str, tuple[str, ...]]
    common: frozenset[str]
    charged: frozenset[str]
    stirring: frozenset[str]
    childish: frozenset[str]
    table: tuple[tuple[str, Pattern], ...]
    index: Mapping[str, tuple[int, ...]]
    always: tuple[int, ...]
    prefixes: tuple[str, ...]


def load(locale: str) -> Lexicon:
    """The lexicon of the language of `locale` ("en-GB" -> en), compiled once.

    Raises TriageError when there is none or it cannot be read.
    """
    return _load(locale.partition("-")[0].lower() or "en")


@lru_cache(maxsize=8)
def _load(language: str) -> Lexicon:
    place = files("triage") / "lexicons" / f"{language}.toml"
    try:
        raw = tomllib.loads(place.read_text(encoding="utf-8"))
        return build(raw, language)
    except (OSError, tomllib.TOMLDecodeError, KeyError, ValueError, TypeError) as error:
        raise TriageError(f"lexicon {language}: {type(error).__name__}: {error}") from error


def build(raw: Mapping[str, Any], locale: str) -> Lexicon:
    """A lexicon from parsed TOML. Raises KeyError or ValueError when something is missing."""
    frequent = frozenset(" ".join(raw["language"]["common"]).split())
    charged = frozenset(" ".join(raw["language"]["charged"]).split())
    lists = {name: tuple(items) for name, items in raw["lists"].items()}
    compiler = Compiler(lists, frequent)
    rules = {item["name"]: _rule(item, compiler) for item in raw["rule"]}
    guards = {item["name"]: _guard(item, compiler) for item in raw["guard"]}
    cues = {f"cue.{name}": items for name, items in raw["cues"].items()}
    table: list[tuple[str, Pattern]] = []
    for name, items in cues.items():
        table.extend((name, compiler.compile(item)) for item in items)
    for guard in guards.values():
        table.extend((guard.name, pattern) for pattern in guard.patterns)
    for rule in rules.values():
        table.extend((rule.name, pattern) for pattern in rule.patterns)
    index, always = _index(table)
    known = frozenset(compiler.words) | frequent | charged
    return Lexicon(
        locale=locale,
        version=str(raw["version"]),
        spelling=_spelling(raw, known),
        rules=rules,
        guards=guards,
        lists=lists,
        common=frequent | frozenset(compiler.words),
        charged=charged,
        stirring=frozenset(" ".join(raw["language"]["stirring"]).split()),
        childish=frozenset(raw["language"]["childish"].split()),
        table=tuple(table),
        index=index,
        always=always,
        prefixes=tuple(sorted(_prefixes(table))),
    )


def _index(
    table: Sequence[tuple[str, Pattern]],
) -> tuple[dict[str, tuple[int, ...]], tuple[int, ...]]:
    index: dict[str, list[int]] = {}
    always: list[int] = []
    for place, (_, pattern) in enumerate(table):
        if pattern.anchors is None:
            always.append(place)
        for word in pattern.anchors or ():
            index.setdefault(word, []).append(place)
    return {word: tuple(places) for word, places in index.items()}, tuple(always)


def _prefixes(table: Sequence[tuple[str, Pattern]]) -> set[str]:
    return {word[:-1] for _, p in table for word in p.first or () if word.endswith("*")}


def _rule(item: Mapping[str, Any], compiler: Compiler) -> Rule:
    return Rule(
        name=item["name"],
        asks=item["asks"],
        signal=item["signal"],
        floor=Level(item["floor"]) if item["floor"] else None,
        kind=item.get("kind", "statement"),
        unless=frozenset(item.get("unless", ())),
        reason=item["reason"],
        source=item["source"],
        patterns=tuple(compiler.compile(p) for p in item.get("patterns", ())),
        hits=tuple(item.get("hits", ())),
        misses=tuple(item.get("misses", ())),
    )


def _guard(item: Mapping[str, Any], compiler: Compiler) -> Guard:
    if item["reach"] not in {"span", "sentence", "near", "text"}:
        raise ValueError(f"guard {item['name']}: unknown reach {item['reach']!r}")
    return Guard(
        name=item["name"],
        signal=item["signal"],
        covers=frozenset(item["covers"]),
        reach=item["reach"],
        reason=item["reason"],
        patterns=tuple(compiler.compile(p) for p in item["patterns"]),
        hits=tuple(item.get("hits", ())),
    )


def _spelling(raw: Mapping[str, Any], known: frozenset[str]) -> Spelling:
    spelling = raw["spelling"]
    expand = {typed: tuple(words.split()) for typed, words in spelling["expand"].items()}
    return Spelling(
        known=known | frozenset(expand),
        expand=expand,
        only_before={k: frozenset(v.split()) for k, v in spelling["only_before"].items()},
        pairs={
            (a, b): tuple(words.split())
            for typed, words in spelling["pairs"].items()
            for a, b in (typed.split(),)
        },
        guarded=tuple(" ".join(spelling["guarded"]).split()),
        core=tuple(" ".join(spelling["core"]).split()),
        real=frozenset(" ".join(spelling["real"]).split()),
        emoji=dict(spelling["emoji"]),
    )
