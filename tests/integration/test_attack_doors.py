"""Hostile requests at the two doors: nothing leaks into a log, nobody is locked out."""

import asyncio
import subprocess
import sys
import time

import httpx
import pytest
from click.testing import CliRunner

from bots.web.app import create_web_chat
from bots.web.identity import new_token
from handrail.cli import main
from handrail.console.throttle import BY_ADDRESS
from handrail.conversation.turn import intent
from handrail.domain.clock import SystemClock
from tests.fakes.paper_house import PaperHouse
from tests.fakes.web_visit import HEADER, SETTINGS, web_visit
from tests.house import LIBRARY

CANARY = "marmalade-lighthouse"


class Cracked(PaperHouse):
    """A store that breaks in a way that quotes what somebody wrote."""

    def transaction(self, *, read_only=False):
        raise RuntimeError(CANARY)


def test_an_unforeseen_error_of_the_web_chat_stays_inside():
    """What the application raises the server prints, with every word the error holds."""
    house = Cracked(SystemClock())
    app = create_web_chat(
        house.receive, house.store, house.clock, SETTINGS, house.fallback, house.alert
    )

    async def read():
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://chat") as client:
            client.cookies.set(SETTINGS.cookie_name, new_token())
            return await client.get("/api/v1/chat/messages")

    answer = asyncio.run(read())
    assert answer.status_code == 503
    assert answer.headers["content-security-policy"]
    assert CANARY not in answer.text
    assert ("web.request_failed", "RuntimeError") in house.alerts


@pytest.mark.parametrize("after", [2**63, 10**30])
def test_a_number_no_database_can_hold_is_refused_and_alerts_nobody(after):
    with web_visit() as visit:
        visit.post(text="hello")
        assert visit.post(text="again", after=after).status_code == 422
        for path in ("messages", "events"):
            url = f"/api/v1/chat/{path}"
            assert visit.client.get(url, params={"after": after}, headers=HEADER).status_code == 422
        assert visit.house.alerts == []


def test_guesses_behind_the_same_router_do_not_hold_up_a_known_browser(browser):
    """Behind a proxy everybody may seem to come from one address."""
    vera = browser()
    vera.log_in("vera")
    vera.get("/desk")
    assert vera.post("/logout").status_code == 303
    stranger = browser()
    for number in range(BY_ADDRESS.free + 1):
        stranger.log_in(f"name{number}", "wrong wrong wrong")
    assert stranger.log_in("victor").status_code == 429
    assert vera.log_in("vera").status_code == 303


def test_a_command_is_looked_for_in_time_that_grows_with_nothing():
    """Ten thousand characters made to be slow must not hold the record for seconds."""
    words = LIBRARY.words("en-GB")
    for unit in ("so ", "so very ", "has has ", "please hi "):
        began = time.perf_counter()
        assert intent(words, unit * (10_000 // len(unit)), among=tuple(words.intents)) is None
        assert time.perf_counter() - began < 1.0, unit


def test_a_long_story_is_still_heard_and_a_long_tail_is_no_command():
    words = LIBRARY.words("en-GB")
    story = "I'm worried about my friend. " + "We met years ago and talked a lot. " * 200
    assert intent(words, story, among=("report",)) == "report"
    assert intent(words, "stop" + " " * 5000 + "and listen to me", among=("stop",)) is None
    assert intent(words, "delete" + " " * 5000 + "me from the world", among=("delete",)) is None


def test_a_setting_that_a_part_would_refuse_stops_the_start_itself(tmp_path):
    """Not a loop of children that die while the address of a dead chat is printed."""
    config = tmp_path / "config.toml"
    config.write_text(
        f'[service]\ndata_directory = "{tmp_path / "data"}"\n'
        "[bots.web]\nmax_message_chars = 1000000\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "handrail", "--config", str(config), "serve"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "max_message_chars" in done.stderr
    assert "running" not in done.stdout


@pytest.mark.parametrize(
    "line", ["[" * 100_000, "null", '{"text": 5}', '{"text": "CANARY', "\ufeff{}"]
)
def test_a_broken_line_of_jsonl_is_named_and_never_quoted(line):
    done = CliRunner().invoke(main, ["triage", "--jsonl"], input=f'{{"text": "hello"}}\n{line}\n')
    assert done.exit_code == 1
    assert "line 2" in done.output
    assert "CANARY" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
