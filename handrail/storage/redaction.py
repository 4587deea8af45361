"""Retention: text goes when nobody needs it any more; who, when and how urgent stays."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, exists, select, update

from handrail.domain.message import Author, DeliveryState
from handrail.domain.referral import ReferralState
from handrail.storage.schema import (
    conversation,
    message,
    message_edit,
    outbox,
    referral,
    report,
    report_addition,
)
from handrail.storage.unit import Unit


def redact_before(unit: Unit, before: datetime) -> int:
    """Blank the messages of contacts who have no live referral, whose last one (if there ever was
    one) closed before this, who have written nothing since, and to whom nothing is on its way.
    With them go the words of their reports and what the conversation engine remembered.

    A contact who never had a referral counts from the last message: text without an end date
    would be kept for ever. Returns how many messages lost their text.
    """
    same_contact = message.c.contact_id
    still_needed = exists(
        select(referral.c.id).where(
            referral.c.contact_id == same_contact,
            (referral.c.state != ReferralState.CLOSED.value) | (referral.c.closed_at >= before),
        )
    )
    later = message.alias("later")
    wrote_since = exists(
        select(later.c.id).where(
            later.c.contact_id == same_contact,
            later.c.author == Author.CONTACT.value,
            later.c.at >= before,
        )
    )
    unsent = exists(
        select(outbox.c.message_id).where(
            outbox.c.contact_id == same_contact, outbox.c.state == DeliveryState.PENDING.value
        )
    )
    ripe = (
        select(message.c.id, message.c.contact_id)
        .where(message.c.body.is_not(None), message.c.at < before)
        .where(~still_needed, ~wrote_since, ~unsent)
    )
    rows = unit.rows(ripe)
    for some in _portions([row.id for row in rows]):
        unit.run(delete(message_edit).where(message_edit.c.message_id.in_(some)))
        unit.run(update(message).where(message.c.id.in_(some)).values(body=None, buttons=None))
    for contacts in _portions(sorted({row.contact_id for row in rows})):
        unit.run(update(report).where(report.c.contact_id.in_(contacts)).values(answers=None))
        unit.run(delete(report_addition).where(report_addition.c.contact_id.in_(contacts)))
        unit.run(
            update(conversation).where(conversation.c.contact_id.in_(contacts)).values(state=None)
        )
    return len(rows)


def _portions(ids: list[str]) -> Iterator[list[str]]:
    """SQLite takes a limited number of values in one statement."""
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]
