"""Whom is it about: the writer, somebody else, or can nobody tell?"""

import re

from handrail.domain.assessment import Person
from triage.reading import Mark, Reading

_THIRD_SELF = frozenset("himself herself themselves".split())
_THIRD = frozenset("he she him her his they their them".split())
_FIRST = frozenset("i me my myself mine".split())
_AGAINST_ME = re.compile(r" (?:to |at |with |on )?(?:me|us|my (?:mum|brother|sister|baby|kids)) ")
_LOSS = ("distress.bereaved",)
_ASKING_FOR_FRIEND = re.compile(
    r" (?:asking for a friend|for a friend|it is me|might be me|is me|friend is me) "
)


def speaks_of_another(reading: Reading) -> bool:
    """The text has somebody else in it, or came as a report."""
    return reading.reporting or _another(reading) is not None


def _another(reading: Reading) -> int | None:
    """Where another person first appears as somebody who does or says something."""
    place = re.search(_OTHERS, reading.text)
    return place.start() if place else None


_KIN = (
    "mum|dad|parents|nan|grandad|brother|sister|son|daughter|wife|husband|partner|uncle|auntie|aunt"
    "|cousin|nephew|niece|stepdad|stepmum|girlfriend|boyfriend|fiance|fiancee|kid|kids|child"
    "|children|family|grandson|granddaughter|ex|lad|lass|boy|girl"
)
_FOLK = (
    "friend|friends|mate|mates|bestie|buddy|pal|flatmate|housemate|roommate|lodger|tenant"
    "|neighbour|neighbor|colleague|coworker|workmate|classmate|teammate|student|students|pupil"
    "|pupils|client|patient|resident|residents|teen|teenager|guy|man|woman|lady|bloke|player"
    "|member|user|regular|follower|mutual|customer|apprentice|employee|teacher|coach|boss|manager"
    "|captain|someone|somebody|person|viewer|streamer|stepson|stepdaughter|law|users|members|team"
)
_OTHERS = (
    rf" (?:he|she|they|him|her|his) |(?: (?:my|our|a|an|the|this|one of [a-z]+|old|best|little|big"
    rf"|older|younger|eldest|youngest|good|close|another|some)| \|| ,) (?:[a-z0-9]+ ){{0,2}}?"
    rf"(?:{_KIN}|{_FOLK}) "
)


def of_mark(reading: Reading, mark: Mark) -> Person:
    """Whose state the words of a mark describe, from the nearest subject before or in it."""
    text = reading.text
    inside = text[mark.start : mark.end].split()
    if "myself" in inside:
        return _reported(reading, mark) or Person.FIRST
    if _THIRD_SELF & set(inside):
        return Person.THIRD
    if reported := _reported(reading, mark):
        return reported
    start, _ = reading.sentence(mark)
    for word in reversed([*text[start : mark.start].split(), *inside]):
        if word == "i":
            return Person.FIRST
        if word in {"he", "she", "they"}:
            return Person.THIRD
    clause = text[start : mark.end]
    if re.search(_OTHERS, clause) and not _FIRST & set(text[mark.start : mark.end].split()):
        return Person.THIRD
    if {"i", "me", "my"} & set(inside):
        return Person.FIRST
    return of_text(reading)


_REPORTED = re.compile(
    rf" (?:he|she|they|{_KIN}|{_FOLK}|[a-z]+) (?:[a-z]+ ){{0,3}}?(?:said|says|saying|told|tells|"
    r"texted|messaged|messages|posted|wrote|written|sent|emailed|shouted|rang|keeps saying|"
    r'tweeted|typed|admitted|swears|text|note|posting|telling|claims|threatened) (?:[a-z]+ ){0,4}?'
)


def _reported(reading: Reading, mark: Mark) -> Person | None:
    """Another's words: "he texted 'I am going to do it'"."""
    start, _ = reading.sentence(mark)
    for match in _REPORTED.finditer(reading.text, start, mark.end):
        speaker = match.group().split()
        if not {"i", "we", "it"} & set(speaker[:2]) and re.search(
            _OTHERS, reading.text[start : match.end()]
        ):
            return Person.THIRD
    return None


def of_text(reading: Reading) -> Person:
    """Whom the whole text is about when no finding says so."""
    words = reading.words
    if not [word for word in words if word[0] != ":"]:
        return Person.THIRD if reading.reporting else Person.FIRST
    if _ASKING_FOR_FRIEND.search(reading.text):
        return Person.FIRST
    if any(reading.of(*_LOSS)):
        return Person.FIRST
    first = sum(word in {"i", "me", "myself"} for word in words)
    third = sum(word in _THIRD for word in words)
    another = _another(reading)
    if another is None:
        return Person.THIRD if reading.reporting and not first else Person.FIRST
    opening = reading.text.split()[1:9]
    if first and third <= first and ("i" in opening[:2]) and not _about(reading):
        return Person.FIRST
    if not first and not third and " you " in reading.text:
        return Person.FIRST
    if third == 0 and first >= 2 and not _about(reading):
        return Person.FIRST
    return Person.THIRD


def _about(reading: Reading) -> bool:
    """The writer says that they worry about, or speak for, somebody else."""
    return reading.has("third_party.concern") or reading.reporting
