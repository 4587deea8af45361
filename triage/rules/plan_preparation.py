"""Is there a plan, the means, a rehearsal, or are things being put in order?"""

from collections.abc import Iterator

from handrail.domain.level import Level
from triage.reading import Reading
from triage.rules.base import Found, company, found, simple
from triage.scope import guarded, live

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
    yield from _settling(reading)
    for mark in live(reading, "calm.sudden"):
        with_others = company(reading, mark, ("danger", "over", "farewell", "hand"))
        prepared = any(live(reading, name) for name in _STRONG)
        yield found(mark, floor=None if with_others or prepared else Level.P3)


def _settling(reading: Reading) -> Iterator[Found]:
    """One errand is an errand; different ones in one breath may be putting things in order."""
    rule = reading.rule("preparatory.settling")
    marks = [mark for mark in reading.of("cue.settling") if not guarded(reading, rule, mark)]
    words = {reading.text[mark.start : mark.end] for mark in marks}
    if len(words) >= 2:
        yield Found(
            rule=rule.name,
            start=min(mark.start for mark in marks),
            end=max(mark.end for mark in marks),
        )
