"""People, shifts and console logins."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from handrail.domain.errors import Conflict, StorageError
from handrail.domain.ids import PersonId, new_id
from handrail.domain.referral import Role, Shift
from handrail.storage.engine import make_engine
from tests.fakes.storage_builders import NOON, member, minutes


def test_people_are_kept_and_changed(store):
    sam = member("sam", roles=frozenset({Role.VOLUNTEER, Role.SUPERVISOR}))
    with store.transaction() as tx:
        tx.people.add(sam, "first hash")
        tx.people.add(member("kim", created_at=NOON + minutes(1)), "h")
        assert tx.people.by_username("sam") == (sam, "first hash")
        assert tx.people.by_username("SAM") is None
        assert [each.username for each in tx.people.all()] == ["sam", "kim"]
        changed = replace(sam, roles=frozenset(), active=False, display_name="S")
        tx.people.update(changed)
        assert tx.people.by_username("sam") == (changed, "first hash")
        tx.people.update(changed, "second hash")
        assert tx.people.by_username("sam") == (changed, "second hash")
        assert tx.people.get(sam.id) == changed
        with pytest.raises(StorageError):
            tx.people.update(member("nobody"))
        with pytest.raises(StorageError):
            tx.people.get(PersonId(new_id()))


def test_a_username_is_taken_once(store):
    with store.transaction() as tx:
        tx.people.add(member("distinctive-name"), "h")
    with pytest.raises(Conflict) as caught, store.transaction() as tx:
        tx.people.add(member("distinctive-name"), "h")
    assert "distinctive-name" not in str(caught.value)


def test_a_shift_runs_once(store):
    sam = member()
    with store.transaction() as tx:
        tx.people.add(sam, "h")
        tx.shifts.start(sam.id, NOON)
        tx.shifts.start(sam.id, NOON + minutes(1))
        assert tx.shifts.running() == [Shift(person_id=sam.id, started_at=NOON)]
        tx.shifts.end(sam.id, NOON + minutes(2))
        assert tx.shifts.running() == []
        tx.shifts.end(sam.id, NOON + minutes(3))
        tx.shifts.start(sam.id, NOON + minutes(4))
        assert [shift.started_at for shift in tx.shifts.running()] == [NOON + minutes(4)]


def test_a_session_is_found_until_it_ends(store):
    sam = member()
    with store.transaction() as tx:
        tx.people.add(sam, "h")
        tx.sessions.open(sam.id, "token-one", "csrf-one", NOON + minutes(10))
        tx.sessions.open(sam.id, "token-two", "csrf-two", NOON + minutes(10))
        assert tx.sessions.find("token-one", NOON) == (sam.id, "csrf-one")
        assert tx.sessions.find("token-one", NOON + minutes(10)) is None
        assert tx.sessions.find("token", NOON) is None
        tx.sessions.close("token-one")
        assert tx.sessions.find("token-one", NOON) is None
        assert tx.sessions.find("token-two", NOON) == (sam.id, "csrf-two")


def test_failures_count_since_the_last_success(store):
    with store.transaction() as tx:
        for minute in (0, 1, 2):
            tx.sessions.record_attempt("sam@host", NOON + minutes(minute), succeeded=False)
        tx.sessions.record_attempt("kim@host", NOON, succeeded=False)
        assert tx.sessions.failures_since("sam@host", NOON) == 3
        assert tx.sessions.failures_since("sam@host", NOON + minutes(1)) == 2
        tx.sessions.record_attempt("sam@host", NOON + minutes(3), succeeded=True)
        assert tx.sessions.failures_since("sam@host", NOON) == 0
        tx.sessions.record_attempt("sam@host", NOON + minutes(4), succeeded=False)
        assert tx.sessions.failures_since("sam@host", NOON) == 1
        assert tx.sessions.failures_since("kim@host", NOON) == 1


def test_tokens_and_throttle_keys_are_kept_as_hashes_and_not_for_ever(store, store_url):
    sam = member()
    with store.transaction() as tx:
        tx.people.add(sam, "h")
        tx.sessions.open(sam.id, "token-4711", "csrf", NOON + minutes(1))
        tx.sessions.record_attempt("sam@4711", NOON, succeeded=False)
    assert "4711" not in _dump(store_url)
    with store.transaction() as tx:
        tx.sessions.record_attempt("other", NOON + timedelta(days=8), succeeded=False)
    assert _dump(store_url).count("\n") == 1


def _dump(url: str) -> str:
    engine = make_engine(url)
    with engine.connect() as connection:
        rows = [
            *connection.execute(text("SELECT * FROM session")),
            *connection.execute(text("SELECT * FROM login_attempt")),
        ]
    engine.dispose()
    return "".join(f"{tuple(row)}\n" for row in rows)
