"""Assessments beside the messages they are about.

Level and flags stay readable for counting. What was found, which is health data, is sealed with
the contact's key. Neither holds the words that were matched.
"""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from handrail.domain.assessment import Assessment, Hit, Person
from handrail.domain.ids import ConversationId, MessageId
from handrail.domain.level import Level
from handrail.storage.schema import assessment, conversation, message
from handrail.storage.unit import Unit

_DETAIL = "assessment.detail"


def keep_assessment(unit: Unit, message_id: MessageId, made: Assessment, at: datetime) -> None:
    """Add one. A message that was edited has several."""
    about = unit.known(select(message).where(message.c.id == message_id), "message")
    unit.run(
        insert(assessment).values(
            message_id=message_id,
            conversation_id=about.conversation_id,
            contact_id=about.contact_id,
            at=at,
            level=made.level.value,
            rules_level=made.rules_level.value,
            needs_review=made.needs_review,
            degraded=made.degraded,
            detail=unit.vault.seal(about.contact_id, _DETAIL, message_id, _detail(made)),
        )
    )


def read_assessments(
    unit: Unit, conversation_id: ConversationId
) -> list[tuple[MessageId, Assessment]]:
    """Oldest first. Raises Erased after deletion."""
    where = unit.known(
        select(conversation).where(conversation.c.id == conversation_id), "conversation"
    )
    unit.vault.demand(where.contact_id)
    query = select(assessment).where(assessment.c.conversation_id == conversation_id)
    rows = unit.rows(query.order_by(assessment.c.seq))
    return [(MessageId(row.message_id), _read(unit, row)) for row in rows]


def _detail(made: Assessment) -> str:
    return json.dumps(
        {
            "person": made.person.value,
            "signals": made.signals,
            "hits": [asdict(hit) for hit in made.hits],
            "reasons": made.reasons,
            "score": made.score,
            "versions": made.versions,
        }
    )


def _read(unit: Unit, row: Row[Any]) -> Assessment:
    detail = json.loads(unit.vault.unseal(row.contact_id, _DETAIL, row.message_id, row.detail))
    return Assessment(
        level=Level(row.level),
        rules_level=Level(row.rules_level),
        person=Person(detail["person"]),
        signals=tuple(detail["signals"]),
        hits=tuple(_hit(hit) for hit in detail["hits"]),
        reasons=tuple(detail["reasons"]),
        score=detail["score"],
        needs_review=row.needs_review,
        degraded=row.degraded,
        versions=tuple((part, version) for part, version in detail["versions"]),
    )


def _hit(kept: dict[str, Any]) -> Hit:
    floor = kept.pop("floor")
    return Hit(**kept, floor=Level(floor) if floor else None)
