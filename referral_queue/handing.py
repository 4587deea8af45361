"""How a referral passes to somebody else or ends: hand over, escalate, close."""

from dataclasses import replace
from datetime import datetime

from handrail.domain.errors import NotAllowed
from handrail.domain.ids import LeaseToken, PersonId, ReferralId
from handrail.domain.ports import Transaction
from handrail.domain.referral import Disposition, Referral, StaffMember
from referral_queue import grip
from referral_queue.referral import Action
from referral_queue.targets import DeskRules


def hand_over(
    tx: Transaction,
    which: Referral | ReferralId,
    member: StaffMember,
    token: LeaseToken,
    to: PersonId,
    now: datetime,
) -> Referral:
    """Ask a named colleague on shift to take over. Until they accept, the holder stays the holder.

    Raises NotAllowed when the colleague is oneself, unknown to the desk or off shift; LeaseLost.
    """
    referral = grip.held(tx, which, member, token)
    grip.next_state(referral, Action.HAND_OVER)
    if to == member.id:
        raise NotAllowed("Name a colleague.")
    colleague = tx.people.get(to)
    if not colleague.active or not colleague.roles & grip.WORKS_REFERRALS:
        raise NotAllowed("This colleague does not take referrals.")
    if not grip.on_shift(tx, to):
        raise NotAllowed("This colleague is not on shift.")
    changed = replace(referral, handed_to=to)
    return grip.keep(tx, changed, Action.HAND_OVER, at=now, actor=member.id, to=to)


def accept_hand_over(
    tx: Transaction,
    which: Referral | ReferralId,
    member: StaffMember,
    now: datetime,
    rules: DeskRules,
) -> Referral:
    """Take over what a colleague handed to this member. The colleague's token ends here.

    Raises NotAllowed when it was not handed to them (any more), when they are off shift, or when
    they hold a P1 or P2, or `max_live` referrals, already.
    """
    grip.must_work_here(tx, member)
    referral = grip.fresh(tx, which)
    _must_be_asked(referral, member)
    mine = tx.referrals.live(held_by=member.id)
    grip.must_have_hands_free(mine, rules.max_live)
    times = rules.targets.of(referral.level)
    changed = replace(
        referral,
        state=grip.next_state(referral, Action.ACCEPT),
        held_by=member.id,
        handed_to=None,
        lease_token=grip.fresh_token(),
        lease_until=now + min(times.lease, times.ceiling),
    )
    return grip.keep(
        tx, changed, Action.ACCEPT, at=now, actor=member.id, giver=referral.held_by or ""
    )


def decline_hand_over(
    tx: Transaction, which: Referral | ReferralId, member: StaffMember, now: datetime
) -> Referral:
    """Say no to a hand-over, or take one's own request back. Raises NotAllowed otherwise."""
    referral = grip.fresh(tx, which)
    if referral.handed_to is None or member.id not in (referral.handed_to, referral.held_by):
        raise NotAllowed("This referral was not handed to you.")
    grip.next_state(referral, Action.DECLINE)
    changed = replace(referral, handed_to=None)
    return grip.keep(tx, changed, Action.DECLINE, at=now, actor=member.id)


def _must_be_asked(referral: Referral, member: StaffMember) -> None:
    if referral.handed_to != member.id:
        raise NotAllowed("This referral was not handed to you.")


def escalate(
    tx: Transaction,
    which: Referral | ReferralId,
    now: datetime,
    *,
    by: StaffMember | None = None,
) -> Referral:
    """Tell the supervisors: an alert `referral.escalated` with the referral's id, and an event.

    by: None for the machine (overdue). Holder and level stay. Escalating again keeps the first
    time and leaves one more event; the alert is not doubled. Raises NotAllowed when closed, or
    for somebody who neither works here nor is active.
    """
    referral = grip.fresh(tx, which)
    grip.next_state(referral, Action.ESCALATE)
    if by is not None and (not by.active or not by.roles & grip.WORKS_REFERRALS):
        raise NotAllowed("This account does not take referrals.")
    actor = by.id if by else grip.MACHINE
    changed = replace(referral, escalated_at=referral.escalated_at or now)
    kept = grip.keep(tx, changed, Action.ESCALATE, at=now, actor=actor)
    tx.journal.alert("referral.escalated", referral.id, now)
    return kept


def close(
    tx: Transaction,
    which: Referral | ReferralId,
    member: StaffMember,
    token: LeaseToken | None,
    disposition: Disposition,
    now: datetime,
) -> Referral:
    """End it, with a coded reason. The holder closes with the token; a supervisor or clinical
    lead closes any live one. Nobody else closes, whatever the level.

    Raises LeaseLost, NotAllowed (closed already; a disposition that no person may choose).
    """
    referral = grip.fresh(tx, which)
    if not grip.is_senior(member):
        referral = grip.held(tx, which, member, token or LeaseToken(""))
    state = grip.next_state(referral, Action.CLOSE)
    if disposition is Disposition.ERASED:
        raise NotAllowed("This reason is set by a deletion, not by hand.")
    changed = grip.closed(referral, state, disposition, now)
    return grip.keep(
        tx, changed, Action.CLOSE, at=now, actor=member.id, disposition=disposition.value
    )
