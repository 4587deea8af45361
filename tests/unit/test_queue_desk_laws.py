"""Laws of the desk, tried over random histories.

Never two holders. Never a live referral without a deadline, and either open or held by one person
with a token. An old token changes nothing. A machine never lowers a level. Nothing is lost.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from handrail.domain.errors import DeskError, LeaseLost, NotAllowed
from handrail.domain.ids import PersonId, Platform
from handrail.domain.level import Level
from handrail.domain.message import Author, Incoming, IncomingKind
from handrail.domain.referral import Disposition, ReferralState, Role, StaffMember
from referral_queue import desk
from referral_queue.referral import HELD, TAKEN
from referral_queue.targets import DeskRules, default_targets
from tests.fakes.store import FakeStore

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
TARGETS = default_targets()
RULES = DeskRules(targets=TARGETS)
STAFF = tuple(
    StaffMember(
        id=PersonId(name),
        username=name,
        display_name=name,
        roles=frozenset({role}),
        active=True,
        demo=False,
        created_at=START,
    )
    for name, role in (
        ("ann", Role.VOLUNTEER),
        ("bo", Role.VOLUNTEER),
        ("cy", Role.VOLUNTEER),
        ("sue", Role.SUPERVISOR),
    )
)
MEMBERS = st.sampled_from(STAFF)
LEVELS = st.sampled_from(Level)
PICKS = st.integers(0, 30)
DISPOSITIONS = st.sampled_from([Disposition.SUPPORTED, Disposition.SIGNPOSTED])


class Desk(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.store = FakeStore()
        self.now = START
        self.old_tokens = []
        self.opened = 0
        self.lowered_by_person = set()
        self.level_seen = {}

    @initialize()
    def staff_arrives(self):
        with self.store.transaction() as tx:
            for member in STAFF:
                tx.people.add(member, "hash")
                desk.start_shift(tx, member, START)

    # Reading ---------------------------------------------------------------------------------

    def all(self):
        return list(self.store.tables.referrals.values())

    def pick(self, number, states=tuple(ReferralState)):
        # In the order they opened: ids are random, and a history must replay the same.
        found = [referral for referral in self.all() if referral.state in states]
        return found[number % len(found)] if found else None

    def attempt(self, action, *args, **more):
        """Run one action in a transaction. A desk error must have changed nothing."""
        before = self.store.tables
        try:
            with self.store.transaction() as tx:
                result = action(tx, *args, **more)
        except DeskError as error:
            assert self.store.tables is before
            return error
        self.remember(before)
        return result

    def remember(self, before):
        for referral in before.referrals.values():
            after = self.store.tables.referrals[referral.id]
            held = (referral.held_by, referral.lease_token)
            if None not in held and held != (after.held_by, after.lease_token):
                holder = self.store.tables.people[referral.held_by][0]
                self.old_tokens.append((referral.id, holder, referral.lease_token))

    # What happens ----------------------------------------------------------------------------

    @rule(name=st.sampled_from("abcdef"), level=LEVELS)
    def contact_asks_for_somebody(self, name, level):
        incoming = Incoming(
            platform=Platform("web"),
            account=name,
            address=name,
            message_id=str(len(self.store.tables.messages)),
            kind=IncomingKind.TEXT,
            sent_at=self.now,
        )
        live = sum(r.state is not ReferralState.CLOSED for r in self.all())
        with self.store.transaction() as tx:
            _, point = tx.contacts.arrive(incoming, locale="en-GB", country="GB", at=self.now)
            conversation = tx.conversations.of_point(point, locale="en-GB", at=self.now)
            desk.open_referral(
                tx,
                conversation=conversation,
                level=level,
                reasons=("asked",),
                now=self.now,
                targets=TARGETS,
            )
        now_live = sum(r.state is not ReferralState.CLOSED for r in self.all())
        assert now_live in (live, live + 1)

    @rule(number=PICKS)
    def contact_writes(self, number):
        if referral := self.pick(number):
            self.attempt(desk.contact_wrote, referral, self.now, TARGETS)

    @rule(number=PICKS)
    def contact_withdraws(self, number):
        if referral := self.pick(number):
            self.attempt(desk.withdraw_by_contact, referral, self.now)

    @rule(number=PICKS, level=LEVELS)
    def machine_assesses(self, number, level):
        if referral := self.pick(number):
            self.attempt(desk.raise_level, referral, level, (), self.now, TARGETS, desk.MACHINE)

    @rule(number=PICKS, level=LEVELS, member=MEMBERS)
    def person_regrades(self, number, level, member):
        if referral := self.pick(number):
            done = self.attempt(
                desk.set_level,
                referral,
                level,
                by=member,
                why="because",
                now=self.now,
                targets=TARGETS,
            )
            if not isinstance(done, DeskError):
                self.lowered_by_person.add(referral.id)

    @rule(member=MEMBERS)
    def presses_next(self, member):
        before = self.all()
        offered = self.attempt(desk.offer_next, member, self.now, RULES)
        if offered is None or isinstance(offered, DeskError):
            return
        assert offered.held_by == member.id
        was = {referral.id: referral for referral in before}[offered.id]
        if was.state is ReferralState.OPEN:
            held = [one for one in before if one.held_by == member.id]
            assert len(held) < RULES.max_live
            assert not any(one.level in (Level.P1, Level.P2) for one in held)

    @rule(number=PICKS, member=MEMBERS)
    def claims(self, number, member):
        if referral := self.pick(number):
            claimed = self.attempt(desk.claim, referral.id, member, self.now, RULES)
            if not isinstance(claimed, DeskError):
                assert claimed.held_by == member.id

    @rule(number=PICKS, what=st.sampled_from(["reply", "hold", "resume", "renew", "release"]))
    def holder_acts(self, number, what):
        referral = self.pick(number, tuple(HELD))
        if referral is None:
            return
        holder = self.store.tables.people[referral.held_by][0]
        args = [referral, holder, referral.lease_token, self.now, RULES]
        if what == "reply":
            args.insert(3, "Hello")
        outcome = self.attempt(getattr(desk, what), *args)
        assert not isinstance(outcome, LeaseLost) or referral.state is ReferralState.OFFERED

    @rule(number=PICKS, to=MEMBERS)
    def holder_hands_over(self, number, to):
        if referral := self.pick(number, tuple(TAKEN)):
            holder = self.store.tables.people[referral.held_by][0]
            self.attempt(desk.hand_over, referral, holder, referral.lease_token, to.id, self.now)

    @rule(number=PICKS, member=MEMBERS, yes=st.booleans())
    def colleague_answers(self, number, member, yes):
        if referral := self.pick(number, tuple(TAKEN)):
            if yes:
                self.attempt(desk.accept_hand_over, referral, member, self.now, RULES)
            else:
                self.attempt(desk.decline_hand_over, referral, member, self.now)

    @rule(number=PICKS, disposition=DISPOSITIONS)
    def holder_closes(self, number, disposition):
        if referral := self.pick(number, tuple(TAKEN)):
            holder = self.store.tables.people[referral.held_by][0]
            self.attempt(desk.close, referral, holder, referral.lease_token, disposition, self.now)

    @rule(member=MEMBERS, release_all=st.booleans())
    def shift_ends(self, member, release_all):
        done = self.attempt(desk.end_shift, member, self.now, RULES, release_all=release_all)
        if not isinstance(done, NotAllowed):
            assert all(referral.held_by != member.id for referral in self.all())

    @rule(member=MEMBERS)
    def shift_starts(self, member):
        self.attempt(desk.start_shift, member, self.now)

    @rule(seconds=st.sampled_from([1, 30, 61, 200, 1000, 4000, 90000]))
    def time_passes_and_the_sweep_runs(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.attempt(desk.expire_leases, self.now, RULES)
        self.attempt(desk.overdue, self.now)
        assert self.attempt(desk.anything_due, self.now, RULES) is False
        for referral in self.all():
            late = referral.awaiting_since is not None and referral.due_by <= self.now
            assert not late or referral.escalated_at is not None

    @precondition(lambda self: self.old_tokens)
    @rule(number=PICKS, what=st.sampled_from(["reply", "hold", "renew", "release", "close"]))
    def an_old_page_is_used(self, number, what):
        referral_id, member, token = self.old_tokens[number % len(self.old_tokens)]
        if Role.SUPERVISOR in member.roles and what in ("release", "close"):
            return
        args = {
            "reply": [referral_id, member, token, "Hello", self.now, RULES],
            "close": [referral_id, member, token, Disposition.SUPPORTED, self.now],
        }.get(what, [referral_id, member, token, self.now, RULES])
        outcome = self.attempt(getattr(desk, what), *args)
        assert isinstance(outcome, LeaseLost | NotAllowed)

    # What always holds -----------------------------------------------------------------------

    @invariant()
    def open_or_held_by_exactly_one(self):
        for referral in self.all():
            owned = [referral.held_by, referral.lease_token, referral.lease_until]
            if referral.state in HELD:
                assert None not in owned
            else:
                assert owned == [None] * 3
                assert referral.handed_to is None

    @invariant()
    def tokens_are_never_shared_or_used_again(self):
        tokens = [r.lease_token for r in self.all() if r.lease_token is not None]
        assert len(tokens) == len(set(tokens))
        assert not set(tokens) & {token for _, _, token in self.old_tokens}

    @invariant()
    def every_live_referral_has_a_deadline_its_level_allows(self):
        for referral in self.all():
            if referral.state is ReferralState.CLOSED:
                assert referral.disposition is not None
                assert referral.closed_at is not None
            else:
                assert referral.due_by <= self.now + TARGETS.of(referral.level).ceiling

    @invariant()
    def one_live_referral_a_conversation(self):
        live = [r.conversation_id for r in self.all() if r.state is not ReferralState.CLOSED]
        assert len(live) == len(set(live))

    @invariant()
    def only_a_person_lowers(self):
        for referral in self.all():
            before = self.level_seen.get(referral.id, referral.level)
            if before.sooner_than(referral.level):
                assert referral.id in self.lowered_by_person
            self.level_seen[referral.id] = referral.level
        self.lowered_by_person.clear()

    @invariant()
    def nothing_a_volunteer_said_lacks_its_outbox_row(self):
        for message in self.store.tables.messages.values():
            if message.author is Author.VOLUNTEER:
                assert message.id in self.store.tables.outbox

    def teardown(self):
        with self.store.transaction() as tx:
            assert tx.journal.first_broken() is None
        assert all(replace(r) == r for r in self.all())


TestDesk = Desk.TestCase
TestDesk.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
