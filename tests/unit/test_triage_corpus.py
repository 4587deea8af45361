"""The fictional messages keep to their datasheet."""

import re
from collections import Counter

import pytest

from handrail.domain.errors import TriageError
from triage.training.corpus_counts import read_corpus, table

FICTIONS = list(read_corpus())


def test_every_message_is_in_the_form_of_the_datasheet():
    assert len(FICTIONS) >= 8_000
    assert {fiction.where.partition("/")[0] for fiction in FICTIONS} >= {"en", "es", "fr", "de"}


def test_no_message_holds_a_link_a_long_number_or_a_quantity():
    for fiction in FICTIONS:
        assert not re.search(r"https?://|www\.", fiction.text), fiction.where
        assert not re.search(r"\d{6,}", fiction.text), fiction.where
        assert not re.search(r"\b\d+ ?(?:mg|ml|pills|tablets)\b", fiction.text), fiction.where


def test_no_message_stands_twice():
    """But for commands and single words, which many people send alike."""
    texts = Counter(fiction.text.casefold().strip() for fiction in FICTIONS)
    assert [t for t, times in texts.items() if times > 1 and len(t.split()) > 2] == []


def test_hard_negatives_are_never_urgent_and_twins_never_harmless():
    for fiction in FICTIONS:
        if fiction.kind == "hard_negative":
            assert fiction.level.value in ("P3", "P4", "P5"), fiction.where
        if fiction.kind == "twin":
            assert fiction.level.value != "P5", fiction.where


def test_the_table_counts_all_of_them():
    assert table(iter(FICTIONS)).splitlines()[-1].split()[:2] == ["all", str(len(FICTIONS))]


def test_a_broken_line_is_named(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "x.jsonl").write_text('{"text": "hello"}\n', encoding="utf-8")
    with pytest.raises(TriageError, match=re.escape("en/x.jsonl:1")):
        list(read_corpus(tmp_path))
