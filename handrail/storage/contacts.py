"""Contacts and their addresses."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from handrail.domain.contact import Contact, ContactPoint
from handrail.domain.errors import Erased, StorageError
from handrail.domain.ids import ContactId, ContactPointId, Platform, new_id
from handrail.domain.message import DeliveryState, Incoming
from handrail.storage import schema
from handrail.storage.aliases import draw_alias
from handrail.storage.schema import contact, contact_key, contact_point
from handrail.storage.unit import Unit

_ADDRESS = "contact_point.address"
_ATTEMPTS = 20


class SqlContacts:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def arrive(
        self, incoming: Incoming, *, locale: str, country: str, at: datetime
    ) -> tuple[Contact, ContactPoint]:
        account_hash = hash_account(self._unit, incoming.platform, incoming.account)
        for _ in range(_ATTEMPTS):
            found = self._find(incoming.platform, account_hash)
            if found is not None:
                self._refresh_address(found, incoming.address)
                return self.get(ContactId(found.contact_id)), _point(found)
            contact_id = self._create(locale, country, at)
            point = self._add_point(contact_id, incoming, account_hash)
            if point is not None:
                return self.get(contact_id), point
            # Another transaction was first with this account: its contact is the one.
            self._unit.run(delete(contact_key).where(contact_key.c.contact_id == contact_id))
            self._unit.run(delete(contact).where(contact.c.id == contact_id))
        raise StorageError("a contact point could neither be found nor created")

    def get(self, contact_id: ContactId) -> Contact:
        row = self._unit.known(select(contact).where(contact.c.id == contact_id), "contact")
        if row.erased_at is not None:
            raise Erased("the contact was erased")
        return Contact(
            id=ContactId(row.id),
            alias=row.alias,
            locale=row.locale,
            country=row.country,
            quiet=row.quiet,
            created_at=row.created_at,
        )

    def set_quiet(self, contact_id: ContactId, quiet: bool) -> None:
        change = update(contact).where(contact.c.id == contact_id).values(quiet=quiet)
        if self._unit.run(change) != 1:
            raise StorageError("there is no such contact")

    def address(self, contact_point_id: ContactPointId) -> tuple[Platform, str]:
        query = select(contact_point).where(contact_point.c.id == contact_point_id)
        row = self._unit.known(query, "contact point")
        plain = self._unit.vault.unseal(row.contact_id, _ADDRESS, row.id, row.address)
        return Platform(row.platform), plain

    def erase(self, contact_id: ContactId, at: datetime) -> None:
        self._unit.vault.demand(contact_id)
        self._unit.vault.destroy_key(contact_id)
        self._unit.erased = True
        self._unit.run(
            update(contact).where(contact.c.id == contact_id).values(erased_at=at, quiet=True)
        )
        self._blank_sealed(contact_id)
        self._drop_rows(contact_id)
        self._settle_outbox(contact_id, at)

    def _find(self, platform: Platform, account_hash: str) -> Row[Any] | None:
        query = select(contact_point).where(
            contact_point.c.platform == platform, contact_point.c.account_hash == account_hash
        )
        return self._unit.row(self._unit.locked(query))

    def _create(self, locale: str, country: str, at: datetime) -> ContactId:
        contact_id = ContactId(new_id())
        for _ in range(_ATTEMPTS):
            if self._unit.insert_or_leave(
                contact,
                ["alias"],
                id=contact_id,
                alias=draw_alias(),
                locale=locale,
                country=country,
                quiet=False,
                created_at=at,
            ):
                self._unit.vault.create_key(contact_id)
                return contact_id
        # The lists are nearly used up: a longer alias is better than turning somebody away.
        self._unit.run(
            insert(contact).values(
                id=contact_id,
                alias=f"{draw_alias()}-{new_id()[:6]}",
                locale=locale,
                country=country,
                quiet=False,
                created_at=at,
            )
        )
        self._unit.vault.create_key(contact_id)
        return contact_id

    def _add_point(
        self, contact_id: ContactId, incoming: Incoming, account_hash: str
    ) -> ContactPoint | None:
        point_id = ContactPointId(new_id())
        added = self._unit.insert_or_leave(
            contact_point,
            ["platform", "account_hash"],
            id=point_id,
            contact_id=contact_id,
            platform=incoming.platform,
            account_hash=account_hash,
            address=self._unit.vault.seal(contact_id, _ADDRESS, point_id, incoming.address),
        )
        if not added:
            return None
        return ContactPoint(id=point_id, contact_id=contact_id, platform=incoming.platform)

    def _refresh_address(self, point: Row[Any], address: str) -> None:
        vault = self._unit.vault
        if vault.unseal(point.contact_id, _ADDRESS, point.id, point.address) == address:
            return
        sealed = vault.seal(point.contact_id, _ADDRESS, point.id, address)
        self._unit.run(
            update(contact_point).where(contact_point.c.id == point.id).values(address=sealed)
        )

    def _blank_sealed(self, contact_id: ContactId) -> None:
        """The key alone would do. Without the sealed bytes an old backup of the key opens nothing
        that a newer copy of the database holds."""
        for table, columns in (
            (contact_point, ("account_hash", "address")),
            (schema.conversation, ("state",)),
            (schema.message, ("body", "buttons")),
            (schema.assessment, ("detail",)),
            (schema.report, ("answers", "receipt_hash")),
            (schema.referral, ("reasons",)),
        ):
            self._unit.run(
                update(table)
                .where(table.c.contact_id == contact_id)
                .values(dict.fromkeys(columns, None))
            )

    def _drop_rows(self, contact_id: ContactId) -> None:
        for table in (schema.message_edit, schema.report_addition, schema.received):
            self._unit.run(delete(table).where(table.c.contact_id == contact_id))

    def _settle_outbox(self, contact_id: ContactId, at: datetime) -> None:
        box = schema.outbox
        self._unit.run(
            update(box)
            .where(box.c.contact_id == contact_id, box.c.state == DeliveryState.PENDING.value)
            .values(
                state=DeliveryState.FAILED.value,
                why="erased",
                settled_at=at,
                lease_token=None,
                lease_until=None,
            )
        )


def hash_account(unit: Unit, platform: Platform, account: str) -> str:
    """How an account is found again: a keyed hash, different on every installation."""
    return unit.keyring.digest("account", platform, account)


def _point(row: Row[Any]) -> ContactPoint:
    return ContactPoint(
        id=ContactPointId(row.id),
        contact_id=ContactId(row.contact_id),
        platform=Platform(row.platform),
    )
