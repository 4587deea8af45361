"""Tell a contact what a volunteer's action means for them: joined, left, on hold, closed."""

from dataclasses import replace

from handrail.conversation.forms import put_aside
from handrail.conversation.state import decode, encode
from handrail.domain.errors import Erased
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral
from handrail.house import House
from handrail.speaking import Speaker


def announce(house: House, tx: Transaction, referral: Referral, key: str) -> None:
    """Say the playbook `key` in the referral's conversation, in the caller's transaction.

    From here on a person talks, so no question of a form waits any more; a report that was under
    way can be taken up again. Does nothing when the contact was erased or said STOP: there is
    nobody to tell.
    """
    try:
        conversation = tx.conversations.get(referral.conversation_id)
        contact = tx.contacts.get(conversation.contact_id)
    except Erased:
        return
    if contact.quiet:
        return
    state = decode(conversation.state)
    if state.form is not None:
        asked_no_more = replace(conversation, state=encode(put_aside(state)))
        conversation = tx.conversations.save(asked_no_more, house.clock.now())
    library = house.library()
    speaker = Speaker(
        tx=tx, house=house, library=library, contact=contact, conversation=conversation,
        now=house.clock.now(), level=referral.level, referral=referral,
    )  # fmt: skip
    speaker.say(library.playbook(contact.locale, key))
