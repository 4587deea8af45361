"""Retention: text goes when nobody needs it any more; who, when and how urgent stays."""

from datetime import datetime

from sqlalchemy import delete, exists, select, update

from handrail.domain.message import Author, DeliveryState
from handrail.domain.referral import ReferralState
from handrail.storage.schema import message, message_edit, outbox, referral
from handrail.storage.unit import Unit


def redact_before(unit: Unit, before: datetime) -> int:
    """Blank the messages of contacts who have no live referral, whose last one (if there ever was
    one) closed before this, who have written nothing since, and to whom nothing is on its way.

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
        select(message.c.id)
        .where(message.c.body.is_not(None), message.c.at < before)
        .where(~still_needed, ~wrote_since, ~unsent)
    )
    ids = [row.id for row in unit.rows(ripe)]
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        unit.run(delete(message_edit).where(message_edit.c.message_id.in_(some)))
        unit.run(update(message).where(message.c.id.in_(some)).values(body=None, buttons=None))
    return len(ids)
