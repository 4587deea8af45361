"""One story over every platform in the registry.

The story is data (tests/dialog/stories). A platform takes part by adding a `Driver` to DRIVERS;
`test_every_platform_takes_part` fails until it does. The house behind the platforms is the fixture
`house`: a paper one here; a conftest may give the real one through `house_receive`.
"""

import html
import io
import os
import re
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from bots.adapter import Wiring
from bots.registry import ADAPTERS, make_adapter
from bots.terminal.event import TypedLine
from bots.terminal.settings import TerminalSettings
from bots.web.event import WebEvent
from bots.web.settings import WebSettings
from handrail.domain.clock import SystemClock
from handrail.domain.errors import ConfigError
from handrail.domain.ids import Platform, new_id
from handrail.domain.message import Button, IncomingKind, Outgoing
from tests.fakes.paper_house import EMERGENCY_LINE, PaperHouse
from tests.fakes.web_server import served

STORIES = Path(__file__).parents[1] / "dialog" / "stories"
WAIT = 8.0


class Driver(Protocol):
    """A contact on one platform. `seen` is (who, text) in order, as shown, without the contact's
    own words where the platform does not repeat them."""

    repeats_own_words: bool

    def open(self) -> None: ...
    def say(self, text: str) -> None: ...
    def say_again(self) -> None: ...
    def press_first(self) -> None: ...
    def choices(self) -> list[str]: ...
    def seen(self) -> list[tuple[str, str]]: ...
    def close(self) -> None: ...


class WebDriver:
    """The JSON API over HTTP, checked against what the page shows."""

    repeats_own_words = True

    def __init__(self, wiring: Wiring) -> None:
        settings = WebSettings(
            service_name="Handrail", secure_cookies=False, emergency_line=EMERGENCY_LINE
        )
        self._server = served(make_adapter(Platform("web"), wiring, settings).app)
        self._client = httpx.Client(
            base_url=self._server.__enter__(), headers={"X-Handrail-Chat": "1"}, timeout=15
        )
        self._last: dict[str, Any] = {}

    def _post(self, what: str, body: dict[str, Any]) -> None:
        self._last = {"what": what, "body": body}
        response = self._client.post(f"/api/v1/chat/{what}", json=body)
        assert response.status_code == 200, response.text
        assert response.json()["stored"] is True

    def open(self) -> None:
        self._post("start", {"client_id": new_id()})

    def say(self, text: str) -> None:
        self._post("messages", {"client_id": new_id(), "text": text})

    def say_again(self) -> None:
        self._post(self._last["what"], self._last["body"])

    def press_first(self) -> None:
        press, label = re.search(
            r'name="press" value="([^"]*)">\s*<input type="hidden" name="text" value="([^"]*)"',
            self._client.get("/").text,
        ).groups()
        body = {"client_id": new_id(), "press": html.unescape(press), "text": html.unescape(label)}
        self._post("messages", body)

    def choices(self) -> list[str]:
        page = self._client.get("/").text
        return re.findall(r'<button class="choice" type="submit" dir="auto">(.*?)</button>', page)

    def seen(self) -> list[tuple[str, str]]:
        messages = self._client.get("/api/v1/chat/messages").json()["messages"]
        by_api = [(message["author"], message["text"]) for message in messages]
        page = self._client.get("/").text
        shown = re.findall(r'<p class="text" dir="auto">(.*?)</p>', page, re.DOTALL)
        assert [html.unescape(text) for text in shown] == [text for _, text in by_api]
        assert all("<" not in text for text in shown), "something on the page is not escaped"
        return by_api

    def close(self) -> None:
        self._client.close()
        self._server.__exit__(None, None, None)


class TerminalDriver:
    """The terminal chat behind two real pipes."""

    repeats_own_words = False

    def __init__(self, wiring: Wiring) -> None:
        settings = TerminalSettings(emergency_line=EMERGENCY_LINE, poll_seconds=0.1, width=200)
        adapter = make_adapter(Platform("terminal"), wiring, settings)
        read_in, write_in = os.pipe()
        read_out, write_out = os.pipe()
        self._in = os.fdopen(write_in, "w", encoding="utf-8")
        self._printed = io.StringIO()
        self._quiet_since = time.monotonic()
        stdin = os.fdopen(read_in, encoding="utf-8")
        stdout = os.fdopen(write_out, "w", encoding="utf-8")
        out = os.fdopen(read_out, encoding="utf-8")

        def run() -> None:
            with stdin, stdout:
                adapter.run(stdin, stdout)

        def listen() -> None:
            with out:
                for line in out:
                    self._printed.write(line)
                    self._quiet_since = time.monotonic()

        self._threads = [threading.Thread(target=work, daemon=True) for work in (run, listen)]
        for thread in self._threads:
            thread.start()

    def _settle(self) -> None:
        self._quiet_since = time.monotonic()
        while time.monotonic() - self._quiet_since < 0.4:
            time.sleep(0.05)

    def open(self) -> None:
        self._settle()

    def say(self, text: str) -> None:
        self._in.write(text + "\n")
        self._in.flush()
        self._settle()

    def say_again(self) -> None:
        """A terminal has no retries: a line is handed in once, by the process that read it."""

    def press_first(self) -> None:
        self.say("1")

    def choices(self) -> list[str]:
        last = re.split(r"^\S.*:$", self._printed.getvalue(), flags=re.MULTILINE)[-1]
        return re.findall(r"^  \d+\. (.*)$", last, re.MULTILINE)

    def seen(self) -> list[tuple[str, str]]:
        parts = re.split(r"^(\S.*):$", self._printed.getvalue(), flags=re.MULTILINE)[1:]
        texts = [re.split(r"\n\n|\Z", part.strip("\n"))[0] for part in parts[1::2]]
        return [(who, " ".join(text.split())) for who, text in zip(parts[::2], texts, strict=True)]

    def close(self) -> None:
        self._in.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()


DRIVERS = {Platform("web"): WebDriver, Platform("terminal"): TerminalDriver}


@pytest.fixture
def house(request: pytest.FixtureRequest) -> Any:
    """Anything with receive, store, clock, fallback, alert and volunteer_says(text, platform=).
    `house_receive` may be defined in a conftest; then the story runs over that one."""
    try:
        return request.getfixturevalue("house_receive")
    except pytest.FixtureLookupError:
        return PaperHouse(SystemClock())


@pytest.fixture(params=sorted(DRIVERS))
def platform(request: pytest.FixtureRequest) -> Platform:
    return request.param


@pytest.fixture
def wiring(house: Any) -> Wiring:
    return Wiring(
        receive=house.receive,
        store=house.store,
        clock=house.clock,
        fallback=house.fallback,
        alert=house.alert,
    )


@pytest.fixture
def driver(platform: Platform, wiring: Wiring) -> Iterator[Driver]:
    made = DRIVERS[platform](wiring)
    yield made
    made.close()


def test_every_platform_takes_part() -> None:
    assert set(DRIVERS) == set(ADAPTERS)


@pytest.mark.parametrize("story", sorted(path.name for path in STORIES.glob("*.toml")))
def test_the_story(story: str, driver: Driver, house: Any, platform: Platform) -> None:
    steps = tomllib.loads((STORIES / story).read_text(encoding="utf-8"))["step"]
    for number, step in enumerate(steps, start=1):
        play(step, driver, house, platform, f"{story}, step {number} on {platform}")


def play(step: dict[str, Any], driver: Driver, house: Any, platform: Platform, where: str) -> None:
    before = spoken(driver) if step["does"] != "open" else 0
    match step["does"]:
        case "open":
            driver.open()
        case "say":
            driver.say(step["text"])
        case "say_again":
            driver.say_again()
        case "press":
            assert driver.choices(), f"{where}: nothing to press"
            driver.press_first()
        case "volunteer":
            house.volunteer_says(step["text"], platform=platform)
    if (replies := step.get("replies")) is not None:
        new = spoken(driver) - before
        assert new >= replies, f"{where}: no reply"
        assert replies or not new, f"{where}: answered twice"
    if "choices" in step:
        assert bool(driver.choices()) is step["choices"], where
    if "sees" in step and (step["does"] == "volunteer" or driver.repeats_own_words):
        texts = eventually(driver, step["sees"])
        assert texts.count(step["sees"]) == 1, f"{where}: {texts}"


def spoken(driver: Driver) -> int:
    return sum(who != "you" for who, _ in driver.seen())


def eventually(driver: Driver, text: str) -> list[str]:
    ends = time.monotonic() + WAIT
    while True:
        texts = [shown for _, shown in driver.seen()]
        if text in texts or time.monotonic() > ends:
            return texts
        time.sleep(0.1)


# ---- the port itself ----

AT = SystemClock().now()
SAME_EVENT = {
    Platform("web"): (
        WebEvent(token="t" * 43, client_id="c" * 16, at=AT, text="hello"),
        WebEvent(token="t" * 43, client_id="d" * 16, at=AT, text="hello"),
        WebEvent(token="t" * 43, client_id="e" * 16, at=AT, text="Me", press="about:self"),
    ),
    Platform("terminal"): (
        TypedLine(account="a", session="s", number=1, at=AT, text="hello"),
        TypedLine(account="a", session="s", number=2, at=AT, text="hello"),
        TypedLine(
            account="a", session="s", number=3, at=AT, text="1",
            choices=(Button(id="about:self", label="Me"),),
        ),
    ),
}  # fmt: skip


def settings_of(platform: Platform) -> object:
    if platform == "web":
        return WebSettings(service_name="Handrail", secure_cookies=False)
    return TerminalSettings()


def test_the_same_event_is_the_same_message(platform: Platform, wiring: Wiring) -> None:
    adapter = make_adapter(platform, wiring, settings_of(platform))
    event, other, _ = SAME_EVENT[platform]
    once, twice = adapter.to_incoming(event), adapter.to_incoming(event)
    assert once == twice
    assert adapter.to_incoming(other).message_id != once.message_id
    assert once.platform == platform == adapter.platform == adapter.sender.platform
    assert once.kind is IncomingKind.TEXT
    assert once.sent_at.utcoffset() is not None
    assert once.account
    assert once.address


def test_a_press_names_the_button_and_says_its_label(platform: Platform, wiring: Wiring) -> None:
    adapter = make_adapter(platform, wiring, settings_of(platform))
    press = adapter.to_incoming(SAME_EVENT[platform][2])
    assert (press.kind, press.press, press.text) == (IncomingKind.PRESS, "about:self", "Me")


def test_the_sender_accepts_what_the_page_reads_from_the_record(
    platform: Platform, wiring: Wiring
) -> None:
    sender = make_adapter(platform, wiring, settings_of(platform)).sender
    sender.deliver("anywhere", Outgoing(key="k", text="hello"))


def test_an_unknown_platform_is_named(wiring: Wiring) -> None:
    with pytest.raises(ConfigError, match=r"pigeon.*terminal, web"):
        make_adapter(Platform("pigeon"), wiring, None)
