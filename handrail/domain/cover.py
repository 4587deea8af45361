"""Who is there, and when a person will really answer: what makes `{{human_eta}}` honest."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Audience(StrEnum):
    """SELF writes about themselves; REPORT tells us about someone; FRIEND was told of by someone
    and agreed that we write."""

    SELF = "self"
    REPORT = "report"
    FRIEND = "friend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """People on shift at an instant, and when the next shift opens.

    on_shift: number of volunteers on shift; free: how many of them can take one more.
    opens_at: next planned start; None when no shift is planned.
    """

    on_shift: int
    free: int
    opens_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanEta:
    """When a person will answer. Exactly one of `within` and `at` is set; neither when nobody
    knows, and then the playbook says so and points to a line that is open now."""

    within: timedelta | None = None
    at: datetime | None = None
