"""Opening hours: midnight, the next morning, a long weekend, and the change of the clocks."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.hours import Hours, Span

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 11, 23, tzinfo=LONDON)


def hours(*spans: tuple[str, str, str]) -> Hours:
    """("0-3", "18:00", "02:00"): days from-to, opens, closes."""
    made = []
    for days, opens, closes in spans:
        first, _, last = days.partition("-")
        for day in range(int(first), int(last or first) + 1):
            made.append(
                Span(day=day, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))
            )
    return Hours(spans=tuple(made))


def at(day: int, clock: str) -> datetime:
    return datetime.combine(
        MONDAY.date() + timedelta(days=day), time.fromisoformat(clock), tzinfo=LONDON
    )


EVENINGS = hours(("0-6", "17:00", "00:00"))
NIGHTS = hours(("0-3", "18:00", "02:00"))
WEEKEND = hours(
    ("0-3", "18:00", "02:00"),
    ("4", "18:00", "00:00"),
    ("5-6", "00:00", "00:00"),
    ("0", "00:00", "06:00"),
)


@pytest.mark.parametrize(
    ("table", "when", "is_open"),
    [
        (EVENINGS, at(0, "16:59"), False),
        (EVENINGS, at(0, "17:00"), True),
        (EVENINGS, at(0, "23:59"), True),
        (EVENINGS, at(1, "00:00"), False),
        (EVENINGS, at(6, "23:59"), True),
        (NIGHTS, at(0, "01:00"), False),  # Sunday evening is closed
        (NIGHTS, at(1, "01:59"), True),
        (NIGHTS, at(1, "02:00"), False),
        (NIGHTS, at(4, "01:59"), True),  # Thursday's night ends on Friday
        (NIGHTS, at(4, "18:30"), False),
        (WEEKEND, at(4, "17:59"), False),
        (WEEKEND, at(4, "18:00"), True),
        (WEEKEND, at(5, "12:00"), True),
        (WEEKEND, at(7, "05:59"), True),
        (WEEKEND, at(7, "06:00"), False),
    ],
)
def test_open_at(table: Hours, when: datetime, is_open: bool) -> None:
    assert table.open_at(when) is is_open


def test_sunday_night_runs_into_monday() -> None:
    table = hours(("6", "22:00", "03:00"))
    assert table.open_at(at(7, "02:59"))
    assert table.open_at(at(0, "02:59"))
    assert not table.open_at(at(0, "03:00"))


def test_closing_time_is_the_wall_clock_of_the_line() -> None:
    assert EVENINGS.closes_within_a_day(at(0, "20:00")) == time(0, 0)
    assert NIGHTS.closes_within_a_day(at(0, "20:00")) == time(2, 0)
    assert EVENINGS.closes_within_a_day(at(0, "09:00")) is None


def test_openings_that_touch_are_one() -> None:
    assert WEEKEND.closes_within_a_day(at(6, "12:00")) == time(6, 0)
    assert WEEKEND.closes_within_a_day(at(4, "20:00")) is None, "06:00 would be read as tomorrow"


def test_a_line_that_never_closes() -> None:
    whole_week = hours(("0-6", "00:00", "00:00"))
    assert whole_week.open_at(at(3, "03:33"))
    assert whole_week.closes_within_a_day(at(3, "03:33")) is None
    assert Hours(always=True).closes_within_a_day(at(3, "03:33")) is None


def test_unconfirmed_hours_are_never_open() -> None:
    assert not Hours(always=True, confirmed=False).open_at(at(0, "12:00"))
    assert not Hours(confirmed=False).known
    assert not Hours().known


def test_the_change_of_the_clocks() -> None:
    """17:00 on the wall, whatever the offset: 16:00 UTC in summer, 17:00 UTC in winter."""
    summer = datetime(2027, 6, 7, 16, 30, tzinfo=UTC).astimezone(LONDON)
    winter = datetime(2027, 1, 4, 16, 30, tzinfo=UTC).astimezone(LONDON)
    assert EVENINGS.open_at(summer)
    assert not EVENINGS.open_at(winter)
    twice = datetime(2026, 10, 25, 1, 30, tzinfo=LONDON)
    assert NIGHTS.open_at(twice) == NIGHTS.open_at(twice.replace(fold=1))


@given(
    day=st.integers(0, 6),
    opens=st.times(),
    closes=st.times(),
    minute=st.integers(0, 7 * 24 * 60 - 1),
)
def test_open_and_closing_time_agree(day: int, opens: time, closes: time, minute: int) -> None:
    span = Span(day=day, opens=opens.replace(tzinfo=None), closes=closes)
    table = Hours(spans=(span,))
    now = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=minute)
    if table.closes_within_a_day(now) is not None:
        assert table.open_at(now)
    assert 0 < span.end - span.start <= 24 * 60
