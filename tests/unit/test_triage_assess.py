"""assess(): the one entry. It never raises, reads a burst as one thought, and says why."""

import json
import math
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail.domain.assessment import Context, Person, Scores
from handrail.domain.errors import ClassifierUnavailable
from handrail.domain.level import Level
from triage import assess as module
from triage.assess import assess
from triage.model import Bounded, RulesOnly, asked
from triage.report import as_record, explain

URGENT = {Level.P1, Level.P2}


class Fixed:
    """A classifier that always gives the same answer, or raises it."""

    name = "fixed"
    version = "7"

    def __init__(self, answer: Scores | Exception, delay: float = 0.0) -> None:
        self.answer = answer
        self.delay = delay
        self.seen: list[str] = []

    def score(self, texts: Sequence[str]) -> Sequence[Scores]:
        self.seen.extend(texts)
        time.sleep(self.delay)
        if isinstance(self.answer, Exception):
            raise self.answer
        return [self.answer for _ in texts]


QUIET = Scores(danger_self=(0.1, 0.0, 0.0, 0.0))
ALARMED = Scores(danger_self=(0.99, 0.98, 0.95, 0.9))

_CONTEXT = st.builds(
    Context,
    earlier=st.lists(st.text(max_size=40), max_size=3).map(tuple),
    floor=st.none() | st.sampled_from(list(Level)),
    recent_urgent=st.booleans(),
    reporting=st.booleans(),
    unreadable=st.booleans(),
    locale=st.sampled_from(["en", "en-GB", "en-US", "de-DE", "", "xx"]),
)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), _CONTEXT)
def test_never_raises_and_spans_lie_in_the_text(text: str, context: Context) -> None:
    result = assess(text, context)
    assert not result.degraded
    for hit in result.hits:
        assert 0 <= hit.start <= hit.end <= len(text)
    assert json.loads(json.dumps(as_record(result)))["level"] == result.level.value
    assert explain(result, text)


_PIECES = st.lists(
    st.sampled_from(
        ["i want to die", "tonight", "not today", "lol", "my friend said", "she is going to end it",
         "thanks", "goodbye", "i took too many", "he hits me", "💀", "k1ll myself", ".", ",", "?",
         "years ago", "dissertation", "I'm not suicidal"]
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_PIECES, _PIECES)
def test_an_earlier_message_is_never_forgotten(first: list[str], second: list[str]) -> None:
    before, after = " ".join(first), " ".join(second)
    alone = assess(before).level
    together = assess(after, Context(earlier=(before,))).level
    if alone.sooner_than(Level.P4):
        assert not alone.sooner_than(together)


@settings(max_examples=100, deadline=None)
@given(_PIECES, st.sampled_from(list(Level)))
def test_a_conversation_never_falls_below_its_floor(pieces: list[str], floor: Level) -> None:
    assert not floor.sooner_than(assess(" ".join(pieces), Context(floor=floor)).level)


class TestBursts:
    def test_a_thought_in_pieces_is_read_as_one(self) -> None:
        result = assess("tonight", Context(earlier=("i am going to", "end my life")))
        assert result.level is Level.P1

    def test_not_today_does_not_clear_what_was_said(self) -> None:
        result = assess("not today", Context(earlier=("i am going to kill myself",)))
        assert result.level in URGENT

    def test_a_joke_does_not_clear_it_either(self) -> None:
        result = assess("lol jk", Context(earlier=("im ending my life tonight",)))
        assert result.level is Level.P1

    def test_a_harmless_burst_stays_harmless(self) -> None:
        result = assess("thanks so much", Context(earlier=("what hours are you open",)))
        assert result.level is Level.P5


class TestPerson:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("I want to die", Person.FIRST),
            ("my friend told me she wants to die", Person.THIRD),
            ("I told my friend I want to die", Person.FIRST),
            ("he texted 'I am going to do it tonight'", Person.THIRD),
            ("tried last week. still here", Person.FIRST),
            ("my dad hits me", Person.FIRST),
            ("my dad hits my mum", Person.THIRD),
            ("my pupil says her stepdad hurts her", Person.THIRD),
            ("asking for a friend, what if someone wants to end it", Person.FIRST),
            ("I lost my brother to suicide", Person.FIRST),
            ("I'm worried about my flatmate, she can't go on", Person.THIRD),
            ("feeling low", Person.FIRST),
        ],
    )
    def test_whom_it_is_about(self, text: str, expected: Person) -> None:
        assert assess(text).person is expected

    def test_a_report_is_about_another_unless_clearly_not(self) -> None:
        context = Context(reporting=True)
        assert assess("won't answer the phone, said goodbye", context).person is Person.THIRD
        assert assess("I want to die too", context).person is Person.FIRST


class TestScope:
    @pytest.mark.parametrize(
        ("urgent", "harmless"),
        [
            ("I'm going to kill myself", "I'm not going to kill myself, I'm just tired"),
            ("I'm going to kill myself tonight", "going to kill the boss tonight with the guild"),
            ("I'd do it tonight if mum went out, goodbye all", "I'd do it tonight, dye my hair"),
            ("I tried to end my life on Monday", "years ago I tried to end my life, I'm well now"),
            ("goodbye everyone, I loved you all", "goodbye all, last day at work, see you Monday"),
            ("not today but Friday I will end it", "not today, Friday I will end my gym contract"),
            ("I will jump", "I will jump on the call"),
        ],
    )  # fmt: skip
    def test_twins_part(self, urgent: str, harmless: str) -> None:
        assert assess(urgent).level in URGENT
        assert assess(harmless).level not in URGENT

    @pytest.mark.parametrize(
        "idiom",
        [
            "this queue is killing me. ",
            "dying to see that film. ",
            "my essay on suicide rates is due. ",
            "we wiped on the final boss again. ",
            "shoot me a message. ",
            "ran 10 kms. ",
        ],
    )
    def test_an_idiom_never_hides_a_genuine_statement(self, idiom: str) -> None:
        for statement in ("I am going to end my life tonight.", "She says she will kill herself."):
            for text in (idiom + statement, statement + " " + idiom):
                assert assess(text).level in URGENT, text

    @pytest.mark.parametrize("laugh", ["lol", "jk", "haha", "💀", "half joking", "😂"])
    def test_laughter_never_cancels_intent_and_time(self, laugh: str) -> None:
        assert assess(f"im killing myself tonight {laugh}").level is Level.P1

    def test_only_the_denied_clause_is_denied(self) -> None:
        assert assess("I'm not sad. I am going to end my life").level in URGENT
        assert assess("I don't care anymore I'm going to end my life").level in URGENT
        assert assess("I won't kill myself").level is Level.P4


class TestFailingUp:
    @pytest.mark.parametrize(
        "text",
        ["", " ", "...", "😶", "x", "hi", "asdfgh qwert zxcv", "me quiero morir", "我不想活了"],
    )
    def test_what_cannot_be_read_is_looked_at_within_the_hour(self, text: str) -> None:
        result = assess(text)
        assert result.level is Level.P3
        assert result.needs_review

    def test_media_is_looked_at(self) -> None:
        result = assess("", Context(unreadable=True))
        assert (result.level, result.needs_review) == (Level.P3, True)
        assert "media" in result.signals

    def test_a_language_without_lexicon_is_reviewed(self) -> None:
        result = assess("ich will nicht mehr leben", Context(locale="de-DE"))
        assert (result.level, result.needs_review) == (Level.P3, True)

    def test_a_broken_lexicon_fails_up_and_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr(module, "_assess", broken)
        result = assess("hello there", Context(floor=Level.P2))
        assert result.degraded
        assert result.needs_review
        assert result.level is Level.P2
        assert assess("hello there").level is Level.P3
        assert assess("x", Context(recent_urgent=True)).level is Level.P2

    def test_ordinary_talk_waits(self) -> None:
        for text in ("we had pizza and watched the football with the kids", "ok thanks"):
            assert assess(text).level is Level.P5


class TestClassifier:
    def test_rules_alone_are_not_degraded(self) -> None:
        result = assess("feeling low")
        assert ("classifier", "rules-only") in result.versions
        assert not result.degraded
        assert result.score is None
        assert assess("feeling low", classifier=RulesOnly()) == result

    def test_a_classifier_raises_and_is_named(self) -> None:
        result = assess("we had pizza and watched the football", classifier=Fixed(ALARMED))
        assert result.level is Level.P1
        assert result.rules_level is Level.P5
        assert result.needs_review
        assert result.score == 0.95
        assert ("classifier", "fixed 7") in result.versions

    def test_a_classifier_never_lowers(self) -> None:
        result = assess("I am going to end my life tonight", classifier=Fixed(QUIET))
        assert result.level is Level.P1

    def test_it_sees_the_burst_as_one_text(self) -> None:
        fixed = Fixed(QUIET)
        assess("tonight", Context(earlier=("i will",)), classifier=fixed)
        assert fixed.seen == ["i will\ntonight"]

    @pytest.mark.parametrize(
        "answer",
        [
            RuntimeError("gone"),
            ClassifierUnavailable("gone"),
            Scores(danger_self=(math.nan, 0.0, 0.0, 0.0)),
            Scores(danger_self=(0.1, 0.0, 0.0, 0.0), self_injury=math.inf),
            Scores(danger_self=(0.1, 0.0, 0.0, 0.0), concern_third=-0.5),
            Scores(danger_self=(1.5, 0.0, 0.0, 0.0)),
            Scores(danger_self=()),  # type: ignore[arg-type]
        ],
    )
    def test_nonsense_is_degraded_and_rules_decide(self, answer: Scores | Exception) -> None:
        result = assess("I am going to end my life tonight", classifier=Fixed(answer))
        assert result.level is Level.P1
        assert result.degraded
        assert result.needs_review
        assert result.score is None

    def test_too_late_is_degraded(self) -> None:
        slow = Bounded(Fixed(ALARMED, delay=0.3), timeout=0.02)
        result = assess("feeling low", classifier=slow)
        assert (result.level, result.degraded) == (Level.P4, True)

    def test_in_time_is_heard(self) -> None:
        result = assess("feeling low", classifier=Bounded(Fixed(ALARMED), timeout=5))
        assert (result.level, result.degraded) == (Level.P1, False)

    def test_bounded_names_every_failure(self) -> None:
        with pytest.raises(ClassifierUnavailable, match="RuntimeError"):
            Bounded(Fixed(RuntimeError("gone"))).score(["x"])

    def test_a_busy_classifier_is_not_piled_upon(self) -> None:
        slow = Bounded(Fixed(QUIET, delay=0.4), timeout=0.02)
        for _ in range(4):
            assert asked(slow, ["x"]) is None
        assert len(slow._inner.seen) == 2  # type: ignore[attr-defined]

    def test_the_wrong_number_of_answers_is_no_answer(self) -> None:
        class Short(Fixed):
            def score(self, texts: Sequence[str]) -> Sequence[Scores]:
                return []

        assert asked(Short(QUIET), ["x"]) is None


class TestRecord:
    def test_a_record_has_what_the_command_promises(self) -> None:
        record = as_record(assess("I am going to end my life tonight"))
        assert {
            "level", "name", "person", "signals", "score", "hits", "reasons", "needs_review",
            "degraded", "rules_level", "versions",
        } == set(record)  # fmt: skip
        assert record["level"] == "P1"
        assert record["name"] == "Emergency (now)"
        assert {"rule", "signal", "floor", "start", "end", "reason"} == set(record["hits"][0])

    def test_a_record_never_holds_the_text(self) -> None:
        text = "my friend Zebedee said he will end his life tonight"
        assert "ebedee" not in json.dumps(as_record(assess(text)))

    def test_an_explanation_shows_the_words_and_the_reasons(self) -> None:
        text = "I am going to end my life tonight"
        words = explain(assess(text), text)
        assert words.startswith("P1  Emergency (now)\nabout: the writer")
        assert "said it will be now or tonight" in words
        assert '"going to end my life' in words

    def test_the_most_pressing_reason_comes_first(self) -> None:
        result = assess("feeling low. I am going to end my life")
        assert result.reasons[0] == "said they intend to end their life"
        assert result.hits[0].floor is Level.P2


class TestEarlierMessagesAreReadOnce:
    def test_a_burst_reads_each_earlier_message_once(self) -> None:
        module.forget()
        earlier = ("i feel so low", "nobody would miss me")
        for length in range(1, 6):
            assess("are you there" + "?" * length, Context(earlier=earlier))
        info = module._found_before.cache_info()
        assert (info.misses, info.hits) == (2, 8)
        assert info.maxsize is not None
        assert info.maxsize <= 256

    def test_whether_it_was_remembered_changes_nothing(self) -> None:
        context = Context(earlier=("i have written the letters", "lol"))
        module.forget()
        assert assess("hello", context) == assess("hello", context)

    def test_a_report_is_not_mixed_up_with_a_message_of_ones_own(self) -> None:
        earlier = ("i said goodbye and nobody answers",)
        module.forget()
        for reporting in (False, True, False):
            assess("hello", Context(earlier=earlier, reporting=reporting))
        assert module._found_before.cache_info().misses == 2

    def test_it_can_be_forgotten(self) -> None:
        assess("hello", Context(earlier=("i feel low",)))
        module.forget()
        assert module._found_before.cache_info().currsize == 0


@pytest.mark.parametrize(
    ("alone", "joke"),
    [
        ("i want to die", "jk"),
        ("i am going to end my life tonight", "it was just a joke"),
        ("my sister took all her tablets", "only kidding"),
    ],
)
def test_a_joke_is_recorded_and_never_lowers(alone: str, joke: str) -> None:
    for text in (f"{alone} {joke}", f"{joke}. {alone}", f"{alone}\n{joke} lol"):
        result = assess(text)
        assert "prank" in result.signals
        assert result.level is assess(alone).level
    assert assess(joke, Context(earlier=(alone,))).level is assess(alone).level


def test_not_joking_is_no_joke() -> None:
    assert "prank" not in assess("i am not joking").signals


def test_a_child_who_is_hurt_is_a_safeguarding_signal() -> None:
    result = assess("my mummy keeps slapping me")
    assert {"child_at_risk", "minor"} <= set(result.signals)
    assert "minor" not in assess("my partner keeps slapping me").signals
    assert "minor" not in assess("my daddy taught me to fish").signals


@pytest.mark.parametrize(
    "text",
    [
        "i was reading his message 'i will end my life tonight'",
        "listening to her say she will kill herself tonight",
        "listening to the song 'so long' on repeat. i will kill myself tonight",
    ],
)
def test_a_title_covers_its_own_words_only(text: str) -> None:
    assert assess(text).level is Level.P1
