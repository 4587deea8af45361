"""What the engine is told about one incoming message, and how it reads it."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from handrail.domain.assessment import Assessment, Person
from handrail.domain.contact import Report
from handrail.domain.level import Level, soonest
from handrail.domain.message import Incoming
from playbooks.model import Answer, Question, Words
from triage.policy import combine

URGENT = frozenset({Level.P1, Level.P2})
_WITHIN_THE_HOUR = (Level.P1, Level.P2, Level.P3)
_SAYS_NO_PAIN = frozenset(
    {
        "unclassifiable", "language_unsupported", "media", "obfuscated", "minor",
        "third_party_concern", "third_party_unreachable",
    }
)  # fmt: skip
"""Signals that say nothing about how the writer is: they set a level and take no form away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One incoming message and what is on record about it.

    assessment: triage of this message in its context.
    with_person: a volunteer holds the referral, so what is written reaches a person.
    referred: a referral is live, held or waiting.
    raised: the assessment is sooner than all before it in this conversation.
    report: the report whose receipt code the text is, if it is one.
    like_a_receipt: the text was meant as a receipt, and fits no report.
    """

    incoming: Incoming
    assessment: Assessment
    now: datetime
    locale: str
    with_person: bool = False
    referred: bool = False
    raised: bool = False
    report: Report | None = None
    like_a_receipt: bool = False

    @property
    def text(self) -> str:
        return self.incoming.text.strip()

    @property
    def own_level(self) -> Level:
        """How soon for what this message says itself. What was said before, by whom and about
        whom, decides the queue; it must not make an answer of "ok" an emergency."""
        found = self.assessment
        decided = combine(hit for hit in found.hits if hit.end > hit.start).level
        if found.level.sooner_than(found.rules_level):  # the classifier heard more than the rules
            return soonest(decided, found.level)
        return decided

    @property
    def urgent(self) -> bool:
        """This message tells of a danger, alone or as the last part of a burst."""
        if not self.assessment.hits:
            return False
        new = self.raised and combine(self.assessment.hits).level in URGENT
        return new or self.own_level in URGENT

    @property
    def pain(self) -> bool:
        """The writer tells here that they are not well themselves, as far as that can be read."""
        return self.assessment.person is Person.FIRST and any(
            hit.floor in _WITHIN_THE_HOUR and hit.signal not in _SAYS_NO_PAIN
            for hit in self.assessment.hits
            if hit.end > hit.start
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button id taken apart. `turn` is None for a button that does not age."""

    flow: str | None
    question: str | None
    value: str
    turn: int | None


def question_button(flow: str, question: str, value: str, turn: int) -> str:
    """`q:report:danger_now:yes:3`, at most 64 ASCII characters (Telegram's limit)."""
    return f"q:{flow}:{question}:{value}:{turn}"


def action_button(action: str) -> str:
    return f"do:{action}"


def read_press(button_id: str) -> Press | None:
    """None for a button that is not ours."""
    match button_id.split(":"):
        case ["q", flow, question, value, turn] if turn.isdecimal():
            return Press(flow=flow, question=question, value=value, turn=int(turn))
        case ["do", action]:
            return Press(flow=None, question=None, value=action, turn=None)
    return None


LONGEST_COMMAND = 2_000


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def heard(question: Question, text: str) -> Answer | None:
    """The answer a typed text gives: the label itself, the number of the button, or the one
    answer whose patterns fit. Two that fit are none: the engine asks again."""
    plain = text.strip().rstrip(".!").casefold()
    for number, answer in enumerate(question.answers, start=1):
        if plain in (answer.label.casefold(), answer.value.casefold(), str(number)):
            return answer
    fitting = [
        answer
        for answer in question.answers
        if any(_compiled(p).search(text) for p in answer.hears)
    ]
    return fitting[0] if len(fitting) == 1 else None


def intent(words: Words, text: str, *, among: tuple[str, ...]) -> str | None:
    """The first of `among` whose patterns fit the whole message. Of a very long one only the
    beginning is read, with a mark that it goes on: some patterns take time squared."""
    if len(text) > LONGEST_COMMAND:
        text = f"{text[:LONGEST_COMMAND]} ... x"
    for name in among:
        if any(_compiled(p).search(text) for p in words.intents.get(name, ())):
            return name
    return None


def without(words: Words, text: str, name: str) -> str | None:
    """What is left of a text once the opening words of this intent are taken off; None when it
    does not open with them."""
    for pattern in words.intents.get(name, ()):
        if (found := _compiled(pattern).match(text)) and found.end() < len(text):
            return text[found.end() :]
    return None
