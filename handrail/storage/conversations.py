"""Conversations and the engine's sealed state."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from handrail.domain.contact import ContactPoint, Conversation
from handrail.domain.errors import Conflict
from handrail.domain.ids import ContactId, ContactPointId, ConversationId, Platform, new_id
from handrail.domain.level import Level
from handrail.storage import schema
from handrail.storage.contacts import hash_account
from handrail.storage.unit import Unit

_TABLE = schema.conversation
_STATE = "conversation.state"


class SqlConversations:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def of_point(self, point: ContactPoint, *, locale: str, at: datetime) -> Conversation:
        query = select(_TABLE).where(_TABLE.c.contact_point_id == point.id)
        row = self._unit.row(query)
        if row is None:
            self._create(point, locale, at)
            row = self._unit.known(query, "conversation")
        return self._read(row)

    def get(self, conversation_id: ConversationId) -> Conversation:
        query = select(_TABLE).where(_TABLE.c.id == conversation_id)
        return self._read(self._unit.known(query, "conversation"))

    def save(self, conversation: Conversation, at: datetime) -> Conversation:
        new, table = conversation, _TABLE
        change = (
            update(table)
            .where(table.c.id == new.id, table.c.version == new.version)
            .values(
                locale=new.locale,
                state=self._unit.vault.seal(new.contact_id, _STATE, new.id, new.state),
                level=new.level.value if new.level else None,
                urgent_at=new.urgent_at,
                version=new.version + 1,
                updated_at=at,
            )
        )
        if self._unit.run(change) != 1:
            raise Conflict("the conversation was changed by somebody else")
        return self.get(new.id)

    def of_account(self, platform: Platform, account: str) -> Conversation | None:
        point = schema.contact_point
        row = self._unit.row(
            select(_TABLE)
            .join(point, point.c.id == _TABLE.c.contact_point_id)
            .where(
                point.c.platform == platform,
                point.c.account_hash == hash_account(self._unit, platform, account),
            )
        )
        return self._read(row) if row is not None else None

    def urgent_since(self, contact_id: ContactId, since: datetime) -> bool:
        query = select(_TABLE.c.id).where(
            _TABLE.c.contact_id == contact_id, _TABLE.c.urgent_at >= since
        )
        return self._unit.row(query.limit(1)) is not None

    def _create(self, point: ContactPoint, locale: str, at: datetime) -> None:
        conversation_id = new_id()
        self._unit.insert_or_leave(
            _TABLE,
            ["contact_point_id"],
            id=conversation_id,
            contact_id=point.contact_id,
            contact_point_id=point.id,
            platform=point.platform,
            locale=locale,
            state=self._unit.vault.seal(point.contact_id, _STATE, conversation_id, ""),
            version=1,
            updated_at=at,
        )

    def _read(self, row: Row[Any]) -> Conversation:
        return Conversation(
            id=ConversationId(row.id),
            contact_id=ContactId(row.contact_id),
            contact_point_id=ContactPointId(row.contact_point_id),
            platform=Platform(row.platform),
            locale=row.locale,
            state=self._unit.vault.unseal(row.contact_id, _STATE, row.id, row.state),
            level=Level(row.level) if row.level else None,
            urgent_at=row.urgent_at,
            version=row.version,
            updated_at=row.updated_at,
        )
