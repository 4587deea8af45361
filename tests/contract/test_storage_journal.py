"""The journal: nobody changes it, and whoever gets around that is seen."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from handrail.domain.errors import StorageError
from handrail.storage.engine import is_postgresql, make_engine
from tests.fakes.storage_builders import NOON, minutes


def fill(store, count=5):
    for number in range(count):
        with store.transaction() as tx:
            tx.journal.append(
                "referral.claimed", at=NOON, actor="p1", subject=f"r{number % 2}", n=str(number)
            )


def test_events_come_newest_first_and_by_subject(store):
    fill(store)
    with store.transaction(read_only=True) as tx:
        assert [event.seq for event in tx.journal.events()] == [5, 4, 3, 2, 1]
        assert [event.seq for event in tx.journal.events(subject="r1")] == [4, 2]
        newest = tx.journal.events(limit=1)[0]
        assert tx.journal.first_broken() is None
    assert (newest.kind, newest.actor, newest.at) == ("referral.claimed", "p1", NOON)
    assert newest.data == (("n", "4"),)
    assert len(newest.hash) == 64


def test_an_event_is_seen_by_its_own_transaction_and_goes_with_it(store):
    with pytest.raises(RuntimeError), store.transaction() as tx:
        _append_and_fail(tx)
    with store.transaction(read_only=True) as tx:
        assert tx.journal.events() == []


def _append_and_fail(tx):
    tx.journal.append("k", at=NOON, actor="a", subject="s")
    assert [event.seq for event in tx.journal.events()] == [1]
    raise RuntimeError


@pytest.mark.parametrize(
    "statement", ["UPDATE event SET actor = 'x'", "DELETE FROM event WHERE seq = 2"]
)
def test_the_database_refuses_to_change_the_journal(store, store_url, statement):
    fill(store)
    engine = make_engine(store_url)
    with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    with store.transaction(read_only=True) as tx:
        assert tx.journal.first_broken() is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE event SET actor = 'somebody else' WHERE seq = 3", 3),
        ('UPDATE event SET data = \'{"n":"9"}\' WHERE seq = 2', 2),
        ("UPDATE event SET data = 'no json' WHERE seq = 2", 2),
        ("UPDATE event SET hash = '0' WHERE seq = 5", 5),
        ("DELETE FROM event WHERE seq = 1", 2),
        ("DELETE FROM event WHERE seq = 4", 5),
    ],
)
def test_a_tampered_entry_is_found(store, store_url, statement, broken):
    fill(store)
    _tamper(store_url, statement)
    with store.transaction(read_only=True) as tx:
        assert tx.journal.first_broken() == broken


def _tamper(url, statement):
    """As somebody with full rights over the database would."""
    engine = make_engine(url)
    with engine.begin() as connection:
        if is_postgresql(engine):
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            connection.execute(text("DROP TRIGGER event_refuses_update"))
            connection.execute(text("DROP TRIGGER event_refuses_delete"))
        connection.execute(text(statement))
    engine.dispose()


def test_many_writers_make_one_chain_without_gaps(store):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fill(store, 3), range(4)))
    with store.transaction(read_only=True) as tx:
        assert [event.seq for event in tx.journal.events()] == list(range(12, 0, -1))
        assert tx.journal.first_broken() is None


def test_a_reading_transaction_appends_nothing(store):
    with pytest.raises(StorageError), store.transaction(read_only=True) as tx:
        tx.journal.append("k", at=NOON, actor="a", subject="s")
    with store.transaction(read_only=True) as tx:
        assert tx.journal.events() == []


def test_an_alert_stands_once_until_it_is_acknowledged(store):
    with store.transaction() as tx:
        tx.journal.alert("classifier", "timeout", NOON)
        tx.journal.alert("classifier", "timeout", NOON + minutes(1))
        tx.journal.alert("classifier", "missing", NOON)
        tx.journal.alert("long", "x" * 2000, NOON)
        standing = tx.journal.alerts()
        assert [alert.kind for alert in standing] == ["long", "classifier", "classifier"]
        first = standing[-1]
        assert (first.detail, first.at, first.acknowledged_at) == ("timeout", NOON, None)
        tx.journal.acknowledge(first.id, NOON + minutes(2))
        tx.journal.acknowledge(first.id, NOON + minutes(3))
        assert [alert.id for alert in tx.journal.alerts()] == [each.id for each in standing[:2]]
        tx.journal.alert("classifier", "timeout", NOON + minutes(4))
        everything = tx.journal.alerts(unacknowledged_only=False)
    assert len(everything) == 4
    assert everything[-1].acknowledged_at == NOON + minutes(2)
