"""The data keys of contacts, as one transaction uses them.

Keys are unwrapped when first needed and forgotten with the transaction, so that a deletion in
another process is seen at once.
"""

from sqlalchemy import Connection, delete, insert, select

from handrail.domain.errors import Erased, StorageError
from handrail.storage import sealing
from handrail.storage.keys import Keyring
from handrail.storage.schema import contact, contact_key


class Vault:
    """Seals and opens fields of contacts."""

    def __init__(self, connection: Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._kek = keyring.kek
        self._keys: dict[str, bytes] = {}

    def create_key(self, contact_id: str) -> None:
        data_key = sealing.new_data_key()
        self._connection.execute(
            insert(contact_key).values(
                contact_id=contact_id, wrapped=sealing.wrap(self._kek, contact_id, data_key)
            )
        )
        self._keys[contact_id] = data_key

    def destroy_key(self, contact_id: str) -> bool:
        """True when there was one. Everything sealed for the contact is unreadable from here."""
        self._keys.pop(contact_id, None)
        gone = self._connection.execute(
            delete(contact_key).where(contact_key.c.contact_id == contact_id)
        )
        return gone.rowcount == 1

    def bring(self, contact_id: str, wrapped: bytes | None) -> None:
        """Spare the question for a key that a query over many contacts has read already."""
        if wrapped is not None and contact_id not in self._keys:
            self._keys[contact_id] = sealing.unwrap(self._kek, contact_id, wrapped)

    def alive(self, contact_id: str) -> bool:
        """Whether the contact's text can be read."""
        try:
            self._key(contact_id)
        except Erased:
            return False
        return True

    def demand(self, contact_id: str) -> None:
        """Raises Erased after deletion, StorageError for an unknown contact."""
        self._key(contact_id)

    def seal(self, contact_id: str, column: str, row_id: str, text: str) -> bytes:
        return sealing.seal(self._key(contact_id), _place(contact_id, column, row_id), text)

    def unseal(self, contact_id: str, column: str, row_id: str, sealed: bytes | None) -> str:
        """The text; "" where it was redacted. Raises Erased after deletion."""
        key = self._key(contact_id)
        if sealed is None:
            return ""
        return sealing.unseal(key, _place(contact_id, column, row_id), sealed)

    def _key(self, contact_id: str) -> bytes:
        if contact_id not in self._keys:
            self._keys[contact_id] = self._load(contact_id)
        return self._keys[contact_id]

    def _load(self, contact_id: str) -> bytes:
        wrapped = self._connection.execute(
            select(contact_key.c.wrapped).where(contact_key.c.contact_id == contact_id)
        ).scalar()
        if wrapped is not None:
            return sealing.unwrap(self._kek, contact_id, wrapped)
        known = self._connection.execute(select(contact.c.id).where(contact.c.id == contact_id))
        if known.first() is None:
            raise StorageError("there is no such contact")
        raise Erased("the contact was erased")


def _place(contact_id: str, column: str, row_id: str) -> str:
    return f"{contact_id}|{column}|{row_id}"
