"""Do what the engine decided: refer, say, ask, keep, erase. All in the message's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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
from handrail.domain.assessment import Assessment
from handrail.domain.contact import Contact, Conversation, Report
from handrail.domain.cover import Audience
from handrail.domain.errors import Erased, PlaybookError
from handrail.domain.ids import ReportId, new_id
from handrail.domain.level import Level, soonest
from handrail.domain.message import Author
from handrail.domain.ports import Transaction
from handrail.domain.referral import Disposition, Referral, ReferralState
from handrail.house import House
from handrail.receipt import new_receipt
from handrail.speaking import Speaker
from playbooks.choose import choose
from playbooks.model import Playbook, Situation
from referral_queue import desk
from triage.assess import forget
from triage.policy import report_floor

REPEAT_WITHIN = timedelta(hours=1)
"""A playbook said again within the hour is said in its short form."""

_NOT_UNDERSTOOD = frozenset({"unclassifiable", "obfuscated"})
_UNDERSTOOD = (Level.P1, Level.P2, Level.P3)
_OFFERS = frozenset({"welcome", "help_menu"})
"""They say how soon a person writes to whoever asks for one, so the time is that of asking."""

_LASTING = frozenset({"abuse_now", "abuse_disclosed", "coercive_control", "minor"})
"""Signals that shape every later answer of the conversation."""

_MUST_BE_SEEN_FIRST = frozenset({Level.P1, Level.P2})


@dataclass(slots=True, kw_only=True)
class Reply:
    """The answer to one message while it is being put together.

    parting: words that cannot be kept because the contact's key was just destroyed; the adapter
    sends them and forgets them.
    """

    speaker: Speaker
    state: State
    assessment: Assessment
    parting: str | None = None

    @property
    def tx(self) -> Transaction:
        return self.speaker.tx

    @property
    def house(self) -> House:
        return self.speaker.house

    @property
    def now(self) -> datetime:
        return self.speaker.now

    @property
    def contact(self) -> Contact:
        return self.speaker.contact

    @property
    def conversation(self) -> Conversation:
        return self.speaker.conversation

    @property
    def referral(self) -> Referral | None:
        return self.speaker.referral

    def carry_out(self, effects: Sequence[Effect]) -> None:
        """In order; the referral first, so that every time we promise is the true one."""
        self.speaker.despite_quiet = any(isinstance(effect, Quiet) for effect in effects)
        self._refer([effect for effect in effects if isinstance(effect, Refer)])
        for effect in effects:
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Say(key=key):
                self._say(self._playbook(key))
            case Respond(audience=audience):
                self._respond(audience)
            case Ask(text=text, buttons=buttons):
                self.speaker.ask(text, buttons)
                self.state = replace(self.state, on_yes=None, on_no=None)
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
                pass  # done first, all at once

    # ---- the referral -------------------------------------------------------------------------

    def _refer(self, wanted: Sequence[Refer]) -> None:
        if not wanted:
            return
        level = self.assessment.level
        reasons = [
            *self.assessment.reasons,
            *(self.speaker.phrase(f"reason_{refer.reason}") for refer in wanted if refer.reason),
        ]
        for floor in (refer.floor for refer in wanted if refer.floor is not None):
            level = soonest(level, floor)
        if self.state.form is not None and self.state.form.flow == "report":
            told, why = report_floor(dict(self.state.form.answers))
            level, reasons = soonest(level, told), [*why, *reasons]
        self._open_or_raise(level, reasons)

    def _open_or_raise(
        self, level: Level, reasons: Sequence[str], report_id: ReportId | None = None
    ) -> None:
        self.speaker.referral = desk.open_referral(
            self.tx,
            conversation=self.conversation,
            level=level,
            reasons=[reason for reason in dict.fromkeys(reasons) if reason],
            now=self.now,
            targets=self.house.rules.targets,
            report_id=report_id,
            needs_review=self.assessment.needs_review,
        )
        self.speaker.level = self.speaker.referral.level

    # ---- words --------------------------------------------------------------------------------

    def _playbook(self, key: str) -> Playbook:
        return self.speaker.library.playbook(self.contact.locale, key)

    def _respond(self, audience: Audience) -> None:
        library, cover = self.speaker.library, self.speaker.cover()
        situation = Situation(
            locale=self.contact.locale,
            audience=audience,
            level=self._level_for(audience),
            signals=self._signals(),
            covered=cover.on_shift > 0,
            free=cover.free > 0 or self.speaker.held,
            first_contact=not self.state.said and not self.state.turns,
        )
        playbook = choose(library, situation)
        if self._said_lately(playbook):
            playbook = choose(library, replace(situation, repeat=True))
        self._say(playbook)

    def _level_for(self, audience: Audience) -> Level:
        """Whom the words are for. A reporter whose friend is in danger is not in danger."""
        if audience is Audience.SELF and self.state.reports:
            return self.state.own or Level.P5
        return soonest(self.speaker.level, self.assessment.level)

    def _signals(self) -> frozenset[str]:
        """What shapes the answer. "I did not understand" is not said to a burst whose parts, put
        together, were understood."""
        found = self.assessment
        understood = {
            hit.signal for hit in found.hits if hit.floor in _UNDERSTOOD
        } - _NOT_UNDERSTOOD  # fmt: skip
        unclear = _NOT_UNDERSTOOD if understood else frozenset[str]()
        return (frozenset(found.signals) - unclear) | self._still_true()

    def _still_true(self) -> frozenset[str]:
        """A shared screen and an age do not end with the message that told of them."""
        known = self.speaker.library.playbooks
        said = (known.get((self.contact.locale, key)) for key, _, _ in self.state.said)
        return frozenset(s for p in said if p is not None for s in p.signals & _LASTING)

    def _say(self, playbook: Playbook) -> None:
        level = self.speaker.level
        if playbook.key in _OFFERS:
            self.speaker.level = soonest(level, Level.P4)
        self.speaker.say(playbook, times_before=self.state.times_said(playbook.key))
        self.speaker.level = level
        self.state = replace(  # a note said after a question does not take the question away
            self.state.having_said(playbook.key, self.now),
            on_yes=playbook.on_yes or self.state.on_yes,
            on_no=playbook.on_no or self.state.on_no,
        )

    def _said_lately(self, playbook: Playbook) -> bool:
        last = self.state.last_said(playbook.key)
        return last is not None and self.now - last < REPEAT_WITHIN

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
        self.speaker.values["receipt"] = receipt
        self.state = replace(self.state, report_id=str(report.id))
        level, reasons = report_floor(dict(answers))
        self._open_or_raise(level, reasons, report.id)
        self._event("report_kept", report_id=report.id)

    def _add_to_report(self, report_id: ReportId | None, text: str) -> None:
        known = report_id or (ReportId(self.state.report_id) if self.state.report_id else None)
        if known is None:
            raise PlaybookError("a flow adds to a report before a receipt was given")
        try:
            self.tx.reports.add_to(known, text, self.now)
        except Erased:  # deleted meanwhile: then it is told anew, here
            self._refer([Refer(reason="worried_about_someone", floor=Level.P4)])
            return
        self._event("report_added_to", report_id=known)
        if not self.tx.referrals.live(
            report_id=known
        ):  # closed: somebody must read this all the same
            level = soonest(self.assessment.level, Level.P4)
            self._open_or_raise(level, self.assessment.reasons, known)
            return
        for referral in self.tx.referrals.live(report_id=known):
            desk.raise_level(
                self.tx, referral, self.assessment.level, self.assessment.reasons, self.now,
                self.house.rules.targets, "machine",
            )  # fmt: skip
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
                text=self.speaker.phrase(phrase),
                at=self.now,
            )
            desk.contact_wrote(self.tx, referral, self.now, self.house.rules.targets)

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
        self.speaker.values["status"] = self.speaker.phrase(name)

    # ---- stopping and forgetting --------------------------------------------------------------

    def _fall_silent(self) -> None:
        self.tx.contacts.set_quiet(self.contact.id, True)
        self.tx.outbox.give_up(self.conversation.id, self.now, "contact_stopped")
        self._event("contact_stopped")
        if self.referral is not None:
            self.speaker.note("note_contact_stopped")

    def _erase(self) -> None:
        """At once, unless somebody in danger now would vanish from the queue: then a person looks
        first, and the contact is told exactly that."""
        if self.referral is not None and self.referral.level in _MUST_BE_SEEN_FIRST:
            self._event("deletion_waits")
            self.tx.journal.alert("deletion_requested", self.referral.id, self.now)
            self._say(self._playbook("delete_waits"))
            return
        steps = self._playbook("delete_done").steps
        self.parting = "\n\n".join(self.speaker.rendered(step.texts[0]) for step in steps)
        if self.referral is not None:
            desk.withdraw_by_contact(self.tx, self.referral, self.now, Disposition.ERASED)
        self._event("contact_erased")
        self.tx.contacts.erase(self.contact.id, self.now)
        forget()
        self.speaker.said.clear()

    def _event(self, kind: str, **data: str) -> None:
        self.tx.journal.append(
            kind, at=self.now, actor="contact", subject=self.conversation.id, **data
        )
