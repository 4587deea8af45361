"""Reports: immutable, sealed, found again by a receipt that only the reporter has."""

import json
import re
import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from handrail.domain.contact import Report
from handrail.domain.errors import StorageError
from handrail.domain.ids import ContactId, ConversationId, ReportId, new_id
from handrail.storage.schema import report, report_addition
from handrail.storage.unit import Unit

_TABLE = report
_ANSWERS = "report.answers"
_ADDITION = "report_addition.body"
_WORD = re.compile(r"[^\W_]+")


def normalise_receipt(receipt: str) -> str:
    """What is said aloud and typed again: case, spacing and punctuation do not matter."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", receipt).casefold()))


class SqlReports:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def add(self, report: Report, receipt: str) -> None:
        answers = json.dumps([[question, answer] for question, answer in report.answers])
        self._unit.run(
            insert(_TABLE).values(
                id=report.id,
                contact_id=report.contact_id,
                conversation_id=report.conversation_id,
                receipt_hash=self._receipt_hash(receipt),
                answers=self._unit.vault.seal(report.contact_id, _ANSWERS, report.id, answers),
                created_at=report.created_at,
                withdrawn_at=report.withdrawn_at,
            )
        )
        for addition in report.additions:
            self.add_to(report.id, addition, report.created_at)

    def by_receipt(self, receipt: str) -> Report | None:
        """None for an unknown receipt, and for one whose contact was erased."""
        if not normalise_receipt(receipt):
            return None
        found = self._unit.row(
            select(_TABLE).where(_TABLE.c.receipt_hash == self._receipt_hash(receipt))
        )
        return self._read(found) if found is not None else None

    def get(self, report_id: ReportId) -> Report:
        return self._read(self._row(report_id))

    def add_to(self, report_id: ReportId, text: str, at: datetime) -> None:
        about = self._row(report_id)
        addition_id = new_id()
        self._unit.run(
            insert(report_addition).values(
                id=addition_id,
                report_id=report_id,
                contact_id=about.contact_id,
                at=at,
                body=self._unit.vault.seal(about.contact_id, _ADDITION, addition_id, text),
            )
        )

    def withdraw(self, report_id: ReportId, at: datetime) -> None:
        """The first withdrawal counts."""
        earlier = self._row(report_id).withdrawn_at
        if earlier is None:
            self._unit.run(update(_TABLE).where(_TABLE.c.id == report_id).values(withdrawn_at=at))

    def _receipt_hash(self, receipt: str) -> str:
        plain = normalise_receipt(receipt)
        if not plain:
            raise StorageError("a receipt needs at least one word")
        return self._unit.keyring.digest("receipt", plain)

    def _row(self, report_id: ReportId) -> Row[Any]:
        return self._unit.known(select(_TABLE).where(_TABLE.c.id == report_id), "report")

    def _read(self, row: Row[Any]) -> Report:
        vault = self._unit.vault
        answers = json.loads(vault.unseal(row.contact_id, _ANSWERS, row.id, row.answers) or "[]")
        additions = self._unit.rows(
            select(report_addition)
            .where(report_addition.c.report_id == row.id)
            .order_by(report_addition.c.seq)
        )
        return Report(
            id=ReportId(row.id),
            contact_id=ContactId(row.contact_id),
            conversation_id=ConversationId(row.conversation_id),
            answers=tuple((question, answer) for question, answer in answers),
            created_at=row.created_at,
            withdrawn_at=row.withdrawn_at,
            additions=tuple(
                vault.unseal(row.contact_id, _ADDITION, addition.id, addition.body)
                for addition in additions
            ),
        )
