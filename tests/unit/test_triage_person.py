"""Whom a message is about: who is harmed, who said the words, and nobody at all."""

import pytest

from handrail.domain.assessment import Context, Person
from triage.assess import assess

FIRST, THIRD, UNCLEAR = Person.FIRST, Person.THIRD, Person.UNCLEAR


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("my boyfriend reads my texts and keeps my wages", FIRST),
        ("my wife is so controlling", FIRST),
        ("I am scared of my husband", FIRST),
        ("I was raped", FIRST),
        ("see what my uncle did to me", FIRST),
        ("my dad beats me", FIRST),
        ("my dad beats my brother", THIRD),
        ("he hits her and takes her wages", THIRD),
        ("my sister was raped", THIRD),
        ("my neighbour hits his kids", THIRD),
        ("her husband reads her messages", THIRD),
    ],
)
def test_whoever_is_harmed(text: str, person: Person) -> None:
    assert assess(text).person is person


@pytest.mark.parametrize(
    "text",
    [
        "they posted i want to end my life in the group",
        "my classmate wrote I want to die",
        "somebody in the chat said i am going to kill myself",
        "he texted 'you would all be better off without me'",
    ],
)
def test_the_reported_words_of_others_are_about_them(text: str) -> None:
    result = assess(text)
    assert result.person is THIRD
    assert "psychosis_command" not in result.signals


@pytest.mark.parametrize("text", ["the voices say I must die", "they tell me to kill myself"])
def test_what_commands_the_writer_is_still_a_command(text: str) -> None:
    result = assess(text)
    assert result.person is FIRST
    assert "psychosis_command" in result.signals


@pytest.mark.parametrize(
    "text", ["is this a bot or a human", "are you an actual person?", "am I writing to a machine"]
)
def test_a_question_about_the_service_is_about_nobody(text: str) -> None:
    assert assess(text).person is UNCLEAR


def test_a_question_about_the_service_does_not_hide_somebody() -> None:
    assert assess("are you a real human? my brother is really low").person is THIRD
    assert assess("is this a bot", Context(reporting=True)).person is THIRD


def test_a_burden_is_whoever_the_others_are_better_off_without() -> None:
    assert assess("my baby deserves more, she is better off without me").person is FIRST
    assert assess("he thinks we are better off without him").person is THIRD
