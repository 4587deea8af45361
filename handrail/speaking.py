"""Say approved words to one contact: choose nothing, promise only what the rota makes true."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handrail.conversation.turn import action_button
from handrail.domain.contact import Contact, Conversation
from handrail.domain.cover import Cover
from handrail.domain.level import Level
from handrail.domain.message import Author, Button, Message
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral
from handrail.house import House
from playbooks.model import Facts, Library, Playbook, Step
from playbooks.render import render
from referral_queue import rota


@dataclass(slots=True, kw_only=True)
class Speaker:
    """Renders and writes messages of the service in one conversation, inside one transaction.

    level: how soon a person must look, for `{{human_eta}}`. values: further named facts.
    despite_quiet: for the confirmation of STOP itself.
    """

    tx: Transaction
    house: House
    library: Library
    contact: Contact
    conversation: Conversation
    now: datetime
    level: Level
    referral: Referral | None = None
    values: dict[str, str] = field(default_factory=dict)
    despite_quiet: bool = False
    said: list[Message] = field(default_factory=list)

    def say(self, playbook: Playbook, *, times_before: int = 0) -> None:
        """All steps, in words this conversation has not had yet, as long as there are any."""
        texts = render(self.library, playbook, self._facts(), turn=times_before)
        for text, step in zip(texts, playbook.steps, strict=True):
            self._write(text, _buttons(step))

    def ask(self, text: str, buttons: Sequence[Button]) -> None:
        """A question of a flow, its placeholders not yet filled."""
        self._write(self.rendered(text), buttons)

    def _write(self, text: str, buttons: Sequence[Button]) -> None:
        message = self.tx.messages.write(
            self.conversation.id,
            author=Author.SERVICE,
            text=text,
            buttons=buttons,
            at=self.now,
            despite_quiet=self.despite_quiet,
        )
        self.said.append(message)

    def note(self, phrase: str) -> None:
        """Tell the volunteer, not the contact."""
        self.tx.messages.write(
            self.conversation.id, author=Author.NOTE, text=self.phrase(phrase), at=self.now
        )

    def rendered(self, text: str) -> str:
        return render(self.library, text, self._facts())

    def phrase(self, name: str) -> str:
        """A phrase of the contact's locale. Raises KeyError: load checks that all are there."""
        return self.library.words(self.contact.locale).phrases[name]

    def cover(self) -> Cover:
        """Who is there now, seen from this contact: whoever holds their referral is free for it."""
        mine = self.referral.id if self.referral is not None else None
        held = [r for r in self.tx.referrals.live() if r.held_by is not None]
        others = [r for r in held if r.id != mine]
        return rota.cover(
            self.tx.shifts.running(),
            rota.loads_of(others),
            self.house.plan,
            self.now,
            max_live=self.house.rules.max_live,
        )

    @property
    def held(self) -> bool:
        return self.referral is not None and self.referral.held_by is not None

    def _facts(self) -> Facts:
        cover, service = self.cover(), self.house.service
        volunteer = self.phrase("someone")
        if self.referral is not None and self.referral.held_by is not None:
            volunteer = self.tx.people.get(self.referral.held_by).display_name
        return Facts(
            locale=self.contact.locale,
            country=self.contact.country,
            now=self.now,
            service_name=service.name,
            retention_days=service.retention_days,
            eta=rota.eta(self.level, cover, self.house.rules.targets, self.now),
            opens_at=cover.opens_at,
            values={"alias": self.contact.alias, "volunteer": volunteer, **self.values},
        )


def _buttons(step: Step) -> tuple[Button, ...]:
    return tuple(Button(id=action_button(c.action), label=c.label) for c in step.choices)
