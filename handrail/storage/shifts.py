"""Who is on shift."""

from datetime import datetime

from sqlalchemy import select, update

from handrail.domain.ids import PersonId
from handrail.domain.referral import Shift
from handrail.storage.schema import shift
from handrail.storage.unit import Unit


class SqlShifts:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def start(self, person_id: PersonId, at: datetime) -> None:
        self._unit.insert_or_leave(
            shift, ["person_id"], where="ended_at IS NULL", person_id=person_id, started_at=at
        )

    def end(self, person_id: PersonId, at: datetime) -> None:
        self._unit.run(
            update(shift)
            .where(shift.c.person_id == person_id, shift.c.ended_at.is_(None))
            .values(ended_at=at)
        )

    def running(self) -> list[Shift]:
        query = select(shift).where(shift.c.ended_at.is_(None))
        return [
            Shift(person_id=PersonId(row.person_id), started_at=row.started_at)
            for row in self._unit.rows(query.order_by(shift.c.started_at, shift.c.seq))
        ]
