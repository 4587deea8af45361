"""Run one action in one transaction, again when somebody changed the row at the same moment."""

from collections.abc import Callable
from contextlib import suppress
from string import hexdigits
from typing import TypeVar

from handrail.console.guard import SUPERVISE, NoSuchReferral, allowed
from handrail.console.settings import Parts
from handrail.domain.errors import Conflict, HandrailError, PlaybookError, StorageError
from handrail.domain.ids import ConversationId, ReferralId
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral, ReferralState, StaffMember
from referral_queue.referral import TAKEN

T = TypeVar("T")
_TRIES = 4


def run(house: Parts, work: Callable[[Transaction], T]) -> T:
    """`work` sees a fresh transaction at each try. Raises Conflict after four, and whatever
    `work` raises."""
    for _ in range(_TRIES - 1):
        with suppress(Conflict), house.store.transaction() as tx:
            return work(tx)
    with house.store.transaction() as tx:
        return work(tx)


def find(tx: Transaction, referral_id: str) -> Referral:
    """Raises NoSuchReferral."""
    if len(referral_id) != 32 or not set(referral_id) <= set(hexdigits):
        raise NoSuchReferral
    try:
        return tx.referrals.get(ReferralId(referral_id))
    except Conflict:
        raise
    except StorageError:
        raise NoSuchReferral from None


def holds(referral: Referral, me: StaffMember) -> bool:
    """Whether this person took it and still has it."""
    return referral.held_by == me.id and referral.state in TAKEN


def may_watch(referral: Referral, me: StaffMember) -> bool:
    """Whether this person may read it without holding it."""
    return referral.state is not ReferralState.CLOSED and allowed(me, SUPERVISE)


def must_see(tx: Transaction, referral_id: str, me: StaffMember) -> Referral:
    """The referral, if this person holds it or may watch it. Raises NoSuchReferral: somebody
    else's referral looks exactly like one that does not exist."""
    referral = find(tx, referral_id)
    if holds(referral, me) or may_watch(referral, me):
        return referral
    raise NoSuchReferral


def tell(house: Parts, tx: Transaction, referral: Referral, key: str) -> None:
    """Tell the contact what just happened. A missing playbook must not undo the action."""
    with suppress(PlaybookError):
        house.announce(tx, referral, key)


def send_soon(house: Parts, conversation: ConversationId) -> None:
    """Wake the worker and try to deliver at once. Neither may fail the reply: it is stored, and
    the worker delivers what is left."""
    with suppress(HandrailError):
        house.nudger.nudge_delivery(conversation)
    with suppress(HandrailError):
        house.deliver(conversation)
