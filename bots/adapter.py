"""The port that every platform implements, and the values that cross it.

An adapter translates and never decides: an SDK event becomes an `Incoming`, an `Outgoing` becomes
whatever the platform calls a message. What to say is settled behind `Wiring.receive`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from handrail.domain.clock import Clock
from handrail.domain.ids import ConversationId, Platform
from handrail.domain.message import Incoming, Message, Outgoing
from handrail.domain.ports import Sender, Store

_log = logging.getLogger(__name__)


class Received(Protocol):
    """What the house answered to one `Incoming`.

    messages: what the service said in reply, committed already. duplicate: seen before, nothing
    was done again. fallback: text the adapter must show because the house failed; None otherwise.
    conversation_id: None when nothing could be stored.
    """

    @property
    def messages(self) -> tuple[Message, ...]: ...

    @property
    def duplicate(self) -> bool: ...

    @property
    def fallback(self) -> str | None: ...

    @property
    def conversation_id(self) -> ConversationId | None: ...


Receive = Callable[[Incoming], Received]
"""The house's door. Blocking: call it in a thread. It should not raise; adapters expect it may."""

Fallback = Callable[[str], str]
"""Locale -> the compiled-in reply for when everything else fails. Cannot fail."""

AlertOperator = Callable[[str, str], None]
"""(kind, detail): codes and ids only, never text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the house lends to every adapter."""

    receive: Receive
    store: Store
    clock: Clock
    fallback: Fallback
    alert: AlertOperator


Event = TypeVar("Event", contravariant=True)


class Adapter(Protocol[Event]):
    """One platform.

    platform: its key in `bots.registry`. text_limit: characters in one message of the platform;
    None when it has no limit. sender: how the outbox hands a message over.
    """

    @property
    def platform(self) -> Platform: ...

    @property
    def text_limit(self) -> int | None: ...

    @property
    def sender(self) -> Sender: ...

    def to_incoming(self, event: Event) -> Incoming:
        """Translate what happened. The same event, delivered twice, must give the same
        `message_id`: that is how the house knows it has it already."""
        ...


class RecordSender:
    """Delivery for platforms whose page reads the record itself (web, terminal).

    Nothing has to travel, so a message counts as accepted as soon as it is committed.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def deliver(self, address: str, outgoing: Outgoing) -> None:
        """Accepts at once. Raises nothing."""
        del address, outgoing


def tell_operator(alert: AlertOperator, kind: str, detail: str) -> None:
    """Raise an alert, and carry on when even that fails: the contact's answer comes first."""
    try:
        alert(kind, detail)
    except Exception:  # the adapter boundary: nothing may come between a contact and the reply
        _log.error("alert_lost kind=%s", kind)
