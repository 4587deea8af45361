"""Referrals: the queue itself. The database decides who gets what, by compare-and-set."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, insert, literal_column, select, update

from handrail.domain.errors import Conflict, Erased
from handrail.domain.ids import (
    ContactId,
    ConversationId,
    LeaseToken,
    PersonId,
    ReferralId,
    ReportId,
)
from handrail.domain.level import Level
from handrail.domain.referral import Disposition, Referral, ReferralState
from handrail.storage.schema import contact_key, referral
from handrail.storage.unit import Unit

_TABLE = referral
_REASONS = "referral.reasons"
_QUEUE_ORDER = (_TABLE.c.level, _TABLE.c.due_by, _TABLE.c.opened_at, _TABLE.c.id)
# Written out, not bound: the partial indexes serve only constants.
_IS_OPEN = _TABLE.c.state == literal_column("'open'")
_IS_LIVE = _TABLE.c.state != literal_column("'closed'")


class SqlReferrals:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, referral: Referral) -> None:
        self._unit.run(
            insert(_TABLE).values(
                id=referral.id,
                contact_id=referral.contact_id,
                conversation_id=referral.conversation_id,
                version=referral.version,
                **self._changing(referral),
            )
        )

    def get(self, referral_id: ReferralId) -> Referral:
        return self._read(
            self._unit.known(select(_TABLE).where(_TABLE.c.id == referral_id), "referral")
        )

    def change(self, referral: Referral) -> Referral:
        change = (
            update(_TABLE)
            .where(_TABLE.c.id == referral.id, _TABLE.c.version == referral.version)
            .values(version=referral.version + 1, **self._changing(referral))
        )
        if self._unit.run(change) != 1:
            raise Conflict("the referral was changed by somebody else")
        return self.get(referral.id)

    def of_conversation(self, conversation_id: ConversationId) -> Referral | None:
        """The neediest, should there be more than one."""
        query = select(_TABLE).where(_TABLE.c.conversation_id == conversation_id, _IS_LIVE)
        return self._first(query.order_by(*_QUEUE_ORDER).limit(1))

    def neediest(self, *, skip: Sequence[ReferralId] = ()) -> Referral | None:
        query = select(_TABLE).where(_IS_OPEN)
        if skip:
            query = query.where(_TABLE.c.id.not_in(skip))
        return self._first(self._unit.locked(query.order_by(*_QUEUE_ORDER).limit(1), skip=True))

    def live(
        self, *, held_by: PersonId | None = None, report_id: ReportId | None = None
    ) -> list[Referral]:
        # With their keys, in one question: this list is read at every message and every sweep.
        query = select(_TABLE, contact_key.c.wrapped).where(_IS_LIVE)
        query = query.outerjoin(contact_key, contact_key.c.contact_id == _TABLE.c.contact_id)
        if held_by is not None:
            query = query.where(_TABLE.c.held_by == held_by)
        if report_id is not None:
            query = query.where(_TABLE.c.report_id == report_id)
        rows = self._unit.rows(query.order_by(*_QUEUE_ORDER))
        for row in rows:
            self._unit.vault.bring(row.contact_id, row.wrapped)
        return [self._read(row) for row in rows]

    def _first(self, query: Select[Any]) -> Referral | None:
        row = self._unit.row(query)
        return self._read(row) if row is not None else None

    def _changing(self, new: Referral) -> dict[str, Any]:
        return {
            "report_id": new.report_id,
            "level": new.level.value,
            "state": new.state.value,
            "opened_at": new.opened_at,
            "due_by": new.due_by,
            "reasons": self._sealed_reasons(new),
            "held_by": new.held_by,
            "lease_token": new.lease_token,
            "lease_until": new.lease_until,
            "handed_to": new.handed_to,
            "escalated_at": new.escalated_at,
            "first_reply_at": new.first_reply_at,
            "awaiting_since": new.awaiting_since,
            "needs_review": new.needs_review,
            "disposition": new.disposition.value if new.disposition else None,
            "closed_at": new.closed_at,
        }

    def _sealed_reasons(self, new: Referral) -> bytes | None:
        """None after deletion: the referral can still be worked and closed, by its id alone."""
        try:
            return self._unit.vault.seal(new.contact_id, _REASONS, new.id, json.dumps(new.reasons))
        except Erased:
            return None

    def _reasons(self, row: Row[Any]) -> tuple[str, ...]:
        if row.reasons is None:
            return ()
        try:
            plain = self._unit.vault.unseal(row.contact_id, _REASONS, row.id, row.reasons)
        except Erased:
            return ()
        return tuple(json.loads(plain))

    def _read(self, row: Row[Any]) -> Referral:
        return Referral(
            id=ReferralId(row.id),
            contact_id=ContactId(row.contact_id),
            conversation_id=ConversationId(row.conversation_id),
            report_id=ReportId(row.report_id) if row.report_id else None,
            level=Level(row.level),
            state=ReferralState(row.state),
            opened_at=row.opened_at,
            due_by=row.due_by,
            reasons=self._reasons(row),
            held_by=PersonId(row.held_by) if row.held_by else None,
            lease_token=LeaseToken(row.lease_token) if row.lease_token else None,
            lease_until=row.lease_until,
            handed_to=PersonId(row.handed_to) if row.handed_to else None,
            escalated_at=row.escalated_at,
            first_reply_at=row.first_reply_at,
            awaiting_since=row.awaiting_since,
            needs_review=row.needs_review,
            disposition=Disposition(row.disposition) if row.disposition else None,
            closed_at=row.closed_at,
            version=row.version,
        )
