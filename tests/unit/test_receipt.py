"""Receipt codes: many enough, kind enough, and read however they are said."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import receipt
from handrail.receipt import WORDS, entropy_bits, new_receipt, read_receipt, word_list

ENOUGH_BITS = 60


def test_nobody_can_guess_one():
    assert entropy_bits() >= ENOUGH_BITS
    assert entropy_bits() == pytest.approx(WORDS * math.log2(len(set(word_list()))))


def test_each_is_another():
    made = {new_receipt() for _ in range(500)}
    assert len(made) == 500
    words = {word for code in made for word in code.split()}
    assert len(words) > 1000, "drawn from the whole list"


def test_a_receipt_is_words_that_can_be_said_aloud():
    for word in word_list():
        assert word.isascii()
        assert word.isalpha()
        assert word.islower()
        assert 3 <= len(word) <= 8


def test_four_letters_tell_the_words_apart():
    assert len({word[:4] for word in word_list()}) == len(word_list())


def test_no_word_is_hard_to_read_in_distress():
    unfit = {"death", "die", "kill", "hurt", "pain", "poison", "gun", "victim", "suffer", "blood"}
    assert unfit.isdisjoint(word_list())
    listed = receipt.Path(receipt.__file__).with_name("receipt_unfit_words.txt").read_text("utf-8")
    assert set(listed.split()).isdisjoint(word_list())


codes = st.lists(st.sampled_from(word_list()), min_size=WORDS, max_size=WORDS).map(" ".join)


@given(codes)
def test_what_was_given_is_read(code):
    assert read_receipt(code) == code


@given(codes, st.sampled_from([", ", "-", "\n", "  ", " . ", "\t"]), st.booleans())
def test_however_it_is_written_down(code, between, loud):
    typed = between.join(code.split())
    assert read_receipt(f" {typed.upper() if loud else typed.title()}. ") == code


@given(codes, st.integers(0, WORDS - 1), st.text("aeiou", max_size=3))
def test_a_slip_after_the_fourth_letter_is_forgiven(code, which, tail):
    words = code.split()
    if len(words[which]) < 4:
        return
    words[which] = words[which][:4] + tail
    assert read_receipt(" ".join(words)) == code


@given(codes)
def test_a_word_too_few_or_too_many_is_none(code):
    assert read_receipt(code.rsplit(" ", 1)[0]) is None
    assert read_receipt(f"{code} {code.split()[0]}") is None
    assert read_receipt(f"my code is {code}") is None


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text):
    found = read_receipt(text)
    assert found is None or set(found.split()) <= set(word_list())


@pytest.mark.parametrize(
    "sentence",
    ["", "i feel so alone right now", "she will not talk to me", "one two three four five six"],
)
def test_a_sentence_is_not_taken_for_a_receipt(sentence):
    assert read_receipt(sentence) is None


def test_a_receipt_with_a_wrong_word_is_seen_as_one_and_a_sentence_is_not():
    words = receipt.new_receipt().split()
    assert receipt.looks_mistyped(" ".join([*words[:5], "qqqq"]))
    assert not receipt.looks_mistyped(" ".join(words[:5]))
    assert not receipt.looks_mistyped("i do not know what to")
