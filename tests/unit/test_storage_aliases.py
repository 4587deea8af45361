"""Aliases: pronounceable, plain, and many enough."""

import re

from handrail.storage.aliases import _words, draw_alias
from handrail.storage.reports import normalise_receipt


def test_the_lists_are_plain_short_and_without_doubles():
    for words in _words():
        assert len(words) == len(set(words)) >= 70
        assert all(re.fullmatch(r"[a-z]{3,10}", word) for word in words)
    assert not set(_words()[0]) & set(_words()[1])


def test_there_are_more_than_half_a_million_aliases():
    first, second = _words()
    assert len(first) * len(second) * 90 > 500_000


def test_an_alias_is_two_words_and_a_number():
    drawn = {draw_alias() for _ in range(200)}
    assert len(drawn) > 190
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-[1-9]\d", alias) for alias in drawn)


def test_a_receipt_is_the_same_however_it_is_typed():
    for typed in ("Amber  HERON", "amber-heron", "\tamber_heron.\n", "\uff21mber heron"):
        assert normalise_receipt(typed) == "amber heron"
    assert normalise_receipt(" - ") == ""
