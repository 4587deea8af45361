"""Console logins and login throttling. Neither tokens nor throttle keys are stored, only hashes."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select

from handrail.domain.ids import PersonId
from handrail.storage.schema import login_attempt, session
from handrail.storage.unit import Unit

_KEEP_ATTEMPTS = timedelta(days=7)


class SqlSessions:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def open(self, person_id: PersonId, token: str, csrf: str, expires: datetime) -> None:
        self._unit.run(
            insert(session).values(
                token_hash=self._hash(token), person_id=person_id, csrf=csrf, expires_at=expires
            )
        )

    def find(self, token: str, now: datetime) -> tuple[PersonId, str] | None:
        row = self._unit.row(
            select(session).where(
                session.c.token_hash == self._hash(token), session.c.expires_at > now
            )
        )
        return (PersonId(row.person_id), row.csrf) if row is not None else None

    def close(self, token: str) -> None:
        self._unit.run(delete(session).where(session.c.token_hash == self._hash(token)))

    def record_attempt(self, key: str, at: datetime, succeeded: bool) -> None:
        self._unit.run(delete(login_attempt).where(login_attempt.c.at < at - _KEEP_ATTEMPTS))
        self._unit.run(delete(session).where(session.c.expires_at <= at))
        self._unit.run(
            insert(login_attempt).values(key_hash=self._attempt(key), at=at, succeeded=succeeded)
        )

    def failures_since(self, key: str, since: datetime) -> int:
        mine = login_attempt.c.key_hash == self._attempt(key)
        last_success = (
            select(func.coalesce(func.max(login_attempt.c.seq), 0))
            .where(mine, login_attempt.c.succeeded.is_(True))
            .scalar_subquery()
        )
        query = select(func.count().label("failures")).where(
            mine,
            login_attempt.c.succeeded.is_(False),
            login_attempt.c.at >= since,
            login_attempt.c.seq > last_success,
        )
        return int(self._unit.known(query, "attempt").failures)

    def _hash(self, token: str) -> str:
        return self._unit.keyring.digest("session", token)

    def _attempt(self, key: str) -> str:
        return self._unit.keyring.digest("login", key)
