"""A house of paper: it stores, answers by a few plain rules, and can be made to fail.

For adapter tests alone. It knows nothing of triage, playbooks or databases.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

from handrail.domain.clock import Clock
from handrail.domain.contact import Conversation
from handrail.domain.errors import StorageError
from handrail.domain.ids import (
    ContactId,
    ContactPointId,
    ConversationId,
    MessageId,
    PersonId,
    Platform,
    new_id,
)
from handrail.domain.message import (
    Author,
    Button,
    DeliveryState,
    Incoming,
    IncomingKind,
    Message,
)
from handrail.domain.ports import Store, Transaction

EMERGENCY_LINE = "If a life is in danger, call 999 now."
FALLBACK = "We saw your message. A person will read it. If a life is in danger, call 999."
HELLO = "Hello. I am an automated helper. Who is this about?"
CHOICES = (Button(id="about:self", label="Me"), Button(id="about:other", label="Someone else"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReceived:
    messages: tuple[Message, ...] = ()
    duplicate: bool = False
    fallback: str | None = None
    conversation_id: ConversationId | None = None


@dataclass
class PaperHouse:
    """receive() and store in one. broken: receive raises. down: the store raises.
    failing: receive answers with a fallback, as the real one does when a part of it failed."""

    clock: Clock
    broken: bool = False
    down: bool = False
    failing: bool = False
    slow: threading.Event | None = None
    incoming: list[Incoming] = field(default_factory=list)
    alerts: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._seq = 0
        self._conversations: dict[tuple[Platform, str], Conversation] = {}
        self._messages: dict[ConversationId, list[Message]] = {}
        self._known: set[tuple[Platform, str, str]] = set()
        self._people = {PersonId("sam"): SimpleNamespace(display_name="Sam")}

    # ---- what an adapter is given ----

    def receive(self, incoming: Incoming) -> PaperReceived:
        if self.slow is not None:
            self.slow.wait(5)
        with self._lock:
            if self.broken:
                raise RuntimeError("the house is broken")
            key = (incoming.platform, incoming.account, incoming.message_id)
            if key in self._known:
                return PaperReceived(duplicate=True, conversation_id=self._of(incoming).id)
            self._known.add(key)
            self.incoming.append(incoming)
            conversation = self._of(incoming)
            self._write(conversation.id, Author.CONTACT, incoming.text, kind=incoming.kind)
            if self.failing:
                return PaperReceived(fallback=FALLBACK, conversation_id=conversation.id)
            if incoming.text == "DELETE":
                return self._erase(incoming)
            text, buttons = self._answer(incoming)
            said = self._write(conversation.id, Author.SERVICE, text, buttons=buttons)
            return PaperReceived(messages=(said,), conversation_id=conversation.id)

    @property
    def store(self) -> Store:
        return cast(Store, self)

    def fallback(self, locale: str) -> str:
        return FALLBACK

    def alert(self, kind: str, detail: str) -> None:
        self.alerts.append((kind, detail))

    # ---- as a store ----

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Transaction]:
        if self.down:
            raise StorageError("the database is down")
        with self._lock:
            yield cast(
                Transaction,
                SimpleNamespace(
                    conversations=SimpleNamespace(of_account=self._of_account),
                    messages=SimpleNamespace(of_conversation=self._page),
                    people=SimpleNamespace(get=self._person),
                ),
            )

    def check(self) -> str:
        if self.down:
            raise StorageError("the database is down")
        return "paper"

    # ---- what a test does behind the adapter's back ----

    def volunteer_says(
        self, text: str, *, platform: str = "web", person: str | None = "sam"
    ) -> None:
        with self._lock:
            for (where, _), conversation in self._conversations.items():
                if where == platform:
                    self._write(
                        conversation.id,
                        Author.VOLUNTEER,
                        text,
                        person_id=PersonId(person) if person else None,
                    )

    def note(self, text: str) -> None:
        with self._lock:
            for conversation in self._conversations.values():
                self._write(conversation.id, Author.NOTE, text)

    def fail_delivery(self, text: str) -> None:
        with self._lock:
            for messages in self._messages.values():
                for index, message in enumerate(messages):
                    if message.text == text:
                        messages[index] = replace(message, delivery=DeliveryState.FAILED)

    # ---- inside ----

    def _answer(self, incoming: Incoming) -> tuple[str, tuple[Button, ...]]:
        if incoming.kind is IncomingKind.START:
            return HELLO, CHOICES
        if incoming.kind is IncomingKind.PRESS:
            return f"You chose {incoming.press}.", ()
        return f"We read: {incoming.text[:40]}", CHOICES

    def _of(self, incoming: Incoming) -> Conversation:
        key = (incoming.platform, incoming.account)
        if key not in self._conversations:
            self._conversations[key] = Conversation(
                id=ConversationId(new_id()),
                contact_id=ContactId(new_id()),
                contact_point_id=ContactPointId(new_id()),
                platform=incoming.platform,
                locale="en-GB",
                state="{}",
                level=None,
                urgent_at=None,
                version=1,
                updated_at=self.clock.now(),
            )
        return self._conversations[key]

    def _write(
        self, conversation_id: ConversationId, author: Author, text: str, **more: Any
    ) -> Message:
        self._seq += 1
        message = Message(
            id=MessageId(new_id()),
            seq=self._seq,
            conversation_id=conversation_id,
            author=author,
            at=self.clock.now(),
            text=text,
            delivery=DeliveryState.PENDING
            if author in {Author.SERVICE, Author.VOLUNTEER}
            else None,
            **more,
        )
        self._messages.setdefault(conversation_id, []).append(message)
        return message

    def _erase(self, incoming: Incoming) -> PaperReceived:
        conversation = self._conversations.pop((incoming.platform, incoming.account))
        goodbye = self._write(conversation.id, Author.SERVICE, "It is erased.")
        del self._messages[conversation.id]
        return PaperReceived(messages=(goodbye,), conversation_id=conversation.id)

    def _of_account(self, platform: Platform, account: str) -> Conversation | None:
        return self._conversations.get((platform, account))

    def _page(
        self, conversation_id: ConversationId, *, after_seq: int = 0, limit: int = 500
    ) -> list[Message]:
        messages = self._messages.get(conversation_id, [])
        return [message for message in messages if message.seq > after_seq][:limit]

    def _person(self, person_id: PersonId) -> Any:
        try:
            return self._people[person_id]
        except KeyError:
            raise StorageError("nobody is called that") from None
