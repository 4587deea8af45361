"""What the engine wants done. Intake does it, in order, in the one transaction of the message."""

from dataclasses import dataclass

from handrail.domain.cover import Audience
from handrail.domain.ids import ReportId
from handrail.domain.level import Level
from handrail.domain.message import Button


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Say the playbook of this key."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond:
    """Say the playbook that fits level, audience, signals and cover."""

    audience: Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask a question of a flow. `text` still holds its placeholders."""

    text: str
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refer:
    """Open a referral, or raise the one there is, at least at `floor` (None: as assessed).

    reason: names the phrase `reason_<reason>`, which the volunteer reads beside the reasons of
    triage; None when those say it all.
    """

    reason: str | None = None
    floor: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepReport:
    """The form is complete: keep it as a report with a receipt."""

    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToReport:
    """report_id: None for the report made in this conversation."""

    text: str
    report_id: ReportId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawReport:
    report_id: ReportId


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """No more messages from now on, until the contact writes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """Destroy the contact's key, unless a person must look first."""


Effect = Say | Respond | Ask | Refer | KeepReport | AddToReport | WithdrawReport | Quiet | Erase
