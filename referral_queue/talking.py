"""What a holder does with a referral: reply, note, put it on hold, resume it."""

from dataclasses import replace
from datetime import datetime

from handrail.domain.errors import NotAllowed
from handrail.domain.ids import LeaseToken, ReferralId
from handrail.domain.message import Author, Message
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral, StaffMember
from referral_queue import grip
from referral_queue.referral import Action
from referral_queue.targets import DeskRules


def reply(
    tx: Transaction,
    which: Referral | ReferralId,
    member: StaffMember,
    token: LeaseToken,
    text: str,
    now: datetime,
    rules: DeskRules,
) -> Message:
    """Write to the contact. Returns the stored message, whose outbox row is in the same commit.

    The contact is answered from now on: the clock stops and the lease is renewed.
    Raises LeaseLost when somebody else may have it, NotAllowed for an empty text or when the
    contact said STOP, Erased when the contact was deleted.
    """
    referral = grip.held(tx, which, member, token)
    state = grip.next_state(referral, Action.REPLY)
    if not text.strip():
        raise NotAllowed("The message is empty.")
    if tx.contacts.get(referral.contact_id).quiet:
        raise NotAllowed(
            "The contact said STOP, so nothing can be sent. They can write again at any time."
        )
    message = tx.messages.write(
        referral.conversation_id, author=Author.VOLUNTEER, text=text, at=now, person_id=member.id
    )
    times = rules.targets.of(referral.level)
    changed = replace(
        referral,
        state=state,
        first_reply_at=referral.first_reply_at or now,
        awaiting_since=None,
        due_by=now + times.ceiling,
        lease_until=now + times.lease,
    )
    grip.keep(tx, changed, Action.REPLY, at=now, actor=member.id, message=message.id)
    return message


def note(
    tx: Transaction,
    which: Referral | ReferralId,
    member: StaffMember,
    token: LeaseToken | None,
    text: str,
    now: datetime,
) -> Message:
    """Write an internal note. It has no outbox row and can never reach the contact.

    The holder writes with the token; a supervisor or clinical lead needs none, on any live
    referral. Raises LeaseLost, NotAllowed.
    """
    referral = grip.fresh(tx, which)
    if not grip.is_senior(member):
        referral = grip.held(tx, which, member, token or LeaseToken(""))
    grip.next_state(referral, Action.NOTE)
    if not text.strip():
        raise NotAllowed("The note is empty.")
    message = tx.messages.write(
        referral.conversation_id, author=Author.NOTE, text=text, at=now, person_id=member.id
    )
    grip.log(tx, referral, Action.NOTE, at=now, actor=member.id, message=message.id)
    return message


def hold(
    tx: Transaction,
    which: Referral | ReferralId,
    member: StaffMember,
    token: LeaseToken,
    now: datetime,
    rules: DeskRules,
    *,
    until: datetime | None = None,
) -> Referral:
    """Put it on hold until the contact writes, or until a time (`lease_until`; at most
    `rules.hold_at_most` from now, which is also the default).

    Raises NotAllowed while the contact waits for an answer, or for a time outside the limits.
    """
    referral = grip.held(tx, which, member, token)
    if referral.awaiting_since is not None:
        raise NotAllowed("The contact is waiting for an answer. Reply first, or release it.")
    latest = now + rules.hold_at_most
    end = until or latest
    if not now < end <= latest:
        raise NotAllowed("Choose a time between now and the longest hold.")
    changed = replace(referral, state=grip.next_state(referral, Action.HOLD), lease_until=end)
    return grip.keep(tx, changed, Action.HOLD, at=now, actor=member.id, until=end.isoformat())


def resume(
    tx: Transaction,
    which: Referral | ReferralId,
    member: StaffMember,
    token: LeaseToken,
    now: datetime,
    rules: DeskRules,
) -> Referral:
    """End a hold. Raises LeaseLost, NotAllowed when it is not on hold."""
    referral = grip.held(tx, which, member, token)
    state = grip.next_state(referral, Action.RESUME)
    times = rules.targets.of(referral.level)
    changed = replace(
        referral, state=state, lease_until=now + times.lease, due_by=now + times.ceiling
    )
    return grip.keep(tx, changed, Action.RESUME, at=now, actor=member.id)
