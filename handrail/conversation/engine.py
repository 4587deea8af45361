"""advance(): state and turn in, state and effects out. Pure, total, and never without an effect.

The order of the questions below is the safety of the engine:
1. control words (STOP, DELETE, HELP) work at any point;
2. a plain yes or no answers what was asked last;
3. a danger or a pain of the writer makes a form yield; a danger to somebody else puts the emergency
   number before the next question;
4. somebody who is with a volunteer is not talked over by a machine, except when danger is new;
5. then the form, the receipt code, the wish to report or talk;
6. everything else is answered by the playbook that fits.
"""

from dataclasses import replace

from handrail.conversation import forms
from handrail.conversation.effects import AddToReport, Effect, Quiet, Refer, Respond, Say
from handrail.conversation.state import State
from handrail.conversation.turn import URGENT, Turn, intent, read_press
from handrail.domain.assessment import Person
from handrail.domain.cover import Audience
from handrail.domain.level import FAIL_UP, Level, soonest, step_up
from handrail.domain.message import IncomingKind
from playbooks.model import Library, Words

Result = forms.Result

CONTROL = ("stop", "delete", "help", "status")


def advance(state: State, turn: Turn, library: Library) -> Result:
    """The next state and what must be done, for any state and any turn."""
    match turn.incoming.kind:
        case IncomingKind.START:
            return _start(state, turn, library)
        case IncomingKind.PRESS:
            return _press(state, turn, library)
        case IncomingKind.ATTACHMENT if not turn.text:
            return _unreadable(state, turn)
        case IncomingKind.EDIT:
            return _edited(state, turn)
    if not turn.text:
        return _unreadable(state, turn)
    new, effects = _text(state, turn, library)
    if turn.incoming.kind is IncomingKind.ATTACHMENT:
        effects = (Refer(reason="attachment", floor=FAIL_UP), *effects)
    return new, effects


def _start(state: State, turn: Turn, library: Library) -> Result:
    topic = turn.text
    state = replace(state, greeted=True)
    if topic == "worried":
        return forms.begin(state, "report", turn, library)
    if topic == "talk":
        return _talk(state, turn)
    if state.form is not None:
        return forms.ask_again(state, turn, library)
    return _plain(state), (Say(key="welcome"),)


def _text(state: State, turn: Turn, library: Library) -> Result:
    words = library.words(turn.locale)
    state = _remembering(state, turn)
    control = intent(words, turn.text, among=CONTROL)
    if control and not (turn.urgent and len(turn.text.split()) > 1):
        new, effects = do(state, control, turn, library)
        typed: tuple[Effect, ...] = (Refer(),) if control == "help" else ()
        return new, (*typed, *effects)  # "help" alone may be a cry: a person reads it as well
    if turn.with_person:
        return _relayed(state, turn)
    if (answered := _plain_yes_no(state, turn, library)) is not None:
        return answered
    if turn.urgent and _about_self(state, turn):
        return _yield(state)
    if state.form is not None:
        return _in_form(state, turn, library, words)
    if turn.report is not None:
        return forms.show_report(state, turn, library)
    if turn.like_a_receipt and not turn.pain:
        return _plain(state), (Refer(), Say(key="status_unknown"))
    if intent(words, turn.text, among=("unsafe",)):
        return do(state, "unsafe", turn, library)
    if turn.referred and intent(words, turn.text, among=("taken_back",)):
        return _plain(state), (Refer(reason="took_back"), Say(key="taken_back"))
    if _about_other(state, turn, words):
        return _worried(state, turn, library)
    if intent(words, turn.text, among=("talk",)):
        return _talk(state, turn)
    return _respond(state, turn)


def do(state: State, action: str, turn: Turn, library: Library) -> Result:
    """Carry out an action: from a button, a control word or a plain yes."""
    state = replace(state, on_yes=None, on_no=None)
    match action:
        case "report":
            return forms.begin(forms.resumed(state), "report", turn, library)
        case "talk":
            return _talk(state, turn)
        case "status":
            return forms.begin(state, "status", turn, library)
        case "delete":
            return forms.begin(state, "delete", turn, library)
        case "stop":
            return replace(state, form=None, paused=None), (Say(key="quiet_stopped"), Quiet())
        case "help":
            again = forms.ask_again(state, turn, library)[1] if state.form else ()
            return state, (Say(key="help_menu"), *again)
        case "confirms":
            return _confirmed(state, turn)
        case "unsafe":
            known = state.own or Level.P3 if state.reports else turn.assessment.level
            return _said(state, "not_safe", soonest(Level.P2, step_up(known)))
        case "noted":
            refer = Refer(reason="answered")
            return replace(_plain(state), audience=Audience.SELF), (refer, Say(key="heard_answer"))
        case "later":
            return state, (Say(key="later_ok"),)
    return _respond(state, turn)


def _press(state: State, turn: Turn, library: Library) -> Result:
    press = read_press(turn.incoming.press or "")
    if press is None:
        return state, (Say(key="still_with"), *forms.ask_again(state, turn, library)[1])
    if press.flow is None:
        return do(state, press.value, turn, library)
    return forms.answer_pressed(state, press, turn, library)


def _yield(state: State) -> Result:
    """A danger to the writer comes before any form. The form is kept and can go on later."""
    new = replace(_plain(forms.put_aside(state)), audience=Audience.SELF)
    note: tuple[Effect, ...] = (Say(key="form_paused"),) if state.form else ()
    return new, (Refer(), Respond(audience=Audience.SELF), *note)


def _in_form(state: State, turn: Turn, library: Library, words: Words) -> Result:
    """A question of a form waits. Some messages are no answer to it, whatever it asked."""
    form = state.form
    assert form is not None  # noqa: S101  (callers checked)
    if form.flow == "report":
        if turn.pain:
            return _yield(state)
        if intent(words, turn.text, among=("self",)):
            state = state.having_told(turn.assessment.level)  # what they told was about them
            new, (_, *rest) = _yield(state)
            return new, (Refer(reason="about_self"), *rest)
        talk = intent(words, turn.text, among=("talk",))
        if talk and form.question != "help_wanted":
            new, effects = _talk(state, turn)
            return new, (*effects, Say(key="form_paused"))
    return forms.answer_typed(state, turn, library)


def _relayed(state: State, turn: Turn) -> Result:
    """A person is here. The machine speaks only when danger is new."""
    effects: tuple[Effect, ...] = (Refer(),)
    if turn.raised and turn.assessment.level is Level.P1:
        effects = (*effects, Respond(audience=state.audience))
    return state, effects


def _plain_yes_no(state: State, turn: Turn, library: Library) -> Result | None:
    if state.on_yes is None and state.on_no is None:
        return None
    words = library.words(turn.locale)
    asked_how_they_are = state.on_yes in ("confirms", "unsafe", "noted")
    if asked_how_they_are and intent(words, turn.text, among=("accepts",)):
        return None  # "please" and "ok" take an offer; they say nothing about thoughts of suicide
    match intent(words, turn.text, among=("yes", "no", "unsure")):
        case "yes" if state.on_yes:
            return do(state, state.on_yes, turn, library)
        case "no" if state.on_no:
            return do(state, state.on_no, turn, library)
        case "unsure":  # the answer that brings a person sooner; to an offer it is no answer
            careful = [a for a in (state.on_yes, state.on_no) if a in ("confirms", "unsafe")]
            return do(state, careful[0], turn, library) if careful else None
    return None


def _worried(state: State, turn: Turn, library: Library) -> Result:
    """Somebody told us about somebody else. What they wrote is the answer to "what have you seen",
    so it is not asked again; the danger question still comes first. What they write after their
    report is kept beside it."""
    if state.report_id is not None and turn.referred:
        refer, add = Refer(reason="worried_about_someone"), AddToReport(text=turn.text)
        return _plain(state), (add, refer, Respond(audience=Audience.REPORT))
    only_opening = intent(library.words(turn.locale), turn.text, among=("report_bare",))
    seen = () if only_opening else (("seen", turn.text),)
    begun, asked = forms.begin(state, "report", turn, library, answers=seen)
    first: tuple[Effect, ...] = (Say(key="report_danger"),) if turn.urgent else ()
    return begun, (Refer(reason="worried_about_someone", floor=Level.P4), *first, *asked)


def _talk(state: State, turn: Turn) -> Result:
    key = "talk_already" if turn.referred else "talk_opened"
    new = replace(_plain(forms.put_aside(state)), audience=Audience.SELF)
    new = new.having_told(Level.P4)
    return new, (Refer(reason="asked_to_talk", floor=Level.P4), Say(key=key))


def _said(state: State, reason: str, floor: Level) -> Result:
    """The answer to a direct question: on record for the volunteer, and answered by level."""
    state = replace(_plain(state), audience=Audience.SELF).having_told(floor)
    return state, (Refer(reason=reason, floor=floor), Respond(audience=Audience.SELF))


def _confirmed(state: State, turn: Turn) -> Result:
    """Yes, there are thoughts of suicide. It took courage: the next words must have heard it."""
    new, (refer, respond) = _said(state, "said_yes", Level.P3)
    known = new.own if state.reports else turn.assessment.level
    return new, (refer, respond if known in URGENT else Say(key="heard_yes"))


def _remembering(state: State, turn: Turn) -> State:
    """Keep how they are themselves apart from how the one is of whom they told."""
    told = turn.own_level
    said_something = turn.pain or told in (*URGENT, Level.P4)
    return state.having_told(told) if said_something and _about_self(state, turn) else state


def _respond(state: State, turn: Turn) -> Result:
    """Every message gets a person, whatever its level: levels order the queue, they are no gate."""
    if _not_understood(turn):
        return _plain(state), (Refer(reason="unclear", floor=FAIL_UP), Say(key="unclear"))
    refer = Refer(reason="wrote_again") if turn.referred else Refer()
    audience = _audience(state, turn)
    return replace(_plain(state), audience=audience), (refer, Respond(audience=audience))


def _not_understood(turn: Turn) -> bool:
    """First words in which rules alone found nothing, neither need nor harmlessness. Most indirect
    cries are of that kind, so they fail up. Later words of a talk only add to it."""
    found = turn.assessment
    nothing = found.level is Level.P5 and not found.hits and found.score is None
    return nothing and not turn.referred and bool(turn.text)


def _unreadable(state: State, turn: Turn) -> Result:
    refer = Refer(reason="attachment" if turn.incoming.attachments else "empty", floor=FAIL_UP)
    return state, (refer, Say(key="unreadable"))


def _edited(state: State, turn: Turn) -> Result:
    refer = Refer()
    if turn.urgent and turn.raised:
        return _yield(state)
    if turn.with_person:
        return state, (refer,)
    return state, (refer, Say(key="edited_note"))


def _about_self(state: State, turn: Turn) -> bool:
    """Inside a report what is written is about somebody else unless it clearly is not: the writer
    says "I", and says how they are. "Thanks" after a report is still about the report."""
    if state.audience is Audience.REPORT:
        tells = turn.pain or turn.own_level in (*URGENT, Level.P4)
        return turn.assessment.person is Person.FIRST and tells
    return turn.assessment.person is not Person.THIRD


def _about_other(state: State, turn: Turn, words: Words) -> bool:
    """A worry about somebody else, said plainly or only told. Inside a talk about oneself, where
    other people are mentioned all the time, it must be said plainly."""
    if _talks(state, turn):
        return intent(words, turn.text, among=("report_bare",)) is not None
    told = turn.assessment.person is Person.THIRD and turn.assessment.level is not Level.P5
    return told or intent(words, turn.text, among=("report",)) is not None


def _talks(state: State, turn: Turn) -> bool:
    """They have begun to talk about themselves."""
    return turn.referred and state.audience is Audience.SELF and state.own is not None


def _audience(state: State, turn: Turn) -> Audience:
    """In a talk about oneself "he shouts at me" stays there, unless somebody is in danger."""
    if _talks(state, turn) and not turn.urgent and not state.reports:
        return Audience.SELF
    if turn.assessment.level is Level.P5 and state.audience is not Audience.REPORT:
        return Audience.SELF  # "are you a real person" names somebody and worries about nobody
    return Audience.SELF if _about_self(state, turn) else Audience.REPORT


def _plain(state: State) -> State:
    return replace(state, greeted=True, on_yes=None, on_no=None)
