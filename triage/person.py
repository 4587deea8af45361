"""Whom is it about: the writer, somebody else, or can nobody tell?

Person is a matter of the clause: "my friend told me she wants to die" is about the friend, "I told
my friend I want to die" about the writer. The nearest subject before the words decides, another's
reported words belong to the other, and harm done to "me" is about the writer.
"""

import re

from handrail.domain.assessment import Person
from triage.reading import Mark, Reading

_KIN = (
    "mum|dad|parents|nan|grandad|brother|sister|son|daughter|wife|husband|partner|uncle|auntie|aunt"
    "|cousin|nephew|niece|stepdad|stepmum|girlfriend|boyfriend|fiance|fiancee|kid|kids|child"
    "|children|family|grandson|granddaughter|ex|lad|lass|boy|girl"
)
_FOLK = (
    "friend|friends|mate|mates|bestie|buddy|pal|flatmate|housemate|roommate|lodger|tenant"
    "|neighbour|neighbor|colleague|coworker|workmate|classmate|teammate|student|students|pupil"
    "|pupils|client|patient|resident|residents|teen|teenager|guy|man|woman|lady|bloke|player"
    "|member|user|regular|follower|mutual|customer|apprentice|employee|someone|somebody|person"
    "|viewer|streamer|stepson|stepdaughter|users|members"
)
_PEOPLE = frozenset(f"{_KIN}|{_FOLK}".split("|"))
_PARTNERS = frozenset(
    ["husband", "wife", "partner", "boyfriend", "girlfriend", "fiance", "fiancee", "ex"]
)
_LEAD = "my|our|a|an|the|this|that|old|best|little|big|older|younger|eldest|good|close|another|some"
_OTHERS = re.compile(
    rf" (?:he|she|they|him|her|his) | (?:{_LEAD}|one of [a-z]+) (?:[a-z0-9]+ ){{0,2}}?"
    rf"(?:{_KIN}|{_FOLK}) |[|?,] (?:{_KIN}|{_FOLK}) "
)
_REPORTED = re.compile(
    rf" (?:he|she|they|{_KIN}|{_FOLK}|[a-z]+) (?:[a-z]+ ){{0,3}}?(?:said|says|saying|told|tells|"
    r"texted|messaged|messages|posted|wrote|written|sent|emailed|shouted|rang|keeps saying|posting|"
    r"tweeted|typed|admitted|swears|text|note|telling|claims|threatened) "
)
_ASKING_FOR_FRIEND = re.compile(r" (?:asking for a friend|for a friend|it is me|might be me) ")
_THIRD_SELF = frozenset(["himself", "herself", "themselves"])
_THIRD = frozenset(["he", "she", "him", "her", "his", "they", "their", "them"])
_GRIEF = frozenset(["died", "passed", "dies", "lost", "miss", "sleep", "funeral"])


def speaks_of_another(reading: Reading) -> bool:
    """The text has somebody else in it, or came as a report."""
    return reading.reporting or _OTHERS.search(reading.text) is not None


def of_mark(reading: Reading, mark: Mark) -> Person:
    """Whose state the words of a mark describe."""
    text = reading.text
    start, end = reading.sentence(mark)
    inside = text[mark.start : mark.end].split()
    if _ASKING_FOR_FRIEND.search(text):
        return Person.FIRST
    if mark.name.startswith("abuse"):
        return _harmed(text[start : mark.start].split(), inside, text[mark.end : end].split())
    if mark.name.startswith("psychosis") and not _THIRD_SELF & set(inside):
        return Person.FIRST if {"i", "me", "my"} & set(text[start:end].split()) else Person.THIRD
    if mark.name.startswith("violence"):
        return _nearest_subject(text[start : mark.start + 1].split()) or Person.FIRST
    if mark.name == "distress.bereaved":
        return Person.FIRST
    if mark.name == "distress.low_mood" and _GRIEF & set(inside):
        return Person.FIRST
    if _THIRD_SELF & set(inside):
        return Person.THIRD
    if _reported(text, start, mark):
        return Person.THIRD
    if "myself" in inside or (mark.name == "ideation.burden" and {"me", "i"} & set(inside)):
        return Person.FIRST
    if subject := _nearest_subject([*text[start : mark.start].split(), *inside]):
        return subject
    if reading.reporting:
        return Person.THIRD
    if {"i", "me", "my", "myself"} & set(reading.words) and not _leads_with_another(reading):
        return Person.FIRST
    return of_text(reading)


def _harmed(before: list[str], inside: list[str], after: list[str]) -> Person:
    """Who suffers what a finding of abuse tells: the writer's body, things or person, or another's.

    "my husband reads my messages" is about the writer, "my dad hits my sister" is not, and a
    partner who harms is taken to harm the writer when nobody else is named.
    """
    words = [*before, *inside, *after]
    if {"me", "us", "myself"} & set(words):
        return Person.FIRST
    told = [*inside, *after]
    for place, word in enumerate(told):
        if word in {"my", "our"} and not _PEOPLE & set(told[place + 1 : place + 3]):
            return Person.FIRST
    if _nearest_subject([*before, *inside]) is Person.FIRST:
        return Person.FIRST
    named = _PEOPLE & set(words)
    mine = any(
        word == "my" and _PARTNERS & set(words[place + 1 : place + 3])
        for place, word in enumerate(words)
    )
    if mine and named <= _PARTNERS and not {"her", "him", "them", "their", "his"} & set(told):
        return Person.FIRST
    return Person.THIRD


def _nearest_subject(words: list[str]) -> Person | None:
    for place in range(len(words) - 1, -1, -1):
        word = words[place]
        if word == "i":
            return Person.FIRST
        if word in {"he", "she", "they"} or (word in _PEOPLE and _is_subject(words, place)):
            return Person.THIRD
    return None


def _is_subject(words: list[str], place: int) -> bool:
    """ "my mate is": a person before a verb, not after "to", "with" or "told"."""
    before = words[max(0, place - 3) : place]
    return not {"to", "with", "told", "tell", "for", "after", "without", "from", "at"} & set(before)


def _reported(text: str, start: int, mark: Mark) -> bool:
    """Another's words: "he texted 'I am going to do it'"."""
    low = max(0, start - 1)
    for match in _REPORTED.finditer(text, low, mark.end):
        speaker = match.group().split()
        if {"i", "we", "it", "ve"} & set(speaker[:2]):
            continue
        if _OTHERS.search(text, low, match.end() + 1):
            return True
    return False


def _leads_with_another(reading: Reading) -> bool:
    """Another person acts or speaks before any "I" does."""
    other = _OTHERS.search(reading.text)
    first = reading.text.find(" i ")
    if other is None or 0 <= first < other.start():
        return False
    return _nearest_subject(reading.text.split()) is Person.THIRD


def of_text(reading: Reading) -> Person:
    """Whom the whole text is about when no finding says so."""
    words = [word for word in reading.words if word[0] != ":"]
    if not words:
        return Person.THIRD if reading.reporting else Person.FIRST
    if _ASKING_FOR_FRIEND.search(reading.text) or reading.has("distress.bereaved"):
        return Person.FIRST
    if _only_about_service(reading):
        return Person.UNCLEAR
    first = sum(word in {"i", "me", "myself"} for word in words)
    third = sum(word in _THIRD for word in words)
    if not speaks_of_another(reading) or (reading.reporting and first and not third):
        return Person.FIRST
    about = reading.reporting or reading.has("third_party.concern")
    if not about and first and ((third <= first and words[0] == "i") or not third):
        return Person.FIRST
    return Person.THIRD


def _only_about_service(reading: Reading) -> bool:
    """ "are you a real person": a question about us, and nobody else is in the text."""
    text = reading.text
    for mark in reading.of("cue.service"):
        text = text[: mark.start] + " " * (mark.end - mark.start) + text[mark.end :]
    people = {"i", "me", "my", "myself", *_THIRD, *_PEOPLE}
    asked = reading.has("cue.service") and not reading.reporting
    return asked and not people & set(text.split())
