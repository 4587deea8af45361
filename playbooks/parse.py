"""One TOML file of a locale -> one value. What spans several files is checked in `load`."""

import re
from types import MappingProxyType

from handrail.domain.cover import Audience
from handrail.domain.errors import PlaybookError
from handrail.domain.level import Level
from playbooks.fragments import Fragments, pattern
from playbooks.model import (
    ACTIONS,
    BUTTON_ACTIONS,
    EFFECTS,
    INTENTS,
    WHENS,
    Answer,
    Choice,
    Flow,
    Playbook,
    Question,
    Step,
    Words,
)
from playbooks.tables import Table, one_of

LABEL_MAX = 75
"""Slack's limit for the text of a button."""
BUTTON_ID_MAX = 64
"""Telegram's limit for what a button carries: `q:<flow>:<question>:<answer>:<turn>`."""
_TURN_DIGITS = 6
_NAME = re.compile(r"[a-z0-9_]+")


def playbook(table: Table, locale: str, key: str) -> Playbook:
    """Raises PlaybookError naming the file and what was probably meant."""
    _named(key, table)
    levels = table.texts("levels")
    exempt = table.strings("exempt")
    for rule, reason in exempt.items():
        if not reason:
            raise table.error(f"exempt {rule!r} gives no reason")
    result = Playbook(
        key=key,
        locale=locale,
        audience=Audience(
            one_of(table.text("audience"), list(Audience), what="audience", where=table.where)
        ),
        levels=tuple(
            Level(one_of(level, list(Level), what="level", where=table.where)) for level in levels
        ),
        steps=tuple(_step(step) for step in table.tables("steps")),
        signals=frozenset(table.texts("signals")),
        when=one_of(table.text("when", "always"), WHENS, what="'when'", where=table.where),
        on_yes=_action(table, "on_yes"),
        on_no=_action(table, "on_no"),
        lint_case=table.texts("lint_case"),
        exempt=MappingProxyType(exempt),
        version=table.integer("version", 1),
        draft=table.flag("draft", True),
        source=table.text("source", ""),
        reviewed_on=table.text("reviewed_on", ""),
        file=table.where,
    )
    table.finish()
    if not result.steps:
        raise table.error("there is no [[steps]]")
    _unique(levels, "level", table)
    _answered(result, table)
    return result


def _answered(playbook: Playbook, table: Table) -> None:
    """A button "yes" must have an action behind it, and so must "no"."""
    pressed = {choice.action for step in playbook.steps for choice in step.choices}
    for word, behind in (("yes", playbook.on_yes), ("no", playbook.on_no)):
        if word in pressed and behind is None:
            raise table.error(f"a button says {word!r} and 'on_{word}' is missing")


def _action(table: Table, key: str) -> str | None:
    if not table.has(key):
        return None
    return one_of(table.text(key), ACTIONS, what="action", where=table.where)


def _step(table: Table) -> Step:
    choices = tuple(_choice(choice) for choice in table.tables("choices"))
    step = Step(texts=(table.text("text"), *table.texts("alternatives")), choices=choices)
    table.finish()
    _unique([choice.label for choice in choices], "button label", table)
    return step


def _choice(table: Table) -> Choice:
    action = one_of(table.text("action"), BUTTON_ACTIONS, what="action", where=table.where)
    choice = Choice(label=_label(table), action=action)
    table.finish()
    return choice


def _label(table: Table) -> str:
    label = table.text("label")
    if len(label) > LABEL_MAX:
        raise table.error(f"label {label!r} is longer than {LABEL_MAX} characters")
    return label


def flow(table: Table, locale: str, name: str, fragments: Fragments | None = None) -> Flow:
    """fragments: what `{{name}}` inside `hears` stands for.

    Raises PlaybookError. That `before`, `opening` and `closing` exist is checked in `load`."""
    _named(name, table)
    known = fragments or {}
    questions = tuple(_question(question, name, known) for question in table.tables("questions"))
    result = Flow(
        name=name,
        locale=locale,
        questions=questions,
        opening=table.texts("opening"),
        closing=table.texts("closing"),
        version=table.integer("version", 1),
        draft=table.flag("draft", True),
        source=table.text("source", ""),
        reviewed_on=table.text("reviewed_on", ""),
        file=table.where,
    )
    table.finish()
    if not questions:
        raise table.error("there is no [[questions]]")
    _unique([question.id for question in questions], "question", table)
    for place, question in enumerate(questions):
        _leads_on(result, place, question, table)
    return result


def _question(table: Table, flow_name: str, fragments: Fragments) -> Question:
    key = _named(table.text("id"), table)
    answers = tuple(_answer(answer, fragments) for answer in table.tables("answers"))
    only_if: tuple[str, tuple[str, ...]] | None = None
    if table.has("only_if"):
        condition = table.table("only_if")
        only_if = (condition.text("question"), condition.texts("values", None))
        condition.finish()
    question = Question(
        id=key,
        text=table.text("text"),
        answers=answers,
        skippable=table.flag("skippable", True),
        again=table.text("again", ""),
        only_if=only_if,
    )
    table.finish()
    _unique([answer.value for answer in answers], "answer", table)
    _unique([answer.label for answer in answers], "button label", table)
    for answer in answers:
        size = len(f"q:{flow_name}:{key}:{answer.value}:") + _TURN_DIGITS
        if size > BUTTON_ID_MAX:
            raise table.error(f"question and answer {answer.value!r} are too long for a button id")
    return question


def _answer(table: Table, fragments: Fragments) -> Answer:
    effect = table.text("effect") if table.has("effect") else None
    if effect is not None:
        one_of(effect, EFFECTS, what="effect", where=table.where)
    answer = Answer(
        value=_named(table.text("value"), table),
        label=_label(table),
        hears=_patterns(table, "hears", fragments),
        before=table.text("before") if table.has("before") else None,
        goto=table.text("goto") if table.has("goto") else None,
        effect=effect,
    )
    table.finish()
    return answer


def _leads_on(flow: Flow, place: int, question: Question, table: Table) -> None:
    """`goto` names a later question, `only_if` an earlier one: a flow always reaches its end."""
    ids = [each.id for each in flow.questions]
    for answer in question.answers:
        if answer.goto is None:
            continue
        one_of(answer.goto, [*ids, "end"], what="goto", where=f"{table.where}: {question.id}")
        if answer.goto != "end" and ids.index(answer.goto) <= place:
            raise table.error(f"{question.id!r}: goto {answer.goto!r} must lead forward")
    if question.only_if is not None:
        other, values = question.only_if
        where = f"{table.where}: {question.id}: only_if"
        one_of(other, ids[:place], what="earlier question", where=where)
        answers = flow.questions[ids.index(other)].answers
        for value in values:
            one_of(value, [answer.value for answer in answers], what="answer", where=where)


def words(table: Table, locale: str, fragments: Fragments | None = None) -> Words:
    """fragments: what `{{name}}` inside `[intents]` stands for.

    Raises PlaybookError for an unknown intent or a pattern that is none."""
    known = fragments or {}
    table.raw("fragments")  # read before, with those of the other files of the locale
    intents = table.table("intents")
    for name in intents.names():
        one_of(name, INTENTS, what="intent", where=intents.where)
    result = Words(
        locale=locale,
        intents=MappingProxyType(
            {name: _patterns(intents, name, known) for name in intents.names()}
        ),
        phrases=MappingProxyType(table.strings("phrases")),
        file=table.where,
    )
    for key in ("version", "draft", "source", "reviewed_on"):
        table.raw(key)
    table.finish()
    return result


def _patterns(table: Table, key: str, fragments: Fragments) -> tuple[str, ...]:
    return tuple(pattern(table, key, text, fragments) for text in table.texts(key))


def _named(name: str, table: Table) -> str:
    if not _NAME.fullmatch(name):
        raise PlaybookError(f"{table.where}: {name!r} must be small letters, digits and _")
    return name


def _unique(names: list[str] | tuple[str, ...], what: str, table: Table) -> None:
    for name in names:
        if list(names).count(name) > 1:
            raise table.error(f"{what} {name!r} is there twice")
