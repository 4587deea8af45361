"""Messages: stored once, in order, edits kept, assessments without the matched words."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from handrail.domain.contact import Report
from handrail.domain.errors import StorageError
from handrail.domain.ids import PersonId, ReportId, new_id
from handrail.domain.message import Author, Button, DeliveryState, IncomingKind
from handrail.domain.referral import Disposition, ReferralState
from handrail.storage.engine import make_engine
from tests.fakes.storage_builders import (
    ASSESSMENT,
    NOON,
    conversation,
    incoming,
    member,
    minutes,
    referral,
)


def test_the_same_event_is_stored_once(store):
    with store.transaction() as tx:
        where = conversation(tx)
        first = tx.messages.store_incoming(where, incoming("hello"), NOON)
        assert tx.messages.store_incoming(where, incoming("hello"), NOON) is None
    with store.transaction() as tx:
        assert tx.messages.store_incoming(where, incoming("other words"), NOON) is None
        assert tx.messages.of_conversation(where.id) == [first]
    assert first.text == "hello"
    assert first.author is Author.CONTACT
    assert first.delivery is None


def test_message_ids_of_two_accounts_do_not_meet(store):
    with store.transaction() as tx:
        one, two = conversation(tx, "a1"), conversation(tx, "a2")
        assert tx.messages.store_incoming(one, incoming(account="a1"), NOON)
        assert tx.messages.store_incoming(two, incoming(account="a2"), NOON)


def test_redelivery_at_the_same_moment_is_stored_once(store):
    with store.transaction() as tx:
        where = conversation(tx)

    def deliver(_):
        with store.transaction() as tx:
            return tx.messages.store_incoming(where, incoming("hello"), NOON)

    with ThreadPoolExecutor(4) as pool:
        stored = [message for message in pool.map(deliver, range(4)) if message]
    assert len(stored) == 1


def test_an_edit_replaces_the_text_and_keeps_the_earlier(store, store_url):
    edit = incoming("better", message_id="e1", kind=IncomingKind.EDIT, replaces="m1")
    with store.transaction() as tx:
        where = conversation(tx)
        first = tx.messages.store_incoming(where, incoming("worse"), NOON)
        edited = tx.messages.store_incoming(where, edit, NOON + minutes(1))
        assert edited == replace(first, text="better", edited=True)
        assert tx.messages.store_incoming(where, edit, NOON + minutes(1)) is None
        again = replace(edit, message_id="e2", text="best")
        assert tx.messages.store_incoming(where, again, NOON + minutes(2)).text == "best"
        assert [message.text for message in tx.messages.of_conversation(where.id)] == ["best"]
    assert _count(store_url, "message_edit") == 2


def test_an_edit_of_an_unknown_message_is_a_message(store):
    with store.transaction() as tx:
        where = conversation(tx)
        edit = incoming("late words", message_id="e1", kind=IncomingKind.EDIT, replaces="never")
        stored = tx.messages.store_incoming(where, edit, NOON)
    assert (stored.text, stored.kind, stored.edited) == ("late words", IncomingKind.EDIT, False)


def test_nobody_edits_somebody_elses_message(store):
    with store.transaction() as tx:
        one, two = conversation(tx, "a1"), conversation(tx, "a2")
        tx.messages.store_incoming(one, incoming("mine", account="a1"), NOON)
        edit = incoming("x", account="a2", message_id="e", kind=IncomingKind.EDIT, replaces="m1")
        tx.messages.store_incoming(two, edit, NOON)
        assert [message.text for message in tx.messages.of_conversation(one.id)] == ["mine"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("x" * 10_000, "x" * 10_000),
        ("🌿 e\u0301 \u202e\x00 tab\t", "🌿 e\u0301 \u202e\x00 tab\t"),
        ("half \ud83c a pair", "half \ufffd a pair"),
    ],
)
def test_any_text_can_be_stored(store, typed, kept):
    with store.transaction() as tx:
        where = conversation(tx)
        assert tx.messages.store_incoming(where, incoming(typed), NOON).text == kept


def test_what_we_write_waits_in_the_outbox_and_a_note_does_not(store):
    buttons = (Button(id="yes", label="Yes — please"), Button(id="no", label="No"))
    sam = member()
    with store.transaction() as tx:
        where = conversation(tx)
        tx.people.add(sam, "hash")
        said = tx.messages.write(
            where.id, author=Author.SERVICE, text="well?", at=NOON, buttons=buttons
        )
        reply = tx.messages.write(
            where.id, author=Author.VOLUNTEER, text="hi", at=NOON, person_id=sam.id
        )
        note = tx.messages.write(where.id, author=Author.NOTE, text="n", at=NOON, person_id=sam.id)
        assert tx.outbox.waiting(NOON)[0] == 2
        with pytest.raises(StorageError):
            tx.messages.write(where.id, author=Author.CONTACT, text="x", at=NOON)
    assert (said.buttons, said.delivery) == (buttons, DeliveryState.PENDING)
    assert (reply.person_id, reply.delivery) == (PersonId(sam.id), DeliveryState.PENDING)
    assert note.delivery is None


def test_messages_come_oldest_first_and_in_pages(store):
    with store.transaction() as tx:
        where, other = conversation(tx), conversation(tx, "a2")
        for number in range(5):
            tx.messages.write(where.id, author=Author.NOTE, text=str(number), at=NOON)
            tx.messages.write(other.id, author=Author.NOTE, text="other", at=NOON)
        page = tx.messages.of_conversation(where.id, limit=2)
        rest = tx.messages.of_conversation(where.id, after_seq=page[-1].seq)
    assert [message.text for message in page + rest] == list("01234")
    assert [message.seq for message in page + rest] == sorted({m.seq for m in page + rest})


def test_assessments_come_back_whole_and_sealed(store, store_url):
    plain = replace(ASSESSMENT, score=None, hits=(), needs_review=False)
    with store.transaction() as tx:
        where = conversation(tx)
        stored = tx.messages.store_incoming(where, incoming(), NOON)
        tx.messages.keep_assessment(stored.id, ASSESSMENT, NOON)
        tx.messages.keep_assessment(stored.id, plain, NOON)
    with store.transaction(read_only=True) as tx:
        kept = tx.messages.assessments_of(where.id)
    assert kept == [(stored.id, ASSESSMENT), (stored.id, plain)]
    engine = make_engine(store_url)
    with engine.connect() as connection:
        details = connection.execute(text("SELECT detail FROM assessment")).scalars()
        assert not any(b"distress" in bytes(detail) for detail in details)
    engine.dispose()


def _closed(where, at):
    return referral(
        where, state=ReferralState.CLOSED, closed_at=at, disposition=Disposition.SUPPORTED
    )


def test_old_text_is_redacted_when_nobody_needs_it(store):
    old, cut = NOON - minutes(600), NOON - minutes(60)
    with store.transaction() as tx:
        places = {
            name: conversation(tx, name) for name in ("ripe", "live", "fresh", "wrote", "bare")
        }
        for name, where in places.items():
            words = incoming("words", account=name)
            edit = replace(words, kind=IncomingKind.EDIT, message_id="e", replaces="m1")
            tx.messages.store_incoming(where, words, old)
            tx.messages.store_incoming(where, edit, old)
        tx.referrals.add(_closed(places["ripe"], old))
        tx.referrals.add(referral(places["live"]))
        tx.referrals.add(_closed(places["fresh"], NOON))
        tx.referrals.add(_closed(places["wrote"], old))
        later = incoming("words", account="wrote", message_id="m2")
        tx.messages.store_incoming(places["wrote"], later, NOON)
        assert tx.messages.redact_before(cut) == 2
        assert tx.messages.redact_before(cut) == 0
        left = {
            name: tx.messages.of_conversation(where.id)[0].text for name, where in places.items()
        }
    assert left == {"ripe": "", "bare": "", "live": "words", "fresh": "words", "wrote": "words"}


def test_with_the_messages_go_the_words_of_reports_and_of_the_engine(store):
    old = NOON - minutes(600)
    with store.transaction() as tx:
        where = conversation(tx)
        tx.messages.store_incoming(where, incoming("words"), old)
        tx.conversations.save(replace(tx.conversations.get(where.id), state="words"), old)
        kept = Report(
            id=ReportId(new_id()), contact_id=where.contact_id, conversation_id=where.id,
            answers=(("seen", "words"),), created_at=old, additions=("more words",),
        )  # fmt: skip
        tx.reports.add(kept, "a receipt")
        tx.messages.redact_before(NOON)
        assert tx.conversations.get(where.id).state == ""
        assert tx.reports.get(kept.id).answers == ()
        assert tx.reports.get(kept.id).additions == ()


def test_the_latest_messages_come_oldest_first(store):
    with store.transaction() as tx:
        where = conversation(tx)
        for number in range(5):
            words = incoming(f"words {number}", message_id=f"m{number}")
            tx.messages.store_incoming(where, words, NOON)
        latest = [m.text for m in tx.messages.latest(where.id, 2)]
        assert latest == ["words 3", "words 4"]
        assert len(tx.messages.latest(where.id, 50)) == 5


def test_nothing_that_waits_to_be_sent_is_redacted(store):
    with store.transaction() as tx:
        where = conversation(tx)
        tx.messages.write(where.id, author=Author.SERVICE, text="words", at=NOON)
        assert tx.messages.redact_before(NOON + minutes(60)) == 0
        item = tx.outbox.claim(where.id, NOON, minutes(1))
        tx.outbox.sent(item, NOON)
        assert tx.messages.redact_before(NOON + minutes(60)) == 1


def _count(url: str, table: str) -> int:
    engine = make_engine(url)
    with engine.connect() as connection:
        count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
    engine.dispose()
    return count
