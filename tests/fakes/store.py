"""An in-memory Store for tests: the ports of `handrail.domain.ports`, without a database.

It keeps the promises that callers build on: a block that raises leaves nothing behind, a save
with an old version raises Conflict, what is closed is not live, an incoming message is stored
once, the outbox keeps order and leases, an erased contact raises Erased. Values are frozen, so a
copy of each table is a snapshot. One transaction at a time, as SQLite does it.

    store = FakeStore()
    with store.transaction() as tx:
        tx.referrals.add(...)
    store.broken = True            # every transaction now raises StorageError
    store.fail_at_commit = Boom()  # the next one runs, then raises and rolls back
"""

import copy
import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from handrail.domain import ports
from handrail.domain.assessment import Assessment
from handrail.domain.contact import Contact, ContactPoint, Conversation, Report
from handrail.domain.errors import Conflict, Erased, StorageError
from handrail.domain.ids import (
    ContactId,
    ContactPointId,
    ConversationId,
    MessageId,
    PersonId,
    Platform,
    ReferralId,
    ReportId,
    new_id,
)
from handrail.domain.message import (
    Author,
    Button,
    DeliveryState,
    Incoming,
    IncomingKind,
    Message,
    OutboxItem,
    Outgoing,
)
from handrail.domain.referral import Alert, Event, Referral, ReferralState, Shift, StaffMember


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    message_id: MessageId
    conversation_id: ConversationId
    due: datetime
    attempts: int = 0
    token: str | None = None
    lease_until: datetime | None = None
    done: bool = False
    despite_quiet: bool = False


@dataclass
class Tables:
    contacts: dict[ContactId, Contact] = field(default_factory=dict)
    erased: set[ContactId] = field(default_factory=set)
    points: dict[tuple[str, str], ContactPoint] = field(default_factory=dict)
    addresses: dict[ContactPointId, tuple[Platform, str]] = field(default_factory=dict)
    conversations: dict[ConversationId, Conversation] = field(default_factory=dict)
    messages: dict[MessageId, Message] = field(default_factory=dict)
    arrived: dict[tuple[str, ContactPointId, str], MessageId] = field(default_factory=dict)
    assessments: list[tuple[MessageId, Assessment]] = field(default_factory=list)
    outbox: dict[MessageId, OutboxRow] = field(default_factory=dict)
    reports: dict[ReportId, Report] = field(default_factory=dict)
    receipts: dict[str, ReportId] = field(default_factory=dict)
    referrals: dict[ReferralId, Referral] = field(default_factory=dict)
    people: dict[PersonId, tuple[StaffMember, str]] = field(default_factory=dict)
    shifts: list[Shift] = field(default_factory=list)
    sessions: dict[str, tuple[PersonId, str, datetime]] = field(default_factory=dict)
    attempts: list[tuple[str, datetime, bool]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def snapshot(self) -> "Tables":
        return Tables(**{name: copy.copy(table) for name, table in vars(self).items()})


class FakeContacts:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def arrive(
        self, incoming: Incoming, *, locale: str, country: str, at: datetime
    ) -> tuple[Contact, ContactPoint]:
        key = (incoming.platform, incoming.account)
        point = self._t.points.get(key)
        if point is None:
            contact = Contact(
                id=ContactId(new_id()),
                alias=f"Calm Otter {len(self._t.contacts) + 1}",
                locale=locale,
                country=country,
                quiet=False,
                created_at=at,
            )
            self._t.contacts[contact.id] = contact
            point = ContactPoint(
                id=ContactPointId(new_id()), contact_id=contact.id, platform=incoming.platform
            )
            self._t.points[key] = point
        self._t.addresses[point.id] = (incoming.platform, incoming.address)
        return self.get(point.contact_id), point

    def get(self, contact_id: ContactId) -> Contact:
        if contact_id in self._t.erased:
            raise Erased("the contact was deleted")
        return _row(self._t.contacts, contact_id)

    def set_quiet(self, contact_id: ContactId, quiet: bool) -> None:
        self._t.contacts[contact_id] = replace(self.get(contact_id), quiet=quiet)

    def address(self, contact_point_id: ContactPointId) -> tuple[Platform, str]:
        if contact_point_id not in self._t.addresses:
            raise Erased("the contact point was deleted")
        return self._t.addresses[contact_point_id]

    def erase(self, contact_id: ContactId, at: datetime) -> None:
        self._t.erased.add(contact_id)
        gone = [key for key, point in self._t.points.items() if point.contact_id == contact_id]
        for key in gone:
            self._t.addresses.pop(self._t.points.pop(key).id, None)


class FakeConversations:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def of_point(self, point: ContactPoint, *, locale: str, at: datetime) -> Conversation:
        for known in self._t.conversations.values():
            if known.contact_point_id == point.id:
                return known
        conversation = Conversation(
            id=ConversationId(new_id()),
            contact_id=point.contact_id,
            contact_point_id=point.id,
            platform=point.platform,
            locale=locale,
            state="",
            level=None,
            urgent_at=None,
            version=1,
            updated_at=at,
        )
        self._t.conversations[conversation.id] = conversation
        return conversation

    def get(self, conversation_id: ConversationId) -> Conversation:
        return _row(self._t.conversations, conversation_id)

    def save(self, conversation: Conversation, at: datetime) -> Conversation:
        if self.get(conversation.id).version != conversation.version:
            raise Conflict("the conversation changed")
        saved = replace(conversation, version=conversation.version + 1, updated_at=at)
        self._t.conversations[saved.id] = saved
        return saved

    def of_account(self, platform: Platform, account: str) -> Conversation | None:
        point = self._t.points.get((platform, account))
        known = self._t.conversations.values()
        return next((c for c in known if point and c.contact_point_id == point.id), None)

    def urgent_since(self, contact_id: ContactId, since: datetime) -> bool:
        return any(
            conversation.contact_id == contact_id
            and conversation.urgent_at is not None
            and conversation.urgent_at >= since
            for conversation in self._t.conversations.values()
        )


class FakeMessages:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def store_incoming(
        self, conversation: Conversation, incoming: Incoming, at: datetime
    ) -> Message | None:
        key = (incoming.platform, conversation.contact_point_id, incoming.message_id)
        if key in self._t.arrived:
            return None
        if incoming.kind is IncomingKind.EDIT and incoming.replaces is not None:
            replaced = self._t.arrived.get((*key[:2], incoming.replaces))
            if replaced is not None:
                self._t.arrived[key] = replaced
                edited = replace(self._t.messages[replaced], text=incoming.text, edited=True)
                self._t.messages[replaced] = edited
                return edited
        message = self._store(
            conversation.id, Author.CONTACT, incoming.text, at, kind=incoming.kind
        )
        self._t.arrived[key] = message.id
        return message

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
        note = author is Author.NOTE
        message = self._store(
            conversation_id,
            author,
            text,
            at,
            buttons=tuple(buttons),
            person_id=person_id,
            delivery=None if note else DeliveryState.PENDING,
        )
        if not note:
            self._t.outbox[message.id] = OutboxRow(
                message_id=message.id,
                conversation_id=conversation_id,
                due=earliest or at,
                despite_quiet=despite_quiet,
            )
        return message

    def _store(
        self,
        conversation_id: ConversationId,
        author: Author,
        text: str,
        at: datetime,
        **more: Any,
    ) -> Message:
        conversation = _row(self._t.conversations, conversation_id)
        if conversation.contact_id in self._t.erased:
            raise Erased("the contact was deleted")
        message = Message(
            id=MessageId(new_id()),
            seq=len(self._t.messages) + 1,
            conversation_id=conversation_id,
            author=author,
            at=at,
            text=text,
            **more,
        )
        self._t.messages[message.id] = message
        return message

    def of_conversation(
        self, conversation_id: ConversationId, *, after_seq: int = 0, limit: int = 500
    ) -> list[Message]:
        if _row(self._t.conversations, conversation_id).contact_id in self._t.erased:
            raise Erased("the contact was deleted")
        found = [
            message
            for message in self._t.messages.values()
            if message.conversation_id == conversation_id and message.seq > after_seq
        ]
        return sorted(found, key=lambda message: message.seq)[:limit]

    def latest(self, conversation_id: ConversationId, limit: int) -> list[Message]:
        return self.of_conversation(conversation_id, limit=10**9)[-limit:]

    def keep_assessment(self, message_id: MessageId, assessment: Assessment, at: datetime) -> None:
        self._t.assessments.append((message_id, assessment))

    def assessments_of(self, conversation_id: ConversationId) -> list[tuple[MessageId, Assessment]]:
        return [
            (message_id, assessment)
            for message_id, assessment in self._t.assessments
            if self._t.messages[message_id].conversation_id == conversation_id
        ]

    def redact_before(self, before: datetime) -> int:
        redacted = 0
        for conversation in list(self._t.conversations.values()):
            mine = [m for m in self._t.messages.values() if m.conversation_id == conversation.id]
            if not self._resting(conversation.contact_id, mine, before):
                continue
            for message in mine:
                redacted += bool(message.text)
                self._t.messages[message.id] = replace(message, text="")
        return redacted

    def _resting(self, contact_id: ContactId, mine: list[Message], before: datetime) -> bool:
        referrals = [r for r in self._t.referrals.values() if r.contact_id == contact_id]
        ends = [referral.closed_at for referral in referrals]
        closed = bool(ends) and all(end is not None and end < before for end in ends)
        return closed and all(m.at < before for m in mine if m.author is Author.CONTACT)


class FakeOutbox:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def claim(
        self, conversation_id: ConversationId, now: datetime, lease: timedelta
    ) -> OutboxItem | None:
        row = next(iter(self._open(conversation_id)), None)
        conversation = _row(self._t.conversations, conversation_id)
        if row is None or not self._free(row, now):
            return None
        claimed = replace(row, token=new_id(), lease_until=now + lease, attempts=row.attempts + 1)
        self._t.outbox[row.message_id] = claimed
        message = self._t.messages[row.message_id]
        platform, address = self._t.addresses[conversation.contact_point_id]
        return OutboxItem(
            message_id=message.id,
            conversation_id=conversation_id,
            contact_point_id=conversation.contact_point_id,
            platform=platform,
            address=address,
            outgoing=Outgoing(key=message.id, text=message.text, buttons=message.buttons),
            attempts=claimed.attempts,
            token=claimed.token or "",
        )

    def _open(self, conversation_id: ConversationId | None = None) -> list[OutboxRow]:
        rows = [
            row
            for row in self._t.outbox.values()
            if not row.done
            and conversation_id in (None, row.conversation_id)
            and (row.despite_quiet or not self._quiet(row))
        ]
        return sorted(rows, key=lambda row: self._t.messages[row.message_id].seq)

    @staticmethod
    def _free(row: OutboxRow, now: datetime) -> bool:
        return row.due <= now and (row.lease_until is None or row.lease_until <= now)

    def sent(self, item: OutboxItem, now: datetime) -> None:
        self._finish(item, DeliveryState.SENT)

    def failed(
        self, item: OutboxItem, now: datetime, *, permanent: bool, retry_at: datetime, why: str
    ) -> None:
        if permanent:
            self._finish(item, DeliveryState.FAILED)
            return
        row = self._leased(item)
        self._t.outbox[item.message_id] = replace(row, token=None, lease_until=None, due=retry_at)

    def _leased(self, item: OutboxItem) -> OutboxRow:
        row = self._t.outbox[item.message_id]
        if row.token != item.token or row.done:
            raise Conflict("the outbox lease was lost")
        return row

    def _finish(self, item: OutboxItem, state: DeliveryState) -> None:
        self._t.outbox[item.message_id] = replace(self._leased(item), done=True)
        self._t.messages[item.message_id] = replace(
            self._t.messages[item.message_id], delivery=state
        )

    def give_up(self, conversation_id: ConversationId, now: datetime, why: str) -> int:
        waiting = [
            row
            for row in self._t.outbox.values()
            if row.conversation_id == conversation_id and not row.done and not row.despite_quiet
        ]
        for row in waiting:
            self._t.outbox[row.message_id] = replace(row, done=True)
            message = self._t.messages[row.message_id]
            self._t.messages[row.message_id] = replace(message, delivery=DeliveryState.FAILED)
        return len(waiting)

    def due(self, now: datetime, limit: int = 100) -> list[ConversationId]:
        heads: dict[ConversationId, OutboxRow] = {}
        for row in self._open():
            heads.setdefault(row.conversation_id, row)
        ready = [row for row in heads.values() if self._free(row, now)]
        ready.sort(key=lambda row: row.due)
        return [row.conversation_id for row in ready[:limit]]

    def _quiet(self, row: OutboxRow) -> bool:
        return self._t.contacts[self._t.conversations[row.conversation_id].contact_id].quiet

    def waiting(self, now: datetime) -> tuple[int, timedelta]:
        rows = [row for row in self._open() if row.due <= now]
        return len(rows), max((now - row.due for row in rows), default=timedelta(0))


class FakeReports:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def add(self, report: Report, receipt: str) -> None:
        self._t.reports[report.id] = report
        self._t.receipts[receipt] = report.id

    def by_receipt(self, receipt: str) -> Report | None:
        report_id = self._t.receipts.get(receipt)
        return self._t.reports[report_id] if report_id else None

    def get(self, report_id: ReportId) -> Report:
        return _row(self._t.reports, report_id)

    def add_to(self, report_id: ReportId, text: str, at: datetime) -> None:
        report = self.get(report_id)
        self._t.reports[report_id] = replace(report, additions=(*report.additions, text))

    def withdraw(self, report_id: ReportId, at: datetime) -> None:
        self._t.reports[report_id] = replace(self.get(report_id), withdrawn_at=at)


class FakeReferrals:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def add(self, referral: Referral) -> None:
        if self.of_conversation(referral.conversation_id) is not None:
            raise Conflict("the conversation has a live referral")
        self._t.referrals[referral.id] = referral

    def get(self, referral_id: ReferralId) -> Referral:
        return _row(self._t.referrals, referral_id)

    def change(self, referral: Referral) -> Referral:
        if self.get(referral.id).version != referral.version:
            raise Conflict("the referral changed")
        changed = replace(referral, version=referral.version + 1)
        self._t.referrals[referral.id] = changed
        return changed

    def of_conversation(self, conversation_id: ConversationId) -> Referral | None:
        live = self.live()
        return next((r for r in live if r.conversation_id == conversation_id), None)

    def neediest(self, *, skip: Sequence[ReferralId] = ()) -> Referral | None:
        live = self.live()
        return next((r for r in live if r.state is ReferralState.OPEN and r.id not in skip), None)

    def live(
        self, *, held_by: PersonId | None = None, report_id: ReportId | None = None
    ) -> list[Referral]:
        found = [
            referral
            for referral in self._t.referrals.values()
            if referral.state is not ReferralState.CLOSED
            and held_by in (None, referral.held_by)
            and report_id in (None, referral.report_id)
        ]
        return sorted(found, key=lambda r: (r.level.value, r.due_by, r.opened_at))


class FakePeople:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def add(self, member: StaffMember, password_hash: str) -> None:
        if self.by_username(member.username) is not None:
            raise Conflict("the username is taken")
        self._t.people[member.id] = (member, password_hash)

    def by_username(self, username: str) -> tuple[StaffMember, str] | None:
        rows = self._t.people.values()
        return next((row for row in rows if row[0].username == username), None)

    def get(self, person_id: PersonId) -> StaffMember:
        return _row(self._t.people, person_id)[0]

    def all(self) -> list[StaffMember]:
        return [member for member, _ in self._t.people.values()]

    def update(self, member: StaffMember, password_hash: str | None = None) -> None:
        _, old = _row(self._t.people, member.id)
        self._t.people[member.id] = (member, old if password_hash is None else password_hash)


class FakeShifts:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def start(self, person_id: PersonId, at: datetime) -> None:
        if all(shift.person_id != person_id for shift in self.running()):
            self._t.shifts.append(Shift(person_id=person_id, started_at=at))

    def end(self, person_id: PersonId, at: datetime) -> None:
        self._t.shifts[:] = [
            replace(shift, ended_at=at)
            if shift.person_id == person_id and shift.ended_at is None
            else shift
            for shift in self._t.shifts
        ]

    def running(self) -> list[Shift]:
        return [shift for shift in self._t.shifts if shift.ended_at is None]


class FakeSessions:
    def __init__(self, tables: Tables) -> None:
        self._t = tables

    def open(self, person_id: PersonId, token: str, csrf: str, expires: datetime) -> None:
        self._t.sessions[token] = (person_id, csrf, expires)

    def find(self, token: str, now: datetime) -> tuple[PersonId, str] | None:
        found = self._t.sessions.get(token)
        return None if found is None or found[2] <= now else found[:2]

    def close(self, token: str) -> None:
        self._t.sessions.pop(token, None)

    def record_attempt(self, key: str, at: datetime, succeeded: bool) -> None:
        self._t.attempts.append((key, at, succeeded))

    def failures_since(self, key: str, since: datetime) -> int:
        failures = 0
        for known, at, succeeded in self._t.attempts:
            if known == key:
                failures = 0 if succeeded else failures + (at >= since)
        return failures


class FakeJournal:
    def __init__(self, tables: Tables) -> None:
        self._t = tables
        self._ids = count(len(tables.alerts) + 1)

    def append(self, kind: str, *, at: datetime, actor: str, subject: str, **data: str) -> None:
        previous = self._t.events[-1].hash if self._t.events else ""
        event = Event(
            seq=len(self._t.events) + 1,
            at=at,
            kind=kind,
            actor=actor,
            subject=subject,
            data=tuple(sorted(data.items())),
            hash="",
        )
        self._t.events.append(replace(event, hash=_link(previous, event)))

    def events(self, *, subject: str | None = None, limit: int = 200) -> list[Event]:
        found = [event for event in self._t.events if subject in (None, event.subject)]
        return found[::-1][:limit]

    def first_broken(self) -> int | None:
        previous = ""
        for event in self._t.events:
            if event.hash != _link(previous, event):
                return event.seq
            previous = event.hash
        return None

    def alert(self, kind: str, detail: str, at: datetime) -> None:
        if all((known.kind, known.detail) != (kind, detail) for known in self.alerts()):
            self._t.alerts.append(Alert(id=next(self._ids), at=at, kind=kind, detail=detail))

    def alerts(self, *, unacknowledged_only: bool = True) -> list[Alert]:
        return [a for a in self._t.alerts if not (unacknowledged_only and a.acknowledged_at)]

    def acknowledge(self, alert_id: int, at: datetime) -> None:
        self._t.alerts[:] = [
            replace(alert, acknowledged_at=at) if alert.id == alert_id else alert
            for alert in self._t.alerts
        ]


class FakeTransaction:
    def __init__(self, tables: Tables) -> None:
        self.contacts: ports.Contacts = FakeContacts(tables)
        self.conversations: ports.Conversations = FakeConversations(tables)
        self.messages: ports.Messages = FakeMessages(tables)
        self.outbox: ports.Outbox = FakeOutbox(tables)
        self.reports: ports.Reports = FakeReports(tables)
        self.referrals: ports.Referrals = FakeReferrals(tables)
        self.people: ports.People = FakePeople(tables)
        self.shifts: ports.Shifts = FakeShifts(tables)
        self.sessions: ports.Sessions = FakeSessions(tables)
        self.journal: ports.Journal = FakeJournal(tables)


class FakeStore:
    """See the top of this file. `tables` is open for tests that must look or tamper."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.broken = False
        self.fail_at_commit: Exception | None = None
        self.commits = 0
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[ports.Transaction]:
        if self.broken:
            raise StorageError("the database cannot be reached")
        # A transaction inside a transaction is a bug of the caller: say so, do not hang.
        if not self._one_at_a_time.acquire(timeout=10):
            raise StorageError("the database is locked by another transaction")
        try:
            working = self.tables.snapshot()
            yield FakeTransaction(working)
            failure, self.fail_at_commit = self.fail_at_commit, None
            if failure is not None:
                raise failure
            if read_only:
                if working != self.tables:
                    raise StorageError("a read-only transaction tried to write")
                return
            self.tables = working
            self.commits += 1
        finally:
            self._one_at_a_time.release()

    def check(self) -> str:
        if self.broken:
            raise StorageError("the database cannot be reached")
        return "fake store: healthy"


def _row(table: dict[Any, Any], key: Any) -> Any:
    if key not in table:
        raise StorageError(f"no such row: {key}")
    return table[key]


def _link(previous: str, event: Event) -> str:
    body = [event.seq, event.at.isoformat(), event.kind, event.actor, event.subject, event.data]
    return hashlib.sha256((previous + json.dumps(body)).encode()).hexdigest()
