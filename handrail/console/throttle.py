"""Slow down guessing without ever shutting a shift out.

After a few wrong passwords each further attempt must wait; the wait doubles and then stays at its
cap. A refused attempt does not count, so nobody can push the wait of a colleague beyond the cap.
A browser that this person has logged in with before is not held up by guesses made elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handrail.domain.ports import Transaction

_MEMORY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brake:
    """free: wrong attempts within half an hour that cost nothing; cap: longest wait."""

    free: int
    cap: timedelta

    def delay(self, failures: int) -> timedelta:
        """1 s after the free attempts, then 2, 4, 8 ... up to the cap."""
        if failures < self.free:
            return timedelta(0)
        return min(self.cap, timedelta(seconds=2 ** min(failures - self.free, 20)))


BY_USERNAME = Brake(free=5, cap=timedelta(seconds=60))
# An address may be a whole office behind one router: more patience, longer cap.
BY_ADDRESS = Brake(free=20, cap=timedelta(minutes=5))


def keys(username: str, address: str, *, known_browser: bool) -> list[tuple[str, Brake]]:
    """What is counted for one attempt. Storage hashes the keys.

    A known browser is counted by itself alone: behind a router or a proxy everybody's address may
    be the guesser's too.
    """
    if known_browser:
        return [(f"login:known:{username}", BY_USERNAME)]
    return [(f"login:name:{username}", BY_USERNAME), (f"login:address:{address}", BY_ADDRESS)]


def wait(tx: Transaction, counted: list[tuple[str, Brake]], now: datetime) -> timedelta:
    """How long this attempt must still wait at most; zero when it may go on."""
    longest = timedelta(0)
    for key, brake in counted:
        delay = brake.delay(tx.sessions.failures_since(key, now - _MEMORY))
        if delay and tx.sessions.failures_since(key, now - delay):
            longest = max(longest, delay)
    return longest


def record(
    tx: Transaction, counted: list[tuple[str, Brake]], now: datetime, succeeded: bool
) -> None:
    for key, brake in counted:
        # A right password clears the person's count, not the address's: otherwise an attacker
        # with one account of their own could reset it at will.
        if not succeeded or brake is BY_USERNAME:
            tx.sessions.record_attempt(key, now, succeeded)
