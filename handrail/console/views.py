"""What the pages show, gathered in one transaction and handed over as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from handrail.domain.contact import Contact, Report
from handrail.domain.errors import Erased
from handrail.domain.ids import ConversationId, PersonId
from handrail.domain.level import Level
from handrail.domain.message import Author, Message
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral, ReferralState, Role, StaffMember

URGENT = frozenset({Level.P1, Level.P2})
_PAGE = 500
_NO_ANSWER_YET = frozenset({ReferralState.OPEN, ReferralState.OFFERED, ReferralState.CLAIMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A referral as a line or a card.

    alias: None when the contact was erased. quiet: said STOP, nothing may be sent.
    wait: since the contact began to wait for a person, None when nobody waits.
    overdue: nobody has answered by `due_by`.
    """

    referral: Referral
    alias: str | None
    quiet: bool
    holder: str | None
    asked: str | None
    wait: timedelta | None
    overdue: bool
    urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why it is where it is: words of the rules, most pressing assessment first.

    signals: keys of REFERENCE 1.3. degraded: the classifier did not answer at least once.
    """

    reasons: tuple[str, ...]
    signals: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    degraded: bool
    needs_review: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message and who said it. name: of the colleague, for replies and notes."""

    message: Message
    name: str | None
    new_day: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A conversation as staff read it. erased: the text is gone for ever."""

    said: tuple[Said, ...]
    erased: bool
    last_from_contact: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A volunteer's desk. waiting: how many referrals wait for anybody; only the number."""

    on_shift_since: datetime | None
    offered: tuple[Card, ...]
    mine: tuple[Card, ...]
    asked_of_me: tuple[Card, ...]
    waiting: int


def names(tx: Transaction) -> dict[PersonId, str]:
    return {member.id: member.display_name for member in tx.people.all()}


def contact_of(tx: Transaction, referral: Referral) -> Contact | None:
    """None when the contact was erased."""
    try:
        return tx.contacts.get(referral.contact_id)
    except Erased:
        return None


def awaits(referral: Referral) -> bool:
    """Whether somebody waits for a person's word."""
    return referral.state in _NO_ANSWER_YET or referral.awaiting_since is not None


def card(tx: Transaction, referral: Referral, known: dict[PersonId, str], now: datetime) -> Card:
    waits = awaits(referral)
    since = referral.awaiting_since or referral.opened_at
    contact = contact_of(tx, referral)
    return Card(
        referral=referral,
        alias=contact.alias if contact else None,
        quiet=contact is not None and contact.quiet,
        holder=known.get(referral.held_by) if referral.held_by else None,
        asked=known.get(referral.handed_to) if referral.handed_to else None,
        wait=now - since if waits else None,
        overdue=waits and referral.due_by <= now,
        urgent=referral.level in URGENT,
    )


def desk_of(tx: Transaction, me: StaffMember, now: datetime) -> Desk:
    known = names(tx)
    live = tx.referrals.live()
    mine = [r for r in live if r.held_by == me.id]
    shift = next((s for s in tx.shifts.running() if s.person_id == me.id), None)
    return Desk(
        on_shift_since=shift.started_at if shift else None,
        offered=_cards(tx, (r for r in mine if r.state is ReferralState.OFFERED), known, now),
        mine=_cards(tx, (r for r in mine if r.state is not ReferralState.OFFERED), known, now),
        asked_of_me=_cards(tx, (r for r in live if r.handed_to == me.id), known, now),
        waiting=sum(r.state is ReferralState.OPEN for r in live),
    )


def _cards(
    tx: Transaction, referrals: Iterable[Referral], known: dict[PersonId, str], now: datetime
) -> tuple[Card, ...]:
    return tuple(card(tx, referral, known, now) for referral in referrals)


def all_messages(tx: Transaction, conversation: ConversationId) -> list[Message]:
    """Every message, oldest first, page by page. Raises Erased."""
    found: list[Message] = []
    while True:
        more = tx.messages.of_conversation(
            conversation, after_seq=found[-1].seq if found else 0, limit=_PAGE
        )
        found += more
        if len(more) < _PAGE:
            return found


def exchange_of(tx: Transaction, referral: Referral) -> Exchange:
    known = names(tx)
    try:
        messages = all_messages(tx, referral.conversation_id)
    except Erased:
        return Exchange(said=(), erased=True, last_from_contact=None)
    days = [None, *(m.at.date() for m in messages)]
    said = tuple(
        Said(
            message=message,
            name=known.get(message.person_id) if message.person_id else None,
            new_day=message.at.date() != before,
        )
        for message, before in zip(messages, days, strict=False)
    )
    theirs = [m for m in messages if m.author is Author.CONTACT]
    return Exchange(said=said, erased=False, last_from_contact=theirs[-1] if theirs else None)


def why_of(tx: Transaction, referral: Referral) -> Why:
    try:
        found = [a for _, a in tx.messages.assessments_of(referral.conversation_id)]
    except Erased:
        found = []
    by_need = sorted(found, key=lambda a: a.level.value)
    return Why(
        reasons=_once([*referral.reasons, *(r for a in by_need for r in a.reasons)]),
        signals=_once(s for a in by_need for s in a.signals),
        rules=tuple(dict.fromkeys((h.rule, h.reason) for a in by_need for h in a.hits)),
        degraded=any(a.degraded for a in found),
        needs_review=referral.needs_review or any(a.needs_review for a in found),
    )


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def report_of(tx: Transaction, referral: Referral) -> Report | None:
    if referral.report_id is None:
        return None
    try:
        return tx.reports.get(referral.report_id)
    except Erased:
        return None


def colleagues_on_shift(tx: Transaction, me: StaffMember) -> list[StaffMember]:
    """Whom a referral could be handed to: volunteers on shift, but not oneself."""
    there = {shift.person_id for shift in tx.shifts.running()}
    return [
        member
        for member in tx.people.all()
        if member.active
        and member.id in there
        and member.id != me.id
        and Role.VOLUNTEER in member.roles
    ]
