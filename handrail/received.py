"""What the house answers to an adapter."""

from dataclasses import dataclass

from handrail.domain.ids import ConversationId
from handrail.domain.message import Message


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
