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
    Erase,
    KeepReport,
    Quiet,
    Refer,
    Respond,
    Say,
    WithdrawReport,
)
from handrail.conversation.state import Form, State
from handrail.conversation.turn import Press, Turn, heard, intent, question_button
from handrail.domain.cover import Audience
from handrail.domain.ids import ReportId
from handrail.domain.level import Level
from handrail.domain.message import Button
from playbooks.model import Answer, Flow, Library, Question

Result = tuple[State, tuple[Effect, ...]]

SKIP = "skip"
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
    return state, (*opening, _ask(flow, first, form, library))


def ask_again(state: State, turn: Turn, library: Library) -> Result:
    """Repeat the question that waits, with the same buttons; nothing waits: offer the menu."""
    if state.form is None:
        return state, (Say(key="help_menu"),)
    flow = library.flow(turn.locale, state.form.flow)
    question = flow.question(state.form.question)
    if question is None:  # the flow was edited under this conversation: do not lose what was said
        return _end(state, state.form, flow)
    return state, (_ask(flow, question, state.form, library),)


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
    answer = heard(question, turn.text)
    if answer is None and form.flow == "status":  # they told us more instead of pressing "add"
        question = flow.question("addition") or question
    if answer is None and question.answers and not question.skippable:
        if form.tries == 0:
            again = Ask(
                text=question.again or question.text,
                buttons=_buttons(flow, question, form, library),
            )
            return replace(state, form=replace(form, tries=1)), (*_danger(turn), again)
        answer = next((a for a in question.answers if a.value == "not_sure"), question.answers[-1])
    value = answer.value if answer else turn.text
    new, effects = _answered(state, form, flow, question, value, answer, library)
    said = {effect.key for effect in effects if isinstance(effect, Say)}
    return new, (*(e for e in _danger(turn) if e.key not in said), *effects)


def answer_pressed(state: State, press: Press, turn: Turn, library: Library) -> Result:
    """A button: of the question that waits, of an earlier one, or of an earlier form."""
    if _belongs(press, state.form):
        return _pressed(state, press, turn, library)
    if _belongs(press, state.paused):
        return _pressed(replace(state, form=state.paused, paused=None), press, turn, library)
    flow = library.flows.get((turn.locale, press.flow or ""))
    answer = _choice(flow, press)
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
    return replace(state, form=form, turns=number), (*answer, _ask(flow, follow_up, form, library))


def _receipt_typed(state: State, form: Form, turn: Turn, library: Library) -> Result:
    if turn.report is not None:
        return show_report(state, turn, library)
    if turn.assessment.hits:  # they did not type a code, they told us something: answer that
        return replace(state, form=None), (
            Refer(), Respond(audience=state.audience),
        )  # fmt: skip
    if form.tries + 1 >= MAX_TRIES:
        return replace(state, form=None), (Say(key="status_unknown"), Say(key="help_menu"))
    again = ask_again(state, turn, library)[1]
    return replace(state, form=replace(form, tries=form.tries + 1)), (
        Say(key="status_unknown"), *again,
    )  # fmt: skip


def _belongs(press: Press, form: Form | None) -> bool:
    return form is not None and form.flow == press.flow and (press.turn or 0) >= form.first


def _pressed(state: State, press: Press, turn: Turn, library: Library) -> Result:
    form = state.form
    assert form is not None  # noqa: S101  (callers checked)
    flow = library.flow(turn.locale, form.flow)
    question = flow.question(press.question or "")
    answer = _choice(flow, press)
    if question is None or (answer is None and press.value != SKIP):
        return ask_again(state, turn, library)
    value = answer.value if answer else ""
    if question.id == form.question:
        return _answered(state, form, flow, question, value, answer, library)
    if form.answered(question.id) == value:  # pressed twice
        return ask_again(state, turn, library)
    changed = replace(state, form=form.with_answer(question.id, value))
    before = _before(answer)
    return changed, (*_refer(flow), *before, *ask_again(changed, turn, library)[1])


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
    effects: tuple[Effect, ...] = (*_refer(flow), *_before(answer), *_done(answer, form))
    if flow.name == "status" and question.id == "addition" and value:
        added = AddToReport(report_id=ReportId(form.report_id or ""), text=value)
        effects = (*effects, added, Say(key="report_added"))
    following = _next(flow, question, form, answer)
    if following is None:
        ended, closing = _end(state, form, flow)
        return ended, (*effects, *closing)
    number = state.turns + 1
    form = replace(form, question=following.id, turn=number, tries=0)
    new = replace(state, form=form, turns=number)
    return new, (*effects, _ask(flow, following, form, library))


def _next(flow: Flow, question: Question, form: Form, answer: Answer | None) -> Question | None:
    """The next question that is not answered yet and whose condition holds."""
    goto = answer.goto if answer else None
    if goto == "end":
        return None
    if goto is not None:
        return flow.question(goto)
    later = flow.questions[flow.questions.index(question) + 1 :]
    return next((q for q in later if form.answered(q.id) is None and _asked(q, form)), None)


def _asked(question: Question, form: Form) -> bool:
    if question.only_if is None:
        return True
    other, values = question.only_if
    return form.answered(other) in values


def _end(state: State, form: Form, flow: Flow) -> Result:
    closing: tuple[Effect, ...] = tuple(Say(key=key) for key in flow.closing)
    state = replace(state, form=None)
    if flow.name != "report":
        return state, closing
    effects: tuple[Effect, ...] = (KeepReport(answers=form.answers), *closing)
    if form.answered("write_back") == "no":
        effects = (*effects, Quiet())
    return state, effects


def _refer(flow: Flow) -> tuple[Effect, ...]:
    if flow.name == "report":
        return (Refer(reason="worried_about_someone", floor=Level.P4),)
    return ()


def _danger(turn: Turn) -> tuple[Say, ...]:
    """New danger to somebody else, told in the middle of a form: the number comes first."""
    return (Say(key="report_danger"),) if turn.urgent and turn.raised else ()


def _before(answer: Answer | None) -> tuple[Effect, ...]:
    return (Say(key=answer.before),) if answer and answer.before else ()


def _done(answer: Answer | None, form: Form) -> tuple[Effect, ...]:
    match answer.effect if answer else None:
        case "withdraw":
            report_id = ReportId(form.report_id or "")
            return (WithdrawReport(report_id=report_id), Say(key="report_withdrawn"))
        case "erase":
            return (Erase(),)
        case "talk":
            return (Refer(reason="asked_to_talk", floor=Level.P4), Say(key="talk_opened"))
        case "later":
            return (Say(key="later_ok"),)
    return ()


def _cautious(question: Question) -> Answer | None:
    """What an answer nobody could understand counts as: not sure, never something that acts."""
    unsure = next((a for a in question.answers if a.value == "not_sure"), None)
    return unsure or next((a for a in question.answers if a.effect is None), None)


def _choice(flow: Flow | None, press: Press) -> Answer | None:
    question = flow.question(press.question or "") if flow else None
    return next((a for a in question.answers if a.value == press.value), None) if question else None


def _ask(flow: Flow, question: Question, form: Form, library: Library) -> Ask:
    return Ask(text=question.text, buttons=_buttons(flow, question, form, library))


def _buttons(flow: Flow, question: Question, form: Form, library: Library) -> tuple[Button, ...]:
    def button(value: str, label: str) -> Button:
        return Button(id=question_button(flow.name, question.id, value, form.turn), label=label)

    offered = tuple(button(answer.value, answer.label) for answer in question.answers)
    if not question.skippable:
        return offered
    return (*offered, button(SKIP, library.words(flow.locale).phrases["skip_label"]))
