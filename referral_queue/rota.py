"""Who is on call at an instant, when the next shift opens, and when a person will really answer.

Pure: shifts, loads and plans come in as values.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from handrail.domain.cover import Cover, HumanEta
from handrail.domain.errors import ConfigError
from handrail.domain.ids import PersonId
from handrail.domain.level import Level
from handrail.domain.referral import Referral, Shift
from referral_queue.targets import Targets

LONGEST_SHIFT = timedelta(hours=12)
"""A shift without a sign of life for this long was forgotten, not worked."""

_URGENT = (Level.P1, Level.P2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedShift:
    """A weekly interval in which volunteers mean to be there.

    days: 0 is Monday. starts, ends: wall clock in `zone`; an end at or before the start is on
    the next day. zone: IANA name ("Europe/London").
    """

    days: frozenset[int]
    starts: time
    ends: time
    zone: str

    def __post_init__(self) -> None:
        """Raises ConfigError for an unknown zone, a day outside 0..6 or no day at all."""
        if not self.days or not self.days <= set(range(7)):
            raise ConfigError("planned shift: days must be Monday (0) to Sunday (6)")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigError(f"planned shift: unknown time zone {self.zone!r}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one person holds. seen: their last sign of life, None when unknown."""

    person_id: PersonId
    live: int = 0
    urgent: int = 0
    seen: datetime | None = None


def next_opening(plan: Iterable[PlannedShift], now: datetime) -> datetime | None:
    """The next planned start strictly after `now`, aware UTC; None when nothing is planned.

    A start inside the hour that a clock change skips happens when the clock has been moved.
    """
    starts = [start for shift in plan for start in _starts(shift, now) if start > now]
    return min(starts, default=None)


def _starts(shift: PlannedShift, now: datetime) -> list[datetime]:
    zone = ZoneInfo(shift.zone)
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=n) for n in range(9)]
    return [
        datetime.combine(day, shift.starts, tzinfo=zone).astimezone(UTC)
        for day in days
        if day.weekday() in shift.days
    ]


def planned_at(plan: Iterable[PlannedShift], at: datetime) -> bool:
    """Whether any planned shift covers this instant."""
    return any(_covers(shift, at) for shift in plan)


def _covers(shift: PlannedShift, at: datetime) -> bool:
    zone = ZoneInfo(shift.zone)
    local = at.astimezone(zone)
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        if day.weekday() not in shift.days:
            continue
        end_day = day if shift.ends > shift.starts else day + timedelta(days=1)
        begin = datetime.combine(day, shift.starts, tzinfo=zone).astimezone(UTC)
        end = datetime.combine(end_day, shift.ends, tzinfo=zone).astimezone(UTC)
        if begin <= at < end:
            return True
    return False


def loads_of(referrals: Iterable[Referral]) -> tuple[Load, ...]:
    """What each holder holds, from the live referrals."""
    live: dict[PersonId, list[Referral]] = {}
    for referral in referrals:
        if referral.held_by is not None:
            live.setdefault(referral.held_by, []).append(referral)
    return tuple(
        Load(
            person_id=person,
            live=len(held),
            urgent=sum(referral.level in _URGENT for referral in held),
        )
        for person, held in live.items()
    )


def on_call(
    shift: Shift,
    now: datetime,
    *,
    seen: datetime | None = None,
    longest: timedelta = LONGEST_SHIFT,
) -> bool:
    """Whether a shift still means that somebody is there.

    False once it ended, and once `longest` passed since its start or the person's last sign of
    life: a shift left running overnight is not cover, and promising one would be a lie.
    """
    if shift.ended_at is not None and shift.ended_at <= now:
        return False
    last = max(shift.started_at, seen) if seen is not None else shift.started_at
    return now - last < longest


def cover(
    running: Sequence[Shift],
    loads: Sequence[Load],
    plan: Sequence[PlannedShift],
    now: datetime,
    *,
    max_live: int = 2,
    longest: timedelta = LONGEST_SHIFT,
) -> Cover:
    """How many people are on call, how many of them can take one more, and the next opening.

    Free means: holds no P1 or P2 and fewer than `max_live` in all.
    """
    by_person = {load.person_id: load for load in loads}
    there = {
        shift.person_id
        for shift in running
        if on_call(shift, now, seen=_seen(by_person.get(shift.person_id)), longest=longest)
    }
    free = sum(_has_room(by_person.get(person), max_live) for person in there)
    return Cover(on_shift=len(there), free=free, opens_at=next_opening(plan, now))


def _seen(load: Load | None) -> datetime | None:
    return load.seen if load else None


def _has_room(load: Load | None, max_live: int) -> bool:
    return load is None or (load.urgent == 0 and load.live < max_live)


def eta(level: Level, cover: Cover, targets: Targets, now: datetime) -> HumanEta:
    """When a person will answer, said only as far as it is known (REFERENCE 2.3, rule L103).

    Somebody is free: within the level's ceiling, which holds for everybody, not the target,
    which holds for most. People are there and all busy: nobody knows, so nothing is promised.
    Nobody is there: the next planned opening plus the target; nothing when none is planned.
    """
    times = targets.of(level)
    if cover.free > 0:
        return HumanEta(within=times.ceiling)
    if cover.on_shift > 0 or cover.opens_at is None or cover.opens_at <= now:
        return HumanEta()
    return HumanEta(at=cover.opens_at + times.target)
