"""Opening a database: migrations from nothing, and the key file it belongs to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from handrail.domain.errors import KeyFileError, StorageError
from handrail.storage.engine import make_engine
from handrail.storage.keys import create_key_file
from handrail.storage.migrate import upgrade
from handrail.storage.schema import metadata
from handrail.storage.store import open_store
from tests.fakes.storage_builders import conversation


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty' / 'handrail.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    yield server.url(server.create_database())


def test_migrations_from_nothing_give_the_schema_the_code_describes(empty_url):
    engine = make_engine(empty_url)
    upgrade(engine)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
        assert _indexes(connection) == {
            (table.name, index.name)
            for table in metadata.tables.values()
            for index in table.indexes
        }
    engine.dispose()


def _indexes(connection) -> set[tuple[str, str]]:
    looking = inspect(connection)
    return {
        (table, index["name"])
        for table in metadata.tables
        for index in looking.get_indexes(table)
        if not index.get("duplicates_constraint")
    }


def test_two_first_starts_at_once_end_with_one_schema_and_one_key(empty_url, key_file):
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(empty_url, key_file), range(4)))
    assert len({store.check() for store in stores}) == 1
    for store in stores:
        store.close()
    assert [file.name for file in key_file.parent.iterdir()] == [key_file.name]


def test_a_first_start_creates_a_private_key_file(store, key_file):
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert key_file.parent.stat().st_mode & 0o777 == 0o700


def test_with_contacts_a_missing_key_file_is_never_made_anew(store, store_url, key_file):
    _use(store)
    key_file.unlink()
    with pytest.raises(KeyFileError, match="missing"):
        open_store(store_url, key_file)
    assert not key_file.exists()


def test_with_contacts_another_key_file_is_refused(store, store_url, key_file, tmp_path):
    _use(store)
    other = tmp_path / "other.key"
    create_key_file(other)
    with pytest.raises(KeyFileError) as caught:
        open_store(store_url, other)
    for file in (key_file, other):
        assert file.read_text().split()[1] in str(caught.value)
        assert file.read_text().split()[2] not in str(caught.value)
    open_store(store_url, key_file).close()


def test_without_contacts_a_new_key_file_may_take_over(store, store_url, key_file):
    old = key_file.read_text()
    key_file.unlink()
    second = open_store(store_url, key_file)
    assert key_file.read_text() != old
    _use(second)
    second.close()
    with pytest.raises(StorageError, match="another key"):
        store.check()


def test_an_old_schema_is_seen_by_check(store, store_url):
    engine = make_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0000'"))
    with pytest.raises(StorageError, match="r0000"):
        store.check()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0001'"))
    engine.dispose()


def _use(store) -> None:
    with store.transaction() as tx:
        conversation(tx)
