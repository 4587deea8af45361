"""What the console needs to know, and the parts it is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from zoneinfo import ZoneInfo

from handrail.domain.clock import Clock
from handrail.domain.ids import ConversationId
from handrail.domain.ports import Nudger, Store, Transaction
from handrail.domain.referral import Referral
from referral_queue.targets import DeskRules


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """The console's own section of the configuration.

    service_name: shown in the header. time_zone: IANA name; times are shown in it.
    demo: every page says that this is a demonstration.
    secure_cookies: False only on plain http (loopback): then no `__Host-` prefix and no Secure.
    idle_minutes: a login ends after this long without a person doing anything.
    session_minutes: a login ends after this long whatever happens.
    heartbeat_seconds: how often an open conversation page renews its lease.
    live_poll_seconds: how often a live page looks for something new.
    live_minutes: how long one event stream lives before the browser opens the next.
    login_check_seconds: how often an open event stream checks that its login still holds.
    reply_max_characters: longest reply, chosen so that every platform can carry it.
    """

    service_name: str
    time_zone: str = "Europe/London"
    demo: bool = False
    secure_cookies: bool = True
    idle_minutes: int = 30
    session_minutes: int = 480
    heartbeat_seconds: int = 30
    live_poll_seconds: float = 1.0
    live_minutes: float = 10.0
    login_check_seconds: float = 15.0
    reply_max_characters: int = 2000

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def longest(self) -> timedelta:
        return timedelta(minutes=self.session_minutes)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


Announce = Callable[[Transaction, Referral, str], None]
"""Tell the contact what an action means for them: the playbook of that key, in the caller's
transaction. Keys: relay_joined, person_left, on_hold_note, closed_goodbye."""


def say_nothing(_tx: Transaction, _referral: Referral, _key: str) -> None:
    """An `Announce` for a console without playbooks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a route may use. `deliver` tries to send a conversation's messages at once; it
    may raise a HandrailError, and then the worker sends them later. `stopping` is set when the
    server is told to stop: event streams end then."""

    store: Store
    clock: Clock
    settings: ConsoleSettings
    rules: DeskRules
    nudger: Nudger
    deliver: Callable[[ConversationId], None]
    announce: Announce
    stopping: Event = field(default_factory=Event)
