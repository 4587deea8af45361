"""Is somebody hurt, controlled or threatened by another person, or about to hurt one?"""

from collections.abc import Iterator

from triage.reading import Reading
from triage.rules.base import Found, simple

_RULES = ("abuse.now", "violence.threat", "violence.thoughts", "abuse.disclosed")


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, _RULES)
