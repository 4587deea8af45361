"""Playbooks, flows and the words around them, as values.

A playbook is what we say in one situation: steps in order, each step one message.
A flow is what we ask: questions in order, each answered by a button or in free words.
Both are data in `library/<locale>/`; nothing here reads files.

Buttons carry an *action*, one word that the conversation engine knows:
    talk     open a referral: "I would like to talk to someone"
    report   start the report flow
    status   start the status flow (asks for the receipt code)
    help     say what can be done here
    stop     no more messages
    delete   start the deletion flow
    later    nothing now; the person can write any time
    confirms the contact said yes when asked about thoughts of suicide
    unsafe   the contact said that they are not safe now, or think of acting today
    noted    the contact gave the answer that asks for nothing more: thank them, tell the volunteer
    yes, no  answers to a playbook's own question (`on_yes`, `on_no` name the action behind them)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from handrail.domain.cover import Audience, HumanEta
from handrail.domain.level import Level
from playbooks.helplines import Helplines

ACTIONS = frozenset(
    {"talk", "report", "status", "help", "stop", "delete", "later", "confirms", "unsafe", "noted"}
)
BUTTON_ACTIONS = ACTIONS | {"yes", "no"}
INTENTS = ACTIONS | {
    *("yes", "no", "unsure", "accepts", "skip"),
    *("report_bare", "self", "lost", "correction", "taken_back"),
}
"""What a whole typed message may ask for or say.
    unsure       neither yes nor no
    accepts      takes an offer ("please"), which is no answer to how somebody is
    report_bare  says *that* somebody worries, not why
    self         what they told was about themselves
    lost         no receipt at hand
    taken_back   "only joking": what they told before was not meant
    correction   opens a changed answer ("actually ...")
"""
EFFECTS = frozenset({"add", "withdraw", "erase", "quiet", "talk", "later"})
"""What an answer of a flow may do beyond being recorded."""
WHENS = frozenset({"always", "covered", "no_cover", "nobody_free", "first_contact", "repeat"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button of a playbook: what it says and which action it starts."""

    label: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One message. `alternatives` say the same in other words, so that nobody in one conversation
    reads the same sentence twice; the first text is used first."""

    texts: tuple[str, ...]
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """What we say to an audience at a level in a situation.

    key: file name without ".toml". levels: for which levels it may be chosen;
        empty for one that only a flow or the engine names.
    signals: it is chosen when one of them is present ("minor"); empty for the general playbook.
    when: any of "covered", "no_cover", "nobody_free", "first_contact", "repeat", "always".
    on_yes, on_no: the actions behind a plain yes or no that follows it; None when it asks nothing.
    lint_case: which lint rules' `applies_to` names hold beside audience and level
        ("first_contact", "friend", "follow_up", "self&P2").
    exempt: lint rule ids that do not apply, with the reason (for short confirmations such as STOP).
    file: where it was read from, as a message to an administrator names it.
    """

    key: str
    locale: str
    audience: Audience
    levels: tuple[Level, ...]
    steps: tuple[Step, ...]
    signals: frozenset[str] = frozenset()
    when: str = "always"
    on_yes: str | None = None
    on_no: str | None = None
    lint_case: tuple[str, ...] = ()
    exempt: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 1
    draft: bool = True
    source: str = ""
    reviewed_on: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One button of a question, and how the same answer sounds when it is typed.

    value: what is recorded. hears: regular expressions (case-insensitive, searched) that mean this
    answer. before: playbook said at once, before anything else, when this is the answer.
    goto: next question id; None for the next in order; "end" ends the flow.
    effect: an action of the engine ("withdraw", "add", "erase", "quiet"...), None for a plain one.
    """

    value: str
    label: str
    hears: tuple[str, ...] = ()
    before: str | None = None
    goto: str | None = None
    effect: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One message of a flow that waits for an answer. Free text is always accepted.

    again: said when the answer could not be understood and the question must not be skipped.
    only_if: (question id, values): asked only when that question got one of these answers.
    """

    id: str
    text: str
    answers: tuple[Answer, ...] = ()
    skippable: bool = True
    again: str = ""
    only_if: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Questions in order, what opens it and what is said when it ends.

    opening, closing: playbook keys, said in order before the first question and after the last.
    """

    name: str
    locale: str
    questions: tuple[Question, ...]
    opening: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    version: int = 1
    draft: bool = True
    source: str = ""
    reviewed_on: str = ""
    file: str = ""

    def question(self, question_id: str) -> Question | None:
        return next((q for q in self.questions if q.id == question_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Small phrases of a locale.

    intents: action -> regular expressions over a whole message that ask for it ("stop", "report").
    phrases: named phrases ("skip_label", "eta_minutes", ...). `{{n}}` and `{{time}}` inside.
    """

    locale: str
    intents: Mapping[str, tuple[str, ...]]
    phrases: Mapping[str, str]
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What decides which playbook answers.

    covered: somebody is on shift. free: one of them can take one more.
    first_contact: nothing was ever said to this contact before.
    repeat: the chosen playbook was already said in this conversation within the last hour.
    """

    locale: str
    audience: Audience
    level: Level
    signals: frozenset[str] = frozenset()
    covered: bool = True
    free: bool = True
    first_contact: bool = False
    repeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What placeholders are filled from. Numbers come from the helpline table alone.

    now: aware UTC. values: further named facts (alias, receipt, status, count), inserted verbatim.
    """

    locale: str
    country: str
    now: datetime
    service_name: str
    retention_days: int
    eta: HumanEta
    opens_at: datetime | None = None
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Every playbook, flow and phrase of every locale, checked when it was loaded."""

    playbooks: Mapping[tuple[str, str], Playbook]
    flows: Mapping[tuple[str, str], Flow]
    words_by_locale: Mapping[str, Words]
    helplines: Helplines = field(default_factory=Helplines)

    @property
    def locales(self) -> tuple[str, ...]:
        return tuple(sorted(self.words_by_locale))

    def playbook(self, locale: str, key: str) -> Playbook:
        return self.playbooks[locale, key]

    def flow(self, locale: str, name: str) -> Flow:
        return self.flows[locale, name]

    def words(self, locale: str) -> Words:
        return self.words_by_locale[locale]
