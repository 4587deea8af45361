"""Are there thoughts of suicide, plain or coded, or a wish not to be here?"""

from collections.abc import Iterator

from triage.reading import Mark, Reading
from triage.rules.base import Found, found, simple
from triage.scope import guarded, negated

_STATED = (
    "ideation.active",
    "ideation.slang",
    "ideation.passive",
    "ideation.burden",
    "ideation.trapped",
)
_DENIABLE = ("intent.stated", "ideation.active", "intent.fear", "self_harm.recent")


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, _STATED)
    if reading.has("cue.loss", "distress.bereaved"):
        yield from simple(reading, ("ideation.reunion",))
    yield from _named(reading)
    yield from _denied(reading)


def _named(reading: Reading) -> Iterator[Found]:
    """The bare word, unless the person speaks of a loss: that has its own rule."""
    for finding in simple(reading, ("ideation.mention",)):
        mark = Mark(name=finding.rule, start=finding.start, end=finding.end)
        loss = any(mark.overlaps(other) for other in reading.of("distress.bereaved"))
        if not (loss or _looks_back(reading, mark)):
            yield finding


def _looks_back(reading: Reading, mark: Mark) -> bool:
    low, high = reading.sentence(mark)
    return any(low <= old.start and old.end <= high + 1 for old in reading.of("cue.long_ago"))


def _denied(reading: Reading) -> Iterator[Found]:
    for name in _DENIABLE:
        rule = reading.rule(name)
        for mark in reading.of(name):
            if negated(reading, mark) and not guarded(reading, rule, mark):
                yield found(mark, "distress.denied")
