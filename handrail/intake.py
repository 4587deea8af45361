"""receive(): one message, straight through. Everything a contact sends passes here and only here.

If any part fails, the contact still gets an answer: the message is put before a person with the
compiled-in reply; if even the record cannot be reached, it is sealed on disk until it can be.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from handrail.carry_out import Reply
from handrail.conversation import engine
from handrail.conversation.effects import Say
from handrail.conversation.state import decode, encode
from handrail.conversation.turn import Turn
from handrail.domain.assessment import Assessment, Context, Person
from handrail.domain.contact import Contact, Conversation, Report
from handrail.domain.errors import Conflict, Erased, StorageError
from handrail.domain.ids import ConversationId, MessageId, new_id
from handrail.domain.level import FAIL_UP, Level, soonest
from handrail.domain.message import (
    Author,
    DeliveryState,
    Incoming,
    IncomingKind,
    Message,
)
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral, ReferralState
from handrail.house import House
from handrail.receipt import read_receipt
from handrail.speaking import Speaker
from playbooks.fallback import fallback_reply
from referral_queue import desk

ATTEMPTS = 3
"""Two processes may change one conversation at once; the loser reads again and tries again."""

RECENT_MESSAGES = 30
"""How far back a burst and a button's label are looked for, both sides counted."""

UNREAD = "Part of the program failed: no machine has read this message"
"""Staff-facing reason; compiled in, because the words may be what failed."""

_URGENT = frozenset({Level.P1, Level.P2})
_WITH_PERSON = frozenset({ReferralState.CLAIMED, ReferralState.IN_CONTACT, ReferralState.ON_HOLD})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of one incoming message.

    messages: what the service said in reply, committed, delivery pending. duplicate: it was here
    before and has been answered. erased: the contact's key was just destroyed; `messages` holds a
    goodbye that is on no record, so the adapter sends it itself.
    failed: a part of the house broke. fallback: words that could not be stored either: the adapter
    shows them itself. conversation_id: None when nothing is on record.
    """

    messages: tuple[Message, ...] = ()
    duplicate: bool = False
    erased: bool = False
    failed: bool = False
    fallback: str | None = None
    conversation_id: ConversationId | None = None


def receive(house: House, incoming: Incoming) -> Received:
    """Store, understand, decide, answer, refer: one transaction. Blocking; never raises."""
    try:
        received = _received(house, incoming)
    except Exception as error:  # boundary "adapter event": the contact is answered whatever broke
        received = _rescued(house, incoming, error)
    _wake(house, received)
    return received


def _received(house: House, incoming: Incoming, *, late: bool = False) -> Received:
    for attempt in range(ATTEMPTS):
        try:
            with house.store.transaction() as tx:
                return _straight_through(house, tx, incoming, late=late)
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _straight_through(house: House, tx: Transaction, incoming: Incoming, *, late: bool) -> Received:
    now = house.clock.now()
    contact, conversation, heard = _store(house, tx, incoming)  # 1
    if heard is None:
        return Received(duplicate=True, conversation_id=conversation.id)
    library, state = house.library(), decode(conversation.state)
    referral = tx.referrals.of_conversation(conversation.id)
    assessment = _assess(house, tx, conversation, heard, incoming, referral)  # 2
    report = _report_of(tx, incoming)
    turn = Turn(
        incoming=incoming, assessment=assessment, now=now, locale=contact.locale,
        with_person=referral is not None and referral.state in _WITH_PERSON,
        referred=referral is not None, report=report,
        raised=referral is None or assessment.level.sooner_than(referral.level),
    )  # fmt: skip
    state, effects = engine.advance(state, turn, library)  # 3
    speaker = Speaker(
        tx=tx, house=house, library=library, contact=contact, conversation=conversation,
        now=now, level=assessment.level, referral=referral,
    )  # fmt: skip
    reply = Reply(speaker=speaker, state=state, assessment=assessment)
    if report is not None:
        reply.tell_status(report)
    if late:
        effects = (Say(key="after_downtime"), *effects)
    reply.carry_out(effects)  # 4 and 5
    if reply.parting is not None:
        return _parted(reply.parting, heard, now)
    _save(tx, conversation, reply)
    return Received(messages=tuple(speaker.said), conversation_id=conversation.id)  # 6: the commit


def _store(
    house: House, tx: Transaction, incoming: Incoming
) -> tuple[Contact, Conversation, Message | None]:
    now, service = house.clock.now(), house.service
    contact, point = tx.contacts.arrive(
        incoming, locale=service.locale, country=service.country, at=now
    )
    conversation = tx.conversations.of_point(point, locale=contact.locale, at=now)
    if incoming.kind is IncomingKind.PRESS and not incoming.text:
        incoming = replace(incoming, text=_label(tx, conversation, incoming.press))
    heard = tx.messages.store_incoming(conversation, incoming, now)
    if heard is not None and contact.quiet:  # writing again is how a contact comes back
        tx.contacts.set_quiet(contact.id, False)
    return contact, conversation, heard


def _label(tx: Transaction, conversation: Conversation, press: str | None) -> str:
    """What the pressed button said: what the volunteer reads."""
    for message in reversed(tx.messages.latest(conversation.id, RECENT_MESSAGES)):
        for button in message.buttons:
            if button.id == press:
                return button.label
    return ""


def _assess(
    house: House,
    tx: Transaction,
    conversation: Conversation,
    heard: Message,
    incoming: Incoming,
    referral: Referral | None,
) -> Assessment:
    """Every message of the conversation is assessed in its context; only a person lowers."""
    floor = referral.level if referral else None
    if incoming.kind in (IncomingKind.PRESS, IncomingKind.START):
        level = floor or Level.P5  # a button says nothing that triage could read
        return Assessment(
            level=level, rules_level=level, person=Person.UNCLEAR, signals=(), hits=(), reasons=()
        )
    now = house.clock.now()
    before = tx.messages.latest(conversation.id, RECENT_MESSAGES)
    burst = [
        m.text for m in before
        if m.author is Author.CONTACT and m.id != heard.id and m.text
        and m.kind is not IncomingKind.PRESS and now - m.at <= house.burst
    ]  # fmt: skip
    form = decode(conversation.state).form
    context = Context(
        earlier=tuple(burst),
        floor=floor,
        recent_urgent=referral is None
        and tx.conversations.urgent_since(conversation.contact_id, now - house.urgent_memory),
        reporting=form is not None and form.flow == "report",
        unreadable=bool(incoming.attachments) or not incoming.text.strip(),
        locale=conversation.locale,
    )
    assessment = house.assess(incoming.text, context)
    tx.messages.keep_assessment(heard.id, assessment, now)
    if assessment.degraded:
        tx.journal.alert("triage_degraded", "classifier", now)
    return assessment


def _report_of(tx: Transaction, incoming: Incoming) -> Report | None:
    receipt = read_receipt(incoming.text)
    try:
        return tx.reports.by_receipt(receipt) if receipt else None
    except Erased:
        return None


def _parted(words: str, heard: Message, now: datetime) -> Received:
    """The contact's key is gone, so the goodbye cannot be kept: it is only handed out."""
    goodbye = replace(
        heard, id=MessageId(new_id()), seq=heard.seq + 1, author=Author.SERVICE, at=now, text=words,
        kind=IncomingKind.TEXT, delivery=DeliveryState.SENT,
    )  # fmt: skip
    return Received(messages=(goodbye,), erased=True)


def _save(tx: Transaction, conversation: Conversation, reply: Reply) -> None:
    level = reply.speaker.level
    urgent = soonest(level, reply.assessment.level) in _URGENT
    tx.conversations.save(
        replace(
            conversation,
            state=encode(reply.state),
            level=level,
            urgent_at=reply.now if urgent else conversation.urgent_at,
        ),
        reply.now,
    )


def retake(house: House, incoming: Incoming) -> Received:
    """Take in what was spooled. Unlike `receive` it raises when the record still cannot be
    reached, so that the message stays where it is. Raises StorageError."""
    try:
        received = _received(house, incoming, late=True)
    except StorageError:
        raise
    except Exception as error:  # boundary "job": a message that breaks a room still gets a person
        house.alert("intake_failed", type(error).__name__)
        received = _kept(house, incoming)
    _wake(house, received)
    return received


def _rescued(house: House, incoming: Incoming, error: Exception) -> Received:
    """Something broke. Keep the message, put it before a person, say what is true."""
    house.alert("intake_failed", type(error).__name__)
    try:
        return _kept(house, incoming)
    except Exception as second:  # not even the record: keep it on disk, answer all the same
        _log.error("rescue failed: %s", type(second).__name__)
    try:
        house.spool.put(incoming)
    except Exception as third:  # the disk refuses as well: the alert is all that is left
        house.alert("message_lost", type(third).__name__)
    return Received(fallback=_fallback(house), failed=True)


def _kept(house: House, incoming: Incoming) -> Received:
    """The shortest way to a person: no triage, no playbook, no conversation engine."""
    with house.store.transaction() as tx:
        now = house.clock.now()
        _, conversation, heard = _store(house, tx, incoming)
        if heard is None:
            return Received(duplicate=True, conversation_id=conversation.id)
        desk.open_referral(
            tx, conversation=conversation, level=FAIL_UP, reasons=(UNREAD,), now=now,
            targets=house.rules.targets, needs_review=True,
        )  # fmt: skip
        said = tx.messages.write(
            conversation.id, author=Author.SERVICE, text=_fallback(house), at=now
        )
    return Received(messages=(said,), failed=True, conversation_id=conversation.id)


def _fallback(house: House) -> str:
    service = house.service
    return fallback_reply(service.locale, service.country, house.clock.now())


def _wake(house: House, received: Received) -> None:
    """After the commit: send now if we can, and wake a worker; the sweep does what this loses."""
    if received.conversation_id is None:
        return
    try:
        house.deliver(received.conversation_id)
        house.nudger.nudge_delivery(received.conversation_id)
    except Exception as error:  # nothing is lost: the outbox is on record
        _log.warning("delivery left to the sweep: %s", type(error).__name__)
