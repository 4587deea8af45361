"""The volunteers' desk: every action on a referral, in one place to import from.

Each function works on a `Transaction` of `handrail.domain.ports`, reads the referral fresh, takes
and returns values, changes it by compare-and-set (`Conflict` means: run the transaction again),
and appends an event with ids and codes. Actions of a holder take the lease token and raise
LeaseLost when it is old. Where a `Referral` is asked for, its id will do.
"""

from referral_queue.grip import MACHINE
from referral_queue.handing import (
    accept_hand_over,
    close,
    decline_hand_over,
    escalate,
    hand_over,
)
from referral_queue.opening import (
    contact_wrote,
    open_referral,
    raise_level,
    set_level,
    withdraw_by_contact,
)
from referral_queue.sweeping import (
    anything_due,
    end_shift,
    expire_leases,
    overdue,
    start_shift,
)
from referral_queue.taking import claim, offer_next, release, renew
from referral_queue.talking import hold, note, reply, resume
from referral_queue.targets import DeskRules, LevelTargets, Targets, default_targets, load_targets

__all__ = [
    "MACHINE",
    "DeskRules",
    "LevelTargets",
    "Targets",
    "accept_hand_over",
    "anything_due",
    "claim",
    "close",
    "contact_wrote",
    "decline_hand_over",
    "default_targets",
    "end_shift",
    "escalate",
    "expire_leases",
    "hand_over",
    "hold",
    "load_targets",
    "note",
    "offer_next",
    "open_referral",
    "overdue",
    "raise_level",
    "release",
    "renew",
    "reply",
    "resume",
    "set_level",
    "start_shift",
    "withdraw_by_contact",
]  # fmt: skip
