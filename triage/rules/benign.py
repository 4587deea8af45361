"""Is it a question, thanks, or a harmless reading of words that could alarm?"""

from collections.abc import Iterator

from triage.reading import Reading
from triage.rules.base import Found, found, simple


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, ("benign.info", "benign.reply"))
    for name in reading.lexicon.guards:
        for mark in reading.of(name):
            yield found(mark)
