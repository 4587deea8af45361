"""Hand what is due to the platforms, in order, one message at a time.

At least once: a kill between a platform's acceptance and our commit sends a message again, under
the same `Outgoing.key`. Never out of order within a conversation, never after STOP.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta

from handrail.domain.clock import Clock
from handrail.domain.errors import Conflict, DeliveryError
from handrail.domain.ids import ConversationId, Platform
from handrail.domain.message import OutboxItem
from handrail.domain.ports import Sender, Store

LEASE = timedelta(seconds=60)
"""How long a platform may take to accept one message before another process tries."""

FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(minutes=5)
"""Back-off doubles from the first to the longest; a message is tried until it is permanent."""

_log = logging.getLogger(__name__)


def dispatch(
    store: Store, senders: Mapping[Platform, Sender], clock: Clock, conversation_id: ConversationId
) -> int:
    """Send everything that is due in one conversation. Returns how many were accepted.

    Raises StorageError; a platform's refusal is recorded, not raised.
    """
    accepted = 0
    while True:
        with store.transaction() as tx:
            item = tx.outbox.claim(conversation_id, clock.now(), LEASE)
        if item is None or item.platform not in senders:
            return accepted
        if not _send(store, senders[item.platform], clock, item):
            return accepted
        accepted += 1


def _send(store: Store, sender: Sender, clock: Clock, item: OutboxItem) -> bool:
    try:
        sender.deliver(item.address, item.outgoing)
    except DeliveryError as error:
        _record_failure(store, clock, item, error)
        return False
    try:
        with store.transaction() as tx:
            tx.outbox.sent(item, clock.now())
    except Conflict:  # our lease ended while the platform was slow: somebody else records it
        _log.warning("delivery lease lost", extra={"message_id": item.message_id})
        return False
    return True


def _record_failure(store: Store, clock: Clock, item: OutboxItem, error: DeliveryError) -> None:
    now = clock.now()
    wait = error.retry_after or min(FIRST_RETRY * 2 ** min(item.attempts, 16), LONGEST_RETRY)
    with store.transaction() as tx:
        tx.outbox.failed(
            item, now, permanent=error.permanent, retry_at=now + wait, why=type(error).__name__
        )
        if error.permanent:
            tx.journal.append(
                "delivery_failed", at=now, actor="outbox", subject=item.conversation_id,
                message_id=item.message_id,
            )  # fmt: skip
            tx.journal.alert("delivery_failed", item.conversation_id, now)
