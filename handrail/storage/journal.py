"""The journal: append-only events in a hash chain, and operator alerts.

hash = SHA-256(previous hash + canonical JSON of the entry); the first entry follows 64 zeros. The
chain shows that an entry was altered, removed from the middle or put in between. It cannot show
that the newest entries were cut off: keep the last hash elsewhere for that.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, insert, select, text, update

from handrail.domain.referral import Alert, Event
from handrail.storage.schema import alert, event
from handrail.storage.unit import Unit

_GENESIS = "0" * 64
_CHAIN_LOCK = 4_841_427_310_661_001


class SqlJournal:
    """Events are kept until the transaction ends and appended last (`flush`): the chain is one
    lock for everybody, so it is held for the length of a commit and taken after all others."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._fresh: list[dict[str, Any]] = []

    def append(self, kind: str, *, at: datetime, actor: str, subject: str, **data: str) -> None:
        self._fresh.append(
            {"at": at, "kind": kind, "actor": actor, "subject": subject, "data": dict(data)}
        )

    def flush(self) -> None:
        """Write what was appended. The store calls it before the commit."""
        if not self._fresh:
            return
        if self._unit.postgresql:
            self._unit.connection.execute(
                text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK}
            )
        last = self._unit.row(select(event).order_by(event.c.seq.desc()).limit(1))
        seq, before = (last.seq, last.hash) if last is not None else (0, _GENESIS)
        fresh, self._fresh = self._fresh, []
        for entry in fresh:
            seq += 1
            before = _hash(before, seq=seq, **entry)
            kept = {**entry, "data": _canonical(entry["data"])}
            self._unit.run(insert(event).values(seq=seq, hash=before, **kept))

    def events(self, *, subject: str | None = None, limit: int = 200) -> list[Event]:
        self.flush()
        query = select(event).order_by(event.c.seq.desc()).limit(limit)
        if subject is not None:
            query = query.where(event.c.subject == subject)
        return [_read(row) for row in self._unit.rows(query)]

    def first_broken(self) -> int | None:
        self.flush()
        expected, before = 1, _GENESIS
        rows = self._unit.connection.execute(
            select(event).order_by(event.c.seq).execution_options(yield_per=500)
        )
        for row in rows:
            if row.seq != expected or row.hash != _rehash(before, row):
                rows.close()
                return int(row.seq)
            expected, before = row.seq + 1, row.hash
        return None

    def alert(self, kind: str, detail: str, at: datetime) -> None:
        self._unit.insert_or_leave(
            alert,
            ["kind", "detail"],
            where="acknowledged_at IS NULL",
            # An alert that is too long must not be the one that cannot be raised.
            kind=kind[:64],
            detail=detail[:256],
            at=at,
        )

    def alerts(self, *, unacknowledged_only: bool = True) -> list[Alert]:
        """Newest first."""
        query = select(alert).order_by(alert.c.id.desc())
        if unacknowledged_only:
            query = query.where(alert.c.acknowledged_at.is_(None))
        return [
            Alert(
                id=row.id,
                at=row.at,
                kind=row.kind,
                detail=row.detail,
                acknowledged_at=row.acknowledged_at,
            )
            for row in self._unit.rows(query)
        ]

    def acknowledge(self, alert_id: int, at: datetime) -> None:
        self._unit.run(
            update(alert)
            .where(alert.c.id == alert_id, alert.c.acknowledged_at.is_(None))
            .values(acknowledged_at=at)
        )


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _hash(
    before: str,
    *,
    seq: int,
    at: datetime,
    kind: str,
    actor: str,
    subject: str,
    data: Mapping[str, str],
) -> str:
    body = _canonical(
        {
            "seq": seq,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "kind": kind,
            "actor": actor,
            "subject": subject,
            "data": data,
        }
    )
    return hashlib.sha256((before + body).encode()).hexdigest()


def _rehash(before: str, row: Row[Any]) -> str:
    """The hash the row should have; never equal when `data` is not even JSON any more."""
    try:
        data = json.loads(row.data)
    except ValueError:
        return ""
    return _hash(
        before,
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        actor=row.actor,
        subject=row.subject,
        data=data,
    )


def _read(row: Row[Any]) -> Event:
    return Event(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        actor=row.actor,
        subject=row.subject,
        data=tuple(sorted(json.loads(row.data).items())),
        hash=row.hash,
    )
