"""One broken row, file or word must never keep the rest of the service from its work."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from handrail.domain.errors import PlaybookError, StorageError
from handrail.domain.referral import ReferralState
from handrail.intake import receive
from handrail.sweep import Sweep
from tests.house import Desk, Visitor, build_house, later


@pytest.fixture
def house(sqlite_store, clock, tmp_path):
    return build_house(sqlite_store, clock, tmp_path)


def fails(error):
    def failing(*_args, **_kwargs):
        raise error

    return failing


class FailsFor:
    """A store that cannot take what one contact writes; everybody else is fine."""

    def __init__(self, store, account):
        self.store, self.account = store, account

    @contextmanager
    def transaction(self, *, read_only=False):
        with self.store.transaction(read_only=read_only) as tx:
            arrive = tx.contacts.arrive

            def guarded(incoming, **more):
                if incoming.account == self.account:
                    raise StorageError("this one row is broken")
                return arrive(incoming, **more)

            tx.contacts.arrive = guarded
            yield tx


def alerts(house):
    with house.store.transaction() as tx:
        return [alert.kind for alert in tx.journal.alerts()]


def texts(house, person):
    with house.store.transaction() as tx:
        conversation = tx.conversations.of_account(person.platform, person.account)
        if conversation is None:
            return []
        return [m.text for m in tx.messages.of_conversation(conversation.id)]


def test_a_spooled_file_that_cannot_be_read_blocks_nobody(house, tmp_path):
    person = Visitor(house)
    house.spool.put(person.incoming("I feel so alone"))
    broken = tmp_path / "spool" / "00000000000.000001-dead.sealed"
    broken.write_bytes(b"not what we sealed")
    Sweep(house, house.deliver).run()
    assert "I feel so alone" in texts(house, person)
    assert house.spool.waiting() == []
    kept = [path for path in (tmp_path / "spool").iterdir() if path.stem == broken.stem]
    assert [path.read_bytes() for path in kept] == [b"not what we sealed"], "kept for a person"
    assert "spool_unreadable" in alerts(house)


def test_a_spooled_message_that_cannot_be_stored_blocks_nobody_else(sqlite_store, clock, tmp_path):
    good = build_house(sqlite_store, clock, tmp_path)
    unlucky, person = Visitor(good), Visitor(good)
    house = replace(good, store=FailsFor(sqlite_store, unlucky.account))
    for words in ("one", "two"):
        house.spool.put(unlucky.incoming(words))
        later(house, seconds=1)
    house.spool.put(person.incoming("I feel so alone"))
    sweep = Sweep(house, house.deliver)
    sweep.run()
    assert "I feel so alone" in texts(house, person)
    assert len(house.spool.waiting()) == 2, "nothing of the other is lost"
    assert "sweep_spool_failed" in alerts(house)
    later(good, seconds=10)
    Sweep(good, good.deliver).run()
    said = texts(good, unlucky)
    assert said.index("one") < said.index("two"), "and nothing of the other is out of order"


def test_a_conversation_that_cannot_be_sent_blocks_no_other(house):
    away = replace(house, deliver=fails(StorageError("away")))
    first, second = Visitor(away), Visitor(away)
    first.send("I feel low")
    later(house, seconds=5)
    second.send("I feel low too")

    def deliver(conversation):
        if conversation == first.conversation_id:
            raise RuntimeError("a row nobody can read")
        house.deliver(conversation)

    Sweep(house, deliver).run()
    assert {m.delivery.value for m in second.messages() if m.delivery} == {"sent"}
    assert "sweep_deliver_failed" in alerts(house)


def test_words_that_are_missing_never_keep_a_claim_from_returning(house):
    person = Visitor(house)
    person.send("I feel low")
    volunteer = Desk.on_shift(house, "Vera")
    volunteer.reply(volunteer.claim(volunteer.next()), "I am here")
    person.send("thank you")
    later(house, hours=30)
    mute = replace(house, library=fails(PlaybookError("no words")))
    Sweep(mute, house.deliver).run()
    assert person.referral().state is ReferralState.OPEN
    assert person.referral().escalated_at is not None, "and the alarm goes on"
    assert "sweep_leases_failed" in alerts(house)


def test_a_clock_that_is_set_back_does_not_stop_the_spool(house, clock):
    sweep = Sweep(house, house.deliver)
    clock.advance(timedelta(days=400))
    sweep.run()
    clock.advance(timedelta(days=-400))
    person = Visitor(house)
    house.spool.put(person.incoming("I feel so alone"))
    sweep.run()
    assert "I feel so alone" in texts(house, person)


def test_a_store_that_breaks_in_a_way_nobody_foresaw_still_loses_nothing(
    sqlite_store, clock, tmp_path
):
    class Odd:
        transaction = staticmethod(fails(RuntimeError("not one of our errors")))

    house = build_house(Odd(), clock, tmp_path)
    received = receive(house, Visitor(house).incoming("I feel so alone"))
    assert received.fallback
    assert len(house.spool.waiting()) == 1


def test_a_long_night_of_alarms_never_holds_up_a_contact_for_long(house):
    """Each round raises a bounded number of alarms, the neediest first, until all are raised."""
    people = [Visitor(house) for _ in range(70)]
    for person in people:
        person.send("hello, is anyone there")
    later(house, days=3)
    sweep = Sweep(house, house.deliver)
    sweep.run()
    first = sum(person.referral().escalated_at is not None for person in people)
    assert 0 < first < 70
    for _ in range(3):
        sweep.run()
    assert all(person.referral().escalated_at is not None for person in people)
