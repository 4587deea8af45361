"""What a contact may see, and following it without a gap."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from bots.record import Follower, for_contact, read_record, visible
from bots.web.pace import Pace
from bots.web.settings import WebSettings
from handrail.domain.clock import FixedClock
from handrail.domain.errors import ConfigError, Erased
from handrail.domain.ids import Platform
from handrail.domain.message import Author, DeliveryState, Incoming, IncomingKind
from tests.fakes.paper_house import PaperHouse

WEB = Platform("web")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def house(clock: FixedClock) -> PaperHouse:
    return PaperHouse(clock)


def say(house: PaperHouse, text: str, kind: IncomingKind = IncomingKind.TEXT) -> None:
    house.receive(
        Incoming(
            platform=WEB,
            account="a",
            address="a",
            message_id=f"m{len(house.incoming)}",
            kind=kind,
            sent_at=NOW,
            text=text,
        )
    )


def texts(lines) -> list[str]:
    return [line.message.text for line in lines]


def test_an_account_that_never_wrote_has_no_record(house: PaperHouse) -> None:
    assert read_record(house.store, WEB, "nobody") == []


def test_a_record_longer_than_a_page_is_read_to_its_end(house: PaperHouse) -> None:
    for number in range(300):
        say(house, str(number))
    assert len(read_record(house.store, WEB, "a")) == 600


def test_looking_never_waits_for_somebody_who_writes(sqlite_store) -> None:
    """Every open page looks once a second: that must not take the writer's turn from a message."""
    found: list[object] = []
    look = threading.Thread(target=lambda: found.append(read_record(sqlite_store, WEB, "nobody")))
    with sqlite_store.transaction():
        look.start()
        look.join(10)
        assert found == [[]]


def test_an_erased_record_is_empty_and_not_a_mistake(house: PaperHouse) -> None:
    say(house, "hello")

    def erased(*_args: object, **_kwargs: object) -> None:
        raise Erased("gone")

    house._page = erased
    assert read_record(house.store, WEB, "a") == []


@pytest.mark.parametrize(
    ("author", "kind", "delivery", "seen"),
    [
        (Author.CONTACT, IncomingKind.TEXT, None, True),
        (Author.CONTACT, IncomingKind.START, None, False),
        (Author.SERVICE, IncomingKind.TEXT, DeliveryState.PENDING, True),
        (Author.SERVICE, IncomingKind.TEXT, DeliveryState.SENT, True),
        (Author.SERVICE, IncomingKind.TEXT, DeliveryState.FAILED, False),
        (Author.VOLUNTEER, IncomingKind.TEXT, DeliveryState.PENDING, True),
        (Author.NOTE, IncomingKind.TEXT, None, False),
    ],
)
def test_who_sees_what(house: PaperHouse, author, kind, delivery, seen: bool) -> None:
    say(house, "hello")
    message = read_record(house.store, WEB, "a")[0].message
    assert for_contact(replace(message, author=author, kind=kind, delivery=delivery)) is seen


def test_characters_that_repaint_are_made_visible_and_others_stay() -> None:
    assert visible("a\u202eb\u202dc\x1b[2J\x00") == "a<U+202E>b<U+202D>c<U+001B>[2J<U+0000>"
    kept = "line\nline\ttab שלום \u200f مرحبا 👩\u200d👧 e\u0301"
    assert visible(kept) == kept


def test_a_follower_gives_each_message_once(house: PaperHouse, clock: FixedClock) -> None:
    follower = Follower(house.store, WEB, "a", clock)
    say(house, "one")
    assert texts(follower.fresh()) == ["one", "We read: one"]
    assert follower.fresh() == []
    clock.advance(timedelta(minutes=5))
    assert follower.fresh() == []
    say(house, "two")
    assert texts(follower.fresh()) == ["two", "We read: two"]
    clock.advance(timedelta(minutes=5))
    assert follower.fresh() == []


def test_a_message_committed_late_below_a_newer_one_is_not_missed(
    house: PaperHouse, clock: FixedClock
) -> None:
    say(house, "one")
    (messages,) = house._messages.values()
    late = messages.pop(0)  # its transaction is still open
    follower = Follower(house.store, WEB, "a", clock)
    assert texts(follower.fresh()) == ["We read: one"]
    messages.insert(0, late)
    assert texts(follower.fresh()) == ["one"]
    assert follower.fresh() == []


def test_who_comes_back_gets_what_may_have_been_late_again(
    house: PaperHouse, clock: FixedClock
) -> None:
    say(house, "old")
    clock.advance(timedelta(minutes=2))
    say(house, "young")
    newest = read_record(house.store, WEB, "a")[-1].message.seq
    follower = Follower(house.store, WEB, "a", clock, after_seq=newest)
    assert texts(follower.fresh()) == ["young", "We read: young"]
    assert follower.fresh() == []


def test_pace_waits_after_the_burst_and_forgets(clock: FixedClock) -> None:
    pace = Pace(clock, burst=3, every=timedelta(seconds=2), longest=timedelta(seconds=5))
    waits = [pace.wait("a").total_seconds() for _ in range(8)]
    assert waits == [0, 0, 0, 2, 4, 5, 5, 5]
    assert pace.wait("b") == timedelta()
    clock.advance(timedelta(minutes=1))
    assert [pace.wait("a").total_seconds() for _ in range(3)] == [0, 0, 0]


def test_pace_does_not_punish_for_long(clock: FixedClock) -> None:
    pace = Pace(clock, burst=2, every=timedelta(seconds=2), longest=timedelta(seconds=4))
    for _ in range(500):
        pace.wait("a")
    clock.advance(timedelta(seconds=10))
    assert pace.wait("a") == timedelta()


def test_pace_remembers_a_bounded_number_of_keys(clock: FixedClock) -> None:
    pace = Pace(clock, burst=1, every=timedelta(hours=1), longest=timedelta(seconds=1))
    for number in range(10_001):
        pace.wait(str(number))
    assert pace.wait("0") == timedelta()
    assert pace.wait("10000") == timedelta(seconds=1)


@pytest.mark.parametrize(
    "wrong",
    [
        SimpleNamespace(quick_exit_url="http://plain.example/"),
        SimpleNamespace(quick_exit_url="javascript:alert(1)"),
        SimpleNamespace(max_message_chars=0),
        SimpleNamespace(max_body_bytes=10_000),
        SimpleNamespace(burst_messages=0),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: SimpleNamespace) -> None:
    with pytest.raises(ConfigError):
        WebSettings(service_name="Handrail", **vars(wrong))
