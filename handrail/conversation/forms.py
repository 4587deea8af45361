"""Flows: one question after another, by button or in free words. Pure.

What an answer does beyond being recorded is named in the flow's data (`effect`):
    add       the next question's text is kept beside the report of the receipt
    withdraw  the report of the receipt is withdrawn
    erase     the contact's key is destroyed
"""

from dataclasses import replace

from handrail.conversation.effects import (
    AddToReport,
    Ask,
    Effect,
    KeepReport,
    Quiet,
    Refer,
    Respond,
    Say,
)
from handrail.conversation.questions import (
    SKIP,
    ask_question,
    belongs,
    buttons_of,
    cautious,
    choice_of,
    danger_first,
    done_by,
    question_after,
    refer_if_report,
    said_at_once,
)
from handrail.conversation.state import Form, State
from handrail.conversation.turn import Press, Turn, heard, intent, without
from handrail.domain.cover import Audience
from handrail.domain.ids import ReportId
from handrail.domain.level import Level
from playbooks.model import Answer, Flow, Library, Question

Result = tuple[State, tuple[Effect, ...]]

_TELLS_FROM_WORDS = 4
MAX_TRIES = 2
"""How often a receipt code may be mistyped before we stop asking and offer a person instead."""


def put_aside(state: State) -> State:
    """Leave the form under way. A report is kept and can go on; other flows are simply over."""
    if state.form is None or state.form.flow != "report":
        return replace(state, form=None)
    return replace(state, form=None, paused=state.form)


def resumed(state: State) -> State:
    """Take up the form that was put aside, if no other is under way."""
    if state.form is not None or state.paused is None:
        return state
    return replace(state, form=state.paused, paused=None)


def begin(
    state: State,
    name: str,
    turn: Turn,
    library: Library,
    *,
    answers: tuple[tuple[str, str], ...] = (),
) -> Result:
    """Ask the first question of a flow. A flow that is under way goes on where it stands."""
    if state.form is not None and state.form.flow == name:
        return ask_again(state, turn, library)
    flow = library.flow(turn.locale, name)
    state = put_aside(state)
    number = state.turns + 1
    first = flow.questions[0]
    form = Form(flow=name, question=first.id, first=number, turn=number, answers=answers)
    audience = Audience.REPORT if name == "report" else state.audience
    state = replace(state, form=form, turns=number, audience=audience, greeted=True)
    opening = tuple(Say(key=key) for key in flow.opening)
    return state, (*opening, ask_question(flow, first, form, library))


def ask_again(state: State, turn: Turn, library: Library) -> Result:
    """Repeat the question that waits, with the same buttons; nothing waits: offer the menu."""
    if state.form is None:
        return state, (Say(key="help_menu"),)
    flow = library.flow(turn.locale, state.form.flow)
    question = flow.question(state.form.question)
    if question is None:  # the flow was edited under this conversation: do not lose what was said
        return _end(state, state.form, flow)
    return state, (ask_question(flow, question, state.form, library),)


def answer_typed(state: State, turn: Turn, library: Library) -> Result:
    """An answer in free words. Always accepted: if it fits no button, it is kept as it is."""
    form = state.form
    assert form is not None  # noqa: S101  (the engine calls this with a form)
    flow = library.flow(turn.locale, form.flow)
    question = flow.question(form.question)
    if question is None:
        return _end(state, form, flow)
    if form.flow == "status" and (turn.report is not None or form.report_id is None):
        return _receipt_typed(state, form, turn, library)
    if question.skippable and intent(library.words(turn.locale), turn.text, among=("skip",)):
        return _answered(state, form, flow, question, "", None, library)
    if (corrected := _corrected(state, form, flow, question, turn, library)) is not None:
        return corrected
    answer = heard(question, turn.text)
    if answer is None and form.flow == "status":  # they told us more instead of pressing "add"
        question = flow.question("addition") or question
    if answer is None and question.answers and not question.skippable:
        if form.tries == 0:
            again = Ask(
                text=question.again or question.text,
                buttons=buttons_of(flow, question, form, library),
            )
            kept = replace(_told(form, flow, turn.text), tries=1)
            return replace(state, form=kept), (Refer(), *danger_first(turn), again)
        answer = cautious(question)
    value = answer.value if answer else turn.text
    new, effects = _answered(state, form, flow, question, value, answer, library)
    said = {effect.key for effect in effects if isinstance(effect, Say)}
    return new, (*(e for e in danger_first(turn) if e.key not in said), *effects)


def answer_pressed(state: State, press: Press, turn: Turn, library: Library) -> Result:
    """A button: of the question that waits, of an earlier one, or of an earlier form."""
    if belongs(press, state.form):
        return _pressed(state, press, turn, library)
    if belongs(press, state.paused):
        return _pressed(replace(state, form=state.paused, paused=None), press, turn, library)
    flow = library.flows.get((turn.locale, press.flow or ""))
    answer = choice_of(flow, press)
    if answer is not None and answer.before and flow is not None:  # "yes, in danger" never expires
        begun, _ = begin(replace(state, form=None), flow.name, turn, library)
        assert begun.form is not None  # noqa: S101
        fresh = replace(press, turn=begun.form.turn)
        return _pressed(begun, fresh, turn, library)
    return state, (Say(key="still_with"), *ask_again(state, turn, library)[1])


def show_report(state: State, turn: Turn, library: Library) -> Result:
    """The receipt was right: say where the report stands, then offer to add or withdraw."""
    report = turn.report
    assert report is not None  # noqa: S101  (callers checked)
    flow = library.flow(turn.locale, "status")
    answer: tuple[Effect, ...] = (Say(key="status_answer"),)
    follow_up = next((q for q in flow.questions if q.answers), None)
    if follow_up is None or report.withdrawn_at is not None:
        return replace(state, form=None), answer
    number = state.turns + 1
    first = state.form.first if state.form and state.form.flow == "status" else number
    state = put_aside(state)
    form = Form(
        flow="status", question=follow_up.id, first=first, turn=number, report_id=str(report.id)
    )
    return replace(state, form=form, turns=number), (
        *answer,
        ask_question(flow, follow_up, form, library),
    )


def _receipt_typed(state: State, form: Form, turn: Turn, library: Library) -> Result:
    if turn.report is not None:
        return show_report(state, turn, library)
    words = library.words(turn.locale)
    if not turn.urgent and intent(words, turn.text, among=("no", "skip", "lost")):
        return _code_given_up(state, turn, library)
    if turn.pain or turn.own_level not in (Level.P3, Level.P5):  # no code: they told us something
        return replace(state, form=None), (
            Refer(), Respond(audience=state.audience),
        )  # fmt: skip
    if form.tries + 1 >= MAX_TRIES:
        return replace(state, form=None), (Refer(), Say(key="status_unknown"), Say(key="help_menu"))
    again = ask_again(state, turn, library)[1]
    return replace(state, form=replace(form, tries=form.tries + 1)), (
        Refer(), Say(key="status_unknown"), *again,
    )  # fmt: skip


def _code_given_up(state: State, turn: Turn, library: Library) -> Result:
    """No receipt at hand: on with the form that made way for it, or with whatever they like."""
    state = resumed(replace(state, form=None))
    again = ask_again(state, turn, library)[1] if state.form else ()
    return state, (Refer(), Say(key="status_lost"), *again)


def _pressed(state: State, press: Press, turn: Turn, library: Library) -> Result:
    form = state.form
    assert form is not None  # noqa: S101  (callers checked)
    flow = library.flow(turn.locale, form.flow)
    question = flow.question(press.question or "")
    answer = choice_of(flow, press)
    if question is None or (answer is None and press.value != SKIP):
        return ask_again(state, turn, library)
    value = answer.value if answer else ""
    if question.id == form.question:
        return _answered(state, form, flow, question, value, answer, library)
    if form.answered(question.id) == value:  # pressed twice
        return ask_again(state, turn, library)
    return _changed(state, form, flow, question, value, answer, turn, library)


def _told(form: Form, flow: Flow, text: str) -> Form:
    """Somebody begins to tell instead of saying yes or no: that answers "what have you seen"."""
    if flow.name != "report" or form.answered("seen") or len(text.split()) < _TELLS_FROM_WORDS:
        return form
    return form.with_answer("seen", text)


def _corrected(
    state: State, form: Form, flow: Flow, question: Question, turn: Turn, library: Library
) -> Result | None:
    """ "Actually yes": the answer to this question, else to the latest one that it can answer."""
    rest = without(library.words(turn.locale), turn.text, "correction")
    if rest is None or flow.name != "report":
        return None
    answer = heard(question, rest)
    if answer is not None:
        return _answered(state, form, flow, question, answer.value, answer, library)
    for question_id, _ in reversed(form.answers):
        earlier = flow.question(question_id)
        meant = heard(earlier, rest) if earlier is not None and earlier.answers else None
        if earlier is not None and meant is not None:
            return _changed(state, form, flow, earlier, meant.value, meant, turn, library)
    return None


def _changed(
    state: State,
    form: Form,
    flow: Flow,
    question: Question,
    value: str,
    answer: Answer | None,
    turn: Turn,
    library: Library,
) -> Result:
    """An earlier answer is another one now; the question that waits goes on waiting."""
    changed = replace(state, form=form.with_answer(question.id, value))
    return changed, (
        *refer_if_report(flow),
        *said_at_once(answer),
        *ask_again(changed, turn, library)[1],
    )


def _answered(
    state: State,
    form: Form,
    flow: Flow,
    question: Question,
    value: str,
    answer: Answer | None,
    library: Library,
) -> Result:
    form = form.with_answer(question.id, value)
    effects: tuple[Effect, ...] = (
        *refer_if_report(flow),
        *said_at_once(answer),
        *done_by(answer, form),
    )
    if flow.name == "status" and question.id == "addition" and value:
        added = AddToReport(report_id=ReportId(form.report_id or ""), text=value)
        effects = (*effects, added, Say(key="report_added"))
    following = question_after(flow, question, form, answer)
    if following is None:
        ended, closing = _end(state, form, flow)
        return ended, (*effects, *closing)
    number = state.turns + 1
    form = replace(form, question=following.id, turn=number, tries=0)
    new = replace(state, form=form, turns=number)
    return new, (*effects, ask_question(flow, following, form, library))


def _end(state: State, form: Form, flow: Flow) -> Result:
    closing: tuple[Effect, ...] = tuple(Say(key=key) for key in flow.closing)
    state = replace(state, form=None)
    if flow.name != "report":
        return state, closing
    effects: tuple[Effect, ...] = (KeepReport(answers=form.answers), *closing)
    if form.answered("write_back") == "no":
        effects = (*effects, Quiet())
    return state, effects
