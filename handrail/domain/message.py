"""What crosses the border between a platform and the house."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from handrail.domain.ids import (
    ContactPointId,
    ConversationId,
    MessageId,
    PersonId,
    Platform,
)


class IncomingKind(StrEnum):
    """TEXT typed; PRESS a button; EDIT an earlier message; ATTACHMENT something we cannot read;
    START the contact opened the chat and has said nothing yet."""

    TEXT = "text"
    PRESS = "press"
    EDIT = "edit"
    ATTACHMENT = "attachment"
    START = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A choice offered with a message.

    id: opaque, at most 64 ASCII characters (Telegram's callback_data limit).
    label: what the contact reads, at most 75 characters (Slack's limit).
    """

    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing a contact did on a platform, in the house's own words.

    account: the platform's stable account id; hashed before it is stored, never shown.
    address: where a reply goes; stored encrypted.
    message_id: the platform's id of this event. With platform and account it is the
        idempotency key: the same three are one message, however often they are delivered.
    press: the `Button.id` when kind is PRESS.
    replaces: the message_id that an EDIT changes.
    attachments: media kinds only ("voice", "photo"); the media itself is not kept in version 0.1.
    sent_at: the platform's own time when it has one, else the time of receipt. Aware UTC.
    """

    platform: Platform
    account: str
    address: str
    message_id: str
    kind: IncomingKind
    sent_at: datetime
    text: str = ""
    press: str | None = None
    replaces: str | None = None
    attachments: tuple[str, ...] = ()
    locale_hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message as an adapter sends it: plain text and choices, no markup.

    key: stable per message. A platform that has an idempotency key uses it.
    """

    key: str
    text: str
    buttons: tuple[Button, ...] = ()


class Author(StrEnum):
    """Who wrote a stored message. NOTE is internal and can never be delivered."""

    CONTACT = "contact"
    SERVICE = "service"
    VOLUNTEER = "volunteer"
    NOTE = "note"


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A stored message, decrypted.

    seq: rises with every message of the database; order and page by it.
    delivery: None for what a contact wrote and for notes.
    edited: True when the contact changed it; the latest text is shown, both are assessed.
    """

    id: MessageId
    seq: int
    conversation_id: ConversationId
    author: Author
    at: datetime
    text: str
    buttons: tuple[Button, ...] = ()
    kind: IncomingKind = IncomingKind.TEXT
    person_id: PersonId | None = None
    delivery: DeliveryState | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """An outgoing message whose delivery this process has claimed until the lease ends.

    address: decrypted here, for the adapter alone.
    """

    message_id: MessageId
    conversation_id: ConversationId
    contact_point_id: ContactPointId
    platform: Platform
    address: str
    outgoing: Outgoing
    attempts: int
    token: str
