"""How a volunteer gets work: the neediest referral is offered, claimed, kept, or given back."""

from dataclasses import replace
from datetime import datetime

from handrail.domain.errors import Conflict, LeaseLost, NotAllowed
from handrail.domain.ids import LeaseToken, PersonId, ReferralId
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral, ReferralState, StaffMember
from referral_queue import grip
from referral_queue.referral import Action
from referral_queue.targets import DeskRules

_TRIES = 20


def offer_next(
    tx: Transaction, member: StaffMember, now: datetime, rules: DeskRules
) -> Referral | None:
    """Offer the neediest open referral to this member; None when nothing waits for them.

    A member who was offered one already gets the same one, with its lease as it is. One the
    member gave back a short while ago goes to others first (`rest_after_release`).
    Raises NotAllowed when the member is off shift or holds as much as one person should.
    """
    grip.must_work_here(tx, member)
    mine = tx.referrals.live(held_by=member.id)
    offered = [one for one in mine if one.state is ReferralState.OFFERED]
    if offered:
        return offered[0]
    grip.must_have_hands_free(mine, rules.max_live)
    skip: list[ReferralId] = []
    for _ in range(_TRIES):
        neediest = tx.referrals.neediest(skip=skip)
        if neediest is None:
            return None
        skip.append(neediest.id)
        if _gave_back(tx, neediest, member.id, now, rules):
            continue
        try:
            return _offer(tx, neediest, member, now, rules)
        except Conflict:
            continue
    return None


def _gave_back(
    tx: Transaction, referral: Referral, person_id: PersonId, now: datetime, rules: DeskRules
) -> bool:
    events = tx.journal.events(subject=referral.id, limit=50)
    released = f"referral.{Action.RELEASE.value}"
    return any(
        event.kind == released
        and event.actor == person_id
        and now - event.at < rules.rest_after_release
        for event in events
    )


def _offer(
    tx: Transaction, referral: Referral, member: StaffMember, now: datetime, rules: DeskRules
) -> Referral:
    changed = replace(
        referral,
        state=grip.next_state(referral, Action.OFFER),
        held_by=member.id,
        lease_token=grip.fresh_token(),
        lease_until=now + rules.targets.of(referral.level).offer,
    )
    return grip.keep(tx, changed, Action.OFFER, at=now, actor=member.id)


def claim(
    tx: Transaction, referral_id: ReferralId, member: StaffMember, now: datetime, rules: DeskRules
) -> Referral:
    """Take what was offered to this member; a supervisor or clinical lead may take an open one.

    Returns it with a fresh lease token. Claiming twice is the same as claiming once: the second
    press gets the referral as it is. Raises LeaseLost when the offer ended or somebody else has
    it, NotAllowed when it is closed or the member is off shift.
    """
    grip.must_work_here(tx, member)
    referral = tx.referrals.get(referral_id)
    mine = referral.held_by == member.id
    if mine and referral.state not in (ReferralState.OFFERED, ReferralState.CLOSED):
        return referral
    if referral.state is ReferralState.OPEN and grip.is_senior(member):
        return _take(tx, referral, member, Action.TAKE, now, rules)
    if referral.state is ReferralState.OFFERED and mine:
        return _take(tx, referral, member, Action.CLAIM, now, rules)
    if referral.state is ReferralState.CLOSED:
        raise NotAllowed("This referral is closed.")
    raise LeaseLost("The offer ended. Press Next for new work.")


def _take(
    tx: Transaction,
    referral: Referral,
    member: StaffMember,
    action: Action,
    now: datetime,
    rules: DeskRules,
) -> Referral:
    times = rules.targets.of(referral.level)
    changed = replace(
        referral,
        state=grip.next_state(referral, action),
        held_by=member.id,
        lease_token=grip.fresh_token(),
        lease_until=now + min(times.lease, times.ceiling),
        handed_to=None,
    )
    return grip.keep(tx, changed, action, at=now, actor=member.id)


def renew(
    tx: Transaction,
    which: Referral | ReferralId,
    member: StaffMember,
    token: LeaseToken,
    now: datetime,
    rules: DeskRules,
) -> Referral:
    """A sign of life: the volunteer has the referral open. Prolongs the lease (`grip.lease_end`).

    Leaves no event: a page sends one every few seconds, and they would drown the audit trail.
    Does nothing on hold, whose end was chosen. Raises LeaseLost, NotAllowed.
    """
    referral = grip.held(tx, which, member, token)
    grip.next_state(referral, Action.RENEW)
    if referral.state is ReferralState.ON_HOLD:
        return referral
    until = grip.lease_end(tx, referral, now, rules.targets)
    if referral.lease_until is not None and until <= referral.lease_until:
        return referral
    return tx.referrals.change(replace(referral, lease_until=until))


def release(
    tx: Transaction,
    which: Referral | ReferralId,
    member: StaffMember,
    token: LeaseToken | None,
    now: datetime,
    rules: DeskRules,
) -> Referral:
    """Give it back to the queue, with no reason asked. Also says no to an offer.

    It keeps its level, and its clock if the contact waits for an answer. A supervisor or clinical
    lead may release what somebody else holds, without the token. Raises LeaseLost, NotAllowed.
    """
    referral = grip.fresh(tx, which)
    if referral.state is ReferralState.OFFERED and referral.held_by == member.id:
        if referral.lease_token != token:
            raise LeaseLost("The offer ended. Press Next for new work.")
    elif not grip.is_senior(member) or referral.held_by == member.id:
        referral = grip.held(tx, which, member, token or LeaseToken(""))
    grip.next_state(referral, Action.RELEASE)
    changed = grip.back_to_queue(referral, now, rules.targets)
    return grip.keep(tx, changed, Action.RELEASE, at=now, actor=member.id)
