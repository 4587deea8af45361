"""What a worker does once a second, whatever Redis does: the record is the truth, nudges are not.

Sends what is due, returns silent claims to the queue and tells the contact, raises the alarm over
what is late, takes in what was spooled, forgets what is past its time.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from handrail.announce import announce
from handrail.domain.ids import ConversationId
from handrail.domain.referral import Referral
from handrail.house import House
from handrail.intake import retake
from referral_queue import desk

FORGET_EVERY = timedelta(hours=1)
DRAIN_EVERY = timedelta(seconds=5)

T = TypeVar("T")


class Sweep:
    """One round with `run`. Each part fails alone: a broken one never keeps the others from
    their work, and is reported once until it works again."""

    def __init__(self, house: House, deliver: Callable[[ConversationId], None]) -> None:
        self._house = house
        self._deliver = deliver
        self._next: dict[str, datetime] = {}
        self._broken: set[str] = set()

    def run(self) -> None:
        self._part("deliver", self._send_due)
        if self._anything_due():
            self._part("leases", self._return_silent_claims)
            self._part("alarm", self._alarm)
        self._part("spool", self._take_in_spooled, DRAIN_EVERY)
        self._part("forget", self._forget, FORGET_EVERY)

    def _part(self, name: str, work: Callable[[], None], every: timedelta | None = None) -> None:
        now = self._house.clock.now()
        if every is not None:
            if timedelta() < self._next.get(name, now) - now <= every:  # not: the clock went back
                return
            self._next[name] = now + every
        try:
            work()
            self._broken.discard(name)
        except Exception as error:  # boundary "job"
            if name not in self._broken:
                self._broken.add(name)
                self._house.alert(f"sweep_{name}_failed", type(error).__name__)

    def _send_due(self) -> None:
        with self._house.store.transaction(read_only=True) as tx:
            due = tx.outbox.due(self._house.clock.now())
        _each(due, self._deliver)

    def _anything_due(self) -> bool:
        """Look without the writer's lock first: most seconds have nothing to do."""
        due: list[bool] = []

        def look() -> None:
            house = self._house
            with house.store.transaction(read_only=True) as tx:
                due.append(desk.anything_due(tx, house.clock.now(), house.rules))

        self._part("clocks", look)
        return any(due)

    def _return_silent_claims(self) -> None:
        """First back to the queue, all of them; then the words, which may fail."""
        house = self._house
        with house.store.transaction() as tx:
            returned = desk.expire_leases(tx, house.clock.now(), house.rules)
        _each(returned, self._tell_of_return)

    def _tell_of_return(self, referral: Referral) -> None:
        house = self._house
        if referral.first_reply_at is not None:
            with house.store.transaction() as tx:
                announce(house, tx, referral, "person_left")
        house.nudger.nudge_referral(referral.id)

    def _alarm(self) -> None:
        with self._house.store.transaction() as tx:
            desk.overdue(tx, self._house.clock.now())

    def _take_in_spooled(self) -> None:
        done = self._house.spool.drain(lambda incoming: retake(self._house, incoming))
        if done.taken:
            self._house.alert("spool_taken_in", str(done.taken))
        if done.unreadable:
            self._house.alert("spool_unreadable", str(done.unreadable))
        if done.failure is not None:
            raise done.failure

    def _forget(self) -> None:
        house = self._house
        before = house.clock.now() - timedelta(days=house.service.retention_days)
        with house.store.transaction() as tx:
            forgotten = tx.messages.redact_before(before)
            if forgotten:
                tx.journal.append(
                    "messages_forgotten", at=house.clock.now(), actor="sweep", subject="retention",
                    count=str(forgotten),
                )  # fmt: skip


def _each(items: Iterable[T], work: Callable[[T], None]) -> None:
    """Do all of it, and raise the first error only then: one broken row blocks no other."""
    failure: Exception | None = None
    for item in items:
        try:
            work(item)
        except Exception as error:
            failure = failure or error
    if failure is not None:
        raise failure
