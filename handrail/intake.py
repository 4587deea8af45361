"""receive(): one message, straight through. Everything a contact sends passes here and only here.

If any part fails, the contact still gets an answer: the message is put before a person with the
compiled-in reply; if even the record cannot be reached, it is sealed on disk until it can be.
"""

import logging
from dataclasses import replace
from datetime import datetime

from handrail import hearing, rescue
from handrail.carry_out import Reply
from handrail.conversation import engine
from handrail.conversation.effects import Say
from handrail.conversation.state import decode, encode
from handrail.conversation.turn import Turn
from handrail.domain.contact import Conversation
from handrail.domain.errors import Conflict, StorageError
from handrail.domain.ids import MessageId, new_id
from handrail.domain.level import Level, soonest
from handrail.domain.message import Author, DeliveryState, Incoming, IncomingKind, Message
from handrail.domain.ports import Transaction
from handrail.domain.referral import ReferralState
from handrail.house import House
from handrail.receipt import looks_mistyped
from handrail.received import Received
from handrail.speaking import Speaker

ATTEMPTS = 3
"""Two processes may change one conversation at once; the loser reads again and tries again."""

_URGENT = frozenset({Level.P1, Level.P2})
_WITH_PERSON = frozenset({ReferralState.CLAIMED, ReferralState.IN_CONTACT, ReferralState.ON_HOLD})
_log = logging.getLogger(__name__)


def receive(house: House, incoming: Incoming) -> Received:
    """Store, understand, decide, answer, refer: one transaction. Blocking; never raises."""
    try:
        received = _received(house, incoming)
    except Exception as error:  # boundary "adapter event": the contact is answered whatever broke
        received = rescue.rescue(house, incoming, error)
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
    contact, conversation, heard, incoming = hearing.store(house, tx, incoming)  # 1
    if heard is None:
        return Received(duplicate=True, conversation_id=conversation.id)
    library, state = house.library(), decode(conversation.state)
    referral = tx.referrals.of_conversation(conversation.id)
    assessment = hearing.assess(house, tx, conversation, heard, incoming, referral)  # 2
    report = hearing.report_of(tx, incoming)
    turn = Turn(
        incoming=incoming, assessment=assessment, now=now, locale=contact.locale,
        with_person=referral is not None and referral.state in _WITH_PERSON,
        referred=referral is not None, report=report,
        like_a_receipt=report is None and looks_mistyped(incoming.text),
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
        received = rescue.kept(house, incoming)
    _wake(house, received)
    return received


def _wake(house: House, received: Received) -> None:
    """After the commit: send now if we can, and wake a worker; the sweep does what this loses."""
    if received.conversation_id is None:
        return
    try:
        house.deliver(received.conversation_id)
        house.nudger.nudge_delivery(received.conversation_id)
    except Exception as error:  # nothing is lost: the outbox is on record
        _log.warning("delivery left to the sweep: %s", type(error).__name__)
