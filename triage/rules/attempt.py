"""Is something life-threatening happening, or did it just happen?"""

from collections.abc import Iterator

from handrail.domain.level import Level
from triage.reading import Reading
from triage.rules.base import Found, company, found, simple
from triage.scope import live, past, recent

_ALONE = (
    "attempt.taken",
    "attempt.reported",
    "attempt.body",
    "attempt.edge",
    "attempt.harm_now",
    "attempt.stream",
)
_WITNESSES = ("body", "sorry", "farewell", "cutoff", "reach")


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, _ALONE)
    yield from _in_few_words(reading)
    yield from _not_now(reading)


def _in_few_words(reading: Reading) -> Iterator[Found]:
    """ "took them", "it's done": everyday words, an emergency beside a body that fails or a
    farewell. Without either a person looks within the hour."""
    afraid = reading.has("unclear.secrecy", "intent.fear", "goodbye.addressed", "distress.denied")
    for name in ("attempt.hint", "attempt.done"):
        for mark in live(reading, name):
            witnesses = company(reading, mark, _WITNESSES)
            if witnesses or afraid:
                yield found(mark)
            elif name == "attempt.hint":
                yield found(mark, floor=Level.P3)


def _not_now(reading: Reading) -> Iterator[Found]:
    """The same words about last week or about years ago are the question of another family."""
    rule = reading.rule("attempt.taken")
    for mark in reading.of("attempt.taken"):
        if past(reading, rule, mark):
            yield found(mark, "attempt_past.told")
        elif recent(reading, mark):
            yield found(mark, "attempt_recent.told")
