"""The engine against the shipped library: total, never silent, restartable at every step."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.conversation.effects import (
    AddToReport,
    Ask,
    Erase,
    KeepReport,
    Quiet,
    Refer,
    Respond,
    Say,
    WithdrawReport,
)
from handrail.conversation.engine import advance
from handrail.conversation.state import Form, State, decode, encode
from handrail.conversation.turn import Turn, action_button, question_button, read_press
from handrail.domain.assessment import Assessment, Hit, Person
from handrail.domain.contact import Report
from handrail.domain.cover import Audience
from handrail.domain.ids import ContactId, ConversationId, Platform, ReportId
from handrail.domain.level import Level
from handrail.domain.message import Incoming, IncomingKind
from playbooks.load import load_library

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
LIBRARY = load_library()


def assessed(level=Level.P5, person=Person.UNCLEAR, *, review=False):
    hits = ()
    if level in (Level.P1, Level.P2):
        hits = (
            Hit(rule="test.rule", signal="intent", floor=level, start=0, end=1, reason="said so"),
        )
    return Assessment(
        level=level, rules_level=level, person=person, signals=(), hits=hits, reasons=(),
        needs_review=review,
    )  # fmt: skip


def turn(text="", *, kind=IncomingKind.TEXT, press=None, assessment=None, **facts):
    incoming = Incoming(
        platform=Platform("web"), account="a", address="a", message_id="1", kind=kind,
        sent_at=NOW, text=text, press=press, attachments=facts.pop("attachments", ()),
    )  # fmt: skip
    return Turn(
        incoming=incoming, assessment=assessment or assessed(), now=NOW, locale="en-GB", **facts
    )


def go(state, text="", **given):
    return advance(state, turn(text, **given), LIBRARY)


def press(state, button, **given):
    return advance(state, turn(kind=IncomingKind.PRESS, press=button, **given), LIBRARY)


def button(effects, value):
    asked = next(e for e in effects if isinstance(e, Ask))
    return next(b.id for b in asked.buttons if b.id.split(":")[3] == value)


def keys(effects):
    return [e.key for e in effects if isinstance(e, Say)]


def asked_question(effects):
    asked = next(e for e in effects if isinstance(e, Ask))
    return asked.buttons[0].id.split(":")[2] if asked.buttons else asked.text


def begun():
    return go(State(), "I'm worried about a friend", assessment=assessed(Level.P4, Person.THIRD))


def test_a_worry_begins_with_the_danger_question_and_opens_a_referral():
    state, effects = begun()
    assert asked_question(effects) == "danger_now"
    assert any(isinstance(e, Refer) for e in effects)
    assert state.audience is Audience.REPORT
    labels = [b.label for b in next(e for e in effects if isinstance(e, Ask)).buttons]
    assert "Skip" not in labels, "the danger question cannot be skipped"


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
def test_danger_puts_the_emergency_number_before_the_next_question(answer):
    state, effects = begun()
    state, effects = press(state, button(effects, answer))
    told = next(i for i, e in enumerate(effects) if isinstance(e, Say) and e.key == "report_danger")
    asked = next(i for i, e in enumerate(effects) if isinstance(e, Ask))
    assert told < asked
    assert asked_question(effects) == "rang"


@pytest.mark.parametrize(("typed", "value"), [("yeah", "yes"), ("nope", "no"), ("idk", "not_sure")])
def test_an_answer_typed_counts_like_one_pressed(typed, value):
    state, _ = begun()
    state, _ = go(state, typed)
    assert state.form.answered("danger_now") == value


def test_danger_that_nobody_understood_is_asked_once_more_and_then_counts_as_not_sure():
    state, _ = begun()
    state, effects = go(state, "purple")
    assert asked_question(effects) == "danger_now"
    state, effects = go(state, "still purple")
    assert state.form.answered("danger_now") == "not_sure"
    assert "report_danger" in keys(effects)


def walk(answers):
    """Play the whole form; returns the last state and effects."""
    state, effects = begun()
    for _ in range(30):
        if state.form is None:
            return state, effects
        question = state.form.question
        reply = answers.get(question, "skip")
        if reply.startswith("="):
            state, effects = press(state, button(effects, reply[1:]))
        else:
            state, effects = go(state, reply)
    raise AssertionError("the form never ended")


def test_a_finished_form_is_kept_as_a_report_and_closed_in_order():
    state, effects = walk({"danger_now": "=no", "seen": "not like herself", "reached": "=blocked"})
    kept = next(e for e in effects if isinstance(e, KeepReport))
    answers = dict(kept.answers)
    assert answers["danger_now"] == "no"
    assert answers["seen"] == "not like herself"
    assert answers["reached"] == "blocked"
    assert answers["relation"] == "", "a skipped question stays in the report as skipped"
    assert keys(effects)[-3:] == ["coaching_card", "report_next", "report_receipt"]
    assert state.form is None


def test_no_to_writing_back_ends_in_quiet_after_the_closing_words():
    _, effects = walk({"danger_now": "=no", "write_back": "=no"})
    assert isinstance(effects[-1], Quiet)


def test_every_question_but_the_first_can_be_skipped():
    flow = LIBRARY.flow("en-GB", "report")
    assert [q.id for q in flow.questions if not q.skippable] == ["danger_now"]
    assert len(flow.questions) >= 9


def test_a_button_pressed_twice_asks_the_same_question_again():
    state, effects = begun()
    first = button(effects, "no")
    state, effects = press(state, first)
    waiting = state.form.question
    again, effects = press(state, first)
    assert again.form.question == waiting
    assert keys(effects) == []
    flow = LIBRARY.flow("en-GB", "report")
    assert [e.text for e in effects if isinstance(e, Ask)] == [flow.question(waiting).text]
    assert again.form.answers == state.form.answers


def test_a_changed_answer_replaces_the_earlier_one():
    state, effects = begun()
    yes, no = button(effects, "yes"), button(effects, "no")
    state, _ = press(state, no)
    state, effects = press(state, yes)
    assert state.form.answered("danger_now") == "yes"
    assert "report_danger" in keys(effects)


def test_a_button_from_an_earlier_form_changes_nothing_and_is_explained():
    old = question_button("report", "reached", "yes", 3)
    state, effects = press(replace(State(), turns=40), old)
    assert state.form is None
    assert keys(effects)[0] == "still_with"


def test_an_old_danger_button_still_means_danger():
    old = question_button("report", "danger_now", "yes", 3)
    state, effects = press(replace(State(), turns=40), old)
    assert "report_danger" in keys(effects)
    assert any(isinstance(e, Refer) for e in effects)
    assert state.form.answered("danger_now") == "yes"


def test_the_form_yields_to_an_emergency_of_the_writer_and_can_go_on_later():
    state, effects = begun()
    state, _ = press(state, button(effects, "no"))
    waiting = state.form.question
    state, effects = go(state, "I can't go on", assessment=assessed(Level.P1, Person.FIRST))
    assert effects[:2] == (Refer(), Respond(audience=Audience.SELF))
    assert state.form is None
    assert state.paused is not None
    state, effects = press(state, action_button("report"))
    assert state.form.question == waiting
    assert dict(state.form.answers)["danger_now"] == "no"


def test_new_danger_to_the_other_person_puts_the_number_first_and_the_form_goes_on():
    state, effects = begun()
    state, _ = press(state, button(effects, "no"))
    state, effects = go(
        state, "she has just gone", assessment=assessed(Level.P1, Person.THIRD), raised=True
    )
    assert keys(effects)[0] == "report_danger"
    assert state.form is not None


@pytest.mark.parametrize(
    ("word", "expected"),
    [("STOP", "quiet_stopped"), ("HELP", "help_menu")],
)
def test_control_words_work_in_the_middle_of_a_form(word, expected):
    state, _ = begun()
    _, effects = go(state, word)
    assert expected in keys(effects)


def test_delete_asks_first_and_only_a_clear_yes_erases():
    state, effects = go(State(), "DELETE")
    assert asked_question(effects) == "confirm"
    unsure, effects = go(state, "blue")
    assert Erase() not in effects
    _, effects = go(unsure, "blue again")
    assert Erase() not in effects
    _, effects = press(state, button(go(State(), "DELETE")[1], "yes"))
    assert Erase() in effects


def test_asking_to_delete_in_the_middle_of_a_report_does_not_lose_the_report():
    state, effects = begun()
    state, _ = press(state, button(effects, "no"))
    state, _ = go(state, "DELETE")
    assert state.form.flow == "delete"
    assert state.paused.answered("danger_now") == "no"


def test_help_with_more_words_is_distress_and_goes_to_triage():
    _, effects = go(State(), "please help me", assessment=assessed(Level.P3))
    assert Respond(audience=Audience.SELF) in effects


def test_a_danger_in_a_long_message_that_begins_with_a_control_word_is_answered_as_danger():
    _, effects = go(State(), "stop messaging me", assessment=assessed(Level.P1, Person.FIRST))
    assert Respond(audience=Audience.SELF) in effects


def test_with_a_volunteer_the_machine_is_quiet_until_danger_is_new():
    _, effects = go(State(), "thanks", with_person=True, referred=True)
    assert effects == (Refer(),)
    _, effects = go(
        State(), "now", with_person=True, referred=True, raised=True,
        assessment=assessed(Level.P1, Person.FIRST),
    )  # fmt: skip
    assert Respond(audience=Audience.SELF) in effects


def test_talk_opens_a_referral_and_a_second_wish_says_where_they_are_in_line():
    _, effects = press(State(), action_button("talk"))
    assert keys(effects) == ["talk_opened"]
    _, effects = press(State(), action_button("talk"), referred=True)
    assert keys(effects) == ["talk_already"]


def test_a_plain_yes_means_what_was_asked_last():
    state = State(on_yes="talk", on_no="later")
    assert keys(go(state, "yes please")[1]) == ["talk_opened"]
    assert keys(go(state, "no thanks")[1]) == ["later_ok"]


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": IncomingKind.ATTACHMENT, "attachments": ("voice",)},
        {"kind": IncomingKind.TEXT, "text": "   "},
        {"kind": IncomingKind.TEXT, "text": ""},
    ],
)
def test_what_cannot_be_read_is_answered_and_put_before_a_person(facts):
    text = facts.pop("text", "")
    _, effects = go(State(), text, **facts)
    assert keys(effects) == ["unreadable"]
    refer = next(e for e in effects if isinstance(e, Refer))
    assert refer.floor is Level.P3


def test_somebody_elses_troubles_do_not_turn_a_talk_into_a_report():
    state, effects = go(
        State(greeted=True, own=Level.P4), "my friend says I should rest", referred=True,
        assessment=assessed(Level.P4, Person.THIRD),
    )  # fmt: skip
    assert state.form is None
    assert any(isinstance(e, Respond) for e in effects)


def test_more_about_a_kept_report_is_added_to_it_and_not_asked_all_over():
    state = State(audience=Audience.REPORT, report_id="r1")
    _, effects = go(
        state, "she posted again", referred=True, assessment=assessed(Level.P3, Person.THIRD)
    )
    assert AddToReport(text="she posted again") in effects
    assert not any(isinstance(e, Ask) for e in effects)


REPORT = Report(
    id=ReportId("r1"), contact_id=ContactId("c"), conversation_id=ConversationId("v"),
    answers=(), created_at=NOW,
)  # fmt: skip


def test_a_receipt_shows_the_status_and_offers_to_add_or_withdraw():
    state, effects = go(State(), "six little words of a receipt", report=REPORT)
    assert keys(effects) == ["status_answer"]
    added, effects = press(state, button(effects, "add"))
    _, effects = go(added, "one more thing")
    assert AddToReport(report_id=ReportId("r1"), text="one more thing") in effects
    assert "report_added" in keys(effects)
    state, effects = go(State(), "six little words of a receipt", report=REPORT)
    _, effects = press(state, button(effects, "withdraw"))
    assert WithdrawReport(report_id=ReportId("r1")) in effects


def test_a_wrong_receipt_is_asked_once_more_and_then_other_help_is_offered():
    state, _ = go(State(), "status")
    state, effects = go(state, "not a code")
    assert keys(effects) == ["status_unknown"]
    assert state.form is not None
    state, effects = go(state, "not a code either")
    assert keys(effects)[0] == "status_unknown"
    assert state.form is None


def test_distress_typed_where_a_receipt_was_asked_is_answered_as_distress():
    state, _ = go(State(), "status")
    _, effects = go(state, "I can't do this", assessment=assessed(Level.P2, Person.FIRST))
    assert Respond(audience=Audience.SELF) in effects


# ---- laws ------------------------------------------------------------------------------------

texts = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["STOP", "DELETE", "HELP", "status", "yes", "no", "skip", "talk", "1", "2"]),
    st.sampled_from(
        ["I'm worried about a friend", "she won't answer me", "not sure", "x" * 10_000]
    ),
    st.sampled_from(["😶", "\u202eevil", "\x00"]),
)
assessments = st.builds(
    assessed, st.sampled_from(list(Level)), st.sampled_from(list(Person)), review=st.booleans()
)
buttons = st.one_of(
    st.sampled_from(["talk", "report", "status", "help", "stop", "delete", "later", "x"]).map(
        action_button
    ),
    st.builds(
        question_button,
        st.sampled_from(["report", "status", "delete", "talk", "gone"]),
        st.sampled_from(["danger_now", "reached", "confirm", "next", "gone"]),
        st.sampled_from(["yes", "no", "skip", "withdraw", "gone"]),
        st.integers(0, 12),
    ),
    st.text(max_size=20),
)
turns = st.builds(
    lambda kind, text, pressed, found, with_person, referred, raised, attached: turn(
        text, kind=kind, press=pressed, assessment=found, with_person=with_person,
        referred=referred or with_person, raised=raised, attachments=("photo",) if attached else (),
    ),
    st.sampled_from(list(IncomingKind)), texts, buttons, assessments, st.booleans(), st.booleans(),
    st.booleans(), st.booleans(),
)  # fmt: skip


@given(st.lists(turns, min_size=1, max_size=12))
def test_any_history_is_answered_at_every_step_and_survives_a_restart(history):
    state = State()
    for one in history:
        assert decode(encode(state)) == state
        state, effects = advance(state, one, LIBRARY)
        spoken = [e for e in effects if isinstance(e, Say | Ask | Respond | Erase)]
        assert spoken or one.with_person, "silence is only allowed when a volunteer is there"
        for effect in effects:
            if isinstance(effect, Say):
                assert ("en-GB", effect.key) in LIBRARY.playbooks
            if isinstance(effect, Ask):
                assert all(len(b.id) <= 64 and b.id.isascii() for b in effect.buttons)
        if one.with_person and one.incoming.kind is IncomingKind.TEXT:
            assert effects


@given(st.text())
def test_a_broken_or_foreign_state_becomes_a_fresh_one(text):
    assert isinstance(decode(text), State)


def test_a_form_survives_as_json():
    form = Form(flow="report", question="seen", first=1, turn=4, answers=(("danger_now", "no"),))
    state = State(form=form, said=(("urgent", 2, NOW.isoformat()),), report_id="r")
    assert decode(encode(state)) == state
    assert decode(encode(state)).last_said("urgent") == NOW
    assert state.having_said("urgent", NOW + timedelta(hours=1)).times_said("urgent") == 3


@given(st.text(max_size=80))
def test_reading_a_button_never_fails(text):
    read_press(text)
