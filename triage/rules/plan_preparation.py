"""Is there a plan, the means, a rehearsal, or are things being put in order?"""

from collections.abc import Iterator

from handrail.domain.level import Level
from triage.reading import Reading
from triage.rules.base import Found, company, found, simple
from triage.scope import live

_STRONG = (
    "plan.stated",
    "plan.decided",
    "means_access.ready",
    "means_access.method_asked",
    "rehearsal.tried_out",
    "preparatory.letters",
    "preparatory.goods",
    "preparatory.dependant",
    "preparatory.affairs",
)


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, _STRONG)
    for mark in live(reading, "calm.sudden"):
        with_others = company(reading, mark, ("danger", "over", "farewell", "hand"))
        prepared = any(live(reading, name) for name in _STRONG)
        yield found(mark, floor=None if with_others or prepared else Level.P3)
