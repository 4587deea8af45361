"""When a part of the house broke: keep the message, put it before a person, say what is true."""

import logging

from handrail import hearing
from handrail.domain.level import FAIL_UP
from handrail.domain.message import Author, Incoming
from handrail.house import House
from handrail.received import Received
from playbooks.fallback import fallback_reply
from referral_queue import desk

UNREAD = "Part of the program failed: no machine has read this message"
"""Staff-facing reason; compiled in, because the words may be what failed."""

_log = logging.getLogger(__name__)


def rescue(house: House, incoming: Incoming, error: Exception) -> Received:
    """The record if it can be reached, else a sealed file; an alert in any case. Never raises."""
    house.alert("intake_failed", type(error).__name__)
    try:
        return kept(house, incoming)
    except Exception as second:  # not even the record: keep it on disk, answer all the same
        _log.error("rescue failed: %s", type(second).__name__)
    try:
        house.spool.put(incoming)
    except Exception as third:  # the disk refuses as well: the alert is all that is left
        house.alert("message_lost", type(third).__name__)
    return Received(fallback=fallback(house), failed=True)


def kept(house: House, incoming: Incoming) -> Received:
    """The shortest way to a person: no triage, no playbook, no conversation engine."""
    with house.store.transaction() as tx:
        now = house.clock.now()
        _, conversation, heard, _ = hearing.store(house, tx, incoming)
        if heard is None:
            return Received(duplicate=True, conversation_id=conversation.id)
        desk.open_referral(
            tx, conversation=conversation, level=FAIL_UP, reasons=(UNREAD,), now=now,
            targets=house.rules.targets, needs_review=True,
        )  # fmt: skip
        said = tx.messages.write(
            conversation.id, author=Author.SERVICE, text=fallback(house), at=now
        )
    return Received(messages=(said,), failed=True, conversation_id=conversation.id)


def fallback(house: House) -> str:
    service = house.service
    return fallback_reply(service.locale, service.country, house.clock.now())
