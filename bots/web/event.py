"""What a contact did on the page, and how the house hears it."""

from dataclasses import dataclass
from datetime import datetime

from bots.split import split_text
from handrail.domain.ids import Platform
from handrail.domain.message import Incoming, IncomingKind

WEB = Platform("web")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebEvent:
    """One thing a contact did.

    token: account and address in one. client_id: made by the page, the same on every retry.
    press: the id of the button; `text` is then its label. replaces: the client_id that is edited.
    start: the contact opened the chat and has said nothing.
    """

    token: str
    client_id: str
    at: datetime
    text: str = ""
    press: str | None = None
    replaces: str | None = None
    start: bool = False


def to_incoming(event: WebEvent) -> Incoming:
    return Incoming(
        platform=WEB,
        account=event.token,
        address=event.token,
        message_id=event.client_id,
        kind=_kind(event),
        sent_at=event.at,
        text=event.text,
        press=event.press,
        replaces=event.replaces,
    )


def in_parts(event: WebEvent, max_chars: int) -> list[Incoming]:
    """One `Incoming`, or several when the text is longer than `max_chars`. The parts' ids follow
    from the client_id, so that a retry is recognised part by part."""
    if event.press is not None or len(event.text) <= max_chars:
        return [to_incoming(event)]
    first, *rest = split_text(event.text, max_chars) or [""]
    parts = [WebEvent(
        token=event.token, client_id=event.client_id, at=event.at, text=first,
        replaces=event.replaces,
    )]  # fmt: skip
    parts += [
        WebEvent(token=event.token, client_id=f"{event.client_id}/{number}", at=event.at, text=text)
        for number, text in enumerate(rest, start=2)
    ]
    return [to_incoming(part) for part in parts]


def _kind(event: WebEvent) -> IncomingKind:
    if event.start:
        return IncomingKind.START
    if event.press is not None:
        return IncomingKind.PRESS
    return IncomingKind.TEXT if event.replaces is None else IncomingKind.EDIT
