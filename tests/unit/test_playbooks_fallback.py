"""The fallback reply: it needs nothing, says only what is true, and carries the right numbers."""

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks import fallback, readability
from playbooks.fallback import ALWAYS_OPEN, EMERGENCY, fallback_reply
from playbooks.helpline_files import load_helplines
from playbooks.lint import forbidden
from playbooks.lint_rules import rule_book

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
TABLE = load_helplines()
TEMPLATE = fallback_reply("en-GB", "nowhere", NOW)


def test_the_emergency_numbers_are_those_of_the_table() -> None:
    assert {code: c.emergency for code, c in TABLE.countries.items()} == EMERGENCY


@pytest.mark.parametrize("country", sorted(ALWAYS_OPEN))
def test_the_lines_are_those_of_the_table(country: str) -> None:
    rows = {(r.name, r.phone, r.checked_on) for r in TABLE.always_open(country)}
    assert ALWAYS_OPEN[country] in rows


def test_no_country_that_has_a_sound_line_is_left_out() -> None:
    sound = {
        code
        for code in TABLE.countries
        if any(line.phone and line.current(NOW) for line in TABLE.always_open(code))
    }
    assert set(ALWAYS_OPEN) == sound


def test_great_britain() -> None:
    said = fallback_reply("en-GB", "GB", NOW).replace("\u00a0", " ")
    assert "please call 999 or 112 now" in said
    assert "Samaritans (call 116 123, day and night)" in said
    assert "findahelpline" not in said


def test_an_old_line_is_not_shown_alone() -> None:
    said = fallback_reply("en-GB", "GB", NOW + timedelta(days=200))
    assert "116\u00a0123" in said
    assert "findahelpline.com" in said


def test_unknown_country_and_locale() -> None:
    assert "your local emergency number" in TEMPLATE
    assert "findahelpline.com" in TEMPLATE
    assert fallback_reply("zz", "GB", NOW) == fallback_reply("en-GB", "GB", NOW)


def test_it_passes_every_rule_for_what_must_not_be_said() -> None:
    assert forbidden(TEMPLATE) == []


def test_it_is_short_plain_and_leaves_a_way_on() -> None:
    limits = rule_book().limits
    assert len(readability.words(TEMPLATE)) <= limits.words_emergency
    assert readability.grade(TEMPLATE) <= limits.grade_warn
    for sentence in readability.sentences(TEMPLATE):
        assert len(readability.words(sentence)) <= limits.sentence_words
    for rule in ("Q101", "Q105", "Q107", "Q109"):
        assert rule_book().rules[rule].found_in(TEMPLATE)


def test_it_promises_nothing_that_nobody_can_know() -> None:
    for promise in ("within", "will reply", "will read your", "is saved", "minutes", "soon"):
        assert promise not in TEMPLATE


def test_the_module_touches_nothing_but_the_clock_it_is_given() -> None:
    tree = ast.parse(Path(fallback.__file__).read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"re", "datetime"}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call)
              and isinstance(node.func, ast.Name)}  # fmt: skip
    assert "open" not in called


@given(st.text(), st.text(), st.datetimes(timezones=st.just(UTC)))
def test_it_cannot_fail(locale: str, country: str, now: datetime) -> None:
    said = fallback_reply(locale, country, now)
    assert "emergency number" in said or re.search(r"call \d", said)
    assert "{" not in said
