"""What the repositories of one transaction share: connection, keys, and the two dialects' one
difference that matters everywhere (insert or leave)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Executable, Row, Select, Table, text
from sqlalchemy.dialects import postgresql, sqlite

from handrail.domain.errors import StorageError
from handrail.storage.keys import Keyring
from handrail.storage.vault import Vault


@dataclass(slots=True, kw_only=True)
class Unit:
    """erased: a data key was destroyed here; after the commit the store scrubs what is left."""

    connection: Connection
    keyring: Keyring
    vault: Vault
    postgresql: bool
    read_only: bool
    erased: bool = field(default=False)

    def row(self, query: Select[*tuple[Any, ...]]) -> Row[Any] | None:
        return self.connection.execute(query).first()

    def rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[Any]]:
        return self.connection.execute(query).all()

    def known(self, query: Select[*tuple[Any, ...]], what: str) -> Row[Any]:
        """The row, or StorageError: there is no such `what`."""
        found = self.row(query)
        if found is None:
            raise StorageError(f"there is no such {what}")
        return found

    def run(self, statement: Executable) -> int:
        """Execute an UPDATE, DELETE or INSERT. Returns how many rows changed."""
        return int(self.connection.execute(statement).rowcount)

    def insert_or_leave(
        self, table: Table, columns: list[str], *, where: str | None = None, **values: Any
    ) -> bool:
        """Insert unless the unique key over `columns` (partial: `where`) is taken.

        True when the row is new. On PostgreSQL this waits for another transaction that is
        inserting the same key.
        """
        condition = text(where) if where else None
        first_key = next(iter(table.primary_key))
        statement: Executable
        if self.postgresql:
            statement = (
                postgresql.insert(table)
                .values(**values)
                .on_conflict_do_nothing(index_elements=columns, index_where=condition)
                .returning(first_key)
            )
        else:
            statement = (
                sqlite.insert(table)
                .values(**values)
                .on_conflict_do_nothing(index_elements=columns, index_where=condition)
                .returning(first_key)
            )
        return self.connection.execute(statement).first() is not None

    def locked(self, query: Select[Any], *, skip: bool = False) -> Select[Any]:
        """Lock what the query finds until the transaction ends. SQLite's writer has it all."""
        if self.postgresql and not self.read_only:
            return query.with_for_update(key_share=True, skip_locked=skip)
        return query
