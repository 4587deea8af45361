"""New messages as they come: server-sent events, read from the record.

Server-sent events and not a WebSocket: one direction is all that is needed, the browser reconnects
and says where it was by itself, and every proxy passes it.
"""

import time
from collections.abc import AsyncIterator
from threading import Event

import anyio

from bots.web.door import Door
from bots.web.schemas import message_out
from bots.web.settings import WebSettings

_RETRY_MILLISECONDS = 2000


async def new_messages(
    door: Door, settings: WebSettings, token: str, after: int, stopping: Event
) -> AsyncIterator[bytes]:
    """Events `message` with a MessageOut each, id = seq. What is younger than half a minute may
    come twice after a reconnect: tell them apart by `id`. Ends when the service stops, and after
    `stream_seconds`, whereupon the browser comes back with Last-Event-ID."""
    yield f"retry: {_RETRY_MILLISECONDS}\n\n".encode()
    follower = door.follower(token, after)
    ends = time.monotonic() + settings.stream_seconds
    silent_since = time.monotonic()
    while not stopping.is_set() and time.monotonic() < ends:
        try:
            lines = await door.fresh(follower)
        except Exception:  # the store is down: keep the line open, it may come back; posts alert
            lines = []
        for line in lines:
            data = message_out(line).model_dump_json()
            yield f"id: {line.message.seq}\ndata: {data}\n\n".encode()
        if lines:
            silent_since = time.monotonic()
        elif time.monotonic() - silent_since >= settings.keep_alive_seconds:
            silent_since = time.monotonic()
            yield b": still here\n\n"
        await anyio.sleep(settings.poll_seconds)


def resume_point(last_event_id: str | None, after: int) -> int:
    """Where to go on: what the browser says it saw last, else where the page began."""
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        return max(after, int(last_event_id[:18]))
    return after
