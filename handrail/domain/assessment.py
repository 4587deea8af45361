"""The result of triage, and the port a classifier fills."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from handrail.domain.level import Level


class Person(StrEnum):
    """Whom a message is about: the writer, somebody else, or nobody can tell."""

    FIRST = "first"
    THIRD = "third"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One rule that fired.

    rule: "family.name". signal: a key of REFERENCE 1.3. floor: the least urgent level it allows,
    None for a signal that is recorded and sets no floor.
    start, end: the span in the *original* text, in characters; end is exclusive.
    reason: words a volunteer reads ("said it will be tonight").
    """

    rule: str
    signal: str
    floor: Level | None
    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """A classifier's answer for one text. Every number is a calibrated probability in 0..1.

    danger_self: cumulative, at least P4, P3, P2, P1 in this order (non-increasing).
    """

    danger_self: tuple[float, float, float, float]
    self_injury: float = 0.0
    danger_other: float = 0.0
    concern_third: float = 0.0
    person: Person = Person.UNCLEAR


class Classifier(Protocol):
    """The model port. `score` may raise ClassifierUnavailable; the caller degrades."""

    name: str
    version: str

    def score(self, texts: Sequence[str]) -> Sequence[Scores]:
        """One Scores per text, in order. `texts` is not empty."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What else is known when a text is assessed.

    earlier: the contact's other messages of the last minutes, oldest first: a burst is one thought.
    floor: the most pressing level the conversation already has; never lowered by a machine.
    recent_urgent: a P1 or P2 of this contact ended or was raised within 24 hours.
    reporting: the contact came to report about someone else.
    unreadable: the message held media or nothing at all.
    """

    earlier: tuple[str, ...] = ()
    floor: Level | None = None
    recent_urgent: bool = False
    reporting: bool = False
    unreadable: bool = False
    locale: str = "en-GB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How soon must a human look, and why.

    score: probability of P2 or sooner from the classifier; None when rules alone decided.
    rules_level: what rules alone would have decided.
    degraded: the classifier was asked for and did not answer.
    needs_review: a person must look whatever the level (unreadable, language, disagreement).
    reasons: words for a volunteer, most pressing first.
    versions: (part, version) pairs: lexicon, policy, classifier.
    """

    level: Level
    rules_level: Level
    person: Person
    signals: tuple[str, ...]
    hits: tuple[Hit, ...]
    reasons: tuple[str, ...]
    score: float | None = None
    needs_review: bool = False
    degraded: bool = False
    versions: tuple[tuple[str, str], ...] = field(default=())
