"""When a helpline is open: a weekly schedule in the helpline's own wall-clock time.

Wall-clock arithmetic is right across a change of the clocks: a line that closes at 02:00 closes
when the clock on its wall says 02:00.
"""

from dataclasses import dataclass
from datetime import datetime, time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One opening on one weekday (0 is Monday). `closes` at or before `opens` is on the next day:
    18:00-02:00, 17:00-00:00, and 00:00-00:00 for a whole day."""

    day: int
    opens: time
    closes: time

    @property
    def start(self) -> int:
        """Minutes since Monday 00:00."""
        return self.day * _DAY + self.opens.hour * 60 + self.opens.minute

    @property
    def end(self) -> int:
        """Minutes since Monday 00:00, exclusive; may lie beyond the week's end."""
        closes = self.day * _DAY + self.closes.hour * 60 + self.closes.minute
        return closes if closes > self.start else closes + _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """always: day and night. spans: otherwise, the weekly openings; empty when nobody knows.
    confirmed: False when the source itself says that the hours are uncertain."""

    always: bool = False
    spans: tuple[Span, ...] = ()
    confirmed: bool = True

    @property
    def known(self) -> bool:
        return self.confirmed and (self.always or bool(self.spans))

    def open_at(self, local: datetime) -> bool:
        """Whether it is open at this local time. False when the hours are not known for sure."""
        if not self.known:
            return False
        return self.always or self._end_of_span(_minute_of_week(local)) is not None

    def closes_within_a_day(self, local: datetime) -> time | None:
        """The wall-clock time at which it next closes; None when it is closed, never closes, or
        stays open for a day or longer (a bare time would then mislead)."""
        now = _minute_of_week(local)
        end = None if self.always or not self.known else self._end_of_span(now)
        if end is None:
            return None
        while end - now < _DAY:
            longer = self._end_of_span(end % _WEEK)
            if longer is None:
                minute = end % _DAY
                return time(minute // 60, minute % 60)
            end += longer - end % _WEEK
        return None

    def _end_of_span(self, minute: int) -> int | None:
        ends = [
            span.end - shift
            for span in self.spans
            for shift in (0, _WEEK)
            if span.start - shift <= minute < span.end - shift
        ]
        return max(ends, default=None)


def _minute_of_week(local: datetime) -> int:
    return local.weekday() * _DAY + local.hour * 60 + local.minute
