"""Reading: a pattern is tried only where it can begin, and finds what a plain search would find."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.lexicon import load
from triage.patterns import CLAUSE_BEGINS, Compiler, Pattern
from triage.reading import read

LEXICON = load("en")
MESSAGES = Path(__file__).parents[1] / "safety" / "messages_en.jsonl"


def texts() -> list[str]:
    lines = MESSAGES.read_text(encoding="utf-8").splitlines()
    found = [json.loads(line)["text"] for line in lines][::6]
    return [*found, "\n".join(found[:9]), " ".join(found[9:18]), "", "?!", "stop", '"hello"']


def searched(text: str) -> dict[str, list[tuple[int, int]]]:
    """The marks by searching the whole text for every pattern: slow and obvious."""
    line = read(text, LEXICON).text
    marks: dict[str, list[tuple[int, int]]] = {}
    for name, pattern in LEXICON.table:
        found = [match.span() for match in pattern.expression.finditer(line)]
        if found:
            marks.setdefault(name, []).extend(found)
    return marks


def test_the_short_way_finds_what_the_long_way_finds() -> None:
    for text in texts():
        given = {
            name: [(mark.start, mark.end) for mark in marks]
            for name, marks in read(text, LEXICON).marks.items()
        }
        assert given == searched(text)


def test_every_pattern_knows_where_it_can_begin() -> None:
    assert [p.source for _, p in LEXICON.table if p.first is None] == []


@pytest.mark.parametrize(
    ("source", "first"),
    [
        ("one two", {"one"}),
        ("one/two_three four", {"one", "two"}),
        ("one? two", {"one", "two"}),
        ("{colour} sky", {"red", "light"}),
        ("{colour}? sky", {"red", "light", "sky"}),
        ("< one", {CLAUSE_BEGINS}),
        ("!nine one", {"one"}),
        ("retir* soon", {"retir*"}),
        ("|| one", set('|?,"')),
        ("..2 one", None),
        ("one/> two", {"one", "two"}),
    ],
)
def test_first_words(source: str, first: set[str] | None) -> None:
    compiler = Compiler({"colour": ["red", "light blue"]}, frozenset())
    assert compiler.compile(source).first == (None if first is None else frozenset(first))


def matches(pattern: Pattern, line: str) -> Iterator[str]:
    return (match.group() for match in pattern.expression.finditer(line))


def test_the_end_of_a_clause_can_be_one_of_the_alternatives() -> None:
    pattern = Compiler({}, frozenset()).compile("sleep forever/>")
    assert list(matches(pattern, " | sleep forever | ")) == ["sleep forever "]
    assert list(matches(pattern, " | sleep , then | ")) == ["sleep "]
    assert list(matches(pattern, " | sleep well | ")) == []


def test_at_most_forty_marks_a_name() -> None:
    reading = read("i want to die. " * 200, LEXICON)
    assert max(len(marks) for marks in reading.marks.values()) == 40
