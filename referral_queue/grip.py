"""Holding a referral: read it fresh, check who holds it, move it, write the event.

The token decides, not the clock: a lease ends when the sweep ends it, which takes the token away
in the same compare-and-set. So a reply that arrives a second late is not thrown away while nobody
else has the referral, and an old token can never change anything.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from handrail.domain.errors import LeaseLost, NotAllowed
from handrail.domain.ids import LeaseToken, PersonId, ReferralId, new_id
from handrail.domain.level import Level
from handrail.domain.ports import Transaction
from handrail.domain.referral import Disposition, Referral, ReferralState, Role, StaffMember
from referral_queue.referral import TAKEN, Action, allowed
from referral_queue.targets import Targets

MACHINE = "machine"
"""The actor of an event that no person caused."""

URGENT = frozenset({Level.P1, Level.P2})

SENIOR = frozenset({Role.SUPERVISOR, Role.CLINICAL_LEAD})
"""May take, regrade, release and close what somebody else holds."""

WORKS_REFERRALS = SENIOR | {Role.VOLUNTEER}

_TAKINGS = frozenset({"referral.claim", "referral.take", "referral.accept"})


def fresh(tx: Transaction, which: Referral | ReferralId) -> Referral:
    """The referral as it is now, whatever the caller last saw."""
    return tx.referrals.get(which.id if isinstance(which, Referral) else which)


def is_senior(member: StaffMember) -> bool:
    return member.active and bool(member.roles & SENIOR)


def on_shift(tx: Transaction, person_id: PersonId) -> bool:
    return any(shift.person_id == person_id for shift in tx.shifts.running())


def must_work_here(tx: Transaction, member: StaffMember) -> None:
    """Raises NotAllowed unless the member may take referrals and is on shift."""
    if not member.active or not member.roles & WORKS_REFERRALS:
        raise NotAllowed("This account does not take referrals.")
    if not on_shift(tx, member.id):
        raise NotAllowed("Start your shift first.")


def held(
    tx: Transaction, which: Referral | ReferralId, member: StaffMember, token: LeaseToken
) -> Referral:
    """The referral, if this member took it and the token is the current one.

    Raises LeaseLost when the claim has ended, NotAllowed when the referral is closed or the
    account is no longer active.
    """
    referral = fresh(tx, which)
    if not member.active:
        raise NotAllowed("This account is not active.")
    if referral.state is ReferralState.CLOSED:
        raise NotAllowed("This referral is closed.")
    if referral.state not in TAKEN or referral.held_by != member.id:
        raise LeaseLost("You no longer hold this referral.")
    if referral.lease_token is None or referral.lease_token != token:
        raise LeaseLost("This page is older than your claim. Reload it.")
    return referral


def next_state(referral: Referral, action: Action) -> ReferralState:
    """Where the action leads. Raises NotAllowed when the table has no way there."""
    state = allowed(referral.state, action)
    if state is None:
        raise NotAllowed(f"A referral that is {referral.state.value} cannot do this: {action}.")
    return state


def keep(
    tx: Transaction, referral: Referral, action: Action, *, at: datetime, actor: str, **data: str
) -> Referral:
    """Compare-and-set the referral and append its event. Raises Conflict.

    The event says state, level and holder after the action; `data` holds ids and codes only.
    """
    changed = tx.referrals.change(referral)
    log(tx, changed, action, at=at, actor=actor, **data)
    return changed


def log(
    tx: Transaction, referral: Referral, action: Action, *, at: datetime, actor: str, **data: str
) -> None:
    tx.journal.append(
        f"referral.{action.value}",
        at=at,
        actor=actor,
        subject=referral.id,
        state=referral.state.value,
        level=referral.level.value,
        holder=referral.held_by or "",
        **data,
    )


def fresh_token() -> LeaseToken:
    return LeaseToken(new_id())


def lease_end(tx: Transaction, referral: Referral, now: datetime, targets: Targets) -> datetime:
    """When the holder's lease ends after a sign of life at `now`.

    While the contact waits for an answer, an open page alone does not keep the referral: the
    lease never runs past the level's ceiling, counted from the contact's message or from the
    moment this holder took the referral, whichever is later.
    """
    times = targets.of(referral.level)
    until = now + times.lease
    if referral.awaiting_since is None:
        return until
    since = max(referral.awaiting_since, _taken_at(tx, referral) or referral.awaiting_since)
    # Never in the past: the sweep ends leases, a sign of life only fails to prolong them.
    return max(now, min(until, since + times.ceiling))


def _taken_at(tx: Transaction, referral: Referral) -> datetime | None:
    events = tx.journal.events(subject=referral.id, limit=100)
    return next((event.at for event in events if event.kind in _TAKINGS), None)


def must_have_hands_free(mine: Sequence[Referral], max_live: int) -> None:
    """Raises NotAllowed for the holder of a P1 or P2, and at the limit."""
    if any(one.level in URGENT for one in mine):
        raise NotAllowed("You hold an urgent referral. Stay with it; others take the next one.")
    if len(mine) >= max_live:
        raise NotAllowed("You hold as many referrals as one person should.")


def closed(
    referral: Referral, state: ReferralState, disposition: Disposition, now: datetime
) -> Referral:
    """The referral as it rests: nobody's, nothing awaited."""
    return replace(
        referral,
        state=state,
        disposition=disposition,
        closed_at=now,
        held_by=None,
        lease_token=None,
        lease_until=None,
        handed_to=None,
        awaiting_since=None,
    )


def back_to_queue(referral: Referral, now: datetime, targets: Targets) -> Referral:
    """The referral as it waits again: nobody's, with its level.

    An unanswered contact keeps the old clock, so it comes first again; an answered one gets the
    level's ceiling from now, because somebody must look at it.
    """
    waiting = referral.awaiting_since is not None
    ceiling = targets.of(referral.level).ceiling
    return replace(
        referral,
        state=ReferralState.OPEN,
        due_by=referral.due_by if waiting else now + ceiling,
        escalated_at=referral.escalated_at if waiting else None,
        held_by=None,
        lease_token=None,
        lease_until=None,
        handed_to=None,
    )
