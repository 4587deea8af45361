"""Bring a database to the schema of this version. The migrations travel inside the package."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from handrail.storage.engine import is_postgresql

_MIGRATIONS = Path(__file__).parent / "migrations"
_OPENING_LOCK = 4_841_427_310_661_002


def upgrade(engine: Engine) -> None:
    """All missing migrations in one transaction. Two processes that start together take turns.

    Raises SQLAlchemyError; on either engine nothing is left half done.
    """
    with engine.begin() as connection:
        take_opening_turn(connection)
        if not at_head(current_revision(connection)):
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def take_opening_turn(connection: Connection) -> None:
    """Processes that open the database at the same time do so one after the other, until the
    transaction ends. On SQLite the writer lock sees to that."""
    if is_postgresql(connection.engine):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _OPENING_LOCK})


def current_revision(connection: Connection) -> str | None:
    """The database's revision; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def at_head(revision: str | None) -> bool:
    """Whether this is the newest revision that the code knows."""
    return revision == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    # A percent sign would be read as interpolation.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
