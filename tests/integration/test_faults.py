"""Each part made to fail in turn: the contact is answered within the same request, an operator is
told, and the message is on record, or sealed on disk until it can be."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from handrail.domain.errors import (
    ClassifierUnavailable,
    PlaybookError,
    QueueUnavailable,
    StorageError,
)
from handrail.domain.level import Level
from handrail.intake import receive
from handrail.spool import Spool
from handrail.sweep import Sweep
from playbooks.fallback import fallback_reply
from tests.house import Desk, Visitor, build_house, later
from triage.assess import assess


@pytest.fixture
def house(sqlite_store, clock, tmp_path):
    return build_house(sqlite_store, clock, tmp_path)


def fails(error):
    def failing(*_args, **_kwargs):
        raise error

    return failing


class BrokenStore:
    """A store that refuses, until it is mended."""

    def __init__(self, store):
        self.store, self.broken = store, True

    @contextmanager
    def transaction(self, *, read_only=False):
        if self.broken:
            raise StorageError("the database is away")
        with self.store.transaction(read_only=read_only) as tx:
            yield tx

    def check(self):
        return self.store.check()


class NoReferrals:
    """A store in which the queue cannot take anything; the rest works."""

    def __init__(self, store):
        self.store, self.broken = store, True

    @contextmanager
    def transaction(self, *, read_only=False):
        with self.store.transaction(read_only=read_only) as tx:
            if self.broken:
                tx.referrals.add = fails(RuntimeError("the queue broke"))
            yield tx


def alerts(house):
    with house.store.transaction() as tx:
        return [alert.kind for alert in tx.journal.alerts()]


def is_fallback(text, house):
    service = house.service
    return text == fallback_reply(service.locale, service.country, house.clock.now())


@pytest.mark.parametrize(
    "part",
    [
        {"assess_with": fails(RuntimeError("triage broke"))},
        {"library": fails(PlaybookError("no words"))},
    ],
    ids=["triage", "playbooks"],
)
def test_a_room_that_breaks_leaves_the_fallback_a_person_and_an_alert(
    sqlite_store, clock, tmp_path, part
):
    house = build_house(sqlite_store, clock, tmp_path, **part)
    person = Visitor(house)
    said = person.send("I feel so alone that I want to die")
    assert len(said) == 1
    assert is_fallback(said[0], house)
    assert "999 or 112" in said[0]
    assert person.last.failed
    assert "intake_failed" in alerts(house)


def test_a_queue_that_breaks_leaves_the_fallback_and_the_message_sealed(
    sqlite_store, clock, tmp_path
):
    store = NoReferrals(sqlite_store)
    house = build_house(store, clock, tmp_path)
    person = Visitor(house)
    said = person.send("I feel so alone that I want to die")
    assert is_fallback(said[0], house)
    assert "intake_failed" in alerts(house)
    assert len(house.spool.waiting()) == 1
    store.broken = False
    Sweep(house, house.deliver).run()
    assert house.spool.waiting() == []
    with sqlite_store.transaction() as tx:
        conversation = tx.conversations.of_account(person.platform, person.account)
        assert tx.referrals.of_conversation(conversation.id) is not None


@pytest.mark.parametrize("part", ["triage", "playbooks"])
def test_what_was_written_into_a_broken_house_is_before_a_person(
    sqlite_store, clock, tmp_path, part
):
    broken = {
        "triage": {"assess_with": fails(RuntimeError("broke"))},
        "playbooks": {"library": fails(PlaybookError("no words"))},
    }[part]
    person = Visitor(build_house(sqlite_store, clock, tmp_path, **broken))
    person.send("I feel so alone")
    assert person.messages()[0].text == "I feel so alone"
    referral = person.referral()
    assert referral.needs_review
    assert not Level.P3.sooner_than(referral.level)


def test_after_a_failure_the_conversation_goes_on_at_the_same_question(house):
    friend = Visitor(house)
    friend.send("I'm worried about a friend")
    friend.press("No")
    mended = friend.house
    friend.house = replace(house, library=fails(PlaybookError("no words")))
    friend.send("she has stopped coming to class")
    friend.house = mended
    assert "seen or heard" not in " ".join(friend.send("she seems so empty")), "it was answered"


def test_without_a_database_the_message_is_sealed_on_disk_and_taken_in_later(
    sqlite_store, clock, tmp_path
):
    store = BrokenStore(sqlite_store)
    house = build_house(store, clock, tmp_path)
    person = Visitor(house)
    said = person.send("I feel so alone that I want to die")
    assert is_fallback(said[0], house)
    assert person.last.conversation_id is None
    sealed = list((tmp_path / "spool").iterdir())
    assert len(sealed) == 1
    assert b"alone" not in sealed[0].read_bytes()
    assert sealed[0].stat().st_mode & 0o077 == 0

    sweep = Sweep(house, lambda _: None)
    sweep.run()
    assert len(list((tmp_path / "spool").iterdir())) == 1, "still away: nothing lost, not doubled"
    store.broken = False
    later(house, seconds=10)
    sweep.run()
    assert list((tmp_path / "spool").iterdir()) == []
    with sqlite_store.transaction() as tx:
        conversation = tx.conversations.of_account(person.platform, person.account)
        texts = [m.text for m in tx.messages.of_conversation(conversation.id)]
        assert texts[0] == "I feel so alone that I want to die"
        assert "sorry" in texts[1].lower(), "the wait is apologised for"
        assert tx.referrals.of_conversation(conversation.id) is not None


def test_a_message_spooled_and_sent_again_is_one_message(sqlite_store, clock, tmp_path):
    store = BrokenStore(sqlite_store)
    house = build_house(store, clock, tmp_path)
    person = Visitor(house)
    one = person.incoming("I feel so alone")
    receive(house, one)
    store.broken = False
    receive(house, one)
    later(house, seconds=10)
    Sweep(house, lambda _: None).run()
    with sqlite_store.transaction() as tx:
        conversation = tx.conversations.of_account(person.platform, person.account)
        texts = [m.text for m in tx.messages.of_conversation(conversation.id)]
    assert texts.count("I feel so alone") == 1


def test_when_even_the_disk_refuses_the_contact_is_answered(sqlite_store, clock, tmp_path):
    blocked = tmp_path / "a file where the spool should be"
    blocked.write_text("")
    house = build_house(
        BrokenStore(sqlite_store), clock, tmp_path, spool=Spool(blocked, bytes, bytes)
    )
    said = Visitor(house).send("hello")
    assert is_fallback(said[0], house)


def test_without_redis_the_answer_is_the_same(house):
    class NoRedis:
        nudge_delivery = staticmethod(fails(QueueUnavailable("away")))
        nudge_referral = staticmethod(fails(QueueUnavailable("away")))

    person = Visitor(replace(house, nudger=NoRedis()))
    said = person.send("I feel low")
    assert said
    assert not person.last.failed
    assert all(m.delivery is None or m.delivery.value == "sent" for m in person.messages())


def test_without_a_platform_the_reply_waits_and_the_sweep_sends_it(house):
    broken = replace(house, deliver=fails(StorageError("away")))
    person = Visitor(broken)
    person.send("I feel low")
    assert {m.delivery.value for m in person.messages() if m.delivery} == {"pending"}
    Sweep(house, house.deliver).run()
    assert {m.delivery.value for m in person.messages() if m.delivery} == {"sent"}


def test_a_classifier_that_fails_leaves_the_rules_and_a_mark(sqlite_store, clock, tmp_path):
    class Broken:
        name, version = "broken", "1"
        score = staticmethod(fails(ClassifierUnavailable("gone")))

    house = build_house(
        sqlite_store, clock, tmp_path,
        assess_with=lambda text, context: assess(text, context, classifier=Broken()),
    )  # fmt: skip
    person = Visitor(house)
    said = person.send("I am going to kill myself tonight")
    assert not is_fallback(said[0], house)
    assert person.referral().level is Level.P1
    with house.store.transaction() as tx:
        found = tx.messages.assessments_of(person.conversation_id)[0][1]
        assert found.degraded
    assert "triage_degraded" in alerts(house)


def test_a_broken_part_of_the_sweep_does_not_stop_the_others(house):
    person = Visitor(replace(house, deliver=fails(StorageError("away"))))
    person.send("I am going to kill myself tonight")
    later(house, minutes=30)
    sweep = Sweep(house, fails(RuntimeError("delivery broke")))
    sweep.run()
    sweep.run()
    kinds = alerts(house)
    assert kinds.count("sweep_deliver_failed") == 1, "said once, not every second"
    assert person.referral().escalated_at is not None, "the alarm over what is late went on"


def test_old_words_are_forgotten_and_the_event_says_how_many(house):
    person = Visitor(house)
    person.send("hello, where do I volunteer?")
    volunteer = Desk.on_shift(house, "Vera")
    volunteer.close(volunteer.claim(volunteer.next()))
    later(house, days=40)
    Sweep(house, house.deliver).run()
    assert {m.text for m in person.messages()} <= {""}
    with house.store.transaction() as tx:
        assert any(event.kind == "messages_forgotten" for event in tx.journal.events())
