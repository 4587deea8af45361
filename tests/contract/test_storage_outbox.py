"""The outbox: leased, in order, never lost, never to somebody who said STOP."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from handrail.domain.errors import Conflict
from handrail.domain.message import Author, Button, DeliveryState
from tests.fakes.storage_builders import NOON, conversation, minutes

LEASE = timedelta(seconds=30)


def say(tx, where, words, **more):
    return tx.messages.write(
        where.id, author=Author.SERVICE, text=words, at=more.pop("at", NOON), **more
    )


def claim(tx, where, now=NOON):
    return tx.outbox.claim(where.id, now, LEASE)


def deliveries(tx, where):
    return [message.delivery for message in tx.messages.of_conversation(where.id)]


def test_a_claim_holds_all_that_a_sender_needs(store):
    with store.transaction() as tx:
        where = conversation(tx)
        said = say(tx, where, "hello", buttons=[Button(id="b", label="B")])
        item = claim(tx, where)
    assert item.message_id == said.id == item.outgoing.key
    assert item.outgoing.text == "hello"
    assert item.outgoing.buttons == (Button(id="b", label="B"),)
    assert (item.platform, item.address) == ("web", "address of a1")
    assert item.contact_point_id == where.contact_point_id
    assert item.attempts == 1


def test_messages_go_out_in_order_one_at_a_time(store):
    with store.transaction() as tx:
        where = conversation(tx)
        for words in ("one", "two", "three"):
            say(tx, where, words)
    went = []
    for _ in range(3):
        with store.transaction() as tx:
            item = claim(tx, where)
            assert claim(tx, where) is None
        with store.transaction() as tx:
            tx.outbox.sent(item, NOON)
        went.append(item.outgoing.text)
    with store.transaction() as tx:
        assert claim(tx, where) is None
        assert deliveries(tx, where) == [DeliveryState.SENT] * 3
        assert tx.outbox.waiting(NOON) == (0, timedelta(0))
    assert went == ["one", "two", "three"]


def test_what_waits_is_given_up_when_the_contact_says_stop(store):
    with store.transaction() as tx:
        where = conversation(tx)
        say(tx, where, "an old promise")
        say(tx, where, "we have stopped", despite_quiet=True)
        assert tx.outbox.give_up(where.id, NOON, "contact_stopped") == 1
        assert deliveries(tx, where) == [DeliveryState.FAILED, DeliveryState.PENDING]
        assert claim(tx, where).outgoing.text == "we have stopped"
        assert tx.outbox.give_up(where.id, NOON, "contact_stopped") == 0


def test_a_lease_that_ended_can_be_taken_and_the_old_holder_is_told(store):
    with store.transaction() as tx:
        where = conversation(tx)
        say(tx, where, "hello")
        lost = claim(tx, where)
        assert claim(tx, where, NOON + LEASE - minutes(0.01)) is None
        taken = claim(tx, where, NOON + LEASE)
    assert (taken.message_id, taken.attempts) == (lost.message_id, 2)
    with pytest.raises(Conflict), store.transaction() as tx:
        tx.outbox.sent(lost, NOON + LEASE)
    with store.transaction() as tx:
        tx.outbox.sent(taken, NOON + LEASE)
    with pytest.raises(Conflict), store.transaction() as tx:
        tx.outbox.sent(taken, NOON + LEASE)


def test_a_retry_holds_back_what_comes_after(store):
    later = NOON + minutes(5)
    with store.transaction() as tx:
        where = conversation(tx)
        say(tx, where, "one")
        say(tx, where, "two")
        item = claim(tx, where)
        tx.outbox.failed(item, NOON, permanent=False, retry_at=later, why="unavailable")
        assert claim(tx, where, later - minutes(1)) is None
        assert tx.outbox.due(later - minutes(1)) == []
        assert tx.outbox.due(later) == [where.id]
        assert claim(tx, where, later).outgoing.text == "one"


def test_a_permanent_failure_lets_the_next_one_through(store):
    with store.transaction() as tx:
        where = conversation(tx)
        say(tx, where, "one")
        say(tx, where, "two")
        item = claim(tx, where)
        tx.outbox.failed(item, NOON, permanent=True, retry_at=NOON, why="blocked" * 20)
        assert claim(tx, where).outgoing.text == "two"
        assert deliveries(tx, where) == [DeliveryState.FAILED, DeliveryState.PENDING]


def test_a_message_for_later_delays_nothing_that_is_for_now(store):
    tomorrow = NOON + timedelta(days=1)
    with store.transaction() as tx:
        where = conversation(tx)
        say(tx, where, "how are you today?", earliest=tomorrow)
        assert claim(tx, where) is None
        say(tx, where, "an answer now")
        item = claim(tx, where)
        assert item.outgoing.text == "an answer now"
        tx.outbox.sent(item, NOON)
        assert tx.outbox.due(tomorrow - minutes(1)) == []
        assert tx.outbox.due(tomorrow) == [where.id]
        assert tx.outbox.waiting(tomorrow + minutes(2)) == (1, minutes(2))
        assert claim(tx, where, tomorrow).outgoing.text == "how are you today?"


def test_a_quiet_contact_gets_the_confirmation_and_nothing_else(store):
    with store.transaction() as tx:
        where = conversation(tx)
        say(tx, where, "before")
        tx.contacts.set_quiet(where.contact_id, True)
        assert claim(tx, where) is None
        assert tx.outbox.due(NOON) == []
        assert tx.outbox.waiting(NOON)[0] == 0
        say(tx, where, "you will hear nothing more", despite_quiet=True)
        say(tx, where, "after")
        assert tx.outbox.due(NOON) == [where.id]
        item = claim(tx, where)
        assert item.outgoing.text == "you will hear nothing more"
        tx.outbox.sent(item, NOON)
        assert claim(tx, where) is None
        tx.contacts.set_quiet(where.contact_id, False)
        assert claim(tx, where).outgoing.text == "before"


def test_due_lists_who_waits_longest_first_and_leaves_out_leased(store):
    with store.transaction() as tx:
        places = [conversation(tx, name) for name in ("a", "b", "c")]
        for where, age in zip(places, (1, 3, 2), strict=True):
            say(tx, where, "x", at=NOON - minutes(age))
        assert tx.outbox.due(NOON) == [places[1].id, places[2].id, places[0].id]
        assert tx.outbox.due(NOON, limit=1) == [places[1].id]
        assert tx.outbox.waiting(NOON) == (3, minutes(3))
        claim(tx, places[1])
        assert tx.outbox.due(NOON) == [places[2].id, places[0].id]
        assert tx.outbox.due(NOON + LEASE)[0] == places[1].id


def test_many_senders_send_everything_once_and_in_order(store):
    with store.transaction() as tx:
        places = [conversation(tx, name) for name in ("a", "b", "c")]
        for where in places:
            for number in range(6):
                say(tx, where, str(number))
    went, guard = {where.id: [] for where in places}, threading.Lock()

    def sender(_):
        while True:
            with store.transaction() as tx:
                waiting = tx.outbox.due(NOON)
                total = tx.outbox.waiting(NOON)[0]
                item = next(filter(None, (claim_id(tx, key) for key in waiting)), None)
            if item is None and total == 0:
                return
            if item is not None:
                with guard:
                    went[item.conversation_id].append(int(item.outgoing.text))
                with store.transaction() as tx:
                    tx.outbox.sent(item, NOON)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sender, range(4)))
    assert list(went.values()) == [list(range(6))] * 3


def claim_id(tx, key):
    return tx.outbox.claim(key, NOON, LEASE)
