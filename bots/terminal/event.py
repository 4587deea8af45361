"""What a contact typed, and how the house hears it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handrail.domain.ids import Platform
from handrail.domain.message import Button, Incoming, IncomingKind

TERMINAL = Platform("terminal")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedLine:
    """One line. number: counts up within one run of the chat (`session`). start: the chat was
    opened and nothing was typed. choices: what the line may pick from."""

    account: str
    session: str
    number: int
    at: datetime
    text: str = ""
    start: bool = False
    choices: tuple[Button, ...] = ()


def to_incoming(line: TypedLine) -> Incoming:
    button = picked(line.text, line.choices)
    kind = IncomingKind.TEXT if button is None else IncomingKind.PRESS
    return Incoming(
        platform=TERMINAL,
        account=line.account,
        address=line.account,
        message_id=f"{line.session}-{line.number}",
        kind=IncomingKind.START if line.start else kind,
        sent_at=line.at,
        text=line.text if button is None else button.label,
        press=None if button is None else button.id,
    )


def picked(text: str, choices: Sequence[Button]) -> Button | None:
    """The choice that was meant: by its number, or by its exact words."""
    typed = text.strip().rstrip(".)").casefold()
    if typed.isascii() and typed.isdigit() and 1 <= int(typed[:6]) <= len(choices):
        return choices[int(typed[:6]) - 1]
    return next(
        (button for button in choices if button.label.casefold() == text.strip().casefold()), None
    )
