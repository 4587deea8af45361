"""Is it a question, thanks, or a harmless reading of words that could alarm?"""

from collections.abc import Iterator

from triage.reading import Reading
from triage.rules.base import Found, found, simple

_RULES = ("benign.info", "benign.reply", "benign.prank", "benign.promotion")


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, _RULES)
    for name in reading.lexicon.guards:
        for mark in reading.of(name):
            yield found(mark)
