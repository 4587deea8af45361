"""Referrals and the people who take them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from handrail.domain.ids import (
    ContactId,
    ConversationId,
    LeaseToken,
    PersonId,
    ReferralId,
    ReportId,
)
from handrail.domain.level import Level


class ReferralState(StrEnum):
    OPEN = "open"
    OFFERED = "offered"
    CLAIMED = "claimed"
    IN_CONTACT = "in_contact"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


class Disposition(StrEnum):
    """Why a referral closed."""

    SUPPORTED = "supported"
    SIGNPOSTED = "signposted"
    EMERGENCY_SERVICES = "emergency_services"
    SAFEGUARDING = "safeguarding"
    CONTACT_LEFT = "contact_left"
    CONTACT_DECLINED = "contact_declined"
    WITHDRAWN = "withdrawn"
    NOT_GENUINE = "not_genuine"
    INFORMATION_GIVEN = "information_given"
    ERASED = "erased"


class Role(StrEnum):
    VOLUNTEER = "volunteer"
    SUPERVISOR = "supervisor"
    CLINICAL_LEAD = "clinical_lead"
    SAFEGUARDING_LEAD = "safeguarding_lead"
    DATA_LEAD = "data_lead"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A unit of work for a volunteer.

    due_by: instant by which a human must have replied (the level's ceiling after `opened_at`,
        or after the last unanswered message of the contact).
    held_by: who has it (offered, claimed, in contact, on hold); None when open or closed.
    lease_token, lease_until: the claim. A stale token can do nothing; a lease that ends returns
        the referral to the queue.
    handed_to: a named colleague who has been asked to take over and has not answered yet.
    escalated_at: when a supervisor was told.
    first_reply_at: first word from a person to the contact.
    awaiting_since: the contact's first message that no person has answered yet; None if answered.
    reasons: words for the volunteer, no text of the contact.
    """

    id: ReferralId
    contact_id: ContactId
    conversation_id: ConversationId
    report_id: ReportId | None
    level: Level
    state: ReferralState
    opened_at: datetime
    due_by: datetime
    reasons: tuple[str, ...]
    held_by: PersonId | None = None
    lease_token: LeaseToken | None = None
    lease_until: datetime | None = None
    handed_to: PersonId | None = None
    escalated_at: datetime | None = None
    first_reply_at: datetime | None = None
    awaiting_since: datetime | None = None
    needs_review: bool = False
    disposition: Disposition | None = None
    closed_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """Somebody with an account: volunteer, supervisor, lead or administrator.

    username: for the login. display_name: what colleagues and contacts see ("Sam"), an alias.
    """

    id: PersonId
    username: str
    display_name: str
    roles: frozenset[Role]
    active: bool
    demo: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One interval of one person on call. `ended_at` is None while it runs."""

    person_id: PersonId
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Append-only, hash-chained audit entry. `data` holds ids and codes, never message text.

    hash = SHA-256 over the previous hash and this entry's canonical JSON.
    """

    seq: int
    at: datetime
    kind: str
    actor: str
    subject: str
    data: tuple[tuple[str, str], ...]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something an operator must look at. `kind` and `detail` are codes and ids, never text."""

    id: int
    at: datetime
    kind: str
    detail: str
    acknowledged_at: datetime | None = None
