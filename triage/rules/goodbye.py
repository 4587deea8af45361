"""Is somebody saying goodbye for good?"""

from collections.abc import Iterator

from triage.reading import Reading
from triage.rules.base import Found, company, found, simple
from triage.scope import live

_RAISE = ("farewell", "sorry", "cutoff", "alone", "hand")


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, ("goodbye.addressed",))
    for mark in live(reading, "intent.gone"):
        if company(reading, mark, ("farewell", "sorry")):
            yield found(mark, "goodbye.addressed")
    for mark in live(reading, "goodbye.hint"):
        raised = len(company(reading, mark, _RAISE)) >= 2
        yield found(mark, "goodbye.addressed" if raised else None)
