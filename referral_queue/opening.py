"""How work comes to the desk: a referral opens, its level moves, the contact writes or leaves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from handrail.domain.contact import Conversation
from handrail.domain.errors import NotAllowed
from handrail.domain.ids import ReferralId, ReportId, new_id
from handrail.domain.level import Level, soonest
from handrail.domain.message import Author
from handrail.domain.ports import Transaction
from handrail.domain.referral import Disposition, Referral, ReferralState, StaffMember
from referral_queue import grip
from referral_queue.referral import TAKEN, Action
from referral_queue.targets import Targets


def open_referral(
    tx: Transaction,
    *,
    conversation: Conversation,
    level: Level,
    reasons: Sequence[str],
    now: datetime,
    targets: Targets,
    report_id: ReportId | None = None,
    needs_review: bool = False,
) -> Referral:
    """Open a referral, or add to the one this conversation has: there is never a second live one.

    Joining raises its level where the new one is more pressing, adds the reasons, and starts the
    clock where the contact was answered before.
    """
    existing = tx.referrals.of_conversation(conversation.id)
    if existing is not None:
        return _join(tx, existing, level, reasons, now, targets, report_id, needs_review)
    referral = Referral(
        id=ReferralId(new_id()),
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        report_id=report_id,
        level=level,
        state=ReferralState.OPEN,
        opened_at=now,
        due_by=now + targets.of(level).ceiling,
        reasons=_merged((), reasons),
        awaiting_since=now,
        needs_review=needs_review,
    )
    tx.referrals.add(referral)
    tx.journal.append(
        "referral.open",
        at=now,
        actor=grip.MACHINE,
        subject=referral.id,
        level=level.value,
        conversation=conversation.id,
        report=report_id or "",
    )
    _call_everyone(tx, referral, None, now)
    return referral


def _join(
    tx: Transaction,
    existing: Referral,
    level: Level,
    reasons: Sequence[str],
    now: datetime,
    targets: Targets,
    report_id: ReportId | None,
    needs_review: bool,
) -> Referral:
    referral = raise_level(tx, existing, level, reasons, now, targets, grip.MACHINE)
    referral = contact_wrote(tx, referral, now, targets)
    joined = replace(
        referral,
        report_id=referral.report_id or report_id,
        needs_review=referral.needs_review or needs_review,
    )
    if joined == referral:
        return referral
    return grip.keep(
        tx, joined, Action.REGRADE, at=now, actor=grip.MACHINE, report=joined.report_id or ""
    )


def raise_level(
    tx: Transaction,
    which: Referral | ReferralId,
    level: Level,
    reasons: Sequence[str],
    now: datetime,
    targets: Targets,
    by: str,
) -> Referral:
    """Make it more pressing; never less, whatever `level` says. Reasons are added either way.

    by: who or what raised it, as a code. Raises NotAllowed when the referral is closed.
    """
    referral = grip.fresh(tx, which)
    grip.next_state(referral, Action.REGRADE)
    target = soonest(referral.level, level)
    regraded = _regraded(referral, target, now, targets)
    changed = replace(regraded, reasons=_merged(referral.reasons, reasons))
    if changed == referral:
        return referral
    _call_everyone(tx, changed, referral.level, now)
    return grip.keep(tx, changed, Action.REGRADE, at=now, actor=by, was=referral.level.value)


def _call_everyone(tx: Transaction, referral: Referral, was: Level | None, now: datetime) -> None:
    """A P1 is everyone's at once (REFERENCE 1.2): the alert stands until somebody acknowledges
    it, whether or not a volunteer has the referral."""
    if referral.level is Level.P1 and was is not Level.P1:
        tx.journal.alert("referral.emergency", referral.id, now)


def set_level(
    tx: Transaction,
    which: Referral | ReferralId,
    level: Level,
    *,
    by: StaffMember,
    why: str,
    now: datetime,
    targets: Targets,
) -> Referral:
    """A person decides the level, up or down, and says why.

    The holder, a supervisor or the clinical lead may do it; nobody else, and no machine, lowers
    a P1 or P2. `why` is kept as an internal note (encrypted); the event names the levels only.
    Raises NotAllowed for anybody else, an empty reason or a closed referral.
    """
    referral = grip.fresh(tx, which)
    grip.next_state(referral, Action.REGRADE)
    if not why.strip():
        raise NotAllowed("Say in a few words why the level changes.")
    raising = level.sooner_than(referral.level)
    holder = by.active and referral.held_by == by.id
    colleague = by.active and bool(by.roles & grip.WORKS_REFERRALS)
    if not (holder or grip.is_senior(by) or (raising and colleague)):
        raise NotAllowed("Only the holder, a supervisor or the clinical lead may do this.")
    tx.messages.write(
        referral.conversation_id, author=Author.NOTE, text=why.strip(), at=now, person_id=by.id
    )
    changed = _regraded(referral, level, now, targets)
    return grip.keep(tx, changed, Action.REGRADE, at=now, actor=by.id, was=referral.level.value)


def _regraded(referral: Referral, level: Level, now: datetime, targets: Targets) -> Referral:
    """With the new level's clock. Raising never makes anything later; lowering counts from the
    contact's message. A new clock may be escalated anew."""
    if level is referral.level:
        return referral
    ceiling, lease = targets.of(level).ceiling, targets.of(level).lease
    if not level.sooner_than(referral.level):
        return replace(referral, level=level, due_by=(referral.awaiting_since or now) + ceiling)
    until = referral.lease_until
    if until is not None and referral.state is not ReferralState.ON_HOLD:
        until = min(until, now + lease)
    return replace(
        referral,
        level=level,
        due_by=min(referral.due_by, now + ceiling),
        lease_until=until,
        escalated_at=None,
    )


def contact_wrote(
    tx: Transaction, which: Referral | ReferralId, now: datetime, targets: Targets
) -> Referral:
    """The contact has written: start the clock, unless an earlier message waits already.

    Ends a hold. A holder gets the level's lease to answer, even if they had been away: only then
    does the referral return to the queue.
    """
    referral = grip.fresh(tx, which)
    state = grip.next_state(referral, Action.CONTACT_WROTE)
    if referral.awaiting_since is not None:
        return referral
    times = targets.of(referral.level)
    changed = replace(
        referral,
        state=state,
        awaiting_since=now,
        due_by=now + times.ceiling,
        escalated_at=None,
        lease_until=now + times.lease if referral.state in TAKEN else referral.lease_until,
    )
    return grip.keep(tx, changed, Action.CONTACT_WROTE, at=now, actor=grip.MACHINE)


def withdraw_by_contact(
    tx: Transaction,
    which: Referral | ReferralId,
    now: datetime,
    disposition: Disposition = Disposition.WITHDRAWN,
) -> Referral:
    """The contact wants no person, withdraws a report, or was erased.

    P3 to P5 close. A P1 or P2 stays: a person reads it before anything closes (REFERENCE 1.3,
    "ignore that"), marked needs_review. ERASED always closes, since there is nothing to read.
    """
    referral = grip.fresh(tx, which)
    state = grip.next_state(referral, Action.WITHDRAW)
    asked = replace(referral, needs_review=True)
    if referral.level in grip.URGENT and disposition is not Disposition.ERASED:
        return grip.keep(
            tx, asked, Action.WITHDRAW, at=now, actor="contact", disposition=disposition.value
        )
    changed = grip.closed(referral, state, disposition, now)
    return grip.keep(
        tx, changed, Action.WITHDRAW, at=now, actor="contact", disposition=disposition.value
    )


def _merged(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    """Each reason once: the new ones first, because the latest is why it is where it is."""
    return tuple(dict.fromkeys((*new, *old)))
