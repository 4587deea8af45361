"""Referrals: the neediest first, each to one claimer, every change compare-and-set."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from handrail.domain.errors import Conflict, StorageError
from handrail.domain.ids import LeaseToken, ReferralId, new_id
from handrail.domain.level import Level
from handrail.domain.referral import Disposition, ReferralState
from handrail.storage.engine import make_engine
from tests.fakes.storage_builders import NOON, conversation, member, minutes, referral


class _Undo(Exception):
    pass


def test_a_referral_comes_back_whole(store):
    sam, kim = member("sam"), member("kim")
    with store.transaction() as tx:
        where = conversation(tx)
        tx.people.add(sam, "h")
        tx.people.add(kim, "h")
        opened = referral(where)
        tx.referrals.add(opened)
        assert tx.referrals.get(opened.id) == opened
        full = replace(
            opened,
            state=ReferralState.CLOSED,
            level=Level.P1,
            held_by=sam.id,
            handed_to=kim.id,
            lease_token=LeaseToken("t"),
            lease_until=NOON + minutes(1),
            escalated_at=NOON + minutes(2),
            first_reply_at=NOON + minutes(3),
            awaiting_since=NOON + minutes(4),
            needs_review=True,
            disposition=Disposition.SIGNPOSTED,
            closed_at=NOON + minutes(5),
            reasons=("one", "two — ünïcode"),
        )
        assert tx.referrals.change(full) == replace(full, version=2)
    with store.transaction(read_only=True) as tx:
        assert tx.referrals.get(opened.id) == replace(full, version=2)
        with pytest.raises(StorageError):
            tx.referrals.get(ReferralId(new_id()))


def test_a_stale_change_is_a_conflict(store):
    with store.transaction() as tx:
        opened = referral(conversation(tx))
        tx.referrals.add(opened)
        tx.referrals.change(replace(opened, level=Level.P2))
    with pytest.raises(Conflict), store.transaction() as tx:
        tx.referrals.change(replace(opened, level=Level.P5))
    with store.transaction(read_only=True) as tx:
        assert tx.referrals.get(opened.id).level is Level.P2


def test_live_leaves_out_what_is_closed(store):
    sam = member()
    with store.transaction() as tx:
        tx.people.add(sam, "h")
        one, two = conversation(tx, "a1"), conversation(tx, "a2")
        closed = referral(one, state=ReferralState.CLOSED)
        held = referral(one, state=ReferralState.CLAIMED, held_by=sam.id, level=Level.P4)
        first = referral(two, level=Level.P2)
        for each in (closed, held, first):
            tx.referrals.add(each)
        assert tx.referrals.live() == [first, held]
        assert tx.referrals.live(held_by=sam.id) == [held]
        assert tx.referrals.of_conversation(one.id) == held
        tx.referrals.change(replace(held, state=ReferralState.CLOSED))
        assert tx.referrals.of_conversation(one.id) is None
        assert tx.referrals.neediest() == first
        assert tx.referrals.neediest(skip=[first.id]) is None


_queue = st.lists(
    st.tuples(st.sampled_from(Level), st.integers(-90, 90), st.integers(-90, 90)), max_size=8
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(queue=_queue)
def test_the_neediest_order_is_the_sorted_order(store, queue):
    def key(made):
        return made.level.value, made.due_by, made.opened_at

    with contextlib.suppress(_Undo), store.transaction() as tx:
        where = conversation(tx)
        made = [
            referral(where, level=level, due_by=NOON + minutes(due), opened_at=NOON + minutes(age))
            for level, due, age in queue
        ]
        for each in made:
            tx.referrals.add(each)
        taken = []
        while (found := tx.referrals.neediest(skip=[each.id for each in taken])) is not None:
            taken.append(found)
        assert [key(each) for each in taken] == sorted(key(each) for each in made)
        assert {each.id for each in taken} == {each.id for each in made}
        assert [key(each) for each in tx.referrals.live()] == sorted(key(each) for each in made)
        raise _Undo


def test_two_claimers_never_get_the_same(store):
    with store.transaction() as tx:
        for number in range(24):
            tx.referrals.add(referral(conversation(tx, f"a{number}")))
    start = threading.Barrier(4)

    def claimer(_):
        mine = []
        start.wait()
        while True:
            try:
                with store.transaction() as tx:
                    found = tx.referrals.neediest()
                    if found is None:
                        return mine
                    tx.referrals.change(replace(found, state=ReferralState.OFFERED))
            except Conflict:
                continue
            mine.append(found.id)

    with ThreadPoolExecutor(4) as pool:
        taken = [each for mine in pool.map(claimer, range(4)) for each in mine]
    # A claimer that found nothing may have passed over rows that another one still held.
    assert len(taken) == len(set(taken)) == 24


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_on_postgresql_a_second_claimer_does_not_wait(store):
    with store.transaction() as tx:
        first, second = (
            referral(conversation(tx, name), opened_at=NOON + minutes(number))
            for number, name in enumerate(("a", "b"))
        )
        tx.referrals.add(first)
        tx.referrals.add(second)
    with store.transaction() as one, store.transaction() as two:
        assert one.referrals.neediest() == first
        assert two.referrals.neediest() == second


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_queue_is_read_from_its_partial_index(store, store_url):
    engine = make_engine(store_url)
    with engine.connect() as connection:
        plan = connection.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT * FROM referral WHERE state = 'open' "
                "ORDER BY level, due_by, opened_at, id LIMIT 1"
            )
        ).all()
    engine.dispose()
    assert any("ix_referral_open" in step.detail for step in plan)
