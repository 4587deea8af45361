"""Fixtures of the console's tests: the console over a real store, and browsers without scripts."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from handrail.domain.clock import FixedClock
from handrail.storage.store import SqlStore
from tests.fakes.console_house import Browser, Place, make_place


@pytest.fixture
def place(sqlite_store: SqlStore, clock: FixedClock) -> Place:
    return make_place(sqlite_store, clock, live_minutes=0.0001, live_poll_seconds=0.001)


@pytest.fixture
def browser(place: Place) -> Iterator[Callable[..., Browser]]:
    """Opens browsers, each with cookies of its own; with a name, somebody logs in there."""
    loop = asyncio.new_event_loop()
    opened: list[Browser] = []

    def open_one(username: str = "", address: str = "203.0.113.7") -> Browser:
        opened.append(Browser(place, loop, address))
        if username:
            assert opened[-1].log_in(username).status_code == 303
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
