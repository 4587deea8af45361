"""Short ways to the values that storage tests need. All words are harmless."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from handrail.domain.assessment import Assessment, Hit, Person
from handrail.domain.contact import Conversation, Report
from handrail.domain.ids import PersonId, Platform, ReferralId, ReportId, new_id
from handrail.domain.level import Level
from handrail.domain.message import Incoming, IncomingKind
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral, ReferralState, Role, StaffMember

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

ASSESSMENT = Assessment(
    level=Level.P2,
    rules_level=Level.P3,
    person=Person.FIRST,
    signals=("distress", "retraction"),
    hits=(
        Hit(rule="a.b", signal="distress", floor=Level.P3, start=0, end=5, reason="said so"),
        Hit(rule="c.d", signal="retraction", floor=None, start=6, end=9, reason="took it back"),
    ),
    reasons=("said so",),
    score=0.25,
    needs_review=True,
    degraded=True,
    versions=(("lexicon", "1"), ("policy", "2")),
)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def incoming(text: str = "hello", *, account: str = "a1", message_id: str = "m1", **more: Any):
    values: dict[str, Any] = {
        "platform": Platform("web"),
        "account": account,
        "address": f"address of {account}",
        "message_id": message_id,
        "kind": IncomingKind.TEXT,
        "sent_at": NOON,
        "text": text,
    }
    return Incoming(**{**values, **more})


def conversation(tx: Transaction, account: str = "a1") -> Conversation:
    """The conversation of an account, which arrives if it is new."""
    _, point = tx.contacts.arrive(incoming(account=account), locale="en-GB", country="GB", at=NOON)
    return tx.conversations.of_point(point, locale="en-GB", at=NOON)


def referral(where: Conversation, **more: Any) -> Referral:
    made = Referral(
        id=ReferralId(new_id()),
        contact_id=where.contact_id,
        conversation_id=where.id,
        report_id=None,
        level=Level.P3,
        state=ReferralState.OPEN,
        opened_at=NOON,
        due_by=NOON + minutes(60),
        reasons=("asked to talk to somebody",),
    )
    return replace(made, **more)


def member(username: str = "sam", **more: Any) -> StaffMember:
    made = StaffMember(
        id=PersonId(new_id()),
        username=username,
        display_name=username.title(),
        roles=frozenset({Role.VOLUNTEER}),
        active=True,
        demo=False,
        created_at=NOON,
    )
    return replace(made, **more)


def report_of(where: Conversation, **more: Any) -> Report:
    answers = (("worry", "my friend — ünïcode"), ("place", ""), ("worry", "said twice"))
    return Report(
        id=ReportId(new_id()),
        contact_id=where.contact_id,
        conversation_id=where.id,
        answers=answers,
        created_at=NOON,
        **more,
    )
