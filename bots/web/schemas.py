"""The JSON that the page and the API exchange."""

import re
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bots.record import Line
from bots.web.door import Answered
from handrail.domain.message import Author

_ID = r"^[A-Za-z0-9_-]{8,64}$"

HIGHEST_SEQ = 2**53 - 1
"""The largest whole number that JavaScript holds exactly; databases end a little above it."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MessageIn(_Strict):
    """What a contact says or presses. Attachments do not exist here."""

    client_id: str = Field(
        pattern=_ID,
        description="Made by the sender, new for every message, the same for every retry of it.",
    )
    text: str = Field(
        default="",
        description="Any length up to the size of a request. For a press: the button's label.",
    )
    press: str | None = Field(
        default=None, min_length=1, max_length=64, description="The id of the button pressed."
    )
    replaces: str | None = Field(
        default=None, pattern=_ID, description="The client_id of an earlier message to correct."
    )
    after: int = Field(
        default=0, ge=0, le=HIGHEST_SEQ, description="The highest `seq` already shown."
    )


class StartIn(_Strict):
    """The contact opened the chat and has said nothing yet."""

    client_id: str = Field(pattern=_ID)
    after: int = Field(default=0, ge=0, le=HIGHEST_SEQ)


class ButtonOut(_Strict):
    id: str
    label: str


class MessageOut(_Strict):
    """One message. `seq` is null for a fallback reply, which is on no record."""

    id: str
    seq: int | None
    author: Literal["you", "service", "volunteer"]
    name: str | None = Field(description="A volunteer's alias.")
    at: datetime | None
    text: str
    buttons: list[ButtonOut]
    edited: bool


class MessagesOut(_Strict):
    messages: list[MessageOut]


class AnswerOut(MessagesOut):
    """Everything new since `after`, the sender's own words included.

    `stored` is false when nothing could be kept: send the same again later, with the same
    `client_id`. The messages then end with a fallback reply that must be shown.
    """

    stored: bool
    notes: list[Literal["long", "slowed"]] = Field(
        description="long: kept in full, as several messages. slowed: taken in with a short delay."
    )


class Problem(_Strict):
    code: str
    message: str = Field(description="For developers. The page has its own words for contacts.")
    fields: list[str] = []


class ErrorOut(_Strict):
    error: Problem


class HealthOut(_Strict):
    status: Literal["ok", "storage_down"]


_AUTHORS: dict[Author, Literal["you", "service", "volunteer"]] = {
    Author.CONTACT: "you",
    Author.SERVICE: "service",
    Author.VOLUNTEER: "volunteer",
}


def is_client_id(text: str) -> bool:
    return re.fullmatch(_ID, text) is not None


def message_out(line: Line) -> MessageOut:
    message = line.message
    return MessageOut(
        id=message.id,
        seq=message.seq,
        author=_AUTHORS[message.author],
        name=line.name,
        at=message.at,
        text=line.text,
        buttons=[ButtonOut(id=button.id, label=button.label) for button in message.buttons],
        edited=message.edited,
    )


def fallback_out(text: str) -> MessageOut:
    return MessageOut(
        id="fallback", seq=None, author="service", name=None, at=None, text=text, buttons=[],
        edited=False,
    )  # fmt: skip


def answer_out(answered: Answered) -> AnswerOut:
    messages = [message_out(line) for line in answered.lines]
    if answered.fallback is not None:
        messages.append(fallback_out(answered.fallback))
    notes: list[Literal["long", "slowed"]] = []
    if "long" in answered.notes:
        notes.append("long")
    if "slowed" in answered.notes:
        notes.append("slowed")
    return AnswerOut(messages=messages, stored=answered.stored, notes=notes)
