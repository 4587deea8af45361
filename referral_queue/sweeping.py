"""What time does to referrals: leases end, holds end, deadlines pass, shifts end."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from handrail.domain.errors import Conflict, NotAllowed
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral, ReferralState, StaffMember
from referral_queue import grip, handing
from referral_queue.referral import HELD, Action
from referral_queue.targets import DeskRules

_NO_ANSWER_YET = frozenset({ReferralState.OPEN, ReferralState.OFFERED, ReferralState.CLAIMED})


def expire_leases(tx: Transaction, now: datetime, rules: DeskRules) -> list[Referral]:
    """End every lease that ran out. Returns the referrals that changed.

    Offered or claimed: back to the queue, with the clock it had, so it comes first again.
    In contact: back to the queue if the contact waits for an answer, or if the holder went off
    shift. Otherwise it stays with its holder, who knows the contact best; the next message of
    the contact gives them one lease to answer.
    On hold: the hold is over and the holder has it in hand again; back to the queue if they went
    off shift.
    A referral that somebody changed at this moment is left to the next sweep.
    """
    changed: list[Referral] = []
    for referral, after in _lapsed(tx, now, rules):
        action = Action.RESUME if after.state is ReferralState.IN_CONTACT else Action.EXPIRE
        try:
            changed.append(
                grip.keep(
                    tx, after, action, at=now, actor=grip.MACHINE, giver=referral.held_by or ""
                )
            )
        except Conflict:
            continue
    return changed


def _lapsed(
    tx: Transaction, now: datetime, rules: DeskRules
) -> Iterator[tuple[Referral, Referral]]:
    """Each referral whose lease ran out, and what becomes of it."""
    there = {shift.person_id for shift in tx.shifts.running()}
    for referral in tx.referrals.live():
        if referral.lease_until is None or referral.lease_until > now:
            continue
        after = _after_lease(referral, referral.held_by in there, now, rules)
        if after is not None:
            yield referral, after


def _after_lease(
    referral: Referral, holder_there: bool, now: datetime, rules: DeskRules
) -> Referral | None:
    """The referral after its lease ran out; None when it stays as it is."""
    if referral.state not in HELD:
        return None
    times = rules.targets.of(referral.level)
    if holder_there and referral.state is ReferralState.ON_HOLD:
        return replace(
            referral,
            state=ReferralState.IN_CONTACT,
            lease_until=now + times.lease,
            due_by=now + times.ceiling,
        )
    answered = referral.state is ReferralState.IN_CONTACT and referral.awaiting_since is None
    if holder_there and answered:
        return None
    return grip.back_to_queue(referral, now, rules.targets)


AT_ONCE = 50
"""Alarms raised in one transaction: while it lasts no contact's message can be taken in."""


def overdue(tx: Transaction, now: datetime) -> list[Referral]:
    """Escalate what is past `due_by` and was not escalated yet, the neediest first and at most
    `AT_ONCE`; the next call raises the next ones. Returns those referrals.

    A conversation in contact or on hold whose contact has been answered is not overdue.
    """
    late: list[Referral] = []
    for referral in islice(_late(tx, now), AT_ONCE):
        try:
            late.append(handing.escalate(tx, referral, now))
        except Conflict:
            continue
    return late


def _late(tx: Transaction, now: datetime) -> Iterator[Referral]:
    for referral in tx.referrals.live():
        waiting = referral.state in _NO_ANSWER_YET or referral.awaiting_since is not None
        if waiting and referral.due_by <= now and referral.escalated_at is None:
            yield referral


def anything_due(tx: Transaction, now: datetime, rules: DeskRules) -> bool:
    """Whether `expire_leases` or `overdue` would change something. Writes nothing.

    For a read-only transaction, so that a sweep with nothing to do never takes the writer's turn
    from a contact's message.
    """
    return any(True for _ in _lapsed(tx, now, rules)) or any(True for _ in _late(tx, now))


def end_shift(
    tx: Transaction,
    member: StaffMember,
    now: datetime,
    rules: DeskRules,
    *,
    release_all: bool = False,
) -> list[Referral]:
    """End the member's shift; nothing is left with somebody who is not there.

    Offers go back by themselves. Raises NotAllowed while the member has referrals in hand,
    unless `release_all` gives them back to the queue. Returns what was given back.
    """
    mine = tx.referrals.live(held_by=member.id)
    taken = [one for one in mine if one.state is not ReferralState.OFFERED]
    if taken and not release_all:
        raise NotAllowed(
            "You still hold referrals. Close them, hand them over, or release them first."
        )
    returned = [
        grip.keep(
            tx,
            grip.back_to_queue(referral, now, rules.targets),
            Action.RELEASE,
            at=now,
            actor=member.id,
        )
        for referral in mine
    ]
    for referral in tx.referrals.live():
        if referral.handed_to == member.id:
            handing.decline_hand_over(tx, referral, member, now)
    tx.shifts.end(member.id, now)
    tx.journal.append("shift.end", at=now, actor=member.id, subject=member.id)
    return returned


def start_shift(tx: Transaction, member: StaffMember, now: datetime) -> None:
    """Go on call. Does nothing when on shift already. Raises NotAllowed for an account that does
    not take referrals."""
    if not member.active or not member.roles & grip.WORKS_REFERRALS:
        raise NotAllowed("This account does not take referrals.")
    if grip.on_shift(tx, member.id):
        return
    tx.shifts.start(member.id, now)
    tx.journal.append("shift.start", at=now, actor=member.id, subject=member.id)
