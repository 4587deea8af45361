"""One family of rules a file; each has one function `find`. How they combine: triage/policy.py."""

from collections.abc import Iterator

from triage.reading import Reading
from triage.rules import (
    abuse_violence,
    attempt,
    attempt_recent,
    benign,
    goodbye,
    ideation,
    intent,
    low_mood,
    modifiers,
    plan_preparation,
    psychosis,
    self_harm,
    third_party,
    unclear,
)
from triage.rules.base import Finder, Found

FAMILIES: tuple[Finder, ...] = (
    attempt.find,
    intent.find,
    goodbye.find,
    plan_preparation.find,
    attempt_recent.find,
    psychosis.find,
    abuse_violence.find,
    ideation.find,
    self_harm.find,
    third_party.find,
    low_mood.find,
    modifiers.find,
    benign.find,
    unclear.find,
)
"""Every family, in the order in which a volunteer reads their reasons at the same level."""


def find_all(reading: Reading) -> Iterator[Found]:
    """What every family finds in a text; at least one finding for every text."""
    so_far = [item for family in FAMILIES for item in family(reading)]
    yield from so_far
    yield from unclear.fail_up(reading, so_far)
