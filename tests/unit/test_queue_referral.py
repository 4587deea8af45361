"""The table of transitions and the targets: total, closed means closed, no one waits backwards."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import referral_queue
from handrail.domain.errors import ConfigError
from handrail.domain.level import Level
from handrail.domain.referral import ReferralState
from referral_queue.referral import HELD, LIVE, TAKEN, Action, allowed
from referral_queue.targets import DeskRules, LevelTargets, default_targets, load_targets

STATES = st.sampled_from(ReferralState)
ACTIONS = st.sampled_from(Action)


@given(STATES, ACTIONS)
def test_every_pair_has_an_answer(state, action):
    assert allowed(state, action) in {None, *ReferralState}


@given(ACTIONS)
def test_nothing_leaves_closed(action):
    assert allowed(ReferralState.CLOSED, action) is None


@given(st.lists(ACTIONS, max_size=30))
def test_only_closing_and_withdrawing_end_a_life(actions):
    state = ReferralState.OPEN
    for action in actions:
        after = allowed(state, action)
        if after is ReferralState.CLOSED:
            assert action in (Action.CLOSE, Action.WITHDRAW)
        state = after or state


@pytest.mark.parametrize("state", sorted(LIVE))
def test_every_live_state_can_be_written_to_escalated_regraded_closed(state):
    for action in (Action.CONTACT_WROTE, Action.ESCALATE, Action.REGRADE, Action.CLOSE):
        assert allowed(state, action) is not None


@pytest.mark.parametrize("state", sorted(HELD))
def test_every_held_state_can_return_to_the_queue(state):
    assert allowed(state, Action.EXPIRE) is ReferralState.OPEN
    assert allowed(state, Action.RELEASE) is ReferralState.OPEN


def test_a_reply_leads_into_contact_and_only_from_what_was_taken():
    reached = {state for state in ReferralState if allowed(state, Action.REPLY)}
    assert reached == TAKEN
    assert {allowed(state, Action.REPLY) for state in TAKEN} == {ReferralState.IN_CONTACT}


def test_a_claim_nobody_answered_cannot_be_put_on_hold():
    assert allowed(ReferralState.CLAIMED, Action.HOLD) is None


def test_an_offer_is_not_yet_a_claim():
    for action in (Action.REPLY, Action.RENEW, Action.HOLD, Action.HAND_OVER):
        assert allowed(ReferralState.OFFERED, action) is None


# Targets ---------------------------------------------------------------------------------------


def test_shipped_targets_are_those_of_the_reference():
    targets = default_targets()
    minutes = [
        (targets.of(level).target / timedelta(minutes=1), targets.of(level).ceiling)
        for level in Level
    ]
    assert minutes[0] == (1, timedelta(minutes=2))
    assert minutes[1] == (5, timedelta(minutes=10))
    assert minutes[2] == (30, timedelta(hours=1))
    assert minutes[3] == (240, timedelta(hours=24))
    assert minutes[4][1] == timedelta(hours=48)
    assert targets.source
    assert targets.reviewed_on.year >= 2026


def test_shipped_leases_are_never_longer_than_the_ceiling():
    targets = default_targets()
    for level in Level:
        times = targets.of(level)
        assert times.offer <= times.lease <= times.ceiling


def _toml(tmp_path, change):
    shipped = Path(referral_queue.__file__).with_name("targets.toml")
    path = tmp_path / "targets.toml"
    path.write_text(change(shipped.read_text(encoding="utf-8")), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda text: text.replace("[P3]", "[P9]"), "P9"),
        (lambda text: text.replace("target_seconds = 60\n", ""), "target_seconds"),
        (lambda text: text.replace("target_seconds = 60\n", 'target_seconds = "1"\n'), "whole"),
        (lambda text: text.replace("target_seconds = 60\n", "target_seconds = 0\n"), "zero"),
        (lambda text: text.replace("ceiling_seconds = 120\n", "ceiling_seconds = 30\n"), "ceiling"),
        (
            lambda text: text.replace("ceiling_seconds = 600\n", "ceiling_seconds = 7200\n"),
            "more pressing",
        ),
        (lambda text: text.replace("reviewed_on", "# reviewed_on"), "reviewed_on"),
        (lambda text: text + "\n[P1", "TOML"),
    ],
)
def test_a_wrong_targets_file_is_refused_by_name(tmp_path, change, named):
    with pytest.raises(ConfigError, match=named):
        load_targets(_toml(tmp_path, change))


def test_a_missing_targets_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        load_targets(tmp_path / "absent.toml")


def test_rules_refuse_a_desk_where_nobody_can_hold_anything():
    with pytest.raises(ConfigError):
        DeskRules(targets=default_targets(), max_live=0)


def test_a_target_later_than_its_ceiling_is_refused():
    with pytest.raises(ConfigError):
        LevelTargets(target=timedelta(minutes=3), ceiling=timedelta(minutes=2))
