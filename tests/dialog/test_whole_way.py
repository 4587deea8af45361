"""The service lived from all sides: a friend, a person in distress, a volunteer; day and night."""

from itertools import pairwise

import pytest

from handrail.domain.errors import NotAllowed
from handrail.domain.ids import Platform
from handrail.domain.level import Level
from handrail.domain.message import Author, IncomingKind
from handrail.domain.referral import Disposition, ReferralState, Role
from handrail.receipt import read_receipt
from referral_queue import desk
from tests.house import Desk, Visitor, build_house, later


@pytest.fixture
def house(store, clock, tmp_path):
    return build_house(store, clock, tmp_path)


def receipt_in(texts):
    for text in texts:
        for line in text.splitlines():
            if code := read_receipt(line):
                return code
    raise AssertionError("no receipt was given")


def report(visitor, **answers):
    """Play the whole report; answers by question label, everything else skipped."""
    said = visitor.send("I'm worried about a friend")
    said = visitor.press(answers.get("danger", "No"))
    for _ in range(14):
        if "Skip" not in visitor.labels():
            return said
        said = visitor.press("Skip")
    raise AssertionError("the form never ended")


def test_a_friend_reports_and_gets_a_receipt(house):
    friend = Visitor(house)
    said = friend.send("I'm worried about a friend")
    assert "danger right now" in said[0]
    assert friend.labels() == ["Yes", "Not sure", "No"]
    said = friend.press("Not sure")
    assert said[0].startswith("Please call 999 or 112 now"), "the number comes before all else"
    assert "ring" in said[1]
    friend.press("Someone else has")
    friend.send("She sounds as if she has given up. I don't know what to do.")
    said = friend.press("Skip")
    while friend.labels() and "Skip" in friend.labels():
        said = friend.press("Skip")
    receipt_in(said)
    referral = friend.referral()
    assert referral.level in (Level.P1, Level.P2)
    assert referral.report_id is not None
    with house.store.transaction() as tx:
        kept = tx.reports.get(referral.report_id)
    assert dict(kept.answers)["danger_now"] == "not_sure"


def test_a_receipt_works_from_another_platform_and_tells_only_the_class(house):
    friend = Visitor(house)
    code = receipt_in(report(friend))
    volunteer = Desk.on_shift(house, "Vera")
    elsewhere = Visitor(house, platform=Platform("terminal"))
    said = elsewhere.send(code.upper().replace(" ", "-"))
    assert "in our line" in said[0]
    volunteer.claim(volunteer.next())
    said = Visitor(house, platform=Platform("terminal")).send(code)
    assert "trained person has it" in said[0]
    assert "Vera" not in " ".join(said)
    assert "Add something" in elsewhere.labels()
    elsewhere.press("Add something")
    said = elsewhere.send("She wrote to me again this evening.")
    assert said
    referral = friend.referral()
    with house.store.transaction() as tx:
        kept = tx.reports.get(referral.report_id)
    notes = [m for m in friend.messages() if m.author is Author.NOTE]
    assert kept.additions == ("She wrote to me again this evening.",)
    assert len(notes) == 1


def test_news_typed_under_a_receipt_is_added_without_pressing_anything(house):
    friend = Visitor(house)
    friend.send(receipt_in(report(friend)))
    friend.send("He was seen at the station today, he looked lost")
    with house.store.transaction() as tx:
        kept = tx.reports.get(tx.referrals.of_conversation(friend.conversation_id).report_id)
    assert kept.additions == ("He was seen at the station today, he looked lost",)


def test_a_withdrawn_report_is_still_seen_by_a_person(house):
    friend = Visitor(house)
    code = receipt_in(report(friend))
    friend.send(code)
    friend.press("Take it back")
    referral = friend.referral()
    assert referral is not None
    assert referral.state is ReferralState.OPEN, "only a person closes"
    assert "took it back" in Visitor(house).send(code)[0]


def test_an_unknown_receipt_is_answered_kindly(house):
    visitor = Visitor(house)
    visitor.send("status")
    said = visitor.send("almost dove sell silent near furnace")
    assert said
    assert visitor.labels() is not None


def test_a_person_in_distress_talks_with_a_volunteer_through_the_relay(house):
    person = Visitor(house)
    said = person.send("I have been thinking about suicide and I don't know what to do")
    assert any("999 or 112" in text for text in said)
    assert person.referral().level in (Level.P2, Level.P3)
    volunteer = Desk.on_shift(house, "Vera")
    offered = volunteer.next()
    assert offered.conversation_id == person.conversation_id
    mine = volunteer.claim(offered)
    volunteer.reply(mine, "Hello, I am here with you.")
    theirs = [m for m in person.messages() if m.author is Author.VOLUNTEER]
    assert [m.text for m in theirs] == ["Hello, I am here with you."]
    assert person.send("thank you for answering") == [], "the machine does not talk over a person"
    assert person.referral().awaiting_since is not None, "the volunteer's clock runs again"


def test_the_neediest_is_offered_first(house):
    calm, urgent = Visitor(house), Visitor(house)
    calm.send("feeling really low since we split up")
    later(house, minutes=5)
    urgent.send("I am going to end my life tonight")
    assert urgent.referral().level is Level.P1
    assert Desk.on_shift(house, "Vera").next().conversation_id == urgent.conversation_id


def test_every_message_is_assessed_and_only_upward(house):
    person = Visitor(house)
    person.send("I feel low and tired of it all")
    first = person.referral().level
    person.send("I am going to kill myself tonight")
    assert person.referral().level is Level.P1
    person.send("sorry, ignore that, all good now")
    assert person.referral().level is Level.P1
    assert first is not Level.P1


def test_a_burst_is_one_thought(house):
    person = Visitor(house)
    for word in ("i want", "to end", "my life", "tonight"):
        assert person.send(word), "every message of a burst is answered"
    assert person.referral().level in (Level.P1, Level.P2)


def test_the_form_yields_to_an_emergency_and_goes_on_afterwards(house):
    friend = Visitor(house)
    friend.send("I'm worried about my sister")
    friend.press("No")
    said = friend.send("honestly I want to kill myself tonight as well")
    assert any("999 or 112" in text for text in said)
    assert friend.referral().level is Level.P1
    said = friend.press("Go on with questions")
    assert "seen or heard" in said[0]


def test_at_night_the_contact_is_told_the_truth_and_given_an_open_line(house):
    person = Visitor(house)
    said = " ".join(person.send("I keep thinking everyone would be better off without me"))
    assert "116\u00a0123" in said or "116 123" in said
    assert "within" not in said, "nobody is there: no time may be promised"
    later(house, hours=9)
    volunteer = Desk.on_shift(house, "Vera")
    assert volunteer.next().conversation_id == person.conversation_id


def test_with_somebody_free_the_promise_is_the_ceiling_of_the_level(house):
    Desk.on_shift(house, "Vera")
    said = " ".join(Visitor(house).send("I am going to end my life tonight"))
    assert "within 2 minutes" in said


def test_nobody_reads_the_same_words_twice_in_a_row(house):
    person = Visitor(house)
    said = [tuple(person.send("I want to die")) for _ in range(4)]
    assert all(said)
    assert all(one != two for one, two in pairwise(said))


def test_stop_is_confirmed_once_and_then_nothing_is_sent(house):
    person = Visitor(house)
    person.send("I feel so low I want to die")
    volunteer = Desk.on_shift(house, "Vera")
    mine = volunteer.claim(volunteer.next())
    said = person.send("STOP")
    assert "last message" in said[0]
    assert any(m.author is Author.NOTE for m in person.messages()), "the volunteer is told"
    with pytest.raises(NotAllowed):
        volunteer.reply(mine, "Are you still there?")
    assert person.send("hello again") is not None
    volunteer.reply(mine, "I am still here.")


def test_delete_destroys_what_was_written_and_says_so(house):
    person = Visitor(house)
    person.send("feeling really low since we split up")
    conversation = person.conversation_id
    person.send("DELETE")
    said = person.press("Yes, delete it")
    assert said
    assert person.last.erased
    with house.store.transaction() as tx:
        assert tx.conversations.of_account(person.platform, person.account) is None
        assert tx.referrals.of_conversation(conversation) is None
    assert person.send("hello"), "they can come back as somebody new"


def test_delete_waits_while_a_person_must_look_first(house):
    person = Visitor(house)
    person.send("I am going to end my life tonight")
    person.send("DELETE")
    said = person.press("Yes, delete it")
    assert "Nothing is deleted yet" in said[0]
    assert person.referral() is not None
    with house.store.transaction() as tx:
        assert any(alert.kind == "deletion_requested" for alert in tx.journal.alerts())


def test_help_works_and_does_not_lose_the_place(house):
    friend = Visitor(house)
    friend.send("I'm worried about a friend")
    said = friend.send("HELP")
    assert "What you can do here" in said[0]
    assert "danger right now" in said[1]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {"kind": IncomingKind.ATTACHMENT, "attachments": ("voice",)}),
        ("", {}),
        ("😶", {}),
        ("x" * 10_000, {}),
        ("zqx vrr \u202e bzzt", {}),
    ],
)
def test_what_cannot_be_read_is_answered_and_looked_at_by_a_person(house, text, fields):
    person = Visitor(house)
    assert person.send(text, **fields)
    referral = person.referral()
    assert referral is not None
    assert not Level.P3.sooner_than(referral.level), "at least within the hour"


def test_an_edit_is_assessed_again(house):
    person = Visitor(house)
    first = person.incoming("I feel low")
    person.send("I feel low", message_id=first.message_id)
    person.send(
        "I am going to kill myself tonight", kind=IncomingKind.EDIT, replaces=first.message_id
    )
    assert person.referral().level is Level.P1


def test_a_message_delivered_twice_is_one_message(house):
    person = Visitor(house)
    one = person.incoming("I feel low")
    person.send("I feel low", message_id=one.message_id)
    answered = len(person.messages())
    assert person.send("I feel low", message_id=one.message_id) == []
    assert person.last.duplicate
    assert len(person.messages()) == answered


def test_a_plain_yes_to_the_direct_question_raises(house):
    Desk.on_shift(house, "Vera")
    person = Visitor(house)
    person.send("I do not want to be here any more. I have a plan.")
    assert person.referral().level is Level.P2
    person.send("yes")
    assert person.referral().level is Level.P1


def test_after_closing_a_recontact_within_a_day_is_urgent(house):
    person = Visitor(house)
    person.send("I am going to end my life tonight")
    supervisor = Desk.on_shift(house, "Sam", Role.VOLUNTEER, Role.SUPERVISOR)
    mine = supervisor.claim(supervisor.next())
    supervisor.reply(mine, "I am here.")
    with house.store.transaction() as tx:
        held = tx.referrals.get(mine.id)
        desk.close(
            tx, held, supervisor.member, held.lease_token, Disposition.SUPPORTED, house.clock.now()
        )
    later(house, hours=3)
    person.send("hello, me again")
    assert person.referral().level is Level.P2


def test_a_lost_claim_returns_to_the_queue(house):
    person = Visitor(house)
    person.send("I am going to end my life tonight")
    first, second = Desk.on_shift(house, "Vera"), Desk.on_shift(house, "Victor")
    mine = first.claim(first.next())
    later(house, hours=1)
    with house.store.transaction() as tx:
        returned = desk.expire_leases(tx, house.clock.now(), house.rules)
    assert [referral.id for referral in returned] == [mine.id]
    assert second.next().id == mine.id
