"""Contacts: found again by a keyed hash, known by an alias, created once."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from handrail.domain.errors import StorageError
from handrail.domain.ids import ContactId, Platform, new_id
from handrail.domain.message import Author
from handrail.storage.engine import make_engine
from handrail.storage.store import SqlStore
from tests.fakes.storage_builders import NOON, conversation, incoming, minutes


def _arrive(store: SqlStore, **more):
    with store.transaction() as tx:
        return tx.contacts.arrive(incoming(**more), locale="en-GB", country="GB", at=NOON)


def test_the_same_account_is_the_same_contact(store):
    first, point = _arrive(store)
    again, point_again = _arrive(store, message_id="m2")
    assert (first, point) == (again, point_again)


def test_account_and_platform_together_make_the_contact(store):
    contacts = [
        _arrive(store)[0],
        _arrive(store, account="a2")[0],
        _arrive(store, platform=Platform("telegram"))[0],
        _arrive(store, platform=Platform("we"), account="ba1")[0],
    ]
    assert len({contact.id for contact in contacts}) == 4
    assert len({contact.alias for contact in contacts}) == 4


def test_a_contact_has_an_alias_and_times_in_utc(store):
    contact, _ = _arrive(store)
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d\d", contact.alias)
    assert contact.created_at == NOON
    assert contact.created_at.utcoffset() == minutes(0)
    assert not contact.quiet


def test_the_newest_address_is_the_one(store):
    _, point = _arrive(store, address="first address")
    _arrive(store, address="second address", message_id="m2")
    with store.transaction(read_only=True) as tx:
        assert tx.contacts.address(point.id) == ("web", "second address")


def test_quiet_is_kept(store):
    contact, _ = _arrive(store)
    with store.transaction() as tx:
        tx.contacts.set_quiet(contact.id, True)
    with store.transaction(read_only=True) as tx:
        assert tx.contacts.get(contact.id).quiet


def test_an_unknown_contact_is_an_error(store):
    nobody = ContactId(new_id())
    with store.transaction() as tx:
        with pytest.raises(StorageError):
            tx.contacts.get(nobody)
        with pytest.raises(StorageError):
            tx.contacts.set_quiet(nobody, True)
        with pytest.raises(StorageError):
            tx.contacts.erase(nobody, NOON)


def test_first_messages_at_once_make_one_contact(store):
    threads = 6
    start = threading.Barrier(threads)

    def first_message(number: int):
        start.wait()
        return _arrive(store, account="new", message_id=f"m{number}")

    with ThreadPoolExecutor(threads) as pool:
        arrived = list(pool.map(first_message, range(threads)))
    assert len({contact.id for contact, _ in arrived}) == 1
    assert len({point.id for _, point in arrived}) == 1


def test_the_losers_of_that_race_leave_nothing_behind(store, store_url):
    test_first_messages_at_once_make_one_contact(store)
    engine = make_engine(store_url)
    with engine.connect() as connection:
        for table in ("contact", "contact_key", "contact_point"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1
    engine.dispose()


def test_messages_of_one_account_are_handled_one_after_the_other(store):
    """While one transaction has the contact point, a second waits."""
    _arrive(store)
    entered, order = threading.Event(), []

    def second():
        entered.wait()
        _arrive(store, message_id="m2")
        order.append("second")

    waiting = threading.Thread(target=second)
    waiting.start()
    with store.transaction() as tx:
        tx.contacts.arrive(incoming(), locale="en-GB", country="GB", at=NOON)
        entered.set()
        waiting.join(0.3)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_no_clear_account_or_address_is_in_the_tables(store, store_url):
    _arrive(store, account="account-4711", address="address-4712")
    engine = make_engine(store_url)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM contact_point")).one()
    engine.dispose()
    assert not any(b"4711" in _raw(value) or b"4712" in _raw(value) for value in row)


def test_a_conversation_is_made_once_and_saved_by_version(store):
    with store.transaction() as tx:
        where = conversation(tx)
        note = tx.messages.write(where.id, author=Author.NOTE, text="quiet today", at=NOON)
    with store.transaction() as tx:
        assert conversation(tx) == where
        assert [message.id for message in tx.messages.of_conversation(where.id)] == [note.id]
    assert (where.version, where.state, where.level) == (1, "", None)


def _raw(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
