"""What is added to a report always reaches a person, whatever became of the report meanwhile."""

import pytest

from handrail.domain.level import Level
from handrail.domain.message import Author
from handrail.receipt import read_receipt
from tests.house import Desk, Visitor, build_house

ADDED = "she has not come to school since"


@pytest.fixture
def house(sqlite_store, clock, tmp_path):
    return build_house(sqlite_store, clock, tmp_path)


def reported(friend):
    """File a report with as few answers as possible; its receipt."""
    friend.send("I'm worried about a friend")
    friend.press("No")
    friend.send("she seems so sad")
    while "Skip" in friend.labels():
        friend.press("Skip")
    lines = [line for m in friend.messages() for line in m.text.splitlines()]
    return next(found for line in lines if (found := read_receipt(line.split(":")[-1])))


def adds(house, receipt):
    """Somebody with the receipt, on another device, has begun to add something."""
    other = Visitor(house)
    other.send("status")
    other.send(receipt)
    other.press("Add something")
    return other


def someone_will_read(house, other, words):
    referral = other.referral()
    assert referral is not None, "nobody would ever have seen it"
    with house.store.transaction() as tx:
        texts = [m.text for m in tx.messages.of_conversation(referral.conversation_id)]
    assert words in texts


def test_an_addition_to_a_report_that_was_closed_reaches_a_person(house):
    friend = Visitor(house)
    receipt = reported(friend)
    volunteer = Desk.on_shift(house, "Vera")
    volunteer.close(volunteer.claim(volunteer.next()))
    other = adds(house, receipt)
    said = other.send(ADDED)
    assert said
    assert not other.last.failed
    someone_will_read(house, other, ADDED)


def test_an_addition_to_a_report_in_hand_is_noted_there_and_opens_nothing(house):
    friend = Visitor(house)
    receipt = reported(friend)
    other = adds(house, receipt)
    other.send(ADDED)
    assert other.referral() is None
    assert [m for m in friend.messages() if m.author is Author.NOTE]


def test_danger_told_as_an_addition_raises_the_report_where_it_lies(house):
    friend = Visitor(house)
    receipt = reported(friend)
    assert friend.referral().level is Level.P4
    other = adds(house, receipt)
    other.send("she told me that she is going to kill herself tonight")
    assert friend.referral().level is Level.P1


def test_an_addition_to_a_report_that_was_deleted_meanwhile_reaches_a_person(house):
    friend = Visitor(house)
    receipt = reported(friend)
    other = adds(house, receipt)
    friend.send("delete")
    friend.press("Yes, delete it")
    said = other.send(ADDED)
    assert said
    assert not other.last.failed, "the fallback, at every message, with no way out of the form"
    someone_will_read(house, other, ADDED)
    other.send("hello again")
    assert not other.last.failed


def test_a_report_taken_back_after_it_was_deleted_is_answered(house):
    friend = Visitor(house)
    receipt = reported(friend)
    other = Visitor(house)
    other.send("status")
    other.send(receipt)
    friend.send("delete")
    friend.press("Yes, delete it")
    assert other.press("Take it back")
    assert not other.last.failed
