"""Is somebody worried about another person, and is there a danger sign?"""

from collections.abc import Iterator

from triage.person import speaks_of_another
from triage.reading import Reading
from triage.rules.base import Found, found, simple
from triage.scope import guarded, live

_LAST_WORDS = (
    "goodbye.addressed",
    "goodbye.hint",
    "intent.stated",
    "intent.gone",
    "intent.vague",
    "preparatory.letters",
    "attempt.done",
    "attempt.hint",
)


def find(reading: Reading) -> Iterator[Found]:
    if not speaks_of_another(reading):
        return
    yield from simple(reading, ("third_party.concern", "third_party.danger_sign"))
    rule = reading.rule("third_party.unreachable")
    for mark in reading.of("cue.parting"):
        gone = next((m for m in reading.of("cue.reach") if not m.overlaps(mark)), None)
        if gone is not None and not guarded(reading, rule, mark):
            yield found(mark, rule.name)
    for name in _LAST_WORDS:
        for mark in live(reading, name):
            gone = next(iter(reading.of("cue.reach")), None)
            if gone is not None:
                yield found(mark, "third_party.unreachable")
