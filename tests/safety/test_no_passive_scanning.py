"""Only what is sent to the service is read. Looking, opening, listening and typing store no text
and score nothing, and no room but intake stores or scores what a contact wrote."""

import ast
import io
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import handrail
from bots.terminal.chat import run_terminal
from bots.terminal.settings import TerminalSettings
from bots.web.app import create_web_chat
from handrail.domain.ids import new_id
from handrail.domain.level import Level
from handrail.intake import receive
from playbooks.fallback import fallback_reply
from tests.fakes.web_server import served
from tests.fakes.web_visit import HEADER, SETTINGS
from tests.house import Desk, Visitor, build_house
from triage.assess import assess

ROOMS = ("bots", "triage", "referral_queue", "playbooks", "handrail")
HOME = Path(handrail.__file__).parent.parent
TYPED = "I feel so alone that I want to die"
EMPTY = {"contact": 0, "message": 0, "assessment": 0, "referral": 0, "report": 0}


# ---- what happens ------------------------------------------------------------------------------


class Watched:
    """A real house that remembers every text that was scored, and what lies in its database."""

    def __init__(self, store, clock, home):
        self.scored: list[str] = []
        self.house = build_house(store, clock, home, assess_with=self._score)
        self._file = home / "data" / "handrail.db"

    def _score(self, text, context):
        self.scored += [text, *context.earlier]
        return assess(text, context)

    def rows(self) -> dict[str, int]:
        connection = sqlite3.connect(self._file)
        try:
            return {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in EMPTY
            }
        finally:
            connection.close()

    def fallback(self, locale):
        return fallback_reply(locale, "GB", self.house.clock.now())


@pytest.fixture
def watched(sqlite_store, clock, tmp_path) -> Watched:
    return Watched(sqlite_store, clock, tmp_path)


@pytest.fixture
def browser(watched) -> Iterator[httpx.Client]:
    house = watched.house
    app = create_web_chat(
        lambda incoming: receive(house, incoming), house.store, house.clock, SETTINGS,
        watched.fallback, house.alert,
    )  # fmt: skip
    with served(app) as url, httpx.Client(base_url=url, timeout=15) as client:
        yield client


def listens(browser: httpx.Client) -> None:
    """Open the event stream and hear the first line of it."""
    with browser.stream("GET", "/api/v1/chat/events") as stream:
        if stream.status_code == 200:
            next(stream.iter_lines())


def test_looking_stores_nothing_and_scores_nothing(watched, browser):
    for _ in range(2):  # the second time with a cookie
        for path in (
            "/", f"/?note={TYPED}", f"/?text={TYPED}", "/api/v1/chat/messages", "/healthz",
            "/static/chat.js", "/api/v1/openapi.json", f"/nowhere?text={TYPED}",
        ):  # fmt: skip
            assert browser.get(path).status_code in (200, 404)
        browser.head("/")
        listens(browser)
    assert watched.rows() == EMPTY
    assert watched.scored == []


def test_opening_the_chat_without_words_keeps_no_words_and_scores_nothing(watched, browser):
    answer = browser.post("/api/v1/chat/start", json={"client_id": new_id()}, headers=HEADER)
    assert answer.json()["stored"]
    listens(browser)
    rows = watched.rows()
    assert watched.scored == []
    assert (rows["assessment"], rows["referral"], rows["report"]) == (0, 0, 0)
    shown = browser.get("/api/v1/chat/messages").json()["messages"]
    assert {message["author"] for message in shown} == {"service"}


def test_what_is_refused_is_neither_kept_nor_scored(watched, browser):
    browser.get("/")
    body = {"client_id": new_id(), "text": TYPED}
    assert browser.post("/api/v1/chat/messages", json=body).status_code == 403
    foreign = {**HEADER, "Sec-Fetch-Site": "cross-site"}
    assert browser.post("/api/v1/chat/messages", json=body, headers=foreign).status_code == 403
    odd = {**body, "typing": True}
    assert browser.post("/api/v1/chat/messages", json=odd, headers=HEADER).status_code == 422
    page = browser.post("/send", data={"text": TYPED, "form_token": "not ours"})
    assert TYPED in page.text, "their words are given back to them"
    browser.post("/remember", data={"form_token": "not ours"})
    browser.post("/forget", data={"form_token": "not ours"})
    assert watched.rows() == EMPTY
    assert watched.scored == []


def test_what_is_sent_is_kept_once_and_scored_once_however_often_it_is_looked_at(watched, browser):
    browser.get("/")
    body = {"client_id": new_id(), "text": TYPED}
    for _ in range(3):
        assert browser.post("/api/v1/chat/messages", json=body, headers=HEADER).json()["stored"]
        browser.get("/")
        browser.get("/api/v1/chat/messages")
        listens(browser)
    assert watched.scored == [TYPED]
    assert watched.rows()["assessment"] == 1


def test_a_terminal_that_only_opens_and_closes_says_nothing(watched):
    house, out = watched.house, io.StringIO()
    run_terminal(
        lambda incoming: receive(house, incoming), house.store, house.clock, TerminalSettings(),
        watched.fallback, house.alert, stdin=io.StringIO("\n   \n\n"), stdout=out,
    )  # fmt: skip
    rows = watched.rows()
    assert out.getvalue()
    assert watched.scored == []
    assert (rows["assessment"], rows["referral"]) == (0, 0)


def test_nobody_scores_what_the_people_who_work_here_write(watched):
    contact = Visitor(watched.house)
    contact.send("hello")
    scored = list(watched.scored)
    vera = Desk.on_shift(watched.house, "Vera")
    referral = vera.claim(vera.next())
    vera.reply(referral, TYPED)
    vera.close(referral)
    assert watched.scored == scored
    assert watched.rows()["assessment"] == 1


@pytest.mark.parametrize("text", ["thanks", "what is this service?", "this is only a test"])
def test_what_is_sent_reaches_a_person_whatever_its_level(watched, text):
    """Levels order the queue; they are no gate (docs/safety.md, 1)."""
    contact = Visitor(watched.house)
    contact.send(text)
    referral = contact.referral()
    assert referral is not None
    assert referral.level is Level.P5
    assert Desk.on_shift(watched.house, "Vera").next().id == referral.id


def test_a_press_is_not_read_as_words(watched):
    friend = Visitor(watched.house)
    friend.send("I'm worried about a friend")
    scored = list(watched.scored)
    friend.press("No")
    assert watched.scored == scored


# ---- who may -----------------------------------------------------------------------------------


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((HOME / room).rglob("*.py")):
            yield path.relative_to(HOME).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def name_of(called: ast.expr) -> str:
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def callers(name: str) -> set[str]:
    """Files that call a function or method of this name, or hand it on."""
    return {
        path
        for path, tree in modules()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr == name)
        or (isinstance(node, ast.Call) and name_of(node.func) == name)
    }


def importers(module: str) -> set[str]:
    """Files that import this module of `handrail`."""
    name = module.rpartition(".")[2]
    return {
        path
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (
            node.module == module
            or (node.module == "handrail" and any(alias.name == name for alias in node.names))
        )
    }


def test_only_intake_stores_what_a_contact_wrote():
    assert callers("store_incoming") == {"handrail/hearing.py"}


def test_only_intake_and_its_rescue_hear_a_contact():
    assert importers("handrail.hearing") == {"handrail/intake.py", "handrail/rescue.py"}
    assert importers("handrail.rescue") == {"handrail/intake.py"}


def test_only_intake_scores_it():
    """`app` hands the function to intake; `cli` scores a text that an operator typed there, and
    stores nothing."""
    outside = {path for path in callers("assess") if not path.startswith("triage/")}
    assert outside == {
        "handrail/hearing.py",
        "handrail/intake.py",
        "handrail/app.py",
        "handrail/cli.py",
    }
    makes_scores = {
        path
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func) == "score"
    }
    assert {path.split("/")[0] for path in makes_scores} == {"triage"}


def test_only_an_adapter_makes_an_incoming_from_what_was_sent_to_it():
    """The spool gives back one that it was given."""
    made = callers("Incoming")
    assert made - {"handrail/spool.py"} == {
        path for path, _ in modules() if path.startswith("bots/") and path.endswith("/event.py")
    }


def test_only_the_straight_line_takes_messages_in():
    assert {path for path in callers("receive") if not path.startswith("bots/")} == {
        "handrail/app.py",
        "handrail/console/security.py",  # an ASGI receive: the bytes of a request
    }
    assert callers("retake") == {"handrail/sweep.py"}


def authors_written() -> Counter[tuple[str, str]]:
    """(file, author) for every message that some code writes."""
    return Counter(
        (path, name_of(keyword.value))
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func) == "write"
        for keyword in node.keywords
        if keyword.arg == "author"
    )


def test_the_service_says_only_approved_words_and_a_volunteer_only_their_own():
    """Two places speak for the service: playbooks and flows (`speaking`), and the compiled-in
    reply (`intake`). One speaks for a volunteer: what they typed."""
    written = authors_written()
    assert {path for path, author in written if author == "SERVICE"} == {
        "handrail/rescue.py",
        "handrail/speaking.py",
    }
    assert {path for path, author in written if author == "VOLUNTEER"} == {
        "referral_queue/talking.py"
    }
    assert {author for _, author in written} == {"SERVICE", "VOLUNTEER", "NOTE"}


def test_no_code_writes_to_somebody_who_was_only_reported():
    """A contact point comes from somebody's own message and from nothing else, and no code speaks
    to the audience "friend": that needs a person's decision, which version 0.1 does not offer."""
    assert callers("arrive") == {"handrail/hearing.py"}
    speaks = {path for path in callers("FRIEND") if not path.startswith("playbooks/")}
    assert speaks == set()
