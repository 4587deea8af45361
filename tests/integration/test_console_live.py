"""Event streams: they say that something changed, carry no text, and end when they must."""

import asyncio
from collections.abc import Callable

import pytest

from handrail.console.live import board_look, conversation_look, desk_look, events
from handrail.domain.clock import FixedClock
from handrail.domain.level import Level
from handrail.storage.store import SqlStore
from referral_queue import desk
from tests.fakes.console_house import RULES, Browser, Place, contact_writes, make_place, minutes


@pytest.fixture
def place(sqlite_store: SqlStore, clock: FixedClock) -> Place:
    return make_place(sqlite_store, clock, live_minutes=0.2, live_poll_seconds=0.01)


def claimed(place: Place):
    referral = contact_writes(place, "hello")
    now, vera = place.clock.now(), place.people["vera"]
    with place.store.transaction() as tx:
        desk.start_shift(tx, vera, now)
        desk.offer_next(tx, vera, now, RULES)
        return desk.claim(tx, referral.id, vera, now, RULES)


def heard(place: Place, look, *acts: Callable[[], object], seen: str = "", wanted: int = 99):
    """What a page hears while the acts happen, one after each event."""
    waiting = list(acts)

    async def listen() -> list[str]:
        found: list[str] = []
        async with asyncio.timeout(5):
            async for chunk in events(place.app.state.house, "", look, seen=seen):
                if not chunk.startswith(("retry:", ":")):
                    found.append(chunk)
                elif not seen:
                    continue
                if waiting:
                    await asyncio.to_thread(waiting.pop(0))
                elif len(found) >= wanted:
                    return found
        return found

    return asyncio.run(listen())


def mark_of(place: Place, look) -> str:
    with place.store.transaction(read_only=True) as tx:
        return look(tx)


def test_new_message_is_heard_and_its_text_is_not_in_the_stream(place: Place):
    referral = claimed(place)
    look = conversation_look(referral, place.people["vera"], watching=False)
    before = mark_of(place, look)
    found = heard(place, look, lambda: contact_writes(place, "marmalade"), seen=before, wanted=1)
    assert len(found) == 1
    assert found[0].splitlines()[1] == "event: changed"
    assert "marmalade" not in found[0]


def test_losing_the_lease_ends_the_stream(place: Place):
    referral = claimed(place)
    look = conversation_look(referral, place.people["vera"], watching=False)

    def lose() -> None:
        place.clock.advance(minutes(20))
        with place.store.transaction() as tx:
            assert desk.expire_leases(tx, place.clock.now(), RULES)

    found = heard(place, look, lose, seen=mark_of(place, look))
    assert found[-1].count("event: gone") == 1
    assert found[-1].startswith("event: changed"), "the page fetches itself once more and says why"


def test_heartbeats_and_rereading_change_nothing(place: Place):
    referral = claimed(place)
    vera = place.people["vera"]
    look = conversation_look(referral, vera, watching=False)
    before = mark_of(place, look)
    place.clock.advance(minutes(1))
    with place.store.transaction() as tx:
        assert referral.lease_token
        desk.renew(tx, referral, vera, referral.lease_token, place.clock.now(), RULES)
    assert mark_of(place, look) == before


def test_level_state_and_delivery_are_changes(place: Place):
    referral = claimed(place)
    vera = place.people["vera"]
    look = conversation_look(referral, vera, watching=False)
    marks = [mark_of(place, look)]
    with place.store.transaction() as tx:
        desk.raise_level(tx, referral, Level.P2, ["x"], place.clock.now(), RULES.targets, "machine")
    marks.append(mark_of(place, look))
    with place.store.transaction() as tx:
        now = place.clock.now()
        item = tx.outbox.claim(referral.conversation_id, now, minutes(1))
        assert item is not None
        tx.outbox.sent(item, now)
    marks.append(mark_of(place, look))
    assert len(set(marks)) == 3


def test_desk_hears_of_newcomers_and_hand_overs_but_not_of_other_desks(place: Place):
    look = desk_look(place.people["victor"].id)
    marks = [mark_of(place, look)]
    referral = contact_writes(place, "hello")
    marks.append(mark_of(place, look))
    now = place.clock.now()
    vera, victor = place.people["vera"], place.people["victor"]
    with place.store.transaction() as tx:
        for member in (vera, victor):
            desk.start_shift(tx, member, now)
        desk.offer_next(tx, vera, now, RULES)
        mine = desk.claim(tx, referral.id, vera, now, RULES)
    marks.append(mark_of(place, look))
    assert mine.lease_token
    with place.store.transaction() as tx:
        desk.reply(tx, mine, vera, mine.lease_token, "hi", now, RULES)
    assert mark_of(place, look) == marks[-1]
    with place.store.transaction() as tx:
        desk.hand_over(tx, mine, vera, mine.lease_token, victor.id, now)
    marks.append(mark_of(place, look))
    assert len(set(marks)) == 4


def test_board_hears_of_alerts(place: Place):
    before = mark_of(place, board_look)
    with place.store.transaction() as tx:
        tx.journal.alert("delivery.stuck", "web", place.clock.now())
    assert mark_of(place, board_look) != before


def test_stream_ends_when_the_server_stops(place: Place):
    place.app.state.stopping.set()
    assert heard(place, board_look, seen="x") == []


def test_stream_over_http_has_its_type_and_respects_the_last_event(
    sqlite_store: SqlStore, clock: FixedClock
):
    place = make_place(sqlite_store, clock, live_minutes=0.002, live_poll_seconds=0.01)
    loop = asyncio.new_event_loop()
    sam = Browser(place, loop, "203.0.113.7")
    try:
        sam.log_in("sam")
        first = sam.get("/board/live")
        assert first.headers["content-type"].startswith("text/event-stream")
        assert "event: changed" in first.text
        seen = first.text.split("id: ")[1].split("\n")[0]
        assert "event: changed" not in sam.get("/board/live", last_event_id=seen).text
        assert "event: changed" not in sam.get(f"/board/live?seen={seen}").text
    finally:
        sam.close()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_login_that_ended_ends_the_stream(sqlite_store: SqlStore, clock: FixedClock):
    """Nobody is logged in with the token of `heard`."""
    place = make_place(sqlite_store, clock, login_check_seconds=0.0)
    found = heard(place, board_look)
    assert found == ["event: changed\ndata: login\n\nevent: gone\ndata: login\n\n"]
