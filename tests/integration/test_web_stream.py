"""Server-sent events: what is said reaches the page without asking."""

import json
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from bots.web.app import create_web_chat, end_streams
from handrail.domain.clock import SystemClock
from tests.fakes.paper_house import PaperHouse
from tests.fakes.web_server import served
from tests.fakes.web_visit import HEADER, SETTINGS, WebVisit, web_visit

EVENTS = "/api/v1/chat/events"


@pytest.fixture
def visit() -> Iterator[WebVisit]:
    with web_visit() as made:
        yield made


def events(response: httpx.Response) -> Iterator[tuple[int, dict[str, object]]]:
    """(id, message) of each event, while the stream lasts."""
    number = 0
    for line in response.iter_lines():
        if line.startswith("id: "):
            number = int(line[4:])
        elif line.startswith("data: "):
            yield number, json.loads(line[6:])


def test_what_a_volunteer_writes_arrives_within_a_second(visit: WebVisit) -> None:
    newest = visit.post(text="hello").json()["messages"][-1]["seq"]
    with visit.client.stream("GET", EVENTS, params={"after": newest}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        coming = events(response)
        threading.Timer(0.3, visit.house.volunteer_says, ["I am here"]).start()
        begun = time.monotonic()
        texts = []
        while "I am here" not in texts:
            number, message = next(coming)
            texts.append(message["text"])
        assert time.monotonic() - begun < 1.5
        assert (message["author"], message["name"]) == ("volunteer", "Sam")
        assert number == message["seq"]


def test_a_stream_may_wait_for_the_first_word(visit: WebVisit) -> None:
    visit.page()
    with visit.client.stream("GET", EVENTS) as response:
        coming = events(response)
        body = {"client_id": "c" * 16, "text": "now I write"}
        cookies = dict(visit.client.cookies)
        httpx.post(f"{visit.url}/api/v1/chat/messages", json=body, headers=HEADER, cookies=cookies)
        assert [next(coming)[1]["text"] for _ in range(2)] == [
            "now I write",
            "We read: now I write",
        ]


def test_a_stream_says_that_it_is_alive(visit: WebVisit) -> None:
    visit.page()
    with visit.client.stream("GET", EVENTS) as response:
        lines = response.iter_lines()
        assert next(lines) == "retry: 2000"
        assert next(line for line in lines if line) == ": still here"


def test_a_stream_goes_on_when_the_store_comes_back(visit: WebVisit) -> None:
    visit.post(text="hello")
    visit.house.down = True
    with visit.client.stream("GET", EVENTS) as response:
        lines = response.iter_lines()
        assert next(line for line in lines if line.startswith(":"))
        visit.house.down = False
        assert next(line for line in lines if line.startswith("data: "))


def test_nothing_is_streamed_to_a_stranger(visit: WebVisit) -> None:
    visit.post(text="for my eyes")
    with visit.stranger() as other:
        assert other.get(EVENTS).status_code == 204
        other.get("/")
        with other.stream("GET", EVENTS) as response:
            lines = response.iter_lines()
            assert not next(line for line in lines if line.startswith((":", "data"))).startswith(
                "data"
            )


def test_a_stream_ends_after_its_time() -> None:
    with web_visit(stream_seconds=0.3) as visit:
        visit.page()
        begun = time.monotonic()
        visit.client.get(EVENTS)
        assert time.monotonic() - begun < 2


def test_open_streams_do_not_hold_up_the_end() -> None:
    house = PaperHouse(SystemClock())
    app = create_web_chat(
        house.receive, house.store, house.clock, SETTINGS, house.fallback, house.alert
    )
    with served(app) as url, httpx.Client(base_url=url) as client:
        client.get("/")
        with client.stream("GET", EVENTS) as response:
            begun = time.monotonic()
            end_streams(app)
            response.read()
            assert time.monotonic() - begun < 1.5
