"""Reports: immutable, added to beside, found by the receipt however it is typed."""

import pytest

from handrail.domain.errors import Conflict, StorageError
from handrail.domain.ids import ReportId, new_id
from tests.fakes.storage_builders import NOON, conversation, minutes, referral, report_of

RECEIPT = "amber heron maple quiet orchard lemon"


def test_a_report_comes_back_as_it_was_given(store):
    with store.transaction() as tx:
        made = report_of(conversation(tx))
        tx.reports.add(made, RECEIPT)
    with store.transaction(read_only=True) as tx:
        assert tx.reports.get(made.id) == made
        assert tx.reports.by_receipt(RECEIPT) == made


@pytest.mark.parametrize(
    "typed",
    [
        "  AMBER  Heron maple\nquiet orchard lemon ",
        "amber-heron-maple-quiet-orchard-lemon",
        "Amber, heron, maple, quiet, orchard, lemon.",
    ],
)
def test_a_receipt_is_known_however_it_is_typed(store, typed):
    with store.transaction() as tx:
        made = report_of(conversation(tx))
        tx.reports.add(made, RECEIPT)
        assert tx.reports.by_receipt(typed) == made


@pytest.mark.parametrize("typed", ["", " .,! ", "amber heron", RECEIPT + " x", "ambérheron"])
def test_other_words_are_no_receipt(store, typed):
    with store.transaction() as tx:
        tx.reports.add(report_of(conversation(tx)), RECEIPT)
        assert tx.reports.by_receipt(typed) is None


def test_two_reports_cannot_share_a_receipt(store):
    with store.transaction() as tx:
        where = conversation(tx)
        tx.reports.add(report_of(where), RECEIPT)
    with pytest.raises(Conflict), store.transaction() as tx:
        tx.reports.add(report_of(where), RECEIPT.upper())


def test_a_report_needs_a_receipt(store):
    with store.transaction() as tx, pytest.raises(StorageError):
        tx.reports.add(report_of(conversation(tx)), "...")


def test_additions_stand_beside_the_report_in_order(store):
    with store.transaction() as tx:
        made = report_of(conversation(tx), additions=("at once",))
        tx.reports.add(made, RECEIPT)
        tx.reports.add_to(made.id, "later", NOON + minutes(1))
        tx.reports.add_to(made.id, "last", NOON + minutes(2))
        found = tx.reports.get(made.id)
        with pytest.raises(StorageError):
            tx.reports.add_to(ReportId(new_id()), "x", NOON)
    assert found.answers == made.answers
    assert found.additions == ("at once", "later", "last")


def test_the_first_withdrawal_counts(store):
    with store.transaction() as tx:
        made = report_of(conversation(tx))
        tx.reports.add(made, RECEIPT)
        tx.reports.withdraw(made.id, NOON + minutes(1))
        tx.reports.withdraw(made.id, NOON + minutes(2))
        assert tx.reports.get(made.id).withdrawn_at == NOON + minutes(1)


def test_the_live_referrals_of_a_report(store):
    with store.transaction() as tx:
        where = conversation(tx)
        made = report_of(where)
        tx.reports.add(made, RECEIPT)
        about = referral(where, report_id=made.id)
        tx.referrals.add(about)
        tx.referrals.add(referral(conversation(tx, "a2")))
        assert tx.referrals.live(report_id=made.id) == [about]
