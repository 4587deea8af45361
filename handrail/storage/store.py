"""The store: one transaction at a time for writers, all of it or nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from handrail.domain import ports
from handrail.domain.errors import KeyFileError, StorageError
from handrail.storage import engine as engines
from handrail.storage import schema
from handrail.storage.contacts import SqlContacts
from handrail.storage.conversations import SqlConversations
from handrail.storage.faults import translate
from handrail.storage.journal import SqlJournal
from handrail.storage.keys import Keyring, create_key_file, read_key_file
from handrail.storage.messages import SqlMessages
from handrail.storage.migrate import at_head, current_revision, take_opening_turn, upgrade
from handrail.storage.outbox import SqlOutbox
from handrail.storage.people import SqlPeople
from handrail.storage.referrals import SqlReferrals
from handrail.storage.reports import SqlReports
from handrail.storage.sessions import SqlSessions
from handrail.storage.shifts import SqlShifts
from handrail.storage.turns import turns_for
from handrail.storage.unit import Unit
from handrail.storage.vault import Vault

_SCRUB_WAIT_MS = 2_000


class SqlTransaction:
    """The repositories over one open transaction."""

    def __init__(self, unit: Unit) -> None:
        self._journal = SqlJournal(unit)
        self.contacts: ports.Contacts = SqlContacts(unit)
        self.conversations: ports.Conversations = SqlConversations(unit)
        self.messages: ports.Messages = SqlMessages(unit)
        self.outbox: ports.Outbox = SqlOutbox(unit)
        self.reports: ports.Reports = SqlReports(unit)
        self.referrals: ports.Referrals = SqlReferrals(unit)
        self.people: ports.People = SqlPeople(unit)
        self.shifts: ports.Shifts = SqlShifts(unit)
        self.sessions: ports.Sessions = SqlSessions(unit)
        self.journal: ports.Journal = self._journal

    def finish(self) -> None:
        """What has to happen last, just before the commit."""
        self._journal.flush()


class SqlStore:
    """The record in SQLite or PostgreSQL. Safe to use from several threads.

    The schema must be there and the keyring must be the database's own: `open_store` sees to
    both.
    """

    def __init__(self, url: str, keyring: Keyring) -> None:
        self._engine = engines.make_engine(url)
        self._keyring = keyring
        self._postgresql = engines.is_postgresql(self._engine)
        self._scrub_owed = False

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[SqlTransaction]:
        """Commits when the block ends, rolls back when it raises.

        read_only: takes no writer lock, so that polling never delays a contact's message; any
        attempt to write raises StorageError.
        """
        failure: StorageError | None = None
        erased = False
        try:
            with self._turn(read_only), self._engine.connect() as plain:
                connection = engines.read_only(plain) if read_only else plain
                with connection.begin():
                    unit = self._unit(connection, read_only)
                    transaction = SqlTransaction(unit)
                    yield transaction
                    transaction.finish()
                erased = unit.erased
        except SQLAlchemyError as error:
            failure = translate(error)
        except UnicodeError:
            failure = StorageError("a value holds characters that cannot be stored")
        if failure is not None:
            raise failure from None
        if erased or (self._scrub_owed and not read_only):
            self._scrub()

    def check(self) -> str:
        """One line on engine, schema version and key. Raises StorageError."""
        failure: StorageError | None = None
        try:
            with self._engine.connect() as plain:
                connection = engines.read_only(plain)
                version = _engine_version(connection, self._postgresql)
                revision = current_revision(connection)
                key_id = connection.execute(select(schema.keyring.c.key_id)).scalar()
        except SQLAlchemyError as error:
            failure = translate(error)
        if failure is not None:
            raise failure from None
        if not at_head(revision):
            raise StorageError(f"the schema is at {revision}: start Handrail once to migrate it")
        if key_id != self._keyring.key_id:
            raise StorageError("the database was written with another key file")
        return f"{version}, schema {revision}, key {key_id}"

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def _unit(self, connection: Connection, read_only: bool) -> Unit:
        return Unit(
            connection=connection,
            keyring=self._keyring,
            vault=Vault(connection, self._keyring),
            postgresql=self._postgresql,
            read_only=read_only,
        )

    def _turn(self, read_only: bool) -> AbstractContextManager[None]:
        if self._postgresql or read_only:
            return nullcontext()
        name = str(engines.sqlite_path(self._engine))
        return turns_for(name).turn(engines.BUSY_SECONDS)

    def _scrub(self) -> None:
        """Remove the deleted data key from the files as well: SQLite's log is emptied into the
        database, whose freed bytes are zero; PostgreSQL frees the dead row. When readers are in
        the way it is tried again after the next write."""
        try:
            done = self._vacuum_keys() if self._postgresql else self._empty_log()
        except (SQLAlchemyError, sqlite3.Error):
            done = False
        self._scrub_owed = not done

    def _empty_log(self) -> bool:
        with closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_SCRUB_WAIT_MS}")
            try:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                result = cursor.fetchone()
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {engines.BUSY_SECONDS * 1000}")
            # (busy, pages in the log, pages moved)
            return result is not None and result[0] == 0

    def _vacuum_keys(self) -> bool:
        with self._engine.connect() as connection:
            outside = connection.execution_options(isolation_level="AUTOCOMMIT")
            outside.execute(text("VACUUM contact_key"))
        return True


def open_store(url: str, key_file: Path) -> SqlStore:
    """Migrate the database, find or create the key file, and see that the two belong together.

    Raises KeyFileError when the database holds contacts and the key file is missing, damaged,
    open to others or another one; StorageError when the database cannot be reached.
    """
    engine = engines.make_engine(url)
    failure: StorageError | None = None
    try:
        upgrade(engine)
        keyring = _matching_keyring(engine, key_file)
    except SQLAlchemyError as error:
        failure = translate(error)
    finally:
        engine.dispose()
    if failure is not None:
        raise failure from None
    return SqlStore(url, keyring)


def _matching_keyring(engine: Engine, key_file: Path) -> Keyring:
    with engine.begin() as connection:
        take_opening_turn(connection)
        bound = connection.execute(select(schema.keyring.c.key_id)).scalar()
        in_use = connection.execute(select(schema.contact.c.id).limit(1)).first() is not None
        if not key_file.exists() and not in_use:
            create_key_file(key_file)
        keyring = read_key_file(key_file)
        if bound is None:
            connection.execute(insert(schema.keyring).values(id=1, key_id=keyring.key_id))
        elif bound != keyring.key_id and in_use:
            raise KeyFileError(
                f"the database was written with key {bound}, the key file {key_file} holds "
                f"{keyring.key_id}: restore the right one from its backup"
            )
        elif bound != keyring.key_id:
            connection.execute(update(schema.keyring).values(key_id=keyring.key_id))
    return keyring


def _engine_version(connection: Connection, postgresql: bool) -> str:
    if postgresql:
        return f"PostgreSQL {connection.execute(text('SHOW server_version')).scalar()}"
    return f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar()}"
