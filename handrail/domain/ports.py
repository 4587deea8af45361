"""Small ports between the house and its rooms. Storage fills them; tests run one contract suite
over every implementation.

All methods are synchronous and belong to one transaction: nothing is durable before the `with`
block of `Store.transaction` ends without an error, everything is durable after.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from handrail.domain.assessment import Assessment
from handrail.domain.contact import Contact, ContactPoint, Conversation, Report
from handrail.domain.ids import (
    ContactId,
    ContactPointId,
    ConversationId,
    MessageId,
    PersonId,
    Platform,
    ReferralId,
    ReportId,
)
from handrail.domain.message import Author, Button, Incoming, Message, OutboxItem, Outgoing
from handrail.domain.referral import Alert, Event, Referral, Role, Shift, StaffMember


class Contacts(Protocol):
    def arrive(
        self, incoming: Incoming, *, locale: str, country: str, at: datetime
    ) -> tuple[Contact, ContactPoint]:
        """Find the contact of this account through its keyed hash, or create one with a fresh
        data key and alias. Locks the contact point until the transaction ends, so that two
        messages of one contact are handled one after the other."""
        ...

    def get(self, contact_id: ContactId) -> Contact:
        """Raises Erased after deletion, StorageError when unknown."""
        ...

    def set_quiet(self, contact_id: ContactId, quiet: bool) -> None: ...

    def address(self, contact_point_id: ContactPointId) -> tuple[Platform, str]:
        """The decrypted routing address. Raises Erased after deletion."""
        ...

    def erase(self, contact_id: ContactId, at: datetime) -> None:
        """Destroy the data key, the addresses and the account hashes. Cannot be undone."""
        ...


class Conversations(Protocol):
    def of_point(self, point: ContactPoint, *, locale: str, at: datetime) -> Conversation:
        """The conversation of this contact point, created when there is none."""
        ...

    def get(self, conversation_id: ConversationId) -> Conversation: ...

    def save(self, conversation: Conversation, at: datetime) -> Conversation:
        """Compare-and-set on `version`. Raises Conflict. Returns the new version."""
        ...

    def of_account(self, platform: Platform, account: str) -> Conversation | None:
        """Look only: the conversation of this platform account, found through its keyed hash.
        None when the account has never written or was erased. Creates and locks nothing."""
        ...

    def urgent_since(self, contact_id: ContactId, since: datetime) -> bool:
        """Whether any conversation of this contact was at P1 or P2 at or after `since`."""
        ...


class Messages(Protocol):
    def store_incoming(
        self, conversation: Conversation, incoming: Incoming, at: datetime
    ) -> Message | None:
        """Store once. None when (platform, account, message_id) is already stored.
        An EDIT replaces the shown text of the message it names and keeps the earlier text."""
        ...

    def write(
        self,
        conversation_id: ConversationId,
        *,
        author: Author,
        text: str,
        at: datetime,
        buttons: Sequence[Button] = (),
        person_id: PersonId | None = None,
        earliest: datetime | None = None,
        despite_quiet: bool = False,
    ) -> Message:
        """Store what the service or a volunteer says, with its outbox row (PENDING), or a NOTE,
        which has none. `earliest`: do not send before. `despite_quiet`: send it although the
        contact said STOP: for the confirmation of STOP itself, nothing else."""
        ...

    def of_conversation(
        self, conversation_id: ConversationId, *, after_seq: int = 0, limit: int = 500
    ) -> list[Message]:
        """Oldest first. Raises Erased after deletion."""
        ...

    def latest(self, conversation_id: ConversationId, limit: int) -> list[Message]:
        """The newest `limit` messages, oldest first. Raises Erased after deletion."""
        ...

    def keep_assessment(self, message_id: MessageId, assessment: Assessment, at: datetime) -> None:
        """Level, rule ids, spans, score, versions. Never the matched words."""
        ...

    def assessments_of(self, conversation_id: ConversationId) -> list[tuple[MessageId, Assessment]]:
        """Oldest first."""
        ...

    def redact_before(self, before: datetime) -> int:
        """Destroy the text of messages of contacts whose last referral closed before this and who
        have written nothing since. Returns how many messages."""
        ...


class Outbox(Protocol):
    def claim(
        self, conversation_id: ConversationId, now: datetime, lease: timedelta
    ) -> OutboxItem | None:
        """The oldest undelivered message of the conversation that is due, leased to the caller.
        None when there is none, when one before it is leased by somebody else or waiting for a
        retry (order is kept), or when the contact is quiet."""
        ...

    def sent(self, item: OutboxItem, now: datetime) -> None:
        """Raises Conflict when the lease was lost meanwhile."""
        ...

    def failed(
        self, item: OutboxItem, now: datetime, *, permanent: bool, retry_at: datetime, why: str
    ) -> None:
        """`why` is a code, never text. Permanent failures are not tried again."""
        ...

    def give_up(self, conversation_id: ConversationId, now: datetime, why: str) -> int:
        """What still waits in the conversation is never sent: the contact said STOP. Messages
        written `despite_quiet` stay. Returns how many."""
        ...

    def due(self, now: datetime, limit: int = 100) -> list[ConversationId]:
        """Conversations with something to send now, longest waiting first."""
        ...

    def waiting(self, now: datetime) -> tuple[int, timedelta]:
        """How many messages wait to be sent, and for how long the oldest has been due."""
        ...


class Reports(Protocol):
    def add(self, report: Report, receipt: str) -> None:
        """`receipt` is stored as a keyed hash only."""
        ...

    def by_receipt(self, receipt: str) -> Report | None: ...

    def get(self, report_id: ReportId) -> Report: ...

    def add_to(self, report_id: ReportId, text: str, at: datetime) -> None: ...

    def withdraw(self, report_id: ReportId, at: datetime) -> None: ...


class Referrals(Protocol):
    def add(self, referral: Referral) -> None: ...

    def get(self, referral_id: ReferralId) -> Referral: ...

    def change(self, referral: Referral) -> Referral:
        """Compare-and-set on `version` (the value read). Raises Conflict when exactly one row was
        not changed. Returns it with the new version."""
        ...

    def of_conversation(self, conversation_id: ConversationId) -> Referral | None:
        """The one that is not closed, if any."""
        ...

    def neediest(self, *, skip: Sequence[ReferralId] = ()) -> Referral | None:
        """Of state OPEN: by level, then due_by, then opened_at. Locks the row on PostgreSQL
        (SKIP LOCKED), so that two callers never get the same."""
        ...

    def live(
        self, *, held_by: PersonId | None = None, report_id: ReportId | None = None
    ) -> list[Referral]:
        """All that are not closed, in queue order, optionally of one holder or one report."""
        ...


class People(Protocol):
    def add(self, member: StaffMember, password_hash: str) -> None: ...

    def by_username(self, username: str) -> tuple[StaffMember, str] | None:
        """The member and the password hash."""
        ...

    def get(self, person_id: PersonId) -> StaffMember: ...

    def all(self) -> list[StaffMember]: ...

    def update(self, member: StaffMember, password_hash: str | None = None) -> None: ...


class Shifts(Protocol):
    def start(self, person_id: PersonId, at: datetime) -> None:
        """Does nothing when the person is on shift already."""
        ...

    def end(self, person_id: PersonId, at: datetime) -> None: ...

    def running(self) -> list[Shift]: ...


class Sessions(Protocol):
    """Console logins. Tokens are stored as hashes."""

    def open(self, person_id: PersonId, token: str, csrf: str, expires: datetime) -> None: ...

    def find(self, token: str, now: datetime) -> tuple[PersonId, str] | None:
        """Person and CSRF token."""
        ...

    def close(self, token: str) -> None: ...

    def record_attempt(self, key: str, at: datetime, succeeded: bool) -> None:
        """Login throttling. `key` is hashed."""
        ...

    def failures_since(self, key: str, since: datetime) -> int:
        """Failed attempts since then and since the last success."""
        ...


class Journal(Protocol):
    """Events (append-only) and operator alerts."""

    def append(self, kind: str, *, at: datetime, actor: str, subject: str, **data: str) -> None: ...

    def events(self, *, subject: str | None = None, limit: int = 200) -> list[Event]:
        """Newest first."""
        ...

    def first_broken(self) -> int | None:
        """The seq of the first entry whose hash does not fit, None when the chain is whole."""
        ...

    def alert(self, kind: str, detail: str, at: datetime) -> None:
        """Raise an alert once: an unacknowledged one of the same kind and detail is not doubled."""
        ...

    def alerts(self, *, unacknowledged_only: bool = True) -> list[Alert]: ...

    def acknowledge(self, alert_id: int, at: datetime) -> None: ...


class Transaction(Protocol):
    """One unit of work: all of it becomes durable, or none."""

    @property
    def contacts(self) -> Contacts: ...

    @property
    def conversations(self) -> Conversations: ...

    @property
    def messages(self) -> Messages: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def reports(self) -> Reports: ...

    @property
    def referrals(self) -> Referrals: ...

    @property
    def people(self) -> People: ...

    @property
    def shifts(self) -> Shifts: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def journal(self) -> Journal: ...


class Store(Protocol):
    def transaction(self, *, read_only: bool = False) -> AbstractContextManager[Transaction]:
        """Commits when the block ends, rolls back when it raises. Raises StorageError.

        `read_only`: for pages and polling. It never waits for a writer, and writing in it raises.
        """
        ...

    def check(self) -> str:
        """One line on engine, schema version and health. Raises StorageError."""
        ...


class Sender(Protocol):
    """How the outbox hands a message to a platform."""

    platform: Platform

    def deliver(self, address: str, outgoing: Outgoing) -> None:
        """Blocking. Returns when the platform has accepted it. Raises DeliveryError."""
        ...


class Nudger(Protocol):
    """Wakes a worker. Best effort: what it loses, the sweep finds."""

    def nudge_delivery(self, conversation_id: ConversationId) -> None: ...

    def nudge_referral(self, referral_id: ReferralId) -> None: ...


__all__ = [
    "Contacts", "Conversations", "Journal", "Messages", "Nudger", "Outbox", "People",
    "Referrals", "Reports", "Role", "Sender", "Sessions", "Shifts", "Store", "Transaction",
]  # fmt: skip
