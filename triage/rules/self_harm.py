"""Has somebody harmed themselves, lately or long ago?"""

from collections.abc import Iterator

from handrail.domain.level import Level
from triage.reading import Reading
from triage.rules.base import Found, found, simple
from triage.scope import guarded, past


def find(reading: Reading) -> Iterator[Found]:
    rule = reading.rule("self_harm.recent")
    yield from simple(reading, ("self_harm.recent",))
    healed = reading.has("cue.recovery")
    for mark in reading.of("self_harm.past"):
        yield found(mark, floor=None if healed else Level.P4)
    for mark in reading.of("self_harm.recent"):
        if past(reading, rule, mark) and not guarded(reading, rule, mark):
            yield found(mark, "self_harm.past", None if healed else Level.P4)
