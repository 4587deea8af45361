"""Is somebody hurt, controlled or threatened by another person, or about to hurt one?"""

from collections.abc import Iterator

from triage.reading import Mark, Reading
from triage.rules.base import Found, found, simple
from triage.scope import live

_RULES = (
    "abuse.now",
    "violence.threat",
    "violence.thoughts",
    "abuse.child",
    "abuse.disclosed",
)
_TO_THE_WRITER = ("abuse.now", "abuse.child", "abuse.disclosed")


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, _RULES)
    yield from _young(reading)


def _young(reading: Reading) -> Iterator[Found]:
    """Words that children use for their parents, beside harm: may be somebody under 18."""
    for name in _TO_THE_WRITER:
        for mark in live(reading, name):
            if any(_childish(reading, mark)):
                yield found(mark, "context.minor")


def _childish(reading: Reading, mark: Mark) -> Iterator[bool]:
    """For each word of the match: was it typed as a child would say it?"""
    text = reading.normalised
    for token, offset in zip(text.tokens, text.offsets, strict=True):
        if mark.start <= offset < mark.end:
            typed = text.original[token.start : token.end].lower()
            yield typed in reading.lexicon.childish
