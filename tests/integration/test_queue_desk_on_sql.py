"""The desk on the real database: many volunteers at once, and nobody gets what another has."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from handrail.domain.errors import Conflict, DeskError, LeaseLost
from handrail.domain.ids import PersonId, Platform, new_id
from handrail.domain.level import Level
from handrail.domain.message import Incoming, IncomingKind
from handrail.domain.referral import Disposition, ReferralState, Role, StaffMember
from handrail.storage.store import open_store
from referral_queue import desk
from referral_queue.targets import DeskRules, default_targets

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TARGETS = default_targets()
RULES = DeskRules(targets=TARGETS)
STAFF = [
    StaffMember(
        id=PersonId(new_id()),
        username=f"volunteer{number}",
        display_name=f"V{number}",
        roles=frozenset({Role.VOLUNTEER}),
        active=True,
        demo=False,
        created_at=NOW,
    )
    for number in range(8)
]


@pytest.fixture
def store(tmp_path):
    made = open_store(f"sqlite:///{tmp_path / 'queue.db'}", tmp_path / "master.key")
    with made.transaction() as tx:
        for member in STAFF:
            tx.people.add(member, "hash")
            desk.start_shift(tx, member, NOW)
    return made


def asks(store, account, level, at=NOW):
    incoming = Incoming(
        platform=Platform("web"),
        account=account,
        address=account,
        message_id="1",
        kind=IncomingKind.TEXT,
        sent_at=at,
        text="Can somebody talk?",
    )
    with store.transaction() as tx:
        _, point = tx.contacts.arrive(incoming, locale="en-GB", country="GB", at=at)
        conversation = tx.conversations.of_point(point, locale="en-GB", at=at)
        return desk.open_referral(
            tx,
            conversation=conversation,
            level=level,
            reasons=("asked",),
            now=at,
            targets=TARGETS,
        )


def at_once(work, members):
    """Run work(member) in one thread each, started together."""
    gate = threading.Barrier(len(members))
    done = {}

    def one(member):
        gate.wait()
        for _ in range(50):
            try:
                done[member.id] = work(member)
            except Conflict:
                continue
            except DeskError as error:
                done[member.id] = error
            return

    threads = [threading.Thread(target=one, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == len(members)
    return done


def test_eight_volunteers_press_next_and_nobody_shares(store):
    levels = [Level.P4, Level.P1, Level.P3, Level.P2, Level.P3]
    opened = [asks(store, f"c{n}", level) for n, level in enumerate(levels)]

    def next_and_claim(member):
        with store.transaction() as tx:
            offered = desk.offer_next(tx, member, NOW, RULES)
        if offered is None:
            return None
        with store.transaction() as tx:
            return desk.claim(tx, offered.id, member, NOW, RULES)

    got = [one for one in at_once(next_and_claim, STAFF).values() if one is not None]
    assert sorted(one.id for one in got) == sorted(one.id for one in opened)
    assert max(Counter(one.held_by for one in got).values()) == 1
    assert len({one.lease_token for one in got}) == len(got)


def test_of_many_presses_on_one_hand_over_exactly_the_named_one_wins(store):
    asks(store, "c", Level.P3)
    giver, taker, *others = STAFF
    with store.transaction() as tx:
        offered = desk.offer_next(tx, giver, NOW, RULES)
        mine = desk.claim(tx, offered.id, giver, NOW, RULES)
        desk.hand_over(tx, mine, giver, mine.lease_token, taker.id, NOW)

    def accept(member):
        with store.transaction() as tx:
            return desk.accept_hand_over(tx, mine, member, NOW, RULES)

    done = at_once(accept, [taker, *others])
    assert [who for who, what in done.items() if not isinstance(what, DeskError)] == [taker.id]
    with store.transaction() as tx, pytest.raises(LeaseLost):
        desk.reply(tx, mine, giver, mine.lease_token, "still me?", NOW, RULES)


def test_a_reply_and_a_sweep_at_the_same_moment_do_not_both_win(store):
    for round_number in range(5):
        member = STAFF[round_number]
        asks(store, f"c{round_number}", Level.P1)
        with store.transaction() as tx:
            offered = desk.offer_next(tx, member, NOW, RULES)
            mine = desk.claim(tx, offered.id, member, NOW, RULES)
        late = NOW + timedelta(minutes=2)

        def act(who, member=member, mine=mine, late=late):
            with store.transaction() as tx:
                if who is member:
                    return desk.reply(tx, mine, member, mine.lease_token, "Hello", late, RULES)
                return desk.expire_leases(tx, late, RULES)

        done = at_once(act, [member, STAFF[7]])
        replied = not isinstance(done[member.id], DeskError)
        swept = [one.id for one in done[STAFF[7].id]]
        assert replied != (mine.id in swept)
        with store.transaction() as tx:
            after = tx.referrals.get(mine.id)
            said = [m for m in tx.messages.of_conversation(mine.conversation_id) if m.person_id]
            assert len(said) == replied
            assert after.state is (ReferralState.IN_CONTACT if replied else ReferralState.OPEN)
            if not replied:
                senior = tx.people.get(member.id)
                taken = desk.offer_next(tx, senior, late, RULES)
                assert taken.id == mine.id


def test_a_whole_life_is_in_the_trail(store):
    opened = asks(store, "c", Level.P2)
    ann, bo = STAFF[:2]
    with store.transaction() as tx:
        desk.offer_next(tx, ann, NOW, RULES)
    later = NOW + timedelta(minutes=3)
    with store.transaction() as tx:
        assert [one.id for one in desk.expire_leases(tx, later, RULES)] == [opened.id]
    with store.transaction() as tx:
        mine = desk.claim(tx, desk.offer_next(tx, bo, later, RULES).id, bo, later, RULES)
    with store.transaction() as tx:
        desk.renew(tx, mine, bo, mine.lease_token, later + timedelta(minutes=1), RULES)
    with store.transaction() as tx:
        desk.reply(tx, mine, bo, mine.lease_token, "I am here", later, RULES)
    with store.transaction() as tx:
        desk.close(tx, mine, bo, mine.lease_token, Disposition.SUPPORTED, later)
    with store.transaction() as tx:
        kinds = [event.kind for event in tx.journal.events(subject=opened.id)][::-1]
        assert tx.journal.first_broken() is None
    assert kinds == [
        f"referral.{kind}"
        for kind in ("open", "offer", "expire", "offer", "claim", "reply", "close")
    ]
