"""When a person will answer, in the words of a locale and the clock of a country (24 hours)."""

from datetime import datetime, timedelta
from math import ceil

from handrail.domain.cover import HumanEta
from playbooks.helplines import Country
from playbooks.model import Words
from playbooks.phrases import WEEKDAYS
from playbooks.slots import fill

_HOURS_FROM = timedelta(minutes=90)
_NAMED_DAYS = 7
"""A weekday alone names one day of the next six; later than that it would mislead."""


def eta_in_words(words: Words, country: Country, eta: HumanEta, now: datetime) -> str:
    """ "within 5 minutes", "at 08:00 today", or the honest phrase when nobody knows: also for an
    instant that has passed, and for one a week away or more."""
    if eta.within is not None:
        return _within(words, eta.within)
    known = moment_in_words(words, country, eta.at, now) if eta.at is not None else None
    return known or words.phrases["eta_unknown"]


def moment_in_words(words: Words, country: Country, at: datetime, now: datetime) -> str | None:
    """ "at 08:00 today", "on Monday at 08:00"; None when it cannot be said without misleading."""
    there, here = country.local(at), country.local(now)
    days = (there.date() - here.date()).days
    if at <= now or days >= _NAMED_DAYS:
        return None
    time = clock_time(country, at)
    if days == 0:
        return fill(words.phrases["eta_at"], time=time)
    if days == 1:
        return fill(words.phrases["eta_tomorrow_at"], time=time)
    day = words.phrases[WEEKDAYS[there.weekday()]]
    return fill(words.phrases["eta_on_day_at"], day=day, time=time)


def clock_time(country: Country, at: datetime) -> str:
    """ "08:00"; with the name of the zone where a country has several ("08:00 EST")."""
    there = country.local(at)
    if not country.several_zones:
        return f"{there:%H:%M}"
    zone = there.tzname() or ""
    return f"{there:%H:%M} {'UTC' if zone[:1] in '+-' else ''}{zone}"


def _within(words: Words, within: timedelta) -> str:
    """Rounded up, never down: a promise must not be shorter than what is known."""
    minutes = max(1, ceil(within.total_seconds() / 60))
    if minutes == 1 and "eta_minute" in words.phrases:
        return words.phrases["eta_minute"]
    if within <= _HOURS_FROM:
        return fill(words.phrases["eta_minutes"], n=str(minutes))
    return fill(words.phrases["eta_hours"], n=str(ceil(within.total_seconds() / 3600)))
