"""Who is there and what may be promised. Times in comments are London wall clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.domain.cover import Cover, HumanEta
from handrail.domain.errors import ConfigError
from handrail.domain.ids import ContactId, ConversationId, PersonId, ReferralId
from handrail.domain.level import Level
from handrail.domain.referral import Referral, ReferralState, Shift
from referral_queue.rota import (
    Load,
    PlannedShift,
    cover,
    eta,
    loads_of,
    next_opening,
    on_call,
    planned_at,
)
from referral_queue.targets import default_targets

LONDON = ZoneInfo("Europe/London")
WEEKDAYS = frozenset(range(5))
EVENINGS = PlannedShift(days=WEEKDAYS, starts=time(18), ends=time(22), zone="Europe/London")
NIGHTS = PlannedShift(days=frozenset({4}), starts=time(22), ends=time(2), zone="Europe/London")
TARGETS = default_targets()
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)  # a Monday, 13:00


def shift(person="ann", started=NOON, ended=None):
    return Shift(person_id=PersonId(person), started_at=started, ended_at=ended)


def test_the_next_opening_is_this_evening():
    assert next_opening([EVENINGS], NOON) == datetime(2026, 6, 1, 17, tzinfo=UTC)


def test_after_fridays_evening_the_next_opening_is_monday():
    friday_late = datetime(2026, 6, 5, 20, tzinfo=UTC)
    assert next_opening([EVENINGS], friday_late) == datetime(2026, 6, 8, 17, tzinfo=UTC)


def test_during_a_planned_shift_the_next_opening_is_the_one_after():
    during = datetime(2026, 6, 1, 18, tzinfo=UTC)
    assert next_opening([EVENINGS], during) == datetime(2026, 6, 2, 17, tzinfo=UTC)


def test_the_soonest_of_several_plans_wins_and_no_plan_means_none():
    assert next_opening([NIGHTS, EVENINGS], NOON) == datetime(2026, 6, 1, 17, tzinfo=UTC)
    assert next_opening([], NOON) is None


def test_a_start_follows_the_clock_change():
    before = datetime(2026, 10, 23, 20, tzinfo=UTC)  # Friday 21:00, clocks go back on Sunday
    assert next_opening([EVENINGS], before) == datetime(2026, 10, 26, 18, tzinfo=UTC)


def test_a_start_in_the_skipped_hour_happens_when_the_clock_has_moved():
    sunday = PlannedShift(
        days=frozenset({6}), starts=time(1, 30), ends=time(5), zone="Europe/London"
    )
    night = datetime(2026, 3, 28, 23, tzinfo=UTC)
    opening = next_opening([sunday], night)
    assert opening == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert opening.astimezone(LONDON).time() == time(2, 30)


@given(
    st.timedeltas(timedelta(days=-900), timedelta(days=900)).map(lambda away: NOON + away),
    st.sets(st.integers(0, 6), min_size=1),
    st.times().map(lambda t: t.replace(microsecond=0)),
    st.sampled_from(["Europe/London", "Asia/Kathmandu", "America/New_York", "Pacific/Apia"]),
)
def test_an_opening_is_always_ahead_within_eight_days(now, days, starts, zone):
    plan = PlannedShift(days=frozenset(days), starts=starts, ends=time(0), zone=zone)
    opening = next_opening([plan], now)
    assert now < opening <= now + timedelta(days=8, hours=2)
    assert opening.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("at", "planned"),
    [
        (datetime(2026, 6, 5, 22, tzinfo=LONDON), True),
        (datetime(2026, 6, 6, 1, 59, tzinfo=LONDON), True),
        (datetime(2026, 6, 6, 2, tzinfo=LONDON), False),
        (datetime(2026, 6, 4, 23, tzinfo=LONDON), False),
    ],
)
def test_a_plan_over_midnight_belongs_to_the_day_it_starts(at, planned):
    assert planned_at([NIGHTS], at.astimezone(UTC)) is planned


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Europe/Nowhere"},
        {"zone": "../etc/passwd"},
        {"days": frozenset()},
        {"days": frozenset({7})},
    ],
)
def test_a_wrong_plan_is_refused(wrong):
    right = {"days": WEEKDAYS, "starts": time(9), "ends": time(17), "zone": "Europe/London"}
    with pytest.raises(ConfigError):
        PlannedShift(**{**right, **wrong})


# On call ---------------------------------------------------------------------------------------


def test_a_forgotten_shift_is_not_cover():
    assert on_call(shift(), NOON + timedelta(hours=11, minutes=59))
    assert not on_call(shift(), NOON + timedelta(hours=12))
    assert not on_call(shift(), NOON + timedelta(hours=5), longest=timedelta(hours=4))


def test_a_sign_of_life_keeps_a_long_shift_real():
    late = NOON + timedelta(hours=13)
    assert on_call(shift(), late, seen=late - timedelta(hours=1))
    assert not on_call(shift(), late, seen=NOON - timedelta(days=3))


def test_an_ended_shift_is_not_cover():
    assert not on_call(shift(ended=NOON), NOON)


def test_cover_counts_people_not_shifts_and_knows_who_has_room():
    running = [shift("ann"), shift("ann"), shift("bo"), shift("cy"), shift("di")]
    loads = [
        Load(person_id=PersonId("ann"), live=1),
        Load(person_id=PersonId("bo"), live=2),
        Load(person_id=PersonId("cy"), live=1, urgent=1),
        Load(person_id=PersonId("gone"), live=0),
    ]
    found = cover(running, loads, [EVENINGS], NOON)
    assert found == Cover(on_shift=4, free=2, opens_at=datetime(2026, 6, 1, 17, tzinfo=UTC))


def test_cover_leaves_out_forgotten_shifts():
    running = [shift("ann", NOON - timedelta(hours=20)), shift("bo")]
    assert cover(running, [], [], NOON) == Cover(on_shift=1, free=1, opens_at=None)
    seen = [Load(person_id=PersonId("ann"), seen=NOON - timedelta(minutes=5))]
    assert cover(running, seen, [], NOON).on_shift == 2


def referral(number, level, holder=None):
    return Referral(
        id=ReferralId(f"r{number}"),
        contact_id=ContactId("c"),
        conversation_id=ConversationId(f"v{number}"),
        report_id=None,
        level=level,
        state=ReferralState.CLAIMED if holder else ReferralState.OPEN,
        opened_at=NOON,
        due_by=NOON,
        reasons=(),
        held_by=PersonId(holder) if holder else None,
    )


def test_loads_count_what_each_holder_holds():
    loads = loads_of(
        [
            referral(1, Level.P1, "ann"),
            referral(2, Level.P4, "ann"),
            referral(3, Level.P3, "bo"),
            referral(4, Level.P2),
        ]
    )
    assert set(loads) == {
        Load(person_id=PersonId("ann"), live=2, urgent=1),
        Load(person_id=PersonId("bo"), live=1, urgent=0),
    }


# What may be promised --------------------------------------------------------------------------


@pytest.mark.parametrize("level", list(Level))
def test_with_a_free_volunteer_the_ceiling_is_promised_not_the_target(level):
    said = eta(level, Cover(on_shift=2, free=1, opens_at=None), TARGETS, NOON)
    assert said == HumanEta(within=TARGETS.of(level).ceiling)


@pytest.mark.parametrize("level", list(Level))
def test_with_everybody_busy_nothing_is_promised(level):
    busy = Cover(on_shift=2, free=0, opens_at=NOON + timedelta(hours=1))
    assert eta(level, busy, TARGETS, NOON) == HumanEta()


def test_with_nobody_there_the_opening_and_the_target_are_said():
    opens = NOON + timedelta(hours=6)
    said = eta(Level.P3, Cover(on_shift=0, free=0, opens_at=opens), TARGETS, NOON)
    assert said == HumanEta(at=opens + timedelta(minutes=30))


def test_with_nobody_there_and_nothing_planned_nobody_knows():
    assert eta(Level.P1, Cover(on_shift=0, free=0, opens_at=None), TARGETS, NOON) == HumanEta()


@given(
    st.sampled_from(Level),
    st.integers(0, 5),
    st.integers(0, 5),
    st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=8)),
)
def test_an_eta_never_lies(level, there, free, opens):
    now_cover = Cover(
        on_shift=there, free=min(free, there), opens_at=None if opens is None else NOON + opens
    )
    said = eta(level, now_cover, TARGETS, NOON)
    assert said.within is None or said.at is None
    if said.within is not None:
        assert now_cover.free > 0
    if said.at is not None:
        assert now_cover.on_shift == 0
        assert said.at > NOON
