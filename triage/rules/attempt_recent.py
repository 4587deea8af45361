"""Was there an attempt, and how long ago?"""

from collections.abc import Iterator

from handrail.domain.level import Level
from triage.reading import Reading
from triage.rules.base import Found, found, simple
from triage.scope import guarded, negated, past


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, ("attempt_recent.told",))
    yield from _years_ago(reading)


def _years_ago(reading: Reading) -> Iterator[Found]:
    """Years ago with words of recovery is support; without them it may not be over."""
    healed = reading.has("cue.recovery")
    for name in ("attempt_recent.told", "ideation.active", "ideation.passive", "intent.stated"):
        rule = reading.rule(name)
        for mark in reading.of(name):
            stands = not (guarded(reading, rule, mark) or negated(reading, mark))
            if stands and past(reading, rule, mark):
                yield found(mark, "attempt_past.told", None if healed else Level.P3)
