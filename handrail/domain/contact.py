"""Contacts and their conversations, as staff and the engine know them: by alias, never by name."""

from dataclasses import dataclass, field
from datetime import datetime

from handrail.domain.ids import (
    ContactId,
    ContactPointId,
    ConversationId,
    Platform,
    ReportId,
)
from handrail.domain.level import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whoever writes to the bot.

    alias: two words and a number, unique; all that staff ever see.
    quiet: the contact said STOP and has not written since; nothing may be sent.
    """

    id: ContactId
    alias: str
    locale: str
    country: str
    quiet: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPoint:
    """A platform address at which a contact can be reached. The address itself stays encrypted."""

    id: ContactPointId
    contact_id: ContactId
    platform: Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One exchange with one contact on one platform.

    state: the engine's own JSON; storage encrypts it and never looks inside.
    level: the most pressing level so far, or what a person set; None before any assessment.
    urgent_at: when a P1 or P2 was last seen here.
    version: raised by one at every save; a save with an old version raises Conflict.
    """

    id: ConversationId
    contact_id: ContactId
    contact_point_id: ContactPointId
    platform: Platform
    locale: str
    state: str
    level: Level | None
    urgent_at: datetime | None
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a reporter told us, immutable. Additions are kept beside it, never inside it.

    answers: (question id, answer) pairs in the order given, decrypted.
    """

    id: ReportId
    contact_id: ContactId
    conversation_id: ConversationId
    answers: tuple[tuple[str, str], ...]
    created_at: datetime
    withdrawn_at: datetime | None = None
    additions: tuple[str, ...] = field(default=())
