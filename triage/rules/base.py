"""What every family of rules is made of: a function from a reading to what it found.

A family decides in code how its rules need, strengthen or cancel each other; every word, reason,
floor and source is in the lexicon.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from handrail.domain.level import Level
from triage.reading import Mark, Reading
from triage.scope import live


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A rule fired at [start, end) of the normal form.

    floor: replaces the rule's own floor; None keeps it.
    """

    rule: str
    start: int
    end: int
    floor: Level | None = None


Finder = Callable[[Reading], Iterator[Found]]
"""One family: each file of `triage.rules` has one, named `find`."""


def found(mark: Mark, rule: str | None = None, floor: Level | None = None) -> Found:
    """A finding at the place of a mark; the rule of the mark unless another is named."""
    return Found(rule=rule or mark.name, start=mark.start, end=mark.end, floor=floor)


def simple(reading: Reading, names: Iterable[str]) -> Iterator[Found]:
    """One finding for every standing mark of these rules."""
    for name in names:
        for mark in live(reading, name):
            yield found(mark)


def company(reading: Reading, mark: Mark, cues: Iterable[str]) -> set[str]:
    """Which of these cues stand elsewhere in the text, not on the mark itself."""
    return {
        cue for cue in cues if any(not other.overlaps(mark) for other in reading.of(f"cue.{cue}"))
    }
