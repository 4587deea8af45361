"""Logins. The browser holds a random token; storage holds its hash.

The token also says when the login began and for which password it was made. Neither can be
altered, because the token as a whole is looked up by its hash.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import Request, Response

from handrail.console.accounts import fingerprint, is_one_time, normalise_username, verify
from handrail.console.settings import ConsoleSettings, Parts
from handrail.console.throttle import keys, record, wait
from handrail.domain.errors import StorageError
from handrail.domain.ids import PersonId
from handrail.domain.ports import Transaction
from handrail.domain.referral import StaffMember

_KNOWN_FOR = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who sent this request. must_change: the password is a one-time one."""

    member: StaffMember
    token: str
    csrf: str
    must_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    member: StaffMember
    token: str
    known: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """wait: how long to wait before another attempt counts; zero when the password was wrong."""

    wait: timedelta


def cookie_name(settings: ConsoleSettings, name: str) -> str:
    return f"__Host-{name}" if settings.secure_cookies else name


def set_cookie(
    response: Response, settings: ConsoleSettings, name: str, value: str, age: timedelta
) -> None:
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=int(age.total_seconds()),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )


def drop_cookie(response: Response, settings: ConsoleSettings, name: str) -> None:
    response.delete_cookie(
        cookie_name(settings, name),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )


def read_cookie(request: Request, settings: ConsoleSettings, name: str) -> str:
    return request.cookies.get(cookie_name(settings, name), "")


def log_in(
    house: Parts, username: str, password: str, address: str, known: str
) -> LoggedIn | Refused:
    """Check the password, slowed down after wrong ones. The answer is the same, and takes as
    long, for a wrong password, an unknown name and an account that was switched off."""
    username = normalise_username(username)[:100]
    now = house.clock.now()
    with house.store.transaction(read_only=True) as tx:
        found = tx.people.by_username(username)
        counted = keys(username, address, known_browser=_is_known(tx, found, known, now))
        delay = wait(tx, counted, now)
    if delay:
        return Refused(wait=delay)
    # Outside any transaction: hashing is slow on purpose.
    fits = verify(found[1] if found else None, password)
    with house.store.transaction() as tx:
        if found is None or not fits or not found[0].active:
            record(tx, counted, now, succeeded=False)
            tx.journal.append("login.refused", at=now, actor="console", subject="login")
            return Refused(wait=timedelta(0))
        record(tx, counted, now, succeeded=True)
        member = found[0]
        tx.journal.append("login.opened", at=now, actor=member.id, subject=member.id)
        token = open_session(tx, house, member, found[1], now)
        known = secrets.token_urlsafe(32)
        tx.sessions.open(member.id, f"known:{known}", "", now + _KNOWN_FOR)
    return LoggedIn(member=member, token=token, known=known)


def _is_known(
    tx: Transaction, found: tuple[StaffMember, str] | None, known: str, now: datetime
) -> bool:
    row = tx.sessions.find(f"known:{known}", now) if known else None
    return row is not None and found is not None and row[0] == found[0].id


def open_session(
    tx: Transaction, house: Parts, member: StaffMember, stored: str, now: datetime
) -> str:
    token = f"{secrets.token_urlsafe(32)}.{int(now.timestamp())}.{fingerprint(stored)}"
    tx.sessions.open(
        member.id, f"login:{token}", secrets.token_urlsafe(24), now + house.settings.idle
    )
    return token


def find_visit(house: Parts, token: str, *, by_a_person: bool) -> Visit | None:
    """Whose login this is; None when it ended. `by_a_person` puts its idle end off; what a page
    fetches by itself does not."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 200:
        return None
    now = house.clock.now()
    with house.store.transaction(read_only=True) as tx:
        row = tx.sessions.find(f"login:{token}", now)
        if row is None:
            return None
        # Only now is the token known to be one of ours, and its parts what we wrote.
        ends = datetime.fromtimestamp(int(parts[1]), UTC) + house.settings.longest
        if now >= ends:
            return None
        person, csrf = row
        stored = _password_of(tx, person)
        if stored is None or fingerprint(stored[1]) != parts[2]:
            return None
    if by_a_person:
        _put_off(house, person, token, csrf, min(now + house.settings.idle, ends))
    return Visit(member=stored[0], token=token, csrf=csrf, must_change=is_one_time(stored[1]))


def _password_of(tx: Transaction, person: PersonId) -> tuple[StaffMember, str] | None:
    found = tx.people.by_username(tx.people.get(person).username)
    return found if found is not None and found[0].active else None


def _put_off(house: Parts, person: PersonId, token: str, csrf: str, expires: datetime) -> None:
    # Two requests at once may both try; whichever is second may fail, and nothing is lost.
    with suppress(StorageError), house.store.transaction() as tx:
        if tx.sessions.find(f"login:{token}", house.clock.now()) is not None:
            tx.sessions.close(f"login:{token}")
            tx.sessions.open(person, f"login:{token}", csrf, expires)


def close_session(house: Parts, token: str) -> None:
    with house.store.transaction() as tx:
        tx.sessions.close(f"login:{token}")
