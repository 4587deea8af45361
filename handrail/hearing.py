"""What a message is before anything is decided: stored once, read, matched to a receipt."""

from dataclasses import replace

from handrail.conversation.state import decode
from handrail.domain.assessment import Assessment, Context, Person
from handrail.domain.contact import Contact, Conversation, Report
from handrail.domain.errors import Erased
from handrail.domain.level import Level
from handrail.domain.message import Author, Incoming, IncomingKind, Message
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral
from handrail.house import House
from handrail.receipt import read_receipt

RECENT_MESSAGES = 30
"""How far back a burst and a button's label are looked for, both sides counted."""


def store(
    house: House, tx: Transaction, incoming: Incoming
) -> tuple[Contact, Conversation, Message | None, Incoming]:
    """The contact, the conversation, the message as stored (None when it was here before), and
    what came in, in the form in which the rest of the house reads it."""
    now, service = house.clock.now(), house.service
    contact, point = tx.contacts.arrive(
        incoming, locale=service.locale, country=service.country, at=now
    )
    conversation = tx.conversations.of_point(point, locale=contact.locale, at=now)
    incoming = _with_label(tx, conversation, incoming)
    heard = tx.messages.store_incoming(conversation, incoming, now)
    if heard is not None and contact.quiet:  # writing again is how a contact comes back
        tx.contacts.set_quiet(contact.id, False)
    return contact, conversation, heard, incoming


def _with_label(tx: Transaction, conversation: Conversation, incoming: Incoming) -> Incoming:
    """A press says what its button said; a press with words of their own is those words."""
    if incoming.kind is not IncomingKind.PRESS:
        return incoming
    label = _label(tx, conversation, incoming.press)
    own_words = incoming.text.strip() not in ("", label)
    if label and own_words:
        return replace(incoming, kind=IncomingKind.TEXT, press=None)
    return replace(incoming, text=label or incoming.text)


def _label(tx: Transaction, conversation: Conversation, press: str | None) -> str:
    for message in reversed(tx.messages.latest(conversation.id, RECENT_MESSAGES)):
        for button in message.buttons:
            if button.id == press:
                return button.label
    return ""


def assess(
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
        level = floor or Level.P5  # a button is not the contact's own words
        return Assessment(
            level=level, rules_level=level, person=Person.UNCLEAR, signals=(), hits=(), reasons=()
        )
    now = house.clock.now()
    form = decode(conversation.state).form
    context = Context(
        earlier=_burst(house, tx, conversation, heard),
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


def _burst(
    house: House, tx: Transaction, conversation: Conversation, heard: Message
) -> tuple[str, ...]:
    """What the contact wrote in the last minutes, oldest first: read as one thought."""
    now = house.clock.now()
    return tuple(
        message.text
        for message in tx.messages.latest(conversation.id, RECENT_MESSAGES)
        if message.author is Author.CONTACT
        and message.id != heard.id
        and message.text
        and message.kind is not IncomingKind.PRESS
        and now - message.at <= house.burst
    )


def report_of(tx: Transaction, incoming: Incoming) -> Report | None:
    """The report whose receipt the text is, if it is one."""
    receipt = read_receipt(incoming.text)
    try:
        return tx.reports.by_receipt(receipt) if receipt else None
    except Erased:
        return None
