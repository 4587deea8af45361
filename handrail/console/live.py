"""Event streams: a page is told *that* something changed and fetches it itself.

No text travels in the stream. The database is asked again and again, so that it does not matter
which process changed something; a stream ends after some minutes and the browser opens another.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from time import monotonic

from starlette.concurrency import run_in_threadpool

from handrail.console.sessions import find_visit
from handrail.console.settings import Parts
from handrail.console.views import all_messages
from handrail.domain.errors import Erased
from handrail.domain.ids import ConversationId, PersonId
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral, StaffMember

Look = Callable[[Transaction], str | None]
"""A mark of what a page shows; another mark means that it changed, None that it is gone."""


def mark(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def conversation_look(referral: Referral, me: StaffMember, *, watching: bool) -> Look:
    """watching: a supervisor who reads; otherwise the referral must stay with `me`."""

    def look(tx: Transaction) -> str | None:
        current = tx.referrals.get(referral.id)
        if not watching and current.held_by != me.id:
            return None
        return mark(_of_referral(current), _of_messages(tx, current.conversation_id))

    return look


def _of_referral(r: Referral) -> tuple[object, ...]:
    # Not the version: every heartbeat raises it.
    return (r.state, r.level, r.held_by, r.handed_to, r.due_by, r.escalated_at, r.awaiting_since)


def _of_messages(tx: Transaction, conversation: ConversationId) -> list[object]:
    try:
        said = all_messages(tx, conversation)
    except Erased:
        return ["erased"]
    return [(m.seq, m.delivery, m.edited) for m in said]


def desk_look(me: PersonId) -> Look:
    def look(tx: Transaction) -> str | None:
        live = tx.referrals.live()
        mine = [(r.id, r.held_by, *_of_referral(r)) for r in live if me in (r.held_by, r.handed_to)]
        on_shift = any(shift.person_id == me for shift in tx.shifts.running())
        return mark(mine, on_shift, sum(r.held_by is None for r in live))

    return look


def board_look(tx: Transaction) -> str | None:
    live = [(r.id, *_of_referral(r)) for r in tx.referrals.live()]
    there = sorted(shift.person_id for shift in tx.shifts.running())
    return mark(live, there, [alert.id for alert in tx.journal.alerts()])


async def events(house: Parts, token: str, look: Look, *, seen: str = "") -> AsyncIterator[str]:
    """Server-sent events: `changed` when the page must fetch itself again, `gone` when it will
    never change again or the login ended. `seen` is the mark the page was made with."""

    def read() -> str | None:
        with house.store.transaction(read_only=True) as tx:
            return look(tx)

    began = checked = monotonic()
    yield "retry: 2000\n\n"
    while monotonic() - began < house.settings.live_minutes * 60 and not house.stopping.is_set():
        if monotonic() - checked >= house.settings.login_check_seconds:
            checked = monotonic()
            visit = await run_in_threadpool(find_visit, house, token, by_a_person=False)
            if visit is None:
                yield "event: changed\ndata: login\n\nevent: gone\ndata: login\n\n"
                return
            yield ": still here\n\n"
        current = await run_in_threadpool(read)
        if current is None:
            yield "event: changed\ndata: gone\n\nevent: gone\ndata: gone\n\n"
            return
        if current != seen:
            yield f"id: {current}\nevent: changed\ndata: {current}\n\n"
            seen = current
        await asyncio.sleep(house.settings.live_poll_seconds)
