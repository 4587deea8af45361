"""A console over a real store, people in every role, a contact who wrote, and a browser to press
its buttons: plain forms, cookies, no JavaScript."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from handrail.console.accounts import hash_password
from handrail.console.application import create_console
from handrail.console.settings import ConsoleSettings
from handrail.domain.assessment import Assessment, Hit, Person
from handrail.domain.clock import FixedClock
from handrail.domain.errors import HandrailError
from handrail.domain.ids import ConversationId, PersonId, Platform, ReferralId, new_id
from handrail.domain.level import Level
from handrail.domain.message import Author, Button, Incoming, IncomingKind
from handrail.domain.ports import Store, Transaction
from handrail.domain.referral import Referral, Role, StaffMember
from referral_queue import desk
from referral_queue.targets import DeskRules, default_targets

PASSWORD = "four harmless words here"
RULES = DeskRules(targets=default_targets())
ROLES = {
    "vera": {Role.VOLUNTEER},
    "victor": {Role.VOLUNTEER},
    "sam": {Role.SUPERVISOR},
    "cleo": {Role.CLINICAL_LEAD},
    "sofia": {Role.SAFEGUARDING_LEAD},
    "dana": {Role.DATA_LEAD},
    "ada": {Role.ADMINISTRATOR},
}
# One hash for everybody: hashing is slow on purpose, and these tests log in often.
_HASHED: list[str] = []


@dataclass
class Nudges:
    """A Nudger that remembers."""

    deliveries: list[ConversationId] = field(default_factory=list)

    def nudge_delivery(self, conversation_id: ConversationId) -> None:
        self.deliveries.append(conversation_id)

    def nudge_referral(self, referral_id: ReferralId) -> None:
        raise AssertionError("the console opens no referrals")


@dataclass
class Place:
    """The console and everything around it that a test may look at."""

    store: Store
    clock: FixedClock
    app: FastAPI
    nudges: Nudges
    delivered: list[ConversationId]
    announced: list[str]
    people: dict[str, StaffMember]
    delivery_fails: HandrailError | None = None

    def referral(self, referral_id: ReferralId) -> Referral:
        with self.store.transaction(read_only=True) as tx:
            return tx.referrals.get(referral_id)

    def texts(self, referral: Referral, author: Author) -> list[str]:
        with self.store.transaction(read_only=True) as tx:
            said = tx.messages.of_conversation(referral.conversation_id)
        return [message.text for message in said if message.author is author]

    def kinds(self) -> list[str]:
        with self.store.transaction(read_only=True) as tx:
            return [event.kind for event in tx.journal.events()]


def make_place(store: Store, clock: FixedClock, **settings: Any) -> Place:
    nudges, delivered, announced = Nudges(), [], []
    values: dict[str, Any] = {"service_name": "Evergreen Line", "secure_cookies": False}

    def deliver(conversation: ConversationId) -> None:
        if place.delivery_fails:
            raise place.delivery_fails
        delivered.append(conversation)

    def announce(tx: Transaction, referral: Referral, key: str) -> None:
        announced.append(key)

    app = create_console(
        store, clock, ConsoleSettings(**(values | settings)), RULES, nudges, deliver, announce
    )
    people = {name: _member(store, clock, name, roles) for name, roles in ROLES.items()}
    place = Place(
        store=store,
        clock=clock,
        app=app,
        nudges=nudges,
        delivered=delivered,
        announced=announced,
        people=people,
    )
    return place


def _member(store: Store, clock: FixedClock, name: str, roles: set[Role]) -> StaffMember:
    if not _HASHED:
        _HASHED.append(hash_password(PASSWORD))
    member = StaffMember(
        id=PersonId(new_id()),
        username=name,
        display_name=name.title(),
        roles=frozenset(roles),
        active=True,
        demo=False,
        created_at=clock.now(),
    )
    with store.transaction() as tx:
        tx.people.add(member, _HASHED[0])
    return member


def contact_writes(
    place: Place,
    *texts: str,
    account: str = "a1",
    level: Level = Level.P3,
    reasons: Sequence[str] = ("asked to talk to somebody",),
) -> Referral:
    """A contact wrote; the service answered; a referral is open (or goes on)."""
    now = place.clock.now()
    with place.store.transaction() as tx:
        incoming = [_incoming(text, account, place) for text in texts]
        _, point = tx.contacts.arrive(incoming[0], locale="en-GB", country="GB", at=now)
        conversation = tx.conversations.of_point(point, locale="en-GB", at=now)
        known = tx.referrals.of_conversation(conversation.id)
        for one in incoming:
            stored = tx.messages.store_incoming(conversation, one, now)
            if stored:
                tx.messages.keep_assessment(stored.id, _assessment(level), now)
        if known is None:
            tx.messages.write(
                conversation.id,
                author=Author.SERVICE,
                text="Would you like to talk to someone?",
                at=now,
                buttons=(Button(id="talk", label="Yes, please"),),
            )
        targets = RULES.targets
        return desk.open_referral(
            tx,
            conversation=conversation,
            level=level,
            reasons=reasons,
            now=now,
            targets=targets,
        )


def _incoming(text: str, account: str, place: Place) -> Incoming:
    return Incoming(
        platform=Platform("web"),
        account=account,
        address=f"address of {account}",
        message_id=new_id(),
        kind=IncomingKind.TEXT,
        sent_at=place.clock.now(),
        text=text,
    )


def _assessment(level: Level) -> Assessment:
    hit = Hit(
        rule="mood.low",
        signal="low_mood",
        floor=level,
        start=0,
        end=2,
        reason="said that everything feels heavy",
    )
    return Assessment(
        level=level,
        rules_level=level,
        person=Person.FIRST,
        signals=("low_mood", "isolation"),
        hits=(hit,),
        reasons=("said that everything feels heavy",),
    )


class Browser:
    """Somebody at a browser without JavaScript. Follows no redirect unless told to."""

    def __init__(self, place: Place, loop: asyncio.AbstractEventLoop, address: str) -> None:
        transport = httpx.ASGITransport(app=place.app, client=(address, 40000))
        self._loop = loop
        self._client = httpx.AsyncClient(transport=transport, base_url="http://console.test")
        self.cookies = self._client.cookies
        self.page = ""

    def close(self) -> None:
        self._loop.run_until_complete(self._client.aclose())

    def get(self, path: str, *, follow: bool = False, **headers: str) -> httpx.Response:
        return self._send("GET", path, follow=follow, headers=headers)

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, follow: bool = False, **headers: str
    ) -> httpx.Response:
        """With the form token of the last page, unless `data` brings one."""
        fields = {"csrf": self.field("csrf"), **(data or {})}
        return self._send("POST", path, data=fields, follow=follow, headers=headers)

    def _send(self, method: str, path: str, *, follow: bool, **more: Any) -> httpx.Response:
        more["headers"] = {k.replace("_", "-"): v for k, v in more["headers"].items()}
        request = self._client.request(method, path, follow_redirects=follow, **more)
        response = self._loop.run_until_complete(request)
        if "csrf" in response.text:
            self.page = response.text
        return response

    def field(self, name: str) -> str:
        """The value of the first hidden field of that name on the last page with a form."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        return found[1] if found else ""

    def log_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        self.get("/login")
        return self.post("/login", {"username": username, "password": password})


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
