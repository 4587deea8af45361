"""What a contact may see of the record: for platforms whose page reads it, web and terminal."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from handrail.domain.clock import Clock
from handrail.domain.errors import Erased, StorageError
from handrail.domain.ids import Platform
from handrail.domain.message import Author, DeliveryState, IncomingKind, Message
from handrail.domain.ports import People, Store

_PAGE = 500
_OVERRIDES = frozenset("\u202d\u202e")

_SETTLED = timedelta(seconds=30)
"""Two writers may commit in the other order than their `seq`: a message is looked for this long
below what has been seen already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message as its contact sees it. `name`: the volunteer's alias; None for the others."""

    message: Message
    name: str | None = None

    @property
    def text(self) -> str:
        return visible(self.message.text)


def read_record(store: Store, platform: Platform, account: str, after_seq: int = 0) -> list[Line]:
    """The account's messages after `after_seq`, oldest first; none when it has not written yet
    or was erased. Blocking. Raises StorageError when the record cannot be read."""
    with store.transaction(read_only=True) as tx:
        try:
            conversation = tx.conversations.of_account(platform, account)
            if conversation is None:
                return []
            lines: list[Line] = []
            while page := tx.messages.of_conversation(
                conversation.id, after_seq=after_seq, limit=_PAGE
            ):
                lines += [_line(message, tx.people) for message in page if for_contact(message)]
                after_seq = page[-1].seq
                if len(page) < _PAGE:
                    break
        except Erased:
            return []
        return lines


def visible(text: str) -> str:
    """Characters that would repaint what stands around them (controls, direction overrides) as
    `<U+202E>`. Line breaks, tabs, and the marks that right-to-left writing needs stay."""
    return "".join(
        f"<U+{ord(character):04X}>"
        if character in _OVERRIDES
        or (unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t\r")
        else character
        for character in text
    )


class Follower:
    """Reads on and on what is new for one account, each message once. For one thread at a time."""

    def __init__(
        self, store: Store, platform: Platform, account: str, clock: Clock, *, after_seq: int = 0
    ) -> None:
        """after_seq: what the reader has seen. Messages up to it that are younger than half a
        minute come again all the same, because one among them may have been committed late."""
        self._store = store
        self._platform = platform
        self._account = account
        self._clock = clock
        self._seen_to = after_seq
        self._floor = 0
        self._ids: set[str] = set()

    def fresh(self) -> list[Line]:
        """Oldest first. Blocking. Raises StorageError when the record cannot be read."""
        lines = read_record(self._store, self._platform, self._account, self._floor)
        settled_before = self._clock.now() - _SETTLED
        new: list[Line] = []
        for line in lines:
            message = line.message
            settled = message.at < settled_before
            if message.id not in self._ids and not (settled and message.seq <= self._seen_to):
                new.append(line)
            if settled:
                self._floor = max(self._floor, message.seq)
                self._ids.discard(message.id)
            else:
                self._ids.add(message.id)
        return new


def for_contact(message: Message) -> bool:
    """Notes are internal, a START has no words, and what could not be delivered was not said."""
    if message.author is Author.NOTE or message.delivery is DeliveryState.FAILED:
        return False
    return not (message.author is Author.CONTACT and message.kind is IncomingKind.START)


def _line(message: Message, people: People) -> Line:
    if message.author is not Author.VOLUNTEER or message.person_id is None:
        return Line(message=message)
    try:
        return Line(message=message, name=people.get(message.person_id).display_name)
    except StorageError:  # the account is gone; what was said still stands
        return Line(message=message)
