"""A flood of contacts makes every later message a little slower, and never much."""

from sqlalchemy import event
from sqlalchemy.engine import Engine

from handrail.storage.store import SqlStore
from tests.house import Visitor, build_house


def statements_of(work):
    """How many statements the database is asked to run."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(asked)


def read_the_queue(store: SqlStore):
    with store.transaction(read_only=True) as tx:
        return tx.referrals.live()


def test_the_queue_is_read_in_as_many_questions_however_long_it_is(store, clock, tmp_path):
    house = build_house(store, clock, tmp_path)
    counts = []
    for _ in range(2):
        for _ in range(12):
            Visitor(house).send("I feel so low and alone")
        counts.append(statements_of(lambda: read_the_queue(store)))
    assert len(read_the_queue(store)) == 24
    assert counts[0] == counts[1]
    assert all(referral.reasons for referral in read_the_queue(store)), "and can still be read"


def test_a_message_is_taken_in_with_as_many_questions_however_long_the_queue_is(
    store, clock, tmp_path
):
    house = build_house(store, clock, tmp_path)
    counts = []
    for _ in range(2):
        for _ in range(12):
            Visitor(house).send("hello, is anyone there")
        newcomer = Visitor(house)
        counts.append(statements_of(lambda who=newcomer: who.send("hello, is anyone there")))
    assert counts[0] == counts[1]
