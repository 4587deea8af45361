"""What moves active thoughts one step up: drink, drugs, age under 18, a new baby."""

from collections.abc import Iterator

from triage.reading import Reading
from triage.rules.base import Found, found
from triage.scope import negated

_CUES = {
    "context.intoxication": "cue.drunk",
    "context.minor": "cue.minor",
    "context.perinatal": "cue.perinatal",
}


def find(reading: Reading) -> Iterator[Found]:
    for rule, cue in _CUES.items():
        for mark in reading.of(cue):
            if not ("negated" in reading.rule(rule).unless and negated(reading, mark)):
                yield found(mark, rule)
