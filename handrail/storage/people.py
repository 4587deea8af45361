"""Staff accounts."""

from typing import Any

from sqlalchemy import Row, insert, select, update

from handrail.domain.errors import StorageError
from handrail.domain.ids import PersonId
from handrail.domain.referral import Role, StaffMember
from handrail.storage.schema import person
from handrail.storage.unit import Unit


class SqlPeople:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, member: StaffMember, password_hash: str) -> None:
        self._unit.run(
            insert(person).values(
                id=member.id,
                created_at=member.created_at,
                password_hash=password_hash,
                **_changing(member),
            )
        )

    def by_username(self, username: str) -> tuple[StaffMember, str] | None:
        row = self._unit.row(select(person).where(person.c.username == username))
        return (_read(row), row.password_hash) if row is not None else None

    def get(self, person_id: PersonId) -> StaffMember:
        return _read(self._unit.known(select(person).where(person.c.id == person_id), "person"))

    def all(self) -> list[StaffMember]:
        query = select(person).order_by(person.c.created_at, person.c.username)
        return [_read(row) for row in self._unit.rows(query)]

    def update(self, member: StaffMember, password_hash: str | None = None) -> None:
        values = _changing(member)
        if password_hash is not None:
            values["password_hash"] = password_hash
        if self._unit.run(update(person).where(person.c.id == member.id).values(values)) != 1:
            raise StorageError("there is no such person")


def _changing(member: StaffMember) -> dict[str, Any]:
    return {
        "username": member.username,
        "display_name": member.display_name,
        "roles": " ".join(sorted(role.value for role in member.roles)),
        "active": member.active,
        "demo": member.demo,
    }


def _read(row: Row[Any]) -> StaffMember:
    return StaffMember(
        id=PersonId(row.id),
        username=row.username,
        display_name=row.display_name,
        roles=frozenset(Role(role) for role in row.roles.split()),
        active=row.active,
        demo=row.demo,
        created_at=row.created_at,
    )
