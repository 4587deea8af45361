"""The law by which findings become a level: total, monotone, and only a person lowers."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail.domain.assessment import Context, Hit, Person, Scores
from handrail.domain.level import Level, soonest
from triage.policy import Thresholds, combine, one_step_up, report_floor

LIMITS = Thresholds(
    danger_self=(0.4, 0.5, 0.6, 0.7), self_injury=0.5, danger_other=0.5, concern_third=0.5
)
NOTHING = (0.0, 0.0, 0.0, 0.0)


def hit(signal: str = "low_mood", floor: Level | None = Level.P4) -> Hit:
    return Hit(rule="test.rule", signal=signal, floor=floor, start=0, end=1, reason="because")


SIGNALS = st.sampled_from(
    ["ideation_active", "burden", "intoxication", "minor", "psychosis", "perinatal", "thanks",
     "unclassifiable", "violence_thoughts", "intent"]
)  # fmt: skip
FLOORS = st.none() | st.sampled_from(list(Level))
HITS = st.lists(st.builds(hit, SIGNALS, FLOORS), max_size=6)
NUMBERS = st.floats(0, 1) | st.just(math.nan)
SCORES = st.none() | st.builds(
    Scores,
    danger_self=st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    self_injury=NUMBERS,
    danger_other=NUMBERS,
    concern_third=NUMBERS,
    person=st.sampled_from(list(Person)),
)
CONTEXTS = st.builds(Context, floor=FLOORS, recent_urgent=st.booleans(), unreadable=st.booleans())


@settings(max_examples=300, deadline=None)
@given(HITS, SCORES, CONTEXTS)
def test_total(hits, scores, context) -> None:
    decision = combine(hits, scores, context, LIMITS)
    assert decision.level in Level
    assert not decision.rules_level.sooner_than(decision.level)


@settings(max_examples=300, deadline=None)
@given(HITS, SCORES, CONTEXTS, st.builds(hit, SIGNALS, FLOORS))
def test_one_more_hit_never_lowers(hits, scores, context, more) -> None:
    before = combine(hits, scores, context, LIMITS)
    after = combine([*hits, more], scores, context, LIMITS)
    assert not before.level.sooner_than(after.level)
    assert not before.rules_level.sooner_than(after.rules_level)
    if scores is None:
        assert after.needs_review or not before.needs_review


@settings(max_examples=300, deadline=None)
@given(
    HITS,
    st.tuples(*[st.floats(0, 1)] * 4),
    st.integers(0, 3),
    st.floats(0, 1),
    CONTEXTS,
)
def test_a_higher_score_never_lowers(hits, danger, place, rise, context) -> None:
    raised = tuple(max(x, rise) if i == place else x for i, x in enumerate(danger))
    before = combine(hits, Scores(danger_self=danger), context, LIMITS)
    after = combine(hits, Scores(danger_self=raised), context, LIMITS)
    assert not before.level.sooner_than(after.level)


@settings(max_examples=200, deadline=None)
@given(HITS, SCORES, CONTEXTS)
def test_a_classifier_never_lowers(hits, scores, context) -> None:
    alone = combine(hits, None, context, LIMITS)
    assert not alone.level.sooner_than(combine(hits, scores, context, LIMITS).level)


@settings(max_examples=200, deadline=None)
@given(HITS, SCORES, st.sampled_from(list(Level)))
def test_the_conversation_s_floor_holds(hits, scores, floor) -> None:
    level = combine(hits, scores, Context(floor=floor), LIMITS).level
    assert not floor.sooner_than(level)


def test_the_soonest_floor_counts() -> None:
    assert combine([hit(floor=Level.P5), hit(floor=Level.P2)]).level is Level.P2


def test_nothing_at_all_is_p5() -> None:
    assert combine([]).level is Level.P5


@pytest.mark.parametrize(
    ("active", "modifier"),
    list(
        product(
            ["ideation_active", "ideation_passive", "burden", "trapped", "violence_thoughts"],
            ["intoxication", "minor", "psychosis", "perinatal"],
        )
    ),
)
def test_thoughts_with_a_modifier_go_one_step_up(active: str, modifier: str) -> None:
    hits = [hit(active, Level.P3), hit(modifier, None)]
    decision = combine(hits)
    assert decision.level is Level.P2
    assert decision.notes


def test_a_modifier_alone_moves_nothing() -> None:
    assert combine([hit("low_mood"), hit("intoxication", None)]).level is Level.P4


def test_a_recent_urgent_conversation_is_p2_whatever_is_said() -> None:
    assert combine([hit("thanks", Level.P5)], context=Context(recent_urgent=True)).level is Level.P2


@pytest.mark.parametrize(
    ("danger", "expected"),
    [
        (NOTHING, Level.P5),
        ((0.45, 0, 0, 0), Level.P4),
        ((0.9, 0.55, 0, 0), Level.P3),
        ((0.9, 0.9, 0.65, 0), Level.P2),
        ((0.9, 0.9, 0.9, 0.8), Level.P1),
        ((math.nan,) * 4, Level.P5),
    ],
)
def test_scores_reach_levels_at_their_thresholds(danger, expected: Level) -> None:
    assert combine([], Scores(danger_self=danger), None, LIMITS).level is expected


def test_other_heads_raise_too() -> None:
    assert combine([], Scores(danger_self=NOTHING, self_injury=0.9)).level is Level.P3
    assert combine([], Scores(danger_self=NOTHING, danger_other=0.9)).level is Level.P3
    assert combine([], Scores(danger_self=NOTHING, concern_third=0.9)).level is Level.P4


def test_disagreement_of_two_levels_asks_for_a_review() -> None:
    decision = combine([hit(floor=Level.P4)], Scores(danger_self=(1, 1, 1, 0)), None, LIMITS)
    assert decision.level is Level.P2
    assert decision.rules_level is Level.P4
    assert decision.needs_review


@pytest.mark.parametrize(
    "signal", ["unclassifiable", "language_unsupported", "media", "obfuscated"]
)
def test_the_unreadable_asks_for_a_review(signal: str) -> None:
    assert combine([hit(signal, Level.P3)]).needs_review


class TestReports:
    @pytest.mark.parametrize(
        ("answers", "expected"),
        [
            ({}, Level.P4),
            ({"danger_now": "no"}, Level.P4),
            ({"danger_now": "yes"}, Level.P1),
            ({"danger_now": " YES "}, Level.P1),
            ({"danger_now": "not_sure"}, Level.P2),
            ({"danger_sign": "yes"}, Level.P3),
            ({"unreachable": "no_answer", "when_where": "today"}, Level.P3),
            ({"unreachable": "blocked", "when_where": "just_now", "danger_sign": "yes"}, Level.P2),
            (
                {"unreachable": "no_answer", "when_where": "just_now", "danger_now": "not_sure"},
                Level.P1,
            ),
            ({"unreachable": "no_answer", "when_where": "longer"}, Level.P4),
            ({"reached": "no_answer", "when_where": "today"}, Level.P3),
            ({"reached": "blocked", "when_where": "this_week"}, Level.P4),
            ({"unheard_of": "yes", "when_where": "purple"}, Level.P4),
        ],
    )
    def test_floor(self, answers: dict[str, str], expected: Level) -> None:
        level, reasons = report_floor(answers)
        assert level is expected
        assert reasons

    @given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=6))
    def test_total_and_never_later_than_p4(self, answers: dict[str, str]) -> None:
        level, reasons = report_floor(answers)
        assert not Level.P4.sooner_than(level)
        assert reasons

    def test_danger_now_is_p1_beside_any_other_answer(self) -> None:
        for other in ("no_answer", "blocked", "yes", ""):
            assert report_floor({"danger_now": "yes", "unreachable": other})[0] is Level.P1


def test_one_step_up_stops_at_p1() -> None:
    assert [one_step_up(level) for level in Level] == [
        Level.P1, Level.P1, Level.P2, Level.P3, Level.P4,
    ]  # fmt: skip
    assert soonest(*Level) is Level.P1
