"""Do what the engine decided: refer, say, ask, keep, erase, all in the message's own transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from playbooks.choose import choose
from playbooks.render import render_text
from triage.policy import report_floor

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
from handrail.conversation.state import State
from handrail.conversation.turn import action_button
from handrail.domain.assessment import Assessment
from handrail.domain.contact import Contact, Conversation, Report
from handrail.domain.cover import Audience, Cover
from handrail.domain.errors import PlaybookError
from handrail.domain.ids import ReportId, new_id
from handrail.domain.level import Level, soonest
from handrail.domain.message import Author, Button, Message
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral, ReferralState
from handrail.house import House
from handrail.receipt import new_receipt
from playbooks.model import Facts, Library, Playbook, Situation, Step
from referral_queue import desk, rota

REPEAT_WITHIN_SECONDS = 3600
"""A playbook said again within the hour is said in its short form."""

_MUST_BE_SEEN_FIRST = frozenset({Level.P1, Level.P2})


@dataclass(slots=True, kw_only=True)
class Reply:
    """The answer to one message while it is being put together.

    parting: words that cannot be kept because the contact's key was just destroyed; the adapter
    sends them and forgets them.
    """

    tx: Transaction
    house: House
    library: Library
    contact: Contact
    conversation: Conversation
    state: State
    assessment: Assessment
    referral: Referral | None
    now: datetime
    heard: Message
    report: Report | None = None
    messages: list[Message] = field(default_factory=list)
    parting: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    quiet: bool = False

    def carry_out(self, effects: Sequence[Effect]) -> None:
        """In order; the referral first, so that every time we promise is the true one."""
        self.quiet = any(isinstance(effect, Quiet) for effect in effects)
        self._refer([effect for effect in effects if isinstance(effect, Refer)])
        for effect in effects:
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Say(key=key):
                self._say(self.library.playbook(self.contact.locale, key))
            case Respond(audience=audience):
                self._respond(audience)
            case Ask(text=text, buttons=buttons):
                self._write(text, buttons)
            case KeepReport(answers=answers):
                self._keep_report(answers)
            case AddToReport(report_id=report_id, text=text):
                self._add_to_report(report_id, text)
            case WithdrawReport(report_id=report_id):
                self._withdraw(report_id)
            case Quiet():
                self._fall_silent()
            case Erase():
                self._erase()
            case Refer():
                pass

    # ---- the referral -------------------------------------------------------------------------

    def _refer(self, wanted: Sequence[Refer]) -> None:
        if not wanted:
            return
        level = self.assessment.level
        reasons = [*self.assessment.reasons, *(self._phrase(f"reason_{r.reason}") for r in wanted)]
        for floor in (refer.floor for refer in wanted if refer.floor is not None):
            level = soonest(level, floor)
        if self.state.form is not None and self.state.form.flow == "report":
            told, why = report_floor(dict(self.state.form.answers))
            level, reasons = soonest(level, told), [*why, *reasons]
        self._open_or_raise(level, tuple(dict.fromkeys(reason for reason in reasons if reason)))

    def _open_or_raise(self, level: Level, reasons: tuple[str, ...]) -> None:
        rules = self.house.rules
        if self.referral is None:
            self.referral = desk.open_referral(
                self.tx, conversation=self.conversation, level=level, reasons=reasons,
                now=self.now, rules=rules, needs_review=self.assessment.needs_review,
            )  # fmt: skip
        else:
            self.referral = desk.raise_level(
                self.tx, self.referral, level, reasons, self.now, rules, by="triage"
            )
            self.referral = desk.contact_wrote(self.tx, self.referral, self.now, rules)

    # ---- words --------------------------------------------------------------------------------

    def _respond(self, audience: Audience) -> None:
        cover = self._cover()
        level = self.referral.level if self.referral else self.assessment.level
        situation = Situation(
            locale=self.contact.locale,
            audience=audience,
            level=soonest(level, self.assessment.level),
            signals=frozenset(self.assessment.signals),
            covered=cover.on_shift > 0,
            free=cover.free > 0 or self._held(),
        )
        playbook = choose(self.library, situation)
        if self._said_lately(playbook):
            playbook = choose(self.library, replace(situation, repeat=True))
        self._say(playbook)

    def _say(self, playbook: Playbook) -> None:
        """All steps of a playbook, in words not used before in this conversation if there are any."""
        times = self.state.times_said(playbook.key)
        for step in playbook.steps:
            self._write(step.texts[times % len(step.texts)], _buttons(step))
        self.state = replace(
            self.state.having_said(playbook.key, self.now),
            on_yes=playbook.on_yes,
            on_no=playbook.on_no,
        )

    def _said_lately(self, playbook: Playbook) -> bool:
        last = self.state.last_said(playbook.key)
        return last is not None and (self.now - last).total_seconds() < REPEAT_WITHIN_SECONDS

    def _write(self, text: str, buttons: Sequence[Button]) -> None:
        message = self.tx.messages.write(
            self.conversation.id,
            author=Author.SERVICE,
            text=self._rendered(text),
            buttons=buttons,
            at=self.now,
            despite_quiet=self.quiet,
        )
        self.messages.append(message)

    def _rendered(self, text: str) -> str:
        return render_text(self.library, text, self._facts())

    def _facts(self) -> Facts:
        cover = self._cover()
        level = self.referral.level if self.referral else self.assessment.level
        service = self.house.service
        return Facts(
            locale=self.contact.locale,
            country=self.contact.country,
            now=self.now,
            service_name=service.name,
            retention_days=service.retention_days,
            eta=rota.eta(level, cover, self.house.rules.targets, self.now),
            opens_at=cover.opens_at,
            values={"alias": self.contact.alias, "volunteer": self._volunteer(), **self.values},
        )

    def _cover(self) -> Cover:
        live = self.tx.referrals.live()
        return rota.cover(
            self.tx.shifts.running(), rota.loads_of(live), self.house.plan, self.now,
            max_live=self.house.rules.max_live,
        )  # fmt: skip

    def _held(self) -> bool:
        return self.referral is not None and self.referral.held_by is not None

    def _volunteer(self) -> str:
        if self.referral is None or self.referral.held_by is None:
            return self._phrase("someone")
        return self.tx.people.get(self.referral.held_by).display_name

    def _phrase(self, name: str) -> str:
        return self.library.words(self.contact.locale).phrases.get(name, "")

    # ---- reports ------------------------------------------------------------------------------

    def _keep_report(self, answers: tuple[tuple[str, str], ...]) -> None:
        receipt = new_receipt()
        report = Report(
            id=ReportId(new_id()),
            contact_id=self.contact.id,
            conversation_id=self.conversation.id,
            answers=answers,
            created_at=self.now,
        )
        self.tx.reports.add(report, receipt)
        self.values["receipt"] = receipt
        self.state = replace(self.state, report_id=str(report.id))
        level, reasons = report_floor(dict(answers))
        self._open_or_raise(level, tuple(reasons))
        if self.referral is not None and self.referral.report_id is None:
            self.referral = self.tx.referrals.change(replace(self.referral, report_id=report.id))
        self._event("report_kept", report_id=report.id)

    def _add_to_report(self, report_id: ReportId | None, text: str) -> None:
        known = report_id or (ReportId(self.state.report_id) if self.state.report_id else None)
        if known is None:
            raise PlaybookError("a flow adds to a report before a receipt was given")
        self.tx.reports.add_to(known, text, self.now)
        self._event("report_added_to", report_id=known)
        self._tell_holder(known, "note_report_added_to")

    def _withdraw(self, report_id: ReportId) -> None:
        self.tx.reports.withdraw(report_id, self.now)
        self._event("report_withdrawn", report_id=report_id)
        self._tell_holder(report_id, "note_report_withdrawn")

    def _tell_holder(self, report_id: ReportId, phrase: str) -> None:
        """The referral may live in another conversation, on another platform: a note there, and
        its clock runs again. A withdrawal closes nothing: a person decides that."""
        for referral in self.tx.referrals.live(report_id=report_id):
            self.tx.messages.write(
                referral.conversation_id,
                author=Author.NOTE,
                text=self._phrase(phrase),
                at=self.now,
            )
            desk.contact_wrote(self.tx, referral, self.now, self.house.rules)

    def tell_status(self, report: Report) -> None:
        """Fill `{{status}}`: a class in plain words, never who or what."""
        live = self.tx.referrals.live(report_id=report.id)
        if report.withdrawn_at is not None:
            name = "status_withdrawn"
        elif not live:
            name = "status_closed"
        elif live[0].state in (ReferralState.OPEN, ReferralState.OFFERED):
            name = "status_received"
        else:
            name = "status_with_a_person"
        self.values["status"] = self._phrase(name)

    # ---- stopping and forgetting --------------------------------------------------------------

    def _fall_silent(self) -> None:
        self.tx.contacts.set_quiet(self.contact.id, True)
        self._event("contact_stopped")
        if self.referral is not None:
            self.tx.messages.write(
                self.conversation.id, author=Author.NOTE,
                text=self._phrase("note_contact_stopped"), at=self.now,
            )  # fmt: skip

    def _erase(self) -> None:
        """At once, unless somebody in danger now would vanish from the queue: then a person looks
        first, and the contact is told exactly that."""
        locale = self.contact.locale
        if self.referral is not None and self.referral.level in _MUST_BE_SEEN_FIRST:
            self._event("deletion_waits")
            self.tx.journal.alert("deletion_requested", self.referral.id, self.now)
            self._say(self.library.playbook(locale, "delete_waits"))
            return
        steps = self.library.playbook(locale, "delete_done").steps
        self.parting = "\n\n".join(self._rendered(step.texts[0]) for step in steps)
        if self.referral is not None:
            desk.close_erased(self.tx, self.referral, self.now)
        self._event("contact_erased")
        self.tx.contacts.erase(self.contact.id, self.now)
        self.messages.clear()

    def _event(self, kind: str, **data: str) -> None:
        self.tx.journal.append(
            kind, at=self.now, actor="contact", subject=self.conversation.id, **data
        )


def _buttons(step: Step) -> tuple[Button, ...]:
    return tuple(Button(id=action_button(c.action), label=c.label) for c in step.choices)
