"""Does somebody hear, see or believe what others do not, and does it command them?"""

from collections.abc import Iterator

from triage.reading import Reading
from triage.rules.base import Found, simple


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, ("psychosis.command", "psychosis.present"))
