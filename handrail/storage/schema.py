"""The tables, once for SQLite and PostgreSQL. Migrations create them; a test compares the two.

Columns of type `LargeBinary` are sealed (see sealing.py); columns ending in `_hash` are keyed
hashes. Everything else is ids, codes, levels and instants: nothing a contact wrote.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class Instant(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out. SQLite keeps it as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


Serial = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only when the column is exactly INTEGER."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id") -> Column[str]:
    return Column(name, String(32), primary_key=True)


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, String(32), ForeignKey(target), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Instant, nullable=nullable)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


keyring = Table(
    "keyring",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key_id", String(16), nullable=False),
)

contact = Table(
    "contact",
    metadata,
    _id(),
    Column("alias", String(64), nullable=False, unique=True),
    Column("locale", String(35), nullable=False),
    Column("country", String(8), nullable=False),
    Column("quiet", Boolean, nullable=False),
    _at("created_at"),
    _at("erased_at", nullable=True),
)

contact_key = Table(
    "contact_key",
    metadata,
    Column("contact_id", String(32), ForeignKey("contact.id"), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

contact_point = Table(
    "contact_point",
    metadata,
    _id(),
    _ref("contact_id", "contact.id"),
    Column("platform", String(32), nullable=False),
    Column("account_hash", String(64)),
    Column("address", LargeBinary),
    UniqueConstraint("platform", "account_hash"),
    Index("ix_contact_point_contact_id", "contact_id"),
)

conversation = Table(
    "conversation",
    metadata,
    _id(),
    _ref("contact_id", "contact.id"),
    Column(
        "contact_point_id", String(32), ForeignKey("contact_point.id"), nullable=False, unique=True
    ),
    Column("platform", String(32), nullable=False),
    Column("locale", String(35), nullable=False),
    Column("state", LargeBinary),
    Column("level", String(2)),
    _at("urgent_at", nullable=True),
    Column("version", Integer, nullable=False),
    _at("updated_at"),
    Index("ix_conversation_contact_id", "contact_id"),
)

person = Table(
    "person",
    metadata,
    _id(),
    Column("username", String(128), nullable=False, unique=True),
    Column("display_name", String(128), nullable=False),
    Column("roles", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("password_hash", Text, nullable=False),
    _at("created_at"),
)

message = Table(
    "message",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    _ref("conversation_id", "conversation.id"),
    _ref("contact_id", "contact.id"),
    Column("author", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    _at("at"),
    Column("body", LargeBinary),
    Column("buttons", LargeBinary),
    _ref("person_id", "person.id", nullable=True),
    Column("edited", Boolean, nullable=False),
    Index("ix_message_conversation_id_seq", "conversation_id", "seq"),
    Index("ix_message_contact_id", "contact_id"),
    sqlite_autoincrement=True,
)

message_edit = Table(
    "message_edit",
    metadata,
    _id(),
    _ref("message_id", "message.id"),
    _ref("contact_id", "contact.id"),
    _at("replaced_at"),
    Column("body", LargeBinary, nullable=False),
    Index("ix_message_edit_message_id", "message_id"),
    Index("ix_message_edit_contact_id", "contact_id"),
)

received = Table(
    "received",
    metadata,
    Column("source_hash", String(64), primary_key=True),
    _ref("contact_id", "contact.id"),
    Column("message_id", String(32), nullable=False),
    Index("ix_received_contact_id", "contact_id"),
)

assessment = Table(
    "assessment",
    metadata,
    Column("seq", Serial, primary_key=True),
    _ref("message_id", "message.id"),
    _ref("conversation_id", "conversation.id"),
    _ref("contact_id", "contact.id"),
    _at("at"),
    Column("level", String(2), nullable=False),
    Column("rules_level", String(2), nullable=False),
    Column("needs_review", Boolean, nullable=False),
    Column("degraded", Boolean, nullable=False),
    Column("detail", LargeBinary),
    Index("ix_assessment_conversation_id_seq", "conversation_id", "seq"),
    Index("ix_assessment_contact_id", "contact_id"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", String(32), ForeignKey("message.id"), primary_key=True),
    Column("seq", Serial, nullable=False),
    _ref("conversation_id", "conversation.id"),
    _ref("contact_id", "contact.id"),
    Column("state", String(16), nullable=False),
    Column("despite_quiet", Boolean, nullable=False),
    _at("written_at"),
    _at("earliest", nullable=True),
    _at("retry_at", nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("lease_token", String(32)),
    _at("lease_until", nullable=True),
    _at("settled_at", nullable=True),
    Column("why", String(64)),
    Index("ix_outbox_contact_id", "contact_id"),
    _partial("ix_outbox_pending", "conversation_id", "seq", where="state = 'pending'"),
)

report = Table(
    "report",
    metadata,
    _id(),
    _ref("contact_id", "contact.id"),
    _ref("conversation_id", "conversation.id"),
    Column("receipt_hash", String(64), unique=True),
    Column("answers", LargeBinary),
    _at("created_at"),
    _at("withdrawn_at", nullable=True),
    Index("ix_report_contact_id", "contact_id"),
)

report_addition = Table(
    "report_addition",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    _ref("report_id", "report.id"),
    _ref("contact_id", "contact.id"),
    _at("at"),
    Column("body", LargeBinary, nullable=False),
    Index("ix_report_addition_report_id", "report_id"),
    Index("ix_report_addition_contact_id", "contact_id"),
    sqlite_autoincrement=True,
)

referral = Table(
    "referral",
    metadata,
    _id(),
    _ref("contact_id", "contact.id"),
    _ref("conversation_id", "conversation.id"),
    _ref("report_id", "report.id", nullable=True),
    Column("level", String(2), nullable=False),
    Column("state", String(16), nullable=False),
    _at("opened_at"),
    _at("due_by"),
    Column("reasons", LargeBinary),
    _ref("held_by", "person.id", nullable=True),
    Column("lease_token", String(64)),
    _at("lease_until", nullable=True),
    _ref("handed_to", "person.id", nullable=True),
    _at("escalated_at", nullable=True),
    _at("first_reply_at", nullable=True),
    _at("awaiting_since", nullable=True),
    Column("needs_review", Boolean, nullable=False),
    Column("disposition", String(32)),
    _at("closed_at", nullable=True),
    Column("version", Integer, nullable=False),
    Index("ix_referral_contact_id", "contact_id"),
    _partial("ix_referral_open", "level", "due_by", "opened_at", where="state = 'open'"),
    _partial("ix_referral_live", "conversation_id", where="state <> 'closed'"),
)

shift = Table(
    "shift",
    metadata,
    Column("seq", Serial, primary_key=True),
    _ref("person_id", "person.id"),
    _at("started_at"),
    _at("ended_at", nullable=True),
    _partial("uq_shift_running", "person_id", where="ended_at IS NULL", unique=True),
    sqlite_autoincrement=True,
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _ref("person_id", "person.id"),
    Column("csrf", String(128), nullable=False),
    _at("expires_at"),
)

login_attempt = Table(
    "login_attempt",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("key_hash", String(64), nullable=False),
    _at("at"),
    Column("succeeded", Boolean, nullable=False),
    Index("ix_login_attempt_key_hash_at", "key_hash", "at"),
    sqlite_autoincrement=True,
)

event = Table(
    "event",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=False),
    _at("at"),
    Column("kind", String(64), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("data", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_event_subject_seq", "subject", "seq"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Serial, primary_key=True),
    _at("at"),
    Column("kind", String(64), nullable=False),
    Column("detail", String(256), nullable=False),
    _at("acknowledged_at", nullable=True),
    _partial("uq_alert_standing", "kind", "detail", where="acknowledged_at IS NULL", unique=True),
    sqlite_autoincrement=True,
)
