"""The desk, action by action, on an in-memory store. Who may do what, and what time changes."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handrail.domain.errors import Conflict, Erased, LeaseLost, NotAllowed
from handrail.domain.ids import LeaseToken, PersonId, Platform, ReferralId, ReportId
from handrail.domain.level import Level
from handrail.domain.message import Author, DeliveryState, Incoming, IncomingKind
from handrail.domain.referral import Disposition, ReferralState, Role, StaffMember
from referral_queue import desk
from referral_queue.targets import DeskRules, default_targets
from tests.fakes.store import FakeStore

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TARGETS = default_targets()
RULES = DeskRules(targets=TARGETS)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WORDS = "canary words of the contact"


def person(name, *roles, active=True):
    return StaffMember(
        id=PersonId(name),
        username=name,
        display_name=name.title(),
        roles=frozenset(roles or {Role.VOLUNTEER}),
        active=active,
        demo=False,
        created_at=NOW,
    )


ANN, BO = person("ann"), person("bo")
SUE = person("sue", Role.SUPERVISOR)
LEA = person("lea", Role.CLINICAL_LEAD)
ADA = person("ada", Role.ADMINISTRATOR)
GONE = person("gone", active=False)
STAFF = (ANN, BO, SUE, LEA, ADA, GONE)


class World:
    """A store with staff, most of them on shift, and short ways to act on it."""

    def __init__(self):
        self.store = FakeStore()
        with self.store.transaction() as tx:
            for member in STAFF:
                tx.people.add(member, "hash")
            for member in (ANN, BO, SUE, LEA):
                desk.start_shift(tx, member, NOW)

    @contextmanager
    def tx(self):
        with self.store.transaction() as tx:
            yield tx

    def conversation(self, name="x"):
        incoming = Incoming(
            platform=Platform("web"),
            account=name,
            address=name,
            message_id="1",
            kind=IncomingKind.TEXT,
            sent_at=NOW,
            text=WORDS,
        )
        with self.tx() as tx:
            _, point = tx.contacts.arrive(incoming, locale="en-GB", country="GB", at=NOW)
            conversation = tx.conversations.of_point(point, locale="en-GB", at=NOW)
            tx.messages.store_incoming(conversation, incoming, NOW)
            return conversation

    def open(self, name="x", level=Level.P3, at=NOW, **more):
        conversation = self.conversation(name)
        with self.tx() as tx:
            return desk.open_referral(
                tx,
                conversation=conversation,
                level=level,
                reasons=more.pop("reasons", ("said so",)),
                now=at,
                targets=TARGETS,
                **more,
            )

    def next(self, member=ANN, at=NOW):
        with self.tx() as tx:
            return desk.offer_next(tx, member, at, RULES)

    def claim(self, referral, member=ANN, at=NOW):
        with self.tx() as tx:
            return desk.claim(tx, referral.id, member, at, RULES)

    def claimed(self, name="x", level=Level.P3, member=ANN, at=NOW):
        referral = self.open(name, level, at)
        offered = self.next(member, at)
        assert offered.id == referral.id
        return self.claim(offered, member, at)

    def reply(self, referral, member=ANN, at=NOW, token=None, text="I am here."):
        token = referral.lease_token if token is None else token
        with self.tx() as tx:
            return desk.reply(tx, referral, member, token, text, at, RULES)

    def in_contact(self, name="x", level=Level.P3, member=ANN, at=NOW):
        referral = self.claimed(name, level, member, at)
        self.reply(referral, member, at)
        return self.get(referral)

    def wrote(self, referral, at):
        with self.tx() as tx:
            return desk.contact_wrote(tx, referral, at, TARGETS)

    def renew(self, referral, at, member=ANN):
        with self.tx() as tx:
            return desk.renew(tx, referral, member, referral.lease_token, at, RULES)

    def sweep(self, at):
        with self.tx() as tx:
            return desk.expire_leases(tx, at, RULES)

    def overdue(self, at):
        with self.tx() as tx:
            return desk.overdue(tx, at)

    def get(self, referral):
        with self.tx() as tx:
            return tx.referrals.get(referral.id)

    def kinds(self, referral):
        with self.tx() as tx:
            return [event.kind for event in tx.journal.events(subject=referral.id)][::-1]

    def alerts(self):
        with self.tx() as tx:
            return [(alert.kind, alert.detail) for alert in tx.journal.alerts()]

    def messages(self, referral):
        with self.tx() as tx:
            return tx.messages.of_conversation(referral.conversation_id)

    def do(self, action, *args, **more):
        with self.tx() as tx:
            return action(tx, *args, **more)


@pytest.fixture
def world():
    return World()


# Opening ---------------------------------------------------------------------------------------


def test_opening_starts_the_clock_of_its_level(world):
    referral = world.open(level=Level.P2)
    assert referral.state is ReferralState.OPEN
    assert referral.due_by == NOW + 10 * MINUTE
    assert referral.awaiting_since == NOW
    assert world.kinds(referral) == ["referral.open"]


def test_a_conversation_has_one_live_referral(world):
    first = world.open(level=Level.P4, reasons=("worried",))
    again = world.open(
        level=Level.P2,
        at=NOW + MINUTE,
        reasons=("said tonight",),
        report_id=ReportId("rep"),
        needs_review=True,
    )
    assert again.id == first.id
    assert again.level is Level.P2
    assert again.due_by == NOW + 11 * MINUTE
    assert again.reasons == ("said tonight", "worried")
    assert again.report_id == "rep"
    assert again.needs_review
    with world.tx() as tx:
        assert len(tx.referrals.live()) == 1


def test_joining_with_nothing_new_changes_nothing(world):
    first = world.open()
    assert world.open(at=NOW + MINUTE) == first
    assert world.kinds(first) == ["referral.open"]


def test_a_new_referral_opens_after_the_old_one_closed(world):
    first = world.claimed()
    world.do(desk.close, first, ANN, first.lease_token, Disposition.SUPPORTED, NOW)
    assert world.open().id != first.id


# Levels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [Level.P2, Level.P3, Level.P5])
def test_a_machine_never_lowers(world, level):
    first = world.open(level=Level.P2)
    after = world.do(desk.raise_level, first, level, ("more",), NOW + MINUTE, TARGETS, desk.MACHINE)
    assert after.level is Level.P2
    assert after.due_by == first.due_by
    assert after.reasons == ("more", "said so")


def test_raising_shortens_the_wait_and_may_escalate_anew(world):
    first = world.open(level=Level.P3)
    world.do(desk.escalate, first, NOW)
    after = world.do(desk.raise_level, first, Level.P1, (), NOW + MINUTE, TARGETS, "rules")
    assert after.due_by == NOW + 3 * MINUTE
    assert after.escalated_at is None


def test_raising_never_makes_anything_later(world):
    first = world.open(level=Level.P2)
    almost = NOW + timedelta(minutes=9, seconds=30)
    after = world.do(desk.raise_level, first, Level.P1, (), almost, TARGETS, "rules")
    assert after.due_by == NOW + 10 * MINUTE


def test_raising_shortens_the_lease_of_a_holder(world):
    first = world.claimed(level=Level.P3)
    after = world.do(desk.raise_level, first, Level.P1, (), NOW, TARGETS, "rules")
    assert after.lease_until == NOW + 2 * MINUTE
    assert after.lease_token == first.lease_token


@pytest.mark.parametrize("member", [SUE, LEA, ANN])
def test_the_holder_and_the_seniors_may_lower_with_a_reason(world, member):
    first = world.claimed(level=Level.P1)
    after = world.do(
        desk.set_level, first, Level.P3, by=member, why="Spoke, safe", now=NOW, targets=TARGETS
    )
    assert after.level is Level.P3
    assert after.due_by == NOW + HOUR
    notes = [m for m in world.messages(first) if m.author is Author.NOTE]
    assert [note.text for note in notes] == ["Spoke, safe"]
    with world.tx() as tx:
        event = tx.journal.events(subject=first.id)[0]
    assert ("was", "P1") in event.data
    assert event.actor == member.id


@pytest.mark.parametrize("member", [BO, ADA, GONE])
@pytest.mark.parametrize("level", [Level.P2, Level.P5])
def test_nobody_else_lowers(world, member, level):
    first = world.claimed(level=Level.P1)
    with pytest.raises(NotAllowed):
        world.do(desk.set_level, first, level, by=member, why="x", now=NOW, targets=TARGETS)
    assert world.get(first).level is Level.P1


def test_any_colleague_may_raise_but_not_without_a_reason(world):
    first = world.claimed(level=Level.P3)
    with pytest.raises(NotAllowed):
        world.do(desk.set_level, first, Level.P1, by=BO, why="  ", now=NOW, targets=TARGETS)
    after = world.do(
        desk.set_level, first, Level.P1, by=BO, why="read it", now=NOW, targets=TARGETS
    )
    assert after.level is Level.P1


# Next ------------------------------------------------------------------------------------------


def test_next_offers_the_neediest(world):
    world.open("calm", Level.P4)
    late = world.open("late", Level.P2, at=NOW - MINUTE)
    world.open("soon", Level.P2)
    offered = world.next()
    assert offered.id == late.id
    assert offered.state is ReferralState.OFFERED
    assert offered.held_by == ANN.id
    assert offered.lease_until == NOW + 2 * MINUTE


def test_next_shows_the_same_offer_again(world):
    world.open("a", Level.P3)
    world.open("b", Level.P3)
    first = world.next()
    world.open("c", Level.P1)
    assert world.next(at=NOW + MINUTE) == first


def test_two_volunteers_get_two_referrals(world):
    world.open("a")
    world.open("b")
    assert world.next(ANN).id != world.next(BO).id
    assert world.next(SUE) is None


@pytest.mark.parametrize("member", [ADA, GONE, person("new")])
def test_next_needs_a_working_account_on_shift(world, member):
    world.open()
    with pytest.raises(NotAllowed):
        world.next(member)


def test_whoever_holds_something_urgent_is_offered_nothing(world):
    world.claimed("a", Level.P2)
    world.open("b", Level.P1)
    with pytest.raises(NotAllowed, match="urgent"):
        world.next()


def test_whoever_holds_one_calm_referral_is_still_offered_an_urgent_one(world):
    world.claimed("a", Level.P4)
    urgent = world.open("b", Level.P1)
    assert world.next().id == urgent.id


def test_two_is_enough(world):
    world.claimed("a", Level.P4)
    world.claimed("b", Level.P4)
    world.open("c", Level.P1)
    with pytest.raises(NotAllowed, match="as one person should"):
        world.next()


def test_what_i_gave_back_goes_to_others_first(world):
    needy = world.claimed("a", Level.P2)
    calm = world.open("b", Level.P4)
    world.do(desk.release, needy, ANN, needy.lease_token, NOW, RULES)
    assert world.next(BO).id == needy.id
    assert world.next(ANN).id == calm.id


def test_what_i_gave_back_comes_again_after_a_rest(world):
    needy = world.claimed("a", Level.P3)
    world.do(desk.release, needy, ANN, needy.lease_token, NOW, RULES)
    assert world.next(ANN, NOW + MINUTE) is None
    assert world.next(ANN, NOW + 31 * MINUTE).id == needy.id


# Claim -----------------------------------------------------------------------------------------


def test_a_claim_has_a_fresh_token(world):
    world.open()
    offered = world.next()
    claimed = world.claim(offered)
    assert claimed.state is ReferralState.CLAIMED
    assert claimed.lease_token not in (None, offered.lease_token)


def test_claiming_twice_is_claiming_once(world):
    first = world.claimed()
    assert world.claim(first) == first


def test_an_offer_is_for_one(world):
    world.open()
    offered = world.next(ANN)
    with pytest.raises(LeaseLost):
        world.claim(offered, BO)
    with pytest.raises(LeaseLost):
        world.claim(offered, SUE)


def test_only_seniors_take_an_open_one_by_id(world):
    referral = world.open()
    with pytest.raises(LeaseLost):
        world.claim(referral, ANN)
    assert world.claim(referral, SUE).held_by == SUE.id


def test_an_ended_offer_cannot_be_claimed(world):
    world.open(level=Level.P1)
    offered = world.next()
    world.sweep(NOW + MINUTE)
    with pytest.raises(LeaseLost):
        world.claim(offered, at=NOW + MINUTE)


def test_a_closed_one_cannot_be_claimed(world):
    referral = world.open()
    world.do(desk.close, referral, SUE, None, Disposition.NOT_GENUINE, NOW)
    with pytest.raises(NotAllowed):
        world.claim(referral, SUE)


# Replying --------------------------------------------------------------------------------------


def test_a_reply_stops_the_clock_and_is_ready_to_send(world):
    referral = world.claimed(level=Level.P2)
    message = world.reply(referral, at=NOW + MINUTE, text="Hello, I am Ann.")
    after = world.get(referral)
    assert after.state is ReferralState.IN_CONTACT
    assert after.first_reply_at == NOW + MINUTE
    assert after.awaiting_since is None
    assert message.author is Author.VOLUNTEER
    assert message.person_id == ANN.id
    assert message.delivery is DeliveryState.PENDING
    with world.tx() as tx:
        assert tx.outbox.due(NOW + MINUTE) == [referral.conversation_id]


def test_the_first_reply_stays_the_first(world):
    referral = world.in_contact()
    world.reply(referral, at=NOW + MINUTE)
    assert world.get(referral).first_reply_at == NOW


def test_an_old_token_writes_nothing(world):
    referral = world.claimed()
    before = world.messages(referral)
    for token in (LeaseToken("old"), LeaseToken("")):
        with pytest.raises(LeaseLost):
            world.reply(referral, token=token)
    with pytest.raises(LeaseLost):
        world.reply(referral, member=BO, token=referral.lease_token)
    assert world.messages(referral) == before
    assert world.get(referral) == referral


def test_nothing_is_sent_to_who_said_stop(world):
    referral = world.claimed()
    with world.tx() as tx:
        tx.contacts.set_quiet(referral.contact_id, True)
    with pytest.raises(NotAllowed, match="STOP"):
        world.reply(referral)


def test_nothing_is_sent_to_who_was_deleted(world):
    referral = world.claimed()
    with world.tx() as tx:
        tx.contacts.erase(referral.contact_id, NOW)
    with pytest.raises(Erased):
        world.reply(referral)


def test_an_empty_reply_is_refused(world):
    with pytest.raises(NotAllowed):
        world.reply(world.claimed(), text=" \n")


def test_a_failed_commit_leaves_neither_message_nor_state(world):
    referral = world.claimed()
    world.store.fail_at_commit = Conflict("lost the race")
    with pytest.raises(Conflict):
        world.reply(referral)
    assert world.get(referral) == referral
    assert [m.author for m in world.messages(referral)] == [Author.CONTACT]


def test_a_late_reply_counts_while_nobody_else_has_the_referral(world):
    referral = world.claimed(level=Level.P1)
    world.reply(referral, at=NOW + 10 * MINUTE)
    assert world.get(referral).held_by == ANN.id


def test_a_note_never_gets_an_outbox_row(world):
    referral = world.claimed()
    note = world.do(desk.note, referral, ANN, referral.lease_token, "Called my supervisor", NOW)
    assert note.delivery is None
    with world.tx() as tx:
        assert tx.outbox.waiting(NOW)[0] == 0
    with pytest.raises(LeaseLost):
        world.do(desk.note, referral, BO, None, "peeking", NOW)
    with pytest.raises(NotAllowed):
        world.do(desk.note, referral, ANN, referral.lease_token, " ", NOW)
    assert world.do(desk.note, referral, SUE, None, "I agree", NOW).person_id == SUE.id


# The contact's clock ---------------------------------------------------------------------------


def test_the_contacts_message_starts_the_clock_once(world):
    referral = world.in_contact(level=Level.P2)
    first = world.wrote(referral, NOW + 5 * MINUTE)
    second = world.wrote(referral, NOW + 8 * MINUTE)
    assert first.awaiting_since == second.awaiting_since == NOW + 5 * MINUTE
    assert second.due_by == NOW + 15 * MINUTE


def test_a_message_ends_a_hold(world):
    referral = world.in_contact()
    held = world.do(desk.hold, referral, ANN, referral.lease_token, NOW, RULES)
    assert held.state is ReferralState.ON_HOLD
    after = world.wrote(held, NOW + HOUR)
    assert after.state is ReferralState.IN_CONTACT
    assert after.held_by == ANN.id
    assert after.lease_until == NOW + HOUR + 15 * MINUTE


def test_only_the_answered_can_be_put_on_hold(world):
    referral = world.claimed()
    with pytest.raises(NotAllowed):
        world.do(desk.hold, referral, ANN, referral.lease_token, NOW, RULES)
    talking = world.in_contact("y", member=BO)
    world.wrote(talking, NOW)
    with pytest.raises(NotAllowed, match="waiting"):
        world.do(desk.hold, talking, BO, talking.lease_token, NOW, RULES)


@pytest.mark.parametrize("until", [NOW, NOW - MINUTE, NOW + timedelta(hours=25)])
def test_a_hold_has_limits(world, until):
    referral = world.in_contact()
    with pytest.raises(NotAllowed):
        world.do(desk.hold, referral, ANN, referral.lease_token, NOW, RULES, until=until)


def test_resume_takes_it_in_hand_again(world):
    referral = world.in_contact()
    world.do(desk.hold, referral, ANN, referral.lease_token, NOW, RULES, until=NOW + HOUR)
    after = world.do(desk.resume, referral, ANN, referral.lease_token, NOW + MINUTE, RULES)
    assert after.state is ReferralState.IN_CONTACT
    with pytest.raises(NotAllowed):
        world.do(desk.resume, referral, ANN, referral.lease_token, NOW + MINUTE, RULES)


# Leases ----------------------------------------------------------------------------------------


def test_a_silent_claim_returns_with_its_clock(world):
    referral = world.claimed(level=Level.P2)
    assert world.sweep(NOW + 4 * MINUTE) == []
    (after,) = world.sweep(NOW + 5 * MINUTE)
    assert after.state is ReferralState.OPEN
    assert after.held_by is after.lease_token is after.lease_until is None
    assert after.due_by == referral.due_by
    with pytest.raises(LeaseLost):
        world.reply(referral, at=NOW + 6 * MINUTE)


def test_an_open_page_keeps_a_claim_only_until_the_ceiling(world):
    referral = world.claimed(level=Level.P2)
    for minutes in range(1, 10):
        world.renew(referral, NOW + minutes * MINUTE)
        assert world.sweep(NOW + minutes * MINUTE) == []
    assert world.get(referral).lease_until == NOW + 10 * MINUTE
    (after,) = world.sweep(NOW + 10 * MINUTE)
    assert after.state is ReferralState.OPEN


def test_a_claim_of_the_morning_has_its_own_time(world):
    world.open(level=Level.P2, at=NOW - 8 * HOUR)
    referral = world.claim(world.next())
    assert world.renew(referral, NOW + 4 * MINUTE).lease_until == NOW + 9 * MINUTE
    assert world.sweep(NOW + 6 * MINUTE) == []


def test_a_conversation_stays_with_its_holder_when_the_contact_is_answered(world):
    referral = world.in_contact()
    assert world.sweep(NOW + 5 * HOUR) == []
    assert world.get(referral).held_by == ANN.id


def test_after_an_absence_the_holder_has_one_lease_to_answer(world):
    referral = world.in_contact(level=Level.P3)
    world.wrote(referral, NOW + HOUR)
    assert world.sweep(NOW + HOUR + 14 * MINUTE) == []
    (after,) = world.sweep(NOW + HOUR + 15 * MINUTE)
    assert after.state is ReferralState.OPEN
    assert after.due_by == NOW + 2 * HOUR
    assert after.first_reply_at == NOW


def test_a_conversation_returns_when_its_holder_left_the_shift_by_another_door(world):
    referral = world.in_contact(level=Level.P3)
    with world.tx() as tx:
        tx.shifts.end(ANN.id, NOW)
    (after,) = world.sweep(NOW + 15 * MINUTE)
    assert after.id == referral.id
    assert after.state is ReferralState.OPEN
    assert after.due_by == NOW + 75 * MINUTE


def test_a_hold_that_is_over_comes_back_to_its_holder(world):
    referral = world.in_contact()
    world.do(desk.hold, referral, ANN, referral.lease_token, NOW, RULES, until=NOW + HOUR)
    (after,) = world.sweep(NOW + HOUR)
    assert after.state is ReferralState.IN_CONTACT
    assert after.held_by == ANN.id
    assert after.lease_token == referral.lease_token


def test_the_sweep_goes_round_a_referral_somebody_changes_now(world):
    first = world.claimed("a", Level.P2)
    second = world.claimed("b", Level.P2, BO)
    with world.tx() as tx:
        stale = tx.referrals.live
        tx.referrals.live = lambda **k: [
            replace(one, version=one.version - 1) if one.id == first.id else one
            for one in stale(**k)
        ]
        changed = desk.expire_leases(tx, NOW + HOUR, RULES)
    assert [one.id for one in changed] == [second.id]
    assert world.get(first).state is ReferralState.CLAIMED


def test_an_idle_sweep_can_know_it_without_writing(world):
    def due(at):
        with world.store.transaction(read_only=True) as tx:
            return desk.anything_due(tx, at, RULES)

    talking = world.in_contact("a", Level.P3)
    assert not due(NOW + 5 * HOUR)
    world.open("b", Level.P1)
    assert not due(NOW + MINUTE)
    assert due(NOW + 2 * MINUTE)
    world.overdue(NOW + 2 * MINUTE)
    assert not due(NOW + 2 * MINUTE)
    world.wrote(talking, NOW)
    assert due(NOW + 15 * MINUTE)


def test_a_renewal_leaves_no_event_and_never_shortens(world):
    referral = world.in_contact()
    before = world.kinds(referral)
    later = world.renew(referral, NOW + MINUTE)
    assert later.lease_until == NOW + 16 * MINUTE
    assert world.renew(referral, NOW).lease_until == NOW + 16 * MINUTE
    assert world.kinds(referral) == before


# Handing over ----------------------------------------------------------------------------------


def test_a_hand_over_needs_a_yes(world):
    referral = world.in_contact(level=Level.P1)
    asked = world.do(desk.hand_over, referral, ANN, referral.lease_token, BO.id, NOW)
    assert (asked.held_by, asked.handed_to) == (ANN.id, BO.id)
    taken = world.do(desk.accept_hand_over, referral, BO, NOW + MINUTE, RULES)
    assert (taken.held_by, taken.handed_to) == (BO.id, None)
    assert taken.state is ReferralState.IN_CONTACT
    with pytest.raises(LeaseLost):
        world.reply(referral, at=NOW + MINUTE)
    world.reply(taken, BO, NOW + MINUTE)


def test_what_came_back_by_hand_over_has_a_new_token(world):
    first = world.in_contact()
    world.do(desk.hand_over, first, ANN, first.lease_token, BO.id, NOW)
    second = world.do(desk.accept_hand_over, first, BO, NOW, RULES)
    world.do(desk.hand_over, second, BO, second.lease_token, ANN.id, NOW)
    third = world.do(desk.accept_hand_over, second, ANN, NOW, RULES)
    assert len({first.lease_token, second.lease_token, third.lease_token}) == 3
    with pytest.raises(LeaseLost):
        world.reply(first)


def test_a_no_leaves_it_where_it_is(world):
    referral = world.in_contact()
    world.do(desk.hand_over, referral, ANN, referral.lease_token, BO.id, NOW)
    after = world.do(desk.decline_hand_over, referral, BO, NOW)
    assert (after.held_by, after.handed_to) == (ANN.id, None)
    with pytest.raises(NotAllowed):
        world.do(desk.accept_hand_over, referral, BO, NOW, RULES)
    world.reply(referral)


def test_the_giver_may_take_the_request_back(world):
    referral = world.in_contact()
    world.do(desk.hand_over, referral, ANN, referral.lease_token, BO.id, NOW)
    assert world.do(desk.decline_hand_over, referral, ANN, NOW).handed_to is None


@pytest.mark.parametrize("to", [ANN, ADA, GONE])
def test_a_hand_over_goes_to_a_colleague_who_can(world, to):
    referral = world.in_contact()
    with pytest.raises(NotAllowed):
        world.do(desk.hand_over, referral, ANN, referral.lease_token, to.id, NOW)


def test_a_hand_over_goes_to_somebody_on_shift(world):
    referral = world.in_contact()
    world.do(desk.end_shift, BO, NOW, RULES)
    with pytest.raises(NotAllowed, match="not on shift"):
        world.do(desk.hand_over, referral, ANN, referral.lease_token, BO.id, NOW)


def test_only_the_named_colleague_accepts_and_only_with_hands_free(world):
    referral = world.in_contact("a")
    world.claimed("b", Level.P1, BO)
    world.do(desk.hand_over, referral, ANN, referral.lease_token, BO.id, NOW)
    with pytest.raises(NotAllowed):
        world.do(desk.accept_hand_over, referral, SUE, NOW, RULES)
    with pytest.raises(NotAllowed, match="urgent"):
        world.do(desk.accept_hand_over, referral, BO, NOW, RULES)


# Escalating, releasing, closing ----------------------------------------------------------------


def test_escalating_tells_the_supervisors_once(world):
    referral = world.claimed()
    first = world.do(desk.escalate, referral, NOW, by=ANN)
    second = world.do(desk.escalate, referral, NOW + MINUTE, by=ANN)
    assert first.escalated_at == second.escalated_at == NOW
    assert second.held_by == ANN.id
    assert world.alerts() == [("referral.escalated", referral.id)]
    with pytest.raises(NotAllowed):
        world.do(desk.escalate, referral, NOW, by=ADA)


def test_overdue_escalates_what_waits_too_long_once(world):
    late = world.open("late", Level.P1)
    world.open("fine", Level.P3)
    assert world.overdue(NOW + MINUTE) == []
    assert [one.id for one in world.overdue(NOW + 2 * MINUTE)] == [late.id]
    assert world.overdue(NOW + 3 * MINUTE) == []
    assert ("referral.escalated", late.id) in world.alerts()


def test_an_emergency_calls_everyone_once_when_it_opens_or_becomes_one(world):
    opened = world.open("now", Level.P1)
    raised = world.open("then", Level.P3)
    assert world.alerts() == [("referral.emergency", opened.id)]
    for _ in range(2):
        with world.store.transaction() as tx:
            desk.raise_level(tx, raised.id, Level.P1, ("said so",), NOW, RULES.targets, "triage")
    assert sorted(world.alerts()) == sorted(
        [("referral.emergency", opened.id), ("referral.emergency", raised.id)]
    )


def test_an_answered_conversation_is_never_overdue(world):
    world.in_contact(level=Level.P1)
    assert world.overdue(NOW + HOUR) == []


def test_an_unanswered_message_in_a_conversation_is_overdue(world):
    referral = world.in_contact(level=Level.P1)
    world.wrote(referral, NOW + HOUR)
    assert [one.id for one in world.overdue(NOW + HOUR + 2 * MINUTE)] == [referral.id]


def test_releasing_keeps_level_and_clock(world):
    referral = world.claimed(level=Level.P2)
    after = world.do(desk.release, referral, ANN, referral.lease_token, NOW + MINUTE, RULES)
    assert after.state is ReferralState.OPEN
    assert (after.level, after.due_by) == (Level.P2, NOW + 10 * MINUTE)


def test_releasing_an_answered_one_asks_for_a_look_within_the_ceiling(world):
    answered = world.in_contact(level=Level.P2)
    after = world.do(desk.release, answered, ANN, answered.lease_token, NOW + MINUTE, RULES)
    assert after.due_by == NOW + 11 * MINUTE


def test_an_offer_can_be_refused(world):
    world.open()
    offered = world.next()
    with pytest.raises(LeaseLost):
        world.do(desk.release, offered, ANN, LeaseToken("old"), NOW, RULES)
    after = world.do(desk.release, offered, ANN, offered.lease_token, NOW, RULES)
    assert after.state is ReferralState.OPEN


def test_a_supervisor_may_release_for_somebody(world):
    referral = world.claimed()
    with pytest.raises(LeaseLost):
        world.do(desk.release, referral, BO, None, NOW, RULES)
    assert world.do(desk.release, referral, SUE, None, NOW, RULES).held_by is None
    with pytest.raises(LeaseLost):
        world.reply(referral)


@pytest.mark.parametrize("level", [Level.P1, Level.P4])
def test_the_holder_or_a_supervisor_closes_with_a_reason(world, level):
    mine = world.in_contact("a", level)
    for member in (BO, ADA):
        with pytest.raises(LeaseLost):
            world.do(desk.close, mine, member, mine.lease_token, Disposition.SUPPORTED, NOW)
    with pytest.raises(LeaseLost):
        world.do(desk.close, mine, ANN, None, Disposition.SUPPORTED, NOW)
    after = world.do(desk.close, mine, ANN, mine.lease_token, Disposition.SUPPORTED, NOW)
    assert (after.state, after.closed_at) == (ReferralState.CLOSED, NOW)
    assert after.held_by is after.lease_token is after.awaiting_since is None
    other = world.open("b", level)
    after = world.do(desk.close, other, SUE, None, Disposition.NOT_GENUINE, NOW)
    assert after.disposition is Disposition.NOT_GENUINE


def test_what_is_closed_stays_closed(world):
    referral = world.claimed()
    token = referral.lease_token
    world.do(desk.close, referral, ANN, token, Disposition.SUPPORTED, NOW)
    after = world.get(referral)
    for action in (
        lambda: world.reply(referral),
        lambda: world.wrote(referral, NOW),
        lambda: world.do(desk.escalate, referral, NOW),
        lambda: world.do(desk.release, referral, SUE, None, NOW, RULES),
        lambda: world.do(desk.close, referral, SUE, None, Disposition.SUPPORTED, NOW),
        lambda: world.do(desk.withdraw_by_contact, referral, NOW),
        lambda: world.do(desk.raise_level, referral, Level.P1, (), NOW, TARGETS, "rules"),
    ):
        with pytest.raises(NotAllowed):
            action()
    assert world.get(referral) == after


def test_a_deletion_is_not_a_reason_a_person_may_choose(world):
    referral = world.open()
    with pytest.raises(NotAllowed):
        world.do(desk.close, referral, SUE, None, Disposition.ERASED, NOW)


def test_withdrawing_closes_what_is_calm(world):
    referral = world.in_contact(level=Level.P3)
    after = world.do(desk.withdraw_by_contact, referral, NOW)
    assert after.state is ReferralState.CLOSED
    assert after.disposition is Disposition.WITHDRAWN
    with pytest.raises(NotAllowed):
        world.reply(referral)


@pytest.mark.parametrize("level", [Level.P1, Level.P2])
def test_a_person_reads_before_an_urgent_one_closes(world, level):
    referral = world.open(level=level)
    after = world.do(desk.withdraw_by_contact, referral, NOW)
    assert after.state is ReferralState.OPEN
    assert after.needs_review
    erased = world.do(desk.withdraw_by_contact, referral, NOW, Disposition.ERASED)
    assert erased.state is ReferralState.CLOSED


# Shifts ----------------------------------------------------------------------------------------


def test_a_shift_does_not_end_over_somebodys_head(world):
    referral = world.in_contact(level=Level.P3)
    with pytest.raises(NotAllowed):
        world.do(desk.end_shift, ANN, NOW, RULES)
    (after,) = world.do(desk.end_shift, ANN, NOW + MINUTE, RULES, release_all=True)
    assert after.id == referral.id
    assert after.state is ReferralState.OPEN
    with pytest.raises(NotAllowed, match="shift"):
        world.next(ANN)


def test_an_offer_goes_back_when_the_shift_ends_and_a_request_is_declined(world):
    talking = world.in_contact("a", member=BO)
    world.do(desk.hand_over, talking, BO, talking.lease_token, ANN.id, NOW)
    world.open("b")
    offered = world.next(ANN)
    (back,) = world.do(desk.end_shift, ANN, NOW, RULES)
    assert back.id == offered.id
    assert world.get(talking).handed_to is None


def test_starting_twice_is_one_shift(world):
    world.do(desk.start_shift, ANN, NOW + HOUR)
    with world.tx() as tx:
        mine = [shift for shift in tx.shifts.running() if shift.person_id == ANN.id]
    assert [shift.started_at for shift in mine] == [NOW]
    with pytest.raises(NotAllowed):
        world.do(desk.start_shift, ADA, NOW)


# The trail -------------------------------------------------------------------------------------


def test_every_action_leaves_one_event_and_no_words(world):
    referral = world.in_contact(level=Level.P3)
    token = referral.lease_token
    world.do(desk.note, referral, ANN, token, WORDS, NOW)
    world.do(desk.hold, referral, ANN, token, NOW, RULES)
    world.do(desk.resume, referral, ANN, token, NOW, RULES)
    world.wrote(referral, NOW)
    world.reply(referral, text=WORDS)
    world.do(desk.set_level, referral, Level.P4, by=ANN, why=WORDS, now=NOW, targets=TARGETS)
    world.do(desk.hand_over, referral, ANN, token, BO.id, NOW)
    taken = world.do(desk.accept_hand_over, referral, BO, NOW, RULES)
    world.do(desk.escalate, referral, NOW, by=BO)
    world.do(desk.close, referral, BO, taken.lease_token, Disposition.SUPPORTED, NOW)
    assert world.kinds(referral) == [
        f"referral.{kind}"
        for kind in (
            "open", "offer", "claim", "reply", "note", "hold", "resume", "contact_wrote",
            "reply", "regrade", "hand_over", "accept", "escalate", "close",
        )
    ]  # fmt: skip
    with world.tx() as tx:
        trail = repr(tx.journal.events()) + repr(tx.journal.alerts())
        assert tx.journal.first_broken() is None
    assert WORDS not in trail
    assert "said so" not in trail


def test_an_id_will_do_in_place_of_a_referral(world):
    referral = world.claimed()
    world.do(desk.reply, ReferralId(referral.id), ANN, referral.lease_token, "Hello", NOW, RULES)
    assert world.get(referral).state is ReferralState.IN_CONTACT
