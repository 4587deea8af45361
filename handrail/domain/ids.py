"""Identifiers. All but `Platform` are random UUIDs in hexadecimal (32 characters)."""

from typing import NewType
from uuid import uuid4

Platform = NewType("Platform", str)
"""A key of `bots.registry`: web, terminal, telegram, discord, slack."""

ContactId = NewType("ContactId", str)
ContactPointId = NewType("ContactPointId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
ReportId = NewType("ReportId", str)
ReferralId = NewType("ReferralId", str)
PersonId = NewType("PersonId", str)
LeaseToken = NewType("LeaseToken", str)


def new_id() -> str:
    """A fresh random id: 32 hexadecimal characters, 122 random bits."""
    return uuid4().hex
