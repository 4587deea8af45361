"""Erasure and the raw bytes: nothing in clear before, nothing that opens after."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from handrail.domain.errors import Erased
from handrail.domain.message import Author, Button, DeliveryState, IncomingKind
from handrail.domain.referral import Disposition, ReferralState
from handrail.storage.engine import is_postgresql, make_engine, sqlite_path
from tests.fakes.storage_builders import (
    ASSESSMENT,
    NOON,
    conversation,
    incoming,
    minutes,
    referral,
    report_of,
)

CANARY = "the canary sings in the morning"
RECEIPT = "canary receipt words"


def live_through(store, account="canary-account"):
    """One contact who leaves a trace in every table that holds words."""
    words = incoming(CANARY, account=account, address="canary-address", message_id="canary-id")
    with store.transaction() as tx:
        contact, point = tx.contacts.arrive(words, locale="en-GB", country="GB", at=NOON)
        where = tx.conversations.of_point(point, locale="en-GB", at=NOON)
        where = tx.conversations.save(replace(where, state=f'{{"a": "{CANARY}"}}'), NOON)
        stored = tx.messages.store_incoming(where, words, NOON)
        edit = replace(words, kind=IncomingKind.EDIT, message_id="e", replaces="canary-id")
        tx.messages.store_incoming(where, edit, NOON)
        tx.messages.keep_assessment(stored.id, ASSESSMENT, NOON)
        tx.messages.write(
            where.id,
            author=Author.SERVICE,
            text=CANARY,
            at=NOON,
            buttons=[Button(id="b", label=CANARY[:40])],
        )
        tx.messages.write(where.id, author=Author.NOTE, text=CANARY, at=NOON)
        made = replace(report_of(where), answers=(("q", CANARY),), additions=(CANARY,))
        tx.reports.add(made, f"{RECEIPT} {account}")
        work = referral(where, reasons=(CANARY,), report_id=made.id)
        tx.referrals.add(work)
        tx.journal.append("contact.arrived", at=NOON, actor="service", subject=contact.id)
    return contact, point, where, made, work


def erase(store, contact):
    with store.transaction() as tx:
        tx.contacts.erase(contact.id, NOON + minutes(1))


def test_nothing_a_contact_said_is_stored_in_clear(store, store_url, request):
    contact, *_ = live_through(store)
    assert b"canary" not in raw_bytes(store_url, request)
    erase(store, contact)
    assert b"canary" not in raw_bytes(store_url, request)


def test_after_erasure_reading_says_so(store):
    contact, point, where, made, _ = live_through(store)
    erase(store, contact)
    with store.transaction() as tx:
        for read in (
            lambda: tx.contacts.get(contact.id),
            lambda: tx.contacts.address(point.id),
            lambda: tx.contacts.erase(contact.id, NOON),
            lambda: tx.conversations.get(where.id),
            lambda: tx.messages.of_conversation(where.id),
            lambda: tx.messages.assessments_of(where.id),
            lambda: tx.messages.write(where.id, author=Author.SERVICE, text="x", at=NOON),
            lambda: tx.reports.get(made.id),
        ):
            with pytest.raises(Erased):
                read()
        assert tx.reports.by_receipt(f"{RECEIPT} canary-account") is None


def test_after_erasure_nothing_is_left_to_scrub(store):
    contact, *_ = live_through(store)
    erase(store, contact)
    assert not store._scrub_owed


def test_a_live_referral_outlives_erasure_with_ids_only(store):
    contact, _, where, _, work = live_through(store)
    erase(store, contact)
    with store.transaction() as tx:
        left = tx.referrals.get(work.id)
        assert left == replace(work, reasons=())
        assert tx.referrals.of_conversation(where.id) == left
        closed = replace(left, state=ReferralState.CLOSED, disposition=Disposition.ERASED)
        assert tx.referrals.change(closed).disposition is Disposition.ERASED


def test_nothing_is_sent_to_an_erased_contact(store, store_url):
    contact, _, where, *_ = live_through(store)
    erase(store, contact)
    with store.transaction() as tx:
        assert tx.outbox.claim(where.id, NOON + minutes(2), minutes(1)) is None
        assert tx.outbox.due(NOON + minutes(2)) == []
    assert _column(store_url, "SELECT state FROM outbox") == [DeliveryState.FAILED.value]


def test_who_comes_back_is_somebody_new_and_others_stay(store):
    erased, *_ = live_through(store)
    other, _, elsewhere, *_ = live_through(store, account="someone-else")
    erase(store, erased)
    with store.transaction() as tx:
        again = conversation(tx, "canary-account")
        assert again.contact_id not in (erased.id, other.id)
        assert tx.messages.of_conversation(again.id) == []
        assert tx.messages.of_conversation(elsewhere.id)[0].text == CANARY
        assert tx.journal.first_broken() is None


def test_no_sealed_bytes_and_no_hash_of_the_contact_are_left(store, store_url):
    contact, *_ = live_through(store)
    erase(store, contact)
    for query in (
        "SELECT account_hash, address FROM contact_point",
        "SELECT body, buttons FROM message",
        "SELECT detail FROM assessment",
        "SELECT answers, receipt_hash FROM report",
        "SELECT reasons FROM referral",
        "SELECT state FROM conversation",
    ):
        assert all(value is None for row in _rows(store_url, query) for value in row), query
    for table in ("contact_key", "message_edit", "report_addition", "received"):
        assert _rows(store_url, f"SELECT * FROM {table}") == []


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_wrapped_key_is_gone_from_the_files(store, store_url, request):
    contact, *_ = live_through(store)
    (wrapped,) = _column(store_url, "SELECT wrapped FROM contact_key")
    assert wrapped in raw_bytes(store_url, request)
    erase(store, contact)
    assert wrapped not in raw_bytes(store_url, request)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_reader_in_the_way_delays_the_scrubbing_to_the_next_write(store, store_url, request):
    contact, *_ = live_through(store)
    (wrapped,) = _column(store_url, "SELECT wrapped FROM contact_key")
    with store.transaction(read_only=True) as reader:
        assert reader.contacts.get(contact.id) == contact
        erase(store, contact)
        assert wrapped in raw_bytes(store_url, request)
    with store.transaction() as tx:
        tx.journal.alert("k", "d", NOON)
    assert wrapped not in raw_bytes(store_url, request)


def test_a_sealed_value_moved_elsewhere_does_not_open(store, store_url):
    """Somebody with rights over the tables cannot show one contact another's words."""
    live_through(store, "one")
    _, _, where, *_ = live_through(store, "two")
    engine = make_engine(store_url)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE message SET body = (SELECT body FROM message ORDER BY seq LIMIT 1)")
        )
    engine.dispose()
    with store.transaction(read_only=True) as tx, pytest.raises(Exception, match="does not open"):
        tx.messages.of_conversation(where.id)


def raw_bytes(url: str, request) -> bytes:
    """Everything the database keeps: the files on SQLite, a dump on PostgreSQL."""
    engine = make_engine(url)
    engine.dispose()
    if is_postgresql(engine):
        server = request.getfixturevalue("postgres_server")
        command = [server.package / "pginstall" / "bin" / "pg_dump", "--data-only", url]
        dump = subprocess.run(command, check=True, capture_output=True).stdout
        # pg_dump writes bytea as hexadecimal.
        return dump + bytes.fromhex("".join(_hex_runs(dump)))
    path = sqlite_path(engine)
    files = [path, Path(f"{path}-wal")]
    return b"".join(file.read_bytes() for file in files if file.exists())


def _hex_runs(dump: bytes) -> list[str]:
    cells = dump.decode().replace("\n", "\t").split("\t")
    return [cell[3:] for cell in cells if cell.startswith("\\\\x")]


def _rows(url: str, query: str) -> list[tuple]:
    engine = make_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return rows


def _column(url: str, query: str) -> list:
    return [row[0] for row in _rows(url, query)]
