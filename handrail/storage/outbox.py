"""The outbox: what waits to be sent, leased to one sender at a time, in order.

Order: within a conversation the message with the lowest seq whose time has come goes first, and
while it is leased or waits for a retry nothing overtakes it. A message that is planned for later
(`earliest`) holds nobody up until its time comes: a check-in for tomorrow must not delay an
answer today.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, or_, select, update

from handrail.domain.errors import Conflict
from handrail.domain.ids import ContactPointId, ConversationId, MessageId, Platform, new_id
from handrail.domain.message import DeliveryState, OutboxItem, Outgoing
from handrail.storage.messages import BODY, read_buttons
from handrail.storage.schema import Instant, contact, contact_point, conversation, message, outbox
from handrail.storage.unit import Unit

_BOX = outbox


class SqlOutbox:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def claim(
        self, conversation_id: ConversationId, now: datetime, lease: timedelta
    ) -> OutboxItem | None:
        if self._leased(conversation_id, now):
            return None
        head = self._head(conversation_id, now)
        if head is None or (head.retry_at is not None and head.retry_at > now):
            return None
        token = new_id()
        change = (
            update(_BOX)
            .where(_BOX.c.message_id == head.message_id, _is_pending(), _unleased(now))
            .values(lease_token=token, lease_until=now + lease, attempts=_BOX.c.attempts + 1)
        )
        if self._unit.run(change) != 1:
            return None
        return self._item(MessageId(head.message_id), token)

    def sent(self, item: OutboxItem, now: datetime) -> None:
        self._settle(item, state=DeliveryState.SENT.value, settled_at=now, why=None)

    def failed(
        self, item: OutboxItem, now: datetime, *, permanent: bool, retry_at: datetime, why: str
    ) -> None:
        if permanent:
            self._settle(item, state=DeliveryState.FAILED.value, settled_at=now, why=why[:64])
        else:
            self._settle(item, retry_at=retry_at, why=why[:64])

    def give_up(self, conversation_id: ConversationId, now: datetime, why: str) -> int:
        return self._unit.run(
            update(_BOX)
            .where(
                _BOX.c.conversation_id == conversation_id,
                _is_pending(),
                _BOX.c.despite_quiet.is_(False),
            )
            .values(state=DeliveryState.FAILED.value, settled_at=now, why=why[:64])
        )

    def due(self, now: datetime, limit: int = 100) -> list[ConversationId]:
        heads = _sendable(now).with_only_columns(
            _BOX.c.conversation_id,
            func.min(_BOX.c.seq).label("head"),
            func.min(_since(), type_=Instant).label("since"),
        )
        grouped = heads.group_by(_BOX.c.conversation_id).subquery()
        busy = _BOX.alias("busy")
        leased = select(busy.c.conversation_id).where(
            busy.c.state == DeliveryState.PENDING.value, busy.c.lease_until > now
        )
        query = (
            select(grouped.c.conversation_id)
            .join(_BOX, _BOX.c.seq == grouped.c.head)
            .where(or_(_BOX.c.retry_at.is_(None), _BOX.c.retry_at <= now))
            .where(grouped.c.conversation_id.not_in(leased))
            .order_by(grouped.c.since, grouped.c.head)
            .limit(limit)
        )
        return [ConversationId(row.conversation_id) for row in self._unit.rows(query)]

    def waiting(self, now: datetime) -> tuple[int, timedelta]:
        query = _sendable(now).with_only_columns(
            func.count().label("messages"), func.min(_since(), type_=Instant).label("since")
        )
        row = self._unit.known(query, "outbox")
        if row.messages == 0:
            return 0, timedelta(0)
        return row.messages, max(now - row.since, timedelta(0))

    def _leased(self, conversation_id: ConversationId, now: datetime) -> bool:
        query = select(_BOX.c.message_id).where(
            _BOX.c.conversation_id == conversation_id, _is_pending(), _BOX.c.lease_until > now
        )
        return self._unit.row(query.limit(1)) is not None

    def _head(self, conversation_id: ConversationId, now: datetime) -> Row[Any] | None:
        query = _sendable(now).where(_BOX.c.conversation_id == conversation_id)
        return self._unit.row(query.order_by(_BOX.c.seq).limit(1))

    def _settle(self, item: OutboxItem, **values: Any) -> None:
        change = (
            update(_BOX)
            .where(_BOX.c.message_id == item.message_id, _BOX.c.lease_token == item.token)
            .where(_is_pending())
            .values(lease_token=None, lease_until=None, **values)
        )
        if self._unit.run(change) != 1:
            raise Conflict("the lease on this message was lost")

    def _item(self, message_id: MessageId, token: str) -> OutboxItem:
        query = (
            select(
                message,
                _BOX.c.attempts,
                conversation.c.contact_point_id,
                contact_point.c.platform,
                contact_point.c.address,
            )
            .join(_BOX, _BOX.c.message_id == message.c.id)
            .join(conversation, conversation.c.id == message.c.conversation_id)
            .join(contact_point, contact_point.c.id == conversation.c.contact_point_id)
            .where(message.c.id == message_id)
        )
        row = self._unit.known(query, "message")
        vault = self._unit.vault
        return OutboxItem(
            message_id=message_id,
            conversation_id=ConversationId(row.conversation_id),
            contact_point_id=ContactPointId(row.contact_point_id),
            platform=Platform(row.platform),
            address=vault.unseal(
                row.contact_id, "contact_point.address", row.contact_point_id, row.address
            ),
            outgoing=Outgoing(
                key=message_id,
                text=vault.unseal(row.contact_id, BODY, row.id, row.body),
                buttons=read_buttons(self._unit, row),
            ),
            attempts=row.attempts,
            token=token,
        )


def _is_pending() -> ColumnElement[bool]:
    # Written out, not bound: the partial index serves only a constant.
    return _BOX.c.state == literal_column(f"'{DeliveryState.PENDING.value}'")


def _unleased(now: datetime) -> ColumnElement[bool]:
    return or_(_BOX.c.lease_until.is_(None), _BOX.c.lease_until <= now)


def _since() -> ColumnElement[datetime]:
    """Since when a message could have been sent."""
    return func.coalesce(_BOX.c.earliest, _BOX.c.written_at, type_=Instant)


def _sendable(now: datetime) -> Select[Any]:
    """Pending, its time has come, and its contact may be written to."""
    return (
        select(_BOX)
        .join(contact, contact.c.id == _BOX.c.contact_id)
        .where(_is_pending(), or_(_BOX.c.earliest.is_(None), _BOX.c.earliest <= now))
        .where(or_(contact.c.quiet.is_(False), _BOX.c.despite_quiet.is_(True)))
    )
