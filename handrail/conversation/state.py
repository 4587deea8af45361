"""Where a conversation stands, as a value that survives a restart as JSON."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from handrail.domain.cover import Audience
from handrail.domain.level import Level, soonest

_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A flow under way.

    question: id of the question that was asked last.
    first, turn: numbers of this form's first and latest question among all that the conversation
    has asked. They are part of every button, so that yesterday's button is known as such.
    tries: how often the question could not be understood.
    """

    flow: str
    question: str
    first: int
    turn: int
    answers: tuple[tuple[str, str], ...] = ()
    tries: int = 0
    report_id: str | None = None

    def answered(self, question_id: str) -> str | None:
        return dict(self.answers).get(question_id)

    def with_answer(self, question_id: str, value: str) -> "Form":
        """The later answer to the same question replaces the earlier, in its place."""
        if self.answered(question_id) is None:
            return replace(self, answers=(*self.answers, (question_id, value)))
        return replace(
            self, answers=tuple((q, value if q == question_id else v) for q, v in self.answers)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything the engine remembers between two messages.

    form: the flow under way. paused: a form that yielded to an emergency.
    on_yes, on_no: the actions behind a plain yes or no to what was said last.
    report_id: the latest report made in this conversation.
    own: the soonest level of what the contact said about themselves; None when they said nothing.
    said: (playbook key, times, last said at) so that nobody reads the same words twice in a row.
    """

    audience: Audience = Audience.SELF
    greeted: bool = False
    form: Form | None = None
    paused: Form | None = None
    turns: int = 0
    on_yes: str | None = None
    on_no: str | None = None
    report_id: str | None = None
    own: Level | None = None
    said: tuple[tuple[str, int, str], ...] = ()

    @property
    def reports(self) -> bool:
        """They came to tell about somebody else, so the referral's level is not about them."""
        forms = (self.form, self.paused)
        return self.report_id is not None or any(f and f.flow == "report" for f in forms)

    def having_told(self, level: Level) -> "State":
        """What they said about themselves; only ever sooner."""
        return replace(self, own=soonest(level, self.own or level))

    def times_said(self, key: str) -> int:
        return next((times for said, times, _ in self.said if said == key), 0)

    def last_said(self, key: str) -> datetime | None:
        at = next((at for said, _, at in self.said if said == key), None)
        return datetime.fromisoformat(at) if at else None

    def having_said(self, key: str, at: datetime) -> "State":
        others = tuple(entry for entry in self.said if entry[0] != key)
        entry = (key, self.times_said(key) + 1, at.isoformat())
        return replace(self, said=(*others, entry))


def encode(state: State) -> str:
    return json.dumps({"format": _FORMAT, **asdict(state)}, ensure_ascii=False)


def decode(text: str) -> State:
    """The state in `text`. A state from another version, or none, is a fresh one: the contact is
    greeted again, which is better than not being answered."""
    try:
        record = json.loads(text)
        if record.pop("format") != _FORMAT:
            return State()
        record["audience"] = Audience(record["audience"])
        record["own"] = Level(record["own"]) if record.get("own") else None
        record["said"] = tuple((str(k), int(n), str(at)) for k, n, at in record["said"])
        for name in ("form", "paused"):
            record[name] = _form(record[name]) if record[name] else None
        return State(**record)
    except (ValueError, KeyError, TypeError, AttributeError):
        return State()


def _form(record: dict[str, Any]) -> Form:
    return Form(**{**record, "answers": tuple((str(q), str(v)) for q, v in record["answers"])})
