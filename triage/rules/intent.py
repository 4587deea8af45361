"""Does somebody say they will end their life, and when?"""

from collections.abc import Iterator

from handrail.domain.level import Level
from triage.reading import Mark, Reading
from triage.rules.base import Found, simple
from triage.scope import live

_STATED = ("intent.stated", "intent.gone", "intent.conditional", "intent.fear", "intent.vague")
_MADE_URGENT = (
    "intent.stated",
    "intent.vague",
    "means_access.ready",
    "preparatory.letters",
    "psychosis.command",
    "plan.stated",
    "plan.decided",
)
_WISHES = ("ideation.active",)


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, _STATED)
    yield from _now(reading)


def _now(reading: Reading) -> Iterator[Found]:
    """Intent, plan or means beside "tonight" is an emergency; a wish beside it is urgent."""
    for name in (*_MADE_URGENT, *_WISHES):
        for mark in live(reading, name):
            if name == "intent.vague" and not _weighty(reading, mark):
                continue
            when = _when(reading, mark)
            if when is None:
                continue
            yield Found(
                rule="intent.now",
                start=min(mark.start, when.start),
                end=max(mark.end, when.end),
                floor=Level.P2 if name in _WISHES else None,
            )


def _weighty(reading: Reading, mark: Mark) -> bool:
    """ "I'll do it tonight" alone could be anything: something else must weigh with it."""
    others = ("hand", "alone", "over", "farewell", "sorry", "cutoff", "drunk", "danger")
    return any(
        not other.overlaps(mark) for cue in others for other in reading.of(f"cue.{cue}")
    ) or reading.has("means_access.ready", "unclear.secrecy", "preparatory.letters")


def _when(reading: Reading, mark: Mark) -> Mark | None:
    """A nearby word for now that is not itself denied ("not tonight")."""
    low, high = reading.sentence(mark)
    for cue in reading.of("cue.now"):
        before = reading.text[: cue.start].split()[-2:]
        if {"not", "till", "until", "by", "up"} & set(before):
            continue
        inside = low <= cue.start and cue.end <= high + 1
        apart = reading.text[min(cue.end, mark.end) : max(cue.start, mark.start)]
        if inside or len(apart.split()) <= 8:
            return cue
    return None
