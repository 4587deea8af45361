"""All or nothing, readers that never wait, errors without a word of what was written."""

import logging
import threading
import traceback

import pytest
from sqlalchemy import text

from handrail.domain.errors import Conflict, Erased, StorageError
from handrail.domain.message import Author
from handrail.storage.engine import make_engine
from handrail.storage.store import SqlStore, open_store
from tests.fakes.storage_builders import NOON, conversation, incoming, member, referral

CANARY = "the canary sings in the morning"


class _Stop(Exception):
    pass


@pytest.mark.parametrize("error", [_Stop, KeyboardInterrupt, Erased, Conflict])
def test_a_block_that_raises_leaves_nothing(store, store_url, error):
    with pytest.raises(error), store.transaction() as tx:
        _do_everything_and_raise(tx, error)
    engine = make_engine(store_url)
    with engine.connect() as connection:
        for table in ("contact", "contact_key", "message", "outbox", "referral", "event", "alert"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0, table
    engine.dispose()
    with store.transaction() as tx:
        assert conversation(tx).version == 1


def _do_everything_and_raise(tx, error):
    where = conversation(tx)
    tx.messages.store_incoming(where, incoming(), NOON)
    tx.messages.write(where.id, author=Author.SERVICE, text="x", at=NOON)
    tx.referrals.add(referral(where))
    tx.journal.append("k", at=NOON, actor="a", subject="s")
    tx.journal.alert("k", "d", NOON)
    raise error


def test_a_reader_does_not_wait_for_a_writer_and_does_not_see_half(store):
    with store.transaction() as tx:
        where = conversation(tx)
    with store.transaction() as writer:
        writer.messages.write(where.id, author=Author.NOTE, text="x", at=NOON)
        seen = _in_thread(lambda: _read(store, where.id))
        assert seen == []
    assert len(_read(store, where.id)) == 1


def _read(store, conversation_id):
    with store.transaction(read_only=True) as tx:
        return tx.messages.of_conversation(conversation_id)


def test_a_reader_cannot_write(store):
    with store.transaction() as tx:
        where = conversation(tx)
    with pytest.raises(StorageError), store.transaction(read_only=True) as tx:
        tx.messages.write(where.id, author=Author.NOTE, text="x", at=NOON)
    with pytest.raises(StorageError), store.transaction(read_only=True) as tx:
        conversation(tx, "new")
    with store.transaction() as tx:
        tx.messages.write(where.id, author=Author.NOTE, text="writing works again", at=NOON)


def test_a_reader_can_look_at_the_queue(store):
    with store.transaction() as tx:
        opened = referral(conversation(tx))
        tx.referrals.add(opened)
    with store.transaction(read_only=True) as tx:
        assert tx.referrals.neediest() == opened
        assert tx.outbox.due(NOON) == []


def test_a_transaction_may_be_opened_here_and_used_in_a_worker_thread(store):
    with store.transaction() as tx:
        where = _in_thread(lambda: conversation(tx))
    with store.transaction(read_only=True) as tx:
        assert tx.conversations.get(where.id) == where


def test_errors_say_nothing_of_what_was_written(store, caplog):
    caplog.set_level(logging.DEBUG)
    sam = member(display_name=CANARY)
    with store.transaction() as tx:
        tx.people.add(sam, "h")
    caught = []
    for _ in range(2):
        try:
            with store.transaction() as tx:
                tx.people.add(member(username=CANARY), CANARY)
                tx.people.add(sam, "h")
        except StorageError as error:
            caught.append(error)
    assert [type(error) for error in caught] == [Conflict, Conflict]
    told = "".join("".join(traceback.format_exception(error)) for error in caught)
    assert "canary" not in told
    assert "canary" not in caplog.text


def test_a_person_with_impossible_characters_is_a_storage_error(store):
    with pytest.raises(StorageError), store.transaction() as tx:
        tx.people.by_username("sam\ud800")


def test_check_tells_engine_schema_and_key(store, key_file):
    key_id = key_file.read_text().split()[1]
    line = store.check()
    assert line.startswith(("SQLite 3.", "PostgreSQL "))
    assert line.endswith(f"schema r0001, key {key_id}")


def test_what_was_committed_is_there_for_another_store(store, store_url, key_file):
    with store.transaction() as tx:
        where = conversation(tx)
        tx.messages.store_incoming(where, incoming("hello"), NOON)
    second = open_store(store_url, key_file)
    assert [message.text for message in _read(second, where.id)] == ["hello"]
    second.close()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_transaction_inside_a_transaction_is_refused_at_once(store):
    outer, inner = store.transaction(), store.transaction()
    with outer, pytest.raises(StorageError, match="open already"):
        inner.__enter__()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://u:canary@h/d", "sqlite://"])
def test_other_databases_are_refused_without_repeating_the_address(url, key_file):
    with pytest.raises(StorageError) as caught:
        open_store(url, key_file)
    assert "canary" not in str(caught.value)
    assert not key_file.exists()


@pytest.mark.parametrize(
    "url", ["postgresql://u:canary@127.0.0.1:1/d", "sqlite:////proc/nowhere/canary.db"]
)
def test_a_database_out_of_reach_is_a_storage_error(url, key_file):
    with pytest.raises(StorageError) as caught:
        open_store(url, key_file)
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_a_database_that_goes_away_is_a_storage_error(sqlite_store: SqlStore, tmp_path):
    sqlite_store.close()
    for file in (tmp_path / "data").iterdir():
        file.unlink()
    with pytest.raises(StorageError), sqlite_store.transaction() as tx:
        tx.people.all()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_sqlite_files_belong_to_the_service_alone(store, tmp_path):
    with store.transaction() as tx:
        conversation(tx)
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "data").iterdir()}
    assert "handrail.db-wal" in modes
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def _in_thread(work):
    result = []
    thread = threading.Thread(target=lambda: result.append(work()))
    thread.start()
    thread.join(10)
    assert result, "the thread did not finish"
    return result[0]
