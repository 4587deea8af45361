"""One question of a flow: how it is asked, what an answer does, which one is next. Pure."""

from handrail.conversation.effects import Ask, Effect, Erase, Refer, Say, WithdrawReport
from handrail.conversation.state import Form
from handrail.conversation.turn import Press, Turn, question_button
from handrail.domain.ids import ReportId
from handrail.domain.level import Level
from handrail.domain.message import Button
from playbooks.model import Answer, Flow, Library, Question

SKIP = "skip"


def belongs(press: Press, form: Form | None) -> bool:
    return form is not None and form.flow == press.flow and (press.turn or 0) >= form.first


def question_after(
    flow: Flow, question: Question, form: Form, answer: Answer | None
) -> Question | None:
    """The next question that is not answered yet and whose condition holds."""
    goto = answer.goto if answer else None
    if goto == "end":
        return None
    if goto is not None:
        return flow.question(goto)
    later = flow.questions[flow.questions.index(question) + 1 :]
    return next((q for q in later if form.answered(q.id) is None and is_asked(q, form)), None)


def is_asked(question: Question, form: Form) -> bool:
    if question.only_if is None:
        return True
    other, values = question.only_if
    return form.answered(other) in values


def refer_if_report(flow: Flow) -> tuple[Effect, ...]:
    if flow.name == "report":
        return (Refer(reason="worried_about_someone", floor=Level.P4),)
    return ()


def danger_first(turn: Turn) -> tuple[Say, ...]:
    """New danger to somebody else, told in the middle of a form: the number comes first."""
    return (Say(key="report_danger"),) if turn.urgent and turn.raised else ()


def said_at_once(answer: Answer | None) -> tuple[Effect, ...]:
    return (Say(key=answer.before),) if answer and answer.before else ()


def done_by(answer: Answer | None, form: Form) -> tuple[Effect, ...]:
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


def cautious(question: Question) -> Answer | None:
    """What an answer nobody could understand counts as: not sure, never something that acts."""
    unsure = next((a for a in question.answers if a.value == "not_sure"), None)
    return unsure or next((a for a in question.answers if a.effect is None), None)


def choice_of(flow: Flow | None, press: Press) -> Answer | None:
    question = flow.question(press.question or "") if flow else None
    return next((a for a in question.answers if a.value == press.value), None) if question else None


def ask_question(flow: Flow, question: Question, form: Form, library: Library) -> Ask:
    return Ask(text=question.text, buttons=buttons_of(flow, question, form, library))


def buttons_of(flow: Flow, question: Question, form: Form, library: Library) -> tuple[Button, ...]:
    def button(value: str, label: str) -> Button:
        return Button(id=question_button(flow.name, question.id, value, form.turn), label=label)

    offered = tuple(button(answer.value, answer.label) for answer in question.answers)
    if not question.skippable:
        return offered
    return (*offered, button(SKIP, library.words(flow.locale).phrases["skip_label"]))
