"""Is somebody low, anxious, lonely, bereaved or under strain?"""

from collections.abc import Iterator

from triage.reading import Reading
from triage.rules.base import Found, simple


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, ("distress.low_mood", "distress.bereaved", "distress.denied"))
