"""Fragments: named pieces of patterns, expanded while the library is loaded."""

import re

import pytest

from handrail.conversation.turn import intent
from handrail.domain.errors import PlaybookError
from playbooks.fragments import fragments, pattern
from playbooks.load import SHIPPED, load_library
from playbooks.tables import Table


def table(**values: object) -> Table:
    return Table(dict(values), "xx-XX/words.toml")


def test_a_fragment_stands_for_its_text() -> None:
    known = fragments(table(fragments={"kin": "mum|dad", "my_kin": "my (?:{{kin}})"}), {})
    assert known["my_kin"] == "my (?:mum|dad)"
    assert pattern(table(), "report", "^{{ my_kin }}$", known) == "^my (?:mum|dad)$"


def test_a_later_file_replaces_a_fragment_by_name() -> None:
    known = fragments(table(fragments={"kin": "mum"}), {"kin": "dad", "other": "x"})
    assert known == {"kin": "mum", "other": "x"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{kim}}", "unknown fragment 'kim'; did you mean 'kin'"),
        ("{{kin", "not closed"),
        ("({{kin}}", "is not a pattern"),
    ],
)
def test_what_cannot_be_expanded_is_named(text: str, problem: str) -> None:
    with pytest.raises(PlaybookError, match=re.escape(problem)) as raised:
        pattern(table(), "report", text, {"kin": "mum"})
    assert "xx-XX/words.toml" in str(raised.value)
    assert "report" in str(raised.value)


def test_a_fragment_may_not_hold_itself_or_a_later_one() -> None:
    for text in ("{{a}}", "{{b}}"):
        with pytest.raises(PlaybookError, match="unknown fragment"):
            fragments(table(fragments={"a": text, "b": "x"}), {})


def test_an_overlay_that_changes_a_fragment_changes_the_shipped_patterns(tmp_path) -> None:
    folder = tmp_path / "en-GB"
    folder.mkdir()
    (folder / "words.toml").write_text(
        "[fragments]\ngreeting = '''(?:ahoy\\W*)*'''\n", encoding="utf-8"
    )
    shipped, changed = load_library(SHIPPED), load_library(SHIPPED, tmp_path)
    asked = "ahoy i need someone to talk to"
    assert intent(shipped.words("en-GB"), asked, among=("talk",)) is None
    assert intent(changed.words("en-GB"), asked, among=("talk",)) == "talk"


def test_no_braces_reach_a_pattern_of_the_shipped_library() -> None:
    library = load_library()
    patterns = [p for ps in library.words("en-GB").intents.values() for p in ps]
    for flow in library.flows.values():
        patterns += [p for q in flow.questions for a in q.answers for p in a.hears]
    assert len(patterns) > 100
    assert not [p for p in patterns if "{{" in p]
