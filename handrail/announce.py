"""Tell a contact what a volunteer's action means for them: joined, left, on hold, closed."""

import logging

from handrail.domain.errors import Erased
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral
from handrail.house import House
from handrail.speaking import Speaker

_log = logging.getLogger(__name__)


def announce(house: House, tx: Transaction, referral: Referral, key: str) -> None:
    """Say the playbook `key` in the referral's conversation, in the caller's transaction.

    Does nothing when the contact was erased or said STOP: there is nobody to tell.
    """
    try:
        conversation = tx.conversations.get(referral.conversation_id)
        contact = tx.contacts.get(conversation.contact_id)
    except Erased:
        return
    if contact.quiet:
        return
    library = house.library()
    speaker = Speaker(
        tx=tx, house=house, library=library, contact=contact, conversation=conversation,
        now=house.clock.now(), level=referral.level, referral=referral,
    )  # fmt: skip
    speaker.say(library.playbook(contact.locale, key))
