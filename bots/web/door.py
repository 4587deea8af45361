"""Between the page and the house: takes a message in, and always has an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import anyio
from anyio import CapacityLimiter, to_thread

from bots.adapter import Received, Wiring, tell_operator
from bots.record import Follower, Line, for_contact, read_record
from bots.web.event import WEB, WebEvent, in_parts
from bots.web.pace import Pace
from bots.web.settings import WebSettings
from handrail.domain.message import Incoming

Sleep = Callable[[float], Awaitable[None]]

_TAKING, _READING = 24, 6
"""Threads. Apart, so that many open pages reading the record can never hold up a message."""

_ALERT_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the contact gets for one message.

    lines: everything new on record since the page last looked, the contact's own words included.
    fallback: text to show because the house failed. stored: False when the page should send the
    same again later, with the same id. notes: keys of the page's own words ("long", "slowed").
    """

    lines: tuple[Line, ...]
    fallback: str | None
    stored: bool
    notes: tuple[str, ...]


class Door:
    """Lets messages in, in threads, and reads the record for the page."""

    def __init__(self, wiring: Wiring, settings: WebSettings, sleep: Sleep = asyncio.sleep) -> None:
        self._wiring = wiring
        self._settings = settings
        self._sleep = sleep
        longest = timedelta(seconds=settings.max_delay_seconds)
        self._writing = Pace(
            wiring.clock,
            burst=settings.burst_messages,
            every=timedelta(seconds=settings.seconds_per_message),
            longest=longest,
        )
        self._arriving = Pace(
            wiring.clock,
            burst=settings.arrivals_per_minute,
            every=timedelta(minutes=1) / settings.arrivals_per_minute,
            longest=longest,
        )
        self._taking = CapacityLimiter(_TAKING)
        self._reading = CapacityLimiter(_READING)

    async def take(self, event: WebEvent, *, after: int, new_from: str | None) -> Answered:
        """Never raises. new_from: the network address of somebody without a token, for pacing."""
        wait = self._writing.wait(event.token)
        if new_from is not None:
            wait = max(wait, self._arriving.wait(new_from))
        notes: tuple[str, ...] = ()
        if wait:
            notes += ("slowed",)
            await self._sleep(wait.total_seconds())
        parts = in_parts(event, self._settings.max_message_chars)
        if len(parts) > 1:
            notes += ("long",)
        replies: list[Line] = []
        for part in parts:
            received = await self._receive(part)
            if received is None or received.fallback is not None:
                return await self._failed(event.token, after, replies, received, notes)
            replies += _lines(received)
        lines = await self._since(event.token, after, replies)
        return Answered(lines=lines, fallback=None, stored=True, notes=notes)

    async def record(self, token: str, after: int = 0) -> list[Line]:
        """Raises StorageError, or whatever else the store raises when it is broken."""
        read = partial(read_record, self._wiring.store, WEB, token, after)
        return await to_thread.run_sync(read, limiter=self._reading, abandon_on_cancel=True)

    def follower(self, token: str, after: int) -> Follower:
        return Follower(self._wiring.store, WEB, token, self._wiring.clock, after_seq=after)

    async def fresh(self, follower: Follower) -> list[Line]:
        """Raises like `record`."""
        return await to_thread.run_sync(follower.fresh, limiter=self._reading)

    async def store_is_well(self) -> bool:
        try:
            with anyio.fail_after(self._settings.answer_timeout_seconds):
                await to_thread.run_sync(self._wiring.store.check, abandon_on_cancel=True)
        except Exception:  # whatever it is, the answer to the question is no
            return False
        return True

    def fallback(self) -> str:
        return self._wiring.fallback(self._settings.locale)

    async def alert(self, kind: str, detail: str) -> None:
        """Tell the operator, but let nobody wait for it: the database may be what is broken."""
        tell = partial(tell_operator, self._wiring.alert, kind, detail)
        with anyio.move_on_after(_ALERT_SECONDS):
            await to_thread.run_sync(tell, abandon_on_cancel=True)

    async def _receive(self, part: Incoming) -> Received | None:
        """None when the house raised or took too long; the operator has been told."""
        try:
            with anyio.fail_after(self._settings.answer_timeout_seconds):
                return await to_thread.run_sync(
                    partial(self._wiring.receive, part),
                    limiter=self._taking,
                    abandon_on_cancel=True,
                )
        except (
            Exception
        ) as error:  # the adapter boundary: the contact gets an answer whatever it is
            await self.alert("web.receive_failed", type(error).__name__)
            return None

    async def _failed(
        self,
        token: str,
        after: int,
        replies: list[Line],
        received: Received | None,
        notes: tuple[str, ...],
    ) -> Answered:
        """Show the fallback. The record may still hold the contact's words and earlier parts."""
        stored = False
        fallback = self.fallback()
        if received is not None:
            await self.alert("web.fallback_shown", "house")
            stored = received.conversation_id is not None
            fallback = received.fallback or fallback
            replies = replies + _lines(received)
        lines = await self._since(token, after, replies)
        return Answered(lines=lines, fallback=fallback, stored=stored, notes=notes)

    async def _since(self, token: str, after: int, replies: list[Line]) -> tuple[Line, ...]:
        """The record after `after`, and replies it does not hold (a goodbye after erasure)."""
        try:
            with anyio.fail_after(self._settings.answer_timeout_seconds):
                lines = await self.record(token, after)
        except Exception as error:  # the replies are known: show them without the record
            await self.alert("web.record_unreadable", type(error).__name__)
            lines = []
        known = {line.message.id for line in lines}
        lines += [line for line in replies if line.message.id not in known]
        return tuple(sorted(lines, key=lambda line: line.message.seq))


def _lines(received: Received) -> list[Line]:
    return [Line(message=message) for message in received.messages if for_contact(message)]
