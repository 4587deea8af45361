"""How soon must a human look? The law by which findings become a level.

The law, in one place:

1. Every hit has a floor. The level is the soonest of all floors, never later than P5.
2. Hits of active thoughts beside drink or drugs, an age under 18, psychosis or a new baby go one
   step up, to P2.
3. A classifier may raise the level, never lower it: each score that reaches its threshold is one
   more floor.
4. The conversation's own floor holds. A contact who was P1 or P2 within a day is at least P2.
5. What cannot be read or understood carries a hit with the floor P3 (the rules see to that), so
   failing up is a floor like any other.

So `combine` is total (every input has an answer) and monotone (one more hit, a higher score or a
more pressing context never gives a later level). Only a person lowers, elsewhere, with a reason.

Thresholds are data: `thresholds.toml`.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from handrail.domain.assessment import Context, Hit, Scores
from handrail.domain.level import Level, soonest

VERSION = "policy-1"

_ORDER = (Level.P1, Level.P2, Level.P3, Level.P4, Level.P5)
_ACTIVE = frozenset(
    {"ideation_active", "ideation_passive", "burden", "trapped", "violence_thoughts"}
)
_STEP_UP = frozenset({"intoxication", "minor", "psychosis", "psychosis_command", "perinatal"})
_UNREAD = frozenset({"unclassifiable", "language_unsupported", "media", "obfuscated"})
_FAR_APART = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Calibrated probabilities in 0..1 from which a score becomes a floor.

    danger_self: for P4, P3, P2, P1 in this order, like the scores themselves.
    """

    danger_self: tuple[float, float, float, float]
    self_injury: float
    danger_other: float
    concern_third: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The level, what rules alone would have said, and whether a person must look regardless."""

    level: Level
    rules_level: Level
    needs_review: bool
    notes: tuple[str, ...]


@lru_cache(maxsize=1)
def thresholds() -> Thresholds:
    """The shipped thresholds. Raises OSError or ValueError when the file is gone or malformed."""
    raw = tomllib.loads((files("triage") / "thresholds.toml").read_text(encoding="utf-8"))
    p4, p3, p2, p1 = (float(raw["danger_self"][name]) for name in ("P4", "P3", "P2", "P1"))
    return Thresholds(
        danger_self=(p4, p3, p2, p1),
        self_injury=float(raw["self_injury"]["P3"]),
        danger_other=float(raw["danger_other"]["P3"]),
        concern_third=float(raw["concern_third"]["P4"]),
    )


def combine(
    hits: Iterable[Hit],
    scores: Scores | None = None,
    context: Context | None = None,
    limits: Thresholds | None = None,
) -> Decision:
    """Apply the law. Never raises for values of these types, NaN included."""
    found = tuple(hits)
    known = context or Context()
    floors = [hit.floor for hit in found if hit.floor is not None]
    signals = {hit.signal for hit in found}
    notes: list[str] = []
    if signals & _ACTIVE and signals & _STEP_UP:
        floors.append(Level.P2)
        notes.append("thoughts of suicide with drink, drugs, psychosis, a new baby or under 18")
    if known.recent_urgent:
        floors.append(Level.P2)
        notes.append("an urgent conversation within the last day")
    if known.floor is not None:
        floors.append(known.floor)
    rules_level = soonest(Level.P5, *floors)
    heard = _from_scores(scores, limits) if scores is not None else Level.P5
    level = soonest(rules_level, heard)
    if level.sooner_than(rules_level):
        notes.append("the classifier reads it as more pressing than the rules do")
    apart = _ORDER.index(rules_level) - _ORDER.index(heard)
    return Decision(
        level=level,
        rules_level=rules_level,
        needs_review=bool(signals & _UNREAD) or known.unreadable or apart >= _FAR_APART,
        notes=tuple(notes),
    )


def _from_scores(scores: Scores, limits: Thresholds | None) -> Level:
    """The soonest level whose threshold a score reaches. NaN reaches none."""
    bounds = limits or thresholds()
    floors = [Level.P5]
    levels = (Level.P4, Level.P3, Level.P2, Level.P1)
    for level, score, bound in zip(levels, scores.danger_self, bounds.danger_self, strict=True):
        if score >= bound:
            floors.append(level)
    if scores.self_injury >= bounds.self_injury or scores.danger_other >= bounds.danger_other:
        floors.append(Level.P3)
    if scores.concern_third >= bounds.concern_third:
        floors.append(Level.P4)
    return soonest(*floors)


def one_step_up(level: Level) -> Level:
    """The next more pressing level; P1 stays P1."""
    return _ORDER[max(0, _ORDER.index(level) - 1)]


def report_floor(answers: Mapping[str, str]) -> tuple[Level, tuple[str, ...]]:
    """The least urgent level a report may have, from its structured answers, and why.

    Reads `danger_now` (yes, not_sure, no), `unreachable` or `reached` (no_answer, blocked, yes),
    `when_where` (when they said it: just_now, today, this_week, longer) and `danger_sign` (yes).
    These are the keys of the form itself; unknown keys and values change nothing.
    Source: safety reference 1.3 and 3.2, questions 1, 3 and 4.
    """
    given = {key: value.strip().lower() for key, value in answers.items()}
    level, reasons = Level.P4, ["somebody is worried about another person"]
    if given.get("danger_sign") == "yes":
        level = Level.P3
        reasons.insert(0, "the reporter saw a danger sign")
    danger = given.get("danger_now")
    if danger == "not_sure":
        level = Level.P2
        reasons.insert(0, "the reporter is not sure whether there is danger right now")
    silent = {given.get("unreachable"), given.get("reached")} & {"no_answer", "blocked"}
    if silent and given.get("when_where") in {"just_now", "today"}:
        level = one_step_up(level)
        reasons.insert(0, "said today, and the reporter cannot reach them")
    if danger == "yes":
        level = Level.P1
        reasons.insert(0, "the reporter says there is danger right now")
    return level, tuple(reasons)
