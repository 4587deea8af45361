"""A real house for tests: real storage, real words, a clock that moves when told, no processes.

`Visitor` is a contact on any platform; `Desk` is a volunteer. Both read like the story they tell.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bots.adapter import RecordSender
from handrail.domain.assessment import Assessment, Context
from handrail.domain.clock import FixedClock
from handrail.domain.ids import ConversationId, PersonId, Platform, ReferralId, new_id
from handrail.domain.message import Author, Incoming, IncomingKind, Message
from handrail.domain.ports import Store
from handrail.domain.referral import Disposition, Referral, Role, StaffMember
from handrail.house import House, Service
from handrail.intake import receive
from handrail.outbox import dispatch
from handrail.received import Received
from handrail.spool import Spool
from playbooks.load import load_library
from referral_queue import desk
from referral_queue.targets import DeskRules, default_targets
from triage.assess import assess

LIBRARY = load_library()
WEB, TERMINAL = Platform("web"), Platform("terminal")
SENDERS = {key: RecordSender(key) for key in (WEB, TERMINAL)}
_numbers = count(1)


class RecordedNudges:
    """Remembers what was nudged."""

    def __init__(self) -> None:
        self.deliveries: list[ConversationId] = []
        self.referrals: list[ReferralId] = []

    def nudge_delivery(self, conversation_id: ConversationId) -> None:
        self.deliveries.append(conversation_id)

    def nudge_referral(self, referral_id: ReferralId) -> None:
        self.referrals.append(referral_id)


def build_house(
    store: Store,
    clock: FixedClock,
    data: Path,
    *,
    assess_with: Callable[[str, Context], Assessment] | None = None,
    **changes: object,
) -> House:
    """A house over `store`. `changes` replace parts of it, so that a test can break one."""
    cipher = AESGCM(bytes(32))
    house = House(
        store=store,
        clock=clock,
        service=Service(name="Handrail", locale="en-GB", country="GB", retention_days=30),
        library=lambda: LIBRARY,
        assess=assess_with or (lambda text, context: assess(text, context)),
        rules=DeskRules(targets=default_targets()),
        plan=(),
        nudger=RecordedNudges(),
        spool=Spool(
            data / "spool",
            lambda plain: bytes(12) + cipher.encrypt(bytes(12), plain, None),
            lambda sealed: cipher.decrypt(sealed[:12], sealed[12:], None),
        ),
        deliver=lambda conversation: dispatch(store, SENDERS, clock, conversation),
    )
    return replace(house, **changes)  # type: ignore[arg-type]


@dataclass
class Visitor:
    """A contact. Every method returns what the service answered, as texts."""

    house: House
    account: str = field(default_factory=new_id)
    platform: Platform = WEB
    last: Received = field(default_factory=Received)

    def incoming(self, text: str = "", **fields: object) -> Incoming:
        values: dict[str, object] = {
            "platform": self.platform,
            "account": self.account,
            "address": self.account,
            "message_id": str(next(_numbers)),
            "kind": IncomingKind.TEXT,
            "sent_at": self.house.clock.now(),
            "text": text,
        }
        return Incoming(**{**values, **fields})  # type: ignore[arg-type]

    def send(self, text: str = "", **fields: object) -> list[str]:
        self.last = receive(self.house, self.incoming(text, **fields))
        said = [message.text for message in self.last.messages]
        return [*said, self.last.fallback] if self.last.fallback else said

    def start(self, topic: str = "") -> list[str]:
        return self.send(topic, kind=IncomingKind.START)

    def press(self, label: str) -> list[str]:
        """Press the latest button that says this."""
        for message in reversed(self.messages()):
            for button in message.buttons:
                if button.label == label:
                    return self.send(kind=IncomingKind.PRESS, press=button.id)
        raise AssertionError(f"no button says {label!r}")

    def labels(self) -> list[str]:
        """Buttons under the latest message of the service."""
        said = [m for m in self.messages() if m.author is Author.SERVICE]
        return [button.label for button in said[-1].buttons]

    @property
    def conversation_id(self) -> ConversationId:
        assert self.last.conversation_id is not None
        return self.last.conversation_id

    def messages(self) -> list[Message]:
        with self.house.store.transaction() as tx:
            return tx.messages.of_conversation(self.conversation_id)

    def referral(self) -> Referral | None:
        with self.house.store.transaction() as tx:
            return tx.referrals.of_conversation(self.conversation_id)


@dataclass
class Desk:
    """A volunteer on shift."""

    house: House
    member: StaffMember

    @classmethod
    def on_shift(cls, house: House, name: str, *roles: Role) -> "Desk":
        now = house.clock.now()
        member = StaffMember(
            id=PersonId(new_id()), username=name.lower(), display_name=name,
            roles=frozenset(roles or (Role.VOLUNTEER,)), active=True, demo=False, created_at=now,
        )  # fmt: skip
        with house.store.transaction() as tx:
            tx.people.add(member, "not a hash")
            desk.start_shift(tx, member, now)
        return cls(house, member)

    def next(self) -> Referral | None:
        with self.house.store.transaction() as tx:
            return desk.offer_next(tx, self.member, self.house.clock.now(), self.house.rules)

    def claim(self, referral: Referral) -> Referral:
        with self.house.store.transaction() as tx:
            return desk.claim(
                tx, referral.id, self.member, self.house.clock.now(), self.house.rules
            )

    def reply(self, referral: Referral, text: str) -> Message:
        assert referral.lease_token is not None
        with self.house.store.transaction() as tx:
            return desk.reply(
                tx, referral, self.member, referral.lease_token, text, self.house.clock.now(),
                self.house.rules,
            )  # fmt: skip

    def close(
        self, referral: Referral, disposition: Disposition = Disposition.SUPPORTED
    ) -> Referral:
        now = self.house.clock.now()
        with self.house.store.transaction() as tx:
            token = tx.referrals.get(referral.id).lease_token
            return desk.close(tx, referral.id, self.member, token, disposition, now)


def later(house: House, **delta: float) -> None:
    """Move the house's clock."""
    clock = house.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(**delta))
