"""split_text: nothing lost, nothing too long, cut where a reader would pause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.split import split_text


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 10, []),
        (" \n ", 10, []),
        ("short", 10, ["short"]),
        ("exactly ten", 11, ["exactly ten"]),
        ("One is here. Two is here.", 14, ["One is here.", "Two is here."]),
        ("One is here. Two is here.", 12, ["One is here.", "Two is here."]),
        ("First.\n\nSecond one. Third.", 20, ["First.", "Second one. Third."]),
        ("line one\nline two\nline three", 18, ["line one\nline two", "line three"]),
        ("Is it now? Yes! It is.", 12, ["Is it now?", "Yes! It is."]),
        ('She said "go." Then left.', 16, ['She said "go."', "Then left."]),
        ("no borders of sentences here", 12, ["no borders", "of sentences", "here"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("今は夜です。明日は朝です。", 8, ["今は夜です。", "明日は朝です。"]),
        # a heading must not travel alone when the sentence after it nearly fits
        ("Hi.\n\n" + "word " * 10 + "end. More.", 60, None),
    ],
)
def test_examples(text: str, limit: int, pieces: list[str] | None) -> None:
    got = split_text(text, limit)
    if pieces is None:
        assert len(got[0]) > limit // 2
    else:
        assert got == pieces


def test_an_emoji_with_its_joiner_stays_whole() -> None:
    family = "👩\u200d👧"
    assert split_text("ab" + family + "cd", 4) == ["ab", family + "c", "d"]
    assert split_text("abc" + "e\u0301" + "f", 4)[1] == "e\u0301f"


@given(st.text(max_size=400), st.integers(1, 60))
def test_nothing_is_lost_and_nothing_is_too_long(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(st.text(alphabet="ab .\n", max_size=300), st.integers(5, 40))
def test_words_are_cut_only_when_they_are_longer_than_a_piece(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    whole = [word for word in text.split() if len(word) <= limit]
    if len(whole) == len(text.split()):
        assert [word for piece in pieces for word in piece.split()] == whole


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_a_mistake(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        split_text("text", limit)
