"""The first schema: contacts and their sealed words, the queue, the people, the journal."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
# SQLite numbers rows by itself only when the column is exactly INTEGER.
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for create in _TABLES:
        create()
    if op.get_context().dialect.name == "postgresql":
        _guard_events_postgresql()
    else:
        _guard_events_sqlite()


def downgrade() -> None:
    raise NotImplementedError("the first schema cannot be undone: restore a backup instead")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _guard_events_sqlite() -> None:
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER event_refuses_{action.lower()} BEFORE {action} ON event "
            "BEGIN SELECT RAISE(ABORT, 'event is append-only'); END"
        )


def _guard_events_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_refuses_change BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION event_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER event_refuses_truncate BEFORE TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_is_append_only()"
    )


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.String(length=256), nullable=False),
        sa.Column("acknowledged_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_alert_standing",
        "alert",
        ["kind", "detail"],
        unique=True,
        **_where("acknowledged_at IS NULL"),
    )


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("alias", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("country", sa.String(length=8), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("erased_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sa.UniqueConstraint("alias", name="uq_contact_alias"),
    )


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("seq", SERIAL, autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
    )
    op.create_index("ix_event_subject_seq", "event", ["subject", "seq"])


def _keyring() -> None:
    op.create_table(
        "keyring",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keyring"),
    )


def _login_attempt() -> None:
    op.create_table(
        "login_attempt",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_login_attempt"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_login_attempt_key_hash_at", "login_attempt", ["key_hash", "at"])


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("display_name", sa.String(length=128), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("username", name="uq_person_username"),
    )


def _contact_key() -> None:
    op.create_table(
        "contact_key",
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_contact_key_contact_id"),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contact_key"),
    )


def _contact_point() -> None:
    op.create_table(
        "contact_point",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("account_hash", sa.String(length=64), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_contact_point_contact_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contact_point"),
        sa.UniqueConstraint(
            "platform", "account_hash", name="uq_contact_point_platform_account_hash"
        ),
    )
    op.create_index("ix_contact_point_contact_id", "contact_point", ["contact_id"])


def _received() -> None:
    op.create_table(
        "received",
        sa.Column("source_hash", sa.String(length=64), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_received_contact_id"),
        sa.PrimaryKeyConstraint("source_hash", name="pk_received"),
    )
    op.create_index("ix_received_contact_id", "received", ["contact_id"])


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("csrf", sa.String(length=128), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_session_person_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_session"),
    )


def _shift() -> None:
    op.create_table(
        "shift",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_shift_person_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_shift"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_shift_running", "shift", ["person_id"], unique=True, **_where("ended_at IS NULL")
    )


def _conversation() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("contact_point_id", sa.String(length=32), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column("level", sa.String(length=2), nullable=True),
        sa.Column("urgent_at", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_conversation_contact_id"),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name="fk_conversation_contact_point_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_conversation"),
        sa.UniqueConstraint("contact_point_id", name="uq_conversation_contact_point_id"),
    )
    op.create_index("ix_conversation_contact_id", "conversation", ["contact_id"])


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("buttons", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_message_contact_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_message_conversation_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_message_person_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_message"),
        sa.UniqueConstraint("id", name="uq_message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_contact_id", "message", ["contact_id"])
    op.create_index("ix_message_conversation_id_seq", "message", ["conversation_id", "seq"])


def _report() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("receipt_hash", sa.String(length=64), nullable=True),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_report_contact_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_report_conversation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
        sa.UniqueConstraint("receipt_hash", name="uq_report_receipt_hash"),
    )
    op.create_index("ix_report_contact_id", "report", ["contact_id"])


def _assessment() -> None:
    op.create_table(
        "assessment",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("level", sa.String(length=2), nullable=False),
        sa.Column("rules_level", sa.String(length=2), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("degraded", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_assessment_contact_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_assessment_conversation_id"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_assessment_message_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_assessment"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_assessment_contact_id", "assessment", ["contact_id"])
    op.create_index("ix_assessment_conversation_id_seq", "assessment", ["conversation_id", "seq"])


def _message_edit() -> None:
    op.create_table(
        "message_edit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_message_edit_contact_id"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_message_edit_message_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message_edit"),
    )
    op.create_index("ix_message_edit_contact_id", "message_edit", ["contact_id"])
    op.create_index("ix_message_edit_message_id", "message_edit", ["message_id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("despite_quiet", sa.Boolean(), nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("earliest", INSTANT, nullable=True),
        sa.Column("retry_at", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("why", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_outbox_contact_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_outbox_conversation_id"
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_outbox_message_id"),
        sa.PrimaryKeyConstraint("message_id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_contact_id", "outbox", ["contact_id"])
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["conversation_id", "seq"],
        **_where("state = 'pending'"),
    )


def _referral() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("report_id", sa.String(length=32), nullable=True),
        sa.Column("level", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("due_by", INSTANT, nullable=False),
        sa.Column("reasons", sa.LargeBinary(), nullable=True),
        sa.Column("held_by", sa.String(length=32), nullable=True),
        sa.Column("lease_token", sa.String(length=64), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("handed_to", sa.String(length=32), nullable=True),
        sa.Column("escalated_at", INSTANT, nullable=True),
        sa.Column("first_reply_at", INSTANT, nullable=True),
        sa.Column("awaiting_since", INSTANT, nullable=True),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("disposition", sa.String(length=32), nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_referral_contact_id"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name="fk_referral_conversation_id"
        ),
        sa.ForeignKeyConstraint(["handed_to"], ["person.id"], name="fk_referral_handed_to"),
        sa.ForeignKeyConstraint(["held_by"], ["person.id"], name="fk_referral_held_by"),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name="fk_referral_report_id"),
        sa.PrimaryKeyConstraint("id", name="pk_referral"),
    )
    op.create_index("ix_referral_contact_id", "referral", ["contact_id"])
    op.create_index(
        "ix_referral_live",
        "referral",
        ["conversation_id"],
        **_where("state <> 'closed'"),
    )
    op.create_index(
        "ix_referral_open",
        "referral",
        ["level", "due_by", "opened_at"],
        **_where("state = 'open'"),
    )


def _report_addition() -> None:
    op.create_table(
        "report_addition",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("report_id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name="fk_report_addition_contact_id"
        ),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name="fk_report_addition_report_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_report_addition"),
        sa.UniqueConstraint("id", name="uq_report_addition_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_report_addition_contact_id", "report_addition", ["contact_id"])
    op.create_index("ix_report_addition_report_id", "report_addition", ["report_id"])


# In the order of their references.
_TABLES = (
    _alert,
    _contact,
    _event,
    _keyring,
    _login_attempt,
    _person,
    _contact_key,
    _contact_point,
    _received,
    _session,
    _shift,
    _conversation,
    _message,
    _report,
    _assessment,
    _message_edit,
    _outbox,
    _referral,
    _report_addition,
)
