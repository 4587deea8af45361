"""The life of a referral: its states, the actions on it, and which action is possible when.

Pure. `desk` does nothing to a referral that this table does not allow.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from handrail.domain.referral import ReferralState

OPEN = ReferralState.OPEN
OFFERED = ReferralState.OFFERED
CLAIMED = ReferralState.CLAIMED
IN_CONTACT = ReferralState.IN_CONTACT
ON_HOLD = ReferralState.ON_HOLD
CLOSED = ReferralState.CLOSED

TAKEN = frozenset({CLAIMED, IN_CONTACT, ON_HOLD})
"""A person said yes to it and answers for it."""

HELD = TAKEN | {OFFERED}
"""Has a holder and a lease: the offered ones too, for the length of the offer."""

LIVE = HELD | {OPEN}
"""Everything that is not closed."""


class Action(StrEnum):
    """What can happen to a referral.

    OFFER it is shown to one volunteer; CLAIM that volunteer says yes; TAKE a supervisor takes an
    open one by id; REPLY, NOTE, RENEW, HOLD, RESUME by the holder; CONTACT_WROTE; HAND_OVER asks
    a colleague, ACCEPT and DECLINE answer; ESCALATE tells a supervisor; REGRADE changes the
    level; RELEASE gives back; EXPIRE the lease ended; CLOSE by a person; WITHDRAW by the contact.
    """

    OFFER = "offer"
    CLAIM = "claim"
    TAKE = "take"
    REPLY = "reply"
    NOTE = "note"
    RENEW = "renew"
    HOLD = "hold"
    RESUME = "resume"
    CONTACT_WROTE = "contact_wrote"
    HAND_OVER = "hand_over"
    ACCEPT = "accept"
    DECLINE = "decline"
    ESCALATE = "escalate"
    REGRADE = "regrade"
    RELEASE = "release"
    EXPIRE = "expire"
    CLOSE = "close"
    WITHDRAW = "withdraw"


def _same(*states: ReferralState) -> dict[ReferralState, ReferralState]:
    return {state: state for state in states}


_TABLE: Mapping[Action, Mapping[ReferralState, ReferralState]] = MappingProxyType(
    {
        Action.OFFER: {OPEN: OFFERED},
        Action.CLAIM: {OFFERED: CLAIMED},
        Action.TAKE: {OPEN: CLAIMED},
        Action.REPLY: dict.fromkeys(TAKEN, IN_CONTACT),
        Action.NOTE: _same(*LIVE),
        Action.RENEW: _same(*TAKEN),
        # Only what has been answered can wait: an unanswered claim goes back instead.
        Action.HOLD: {IN_CONTACT: ON_HOLD},
        Action.RESUME: {ON_HOLD: IN_CONTACT},
        Action.CONTACT_WROTE: {**_same(*LIVE), ON_HOLD: IN_CONTACT},
        Action.HAND_OVER: _same(*TAKEN),
        Action.ACCEPT: {**_same(CLAIMED, IN_CONTACT), ON_HOLD: IN_CONTACT},
        Action.DECLINE: _same(*TAKEN),
        Action.ESCALATE: _same(*LIVE),
        Action.REGRADE: _same(*LIVE),
        Action.RELEASE: dict.fromkeys(HELD, OPEN),
        Action.EXPIRE: dict.fromkeys(HELD, OPEN),
        Action.CLOSE: dict.fromkeys(LIVE, CLOSED),
        Action.WITHDRAW: dict.fromkeys(LIVE, CLOSED),
    }
)


def allowed(state: ReferralState, action: Action) -> ReferralState | None:
    """The state after the action; None when the action is not possible in this state.

    Total: every pair of state and action has an answer, and nothing leaves CLOSED.
    """
    return _TABLE[action].get(state)
