"""The supervisor's board: how many wait, how long, who is there. Numbers, no text of contacts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handrail.console.views import Card, awaits, card, names
from handrail.domain.level import Level
from handrail.domain.ports import Transaction
from handrail.domain.referral import Alert, Referral, ReferralState, Shift, StaffMember
from referral_queue.targets import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """One level. live: all that are not closed; waiting: nobody has answered yet; oldest: the
    longest wait among them; ceiling: how long a wait may last."""

    level: Level
    live: int
    waiting: int
    oldest: timedelta | None
    ceiling: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class OnShift:
    member: StaffMember
    since: datetime
    live: int
    urgent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a chart, in the units of its viewBox (0..100 wide)."""

    level: Level
    value: int
    width: float
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    rows: tuple[LevelRow, ...]
    counts: tuple[Bar, ...]
    waits: tuple[Bar, ...]
    people: tuple[OnShift, ...]
    overdue: tuple[Card, ...]
    escalated: tuple[Card, ...]
    others: tuple[Card, ...]
    alerts: tuple[Alert, ...]


def board_of(tx: Transaction, targets: Targets, now: datetime) -> Board:
    live = tx.referrals.live()
    known = names(tx)
    cards = [card(tx, referral, known, now) for referral in live]
    overdue = tuple(c for c in cards if c.overdue)
    escalated = tuple(c for c in cards if c.referral.escalated_at and not c.overdue)
    rows = tuple(_row(level, live, targets, now) for level in Level)
    return Board(
        rows=rows,
        counts=count_bars(rows),
        waits=wait_bars(rows),
        people=_people(tx, live),
        overdue=overdue,
        escalated=escalated,
        others=tuple(c for c in cards if not c.overdue and not c.referral.escalated_at),
        alerts=tuple(tx.journal.alerts()),
    )


def _row(level: Level, live: list[Referral], targets: Targets, now: datetime) -> LevelRow:
    here = [r for r in live if r.level is level]
    waits = [now - (r.awaiting_since or r.opened_at) for r in here if awaits(r)]
    return LevelRow(
        level=level,
        live=len(here),
        waiting=len(waits),
        oldest=max(waits, default=None),
        ceiling=targets.of(level).ceiling,
    )


def _people(tx: Transaction, live: list[Referral]) -> tuple[OnShift, ...]:
    by_id = {member.id: member for member in tx.people.all()}
    return tuple(
        _on_shift(by_id[shift.person_id], shift, live)
        for shift in tx.shifts.running()
        if shift.person_id in by_id
    )


def _on_shift(member: StaffMember, shift: Shift, live: list[Referral]) -> OnShift:
    held = [r for r in live if r.held_by == member.id and r.state is not ReferralState.OFFERED]
    urgent = sum(r.level in (Level.P1, Level.P2) for r in held)
    return OnShift(member=member, since=shift.started_at, live=len(held), urgent=urgent)


def count_bars(rows: tuple[LevelRow, ...]) -> tuple[Bar, ...]:
    """How many are live at each level; the longest bar is 100 wide."""
    most = max((row.live for row in rows), default=0) or 1
    return tuple(
        Bar(level=r.level, value=r.live, width=round(100 * r.live / most, 1), over=False)
        for r in rows
    )


def wait_bars(rows: tuple[LevelRow, ...]) -> tuple[Bar, ...]:
    """The longest wait as a share of the level's ceiling, in per cent; drawn up to 100, and
    marked when it is over."""
    bars = []
    for row in rows:
        share = round(100 * (row.oldest or timedelta(0)) / row.ceiling)
        bars.append(Bar(level=row.level, value=share, width=min(100, share), over=share >= 100))
    return tuple(bars)
