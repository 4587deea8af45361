"""The contact page without scripts: what it says, what it keeps, what it survives."""

import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

import bots.web
from bots.web.guard import HEADERS
from handrail.domain.message import IncomingKind
from tests.fakes.paper_house import EMERGENCY_LINE, FALLBACK, HELLO
from tests.fakes.web_visit import SETTINGS, WebVisit, web_visit

ROOM = Path(bots.web.__file__).parent


@pytest.fixture
def visit() -> Iterator[WebVisit]:
    with web_visit() as made:
        yield made


class Forms(HTMLParser):
    """Every form of a page: action -> its fields; and every address that the page points to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.links += [values[name] for name in ("href", "src", "action") if name in values]
        assert not any(name.startswith("on") or name == "style" for name in values), tag
        if tag == "form":
            self.forms.append((values["action"], {}))
        elif tag == "input":
            self.forms[-1][1][values["name"]] = values["value"]


def submit(visit: WebVisit, action: str, number: int = 0, **fields: str) -> httpx.Response:
    """Fill in the `number`th form with that action and send it, as a browser without scripts."""
    forms = [filled for where, filled in Forms(visit.page()).forms if where == action]
    data = {**forms[number], **fields}
    return visit.client.post(action, data=data, follow_redirects=True)


def shown(page: str) -> list[str]:
    return re.findall(r'<p class="text" dir="auto">(.*?)</p>', page, re.DOTALL)


def test_start_press_and_write(visit: WebVisit) -> None:
    assert shown(submit(visit, "/start").text) == [HELLO]
    page = submit(visit, "/send", number=1).text  # the second choice
    assert shown(page)[1:] == ["Someone else", "You chose about:other."]
    page = submit(visit, "/send", number=0, text="I am\r\nworried").text
    assert shown(page)[3:] == ["I am\nworried", "We read: I am\nworried"]
    assert [got.kind for got in visit.house.incoming] == [
        IncomingKind.START,
        IncomingKind.PRESS,
        IncomingKind.TEXT,
    ]
    assert visit.house.incoming[1].press == "about:other"


def test_a_form_sent_twice_is_one_message(visit: WebVisit) -> None:
    form = next(filled for where, filled in Forms(visit.page()).forms if where == "/send")
    for _ in range(2):
        response = visit.client.post("/send", data={**form, "text": "once"})
        assert response.status_code == 303
    assert [got.text for got in visit.house.incoming] == ["once"]


def test_every_response_carries_the_safe_headers(visit: WebVisit) -> None:
    for path in ("/", "/static/chat.js", "/static/chat.css", "/nowhere", "/api/v1/chat/messages"):
        headers = visit.client.get(path).headers
        assert {name: headers.get(name) for name in HEADERS} == HEADERS, path


def test_the_page_loads_nothing_from_elsewhere(visit: WebVisit) -> None:
    visit.post(text="hello")
    outside = [link for link in Forms(visit.page()).links if not link.startswith(("/", "#"))]
    assert sorted(outside) == sorted(["tel:999", SETTINGS.quick_exit_url])
    for path in ("static/chat.js", "static/chat.css"):
        text = (ROOM / path).read_text(encoding="utf-8")
        assert "//" not in re.sub(r"(?m)^\s*//.*$|\s// .*$", "", text), path
    assert "innerHTML" not in (ROOM / "static/chat.js").read_text(encoding="utf-8")


def test_no_number_stands_in_templates_or_words() -> None:
    for path in [*ROOM.glob("templates/*.html"), *ROOM.glob("words/*.toml")]:
        assert not re.search(r"\b\d{3}\b", path.read_text(encoding="utf-8")), path.name


def test_the_words_say_no_forbidden_thing() -> None:
    """A few of the lint rules that hold for everything a contact reads (REFERENCE 2.3)."""
    words = tomllib.loads((ROOM / "words/en-GB.toml").read_text(encoding="utf-8"))
    for text in [*words.values(), *words["notes"].values()]:
        if isinstance(text, str):
            assert not re.search(
                r"!|\b(soon|shortly|error|anonymous|confidential|secret|risk)\b|\bP[1-5]\b", text
            ), text
            assert max(len(sentence.split()) for sentence in re.split(r"[.?]", text)) <= 22, text


def test_hostile_text_is_only_text(visit: WebVisit) -> None:
    visit.post(text="</p><script>alert(1)</script>\u202egpj\x07 @everyone {{ settings }}")
    visit.house.volunteer_says("<b>bold</b>")
    page = visit.page()
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "\u202e" not in page
    assert "&lt;U+202E&gt;gpj&lt;U+0007&gt; @everyone {{ settings }}" in page


def test_choices_are_gone_once_the_contact_has_written(visit: WebVisit) -> None:
    visit.post("start")
    assert visit.page().count("data-press") == 2
    visit.house.volunteer_says("take your time")
    assert visit.page().count("data-press") == 2
    visit.post(text="Me", press="about:self")
    assert visit.page().count("data-press") == 0


# ---- this browser and others ----


def test_a_form_of_another_page_is_not_taken_and_the_words_are_kept(visit: WebVisit) -> None:
    visit.page()
    for forged in ({"form_token": "0" * 64}, {"form_token": ""}, {}):
        response = visit.client.post("/send", data={"text": "my long text", **forged})
        assert response.status_code == 200
        assert "Please press Send once more" in response.text
        assert ">my long text</textarea>" in response.text
        assert EMERGENCY_LINE.split("999")[0] in response.text
    assert visit.house.incoming == []


def test_another_site_cannot_send_our_form(visit: WebVisit) -> None:
    form = next(filled for where, filled in Forms(visit.page()).forms if where == "/send")
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        visit.client.post("/send", data={**form, "text": "forged"}, headers=headers)
    assert visit.house.incoming == []
    # a browser that follows our Referrer-Policy sends no origin with our own form
    visit.client.post("/send", data={**form, "text": "mine"}, headers={"Origin": "null"})
    assert [got.text for got in visit.house.incoming] == ["mine"]


def test_start_over_forgets_the_chat_in_this_browser(visit: WebVisit) -> None:
    visit.post(text="hello")
    token = visit.client.cookies["handrail-chat"]
    page = submit(visit, "/forget").text
    assert "This browser has forgotten the chat." in page
    assert shown(page) == []
    assert visit.client.cookies["handrail-chat"] != token


def test_the_browser_keeps_the_chat_only_when_asked(visit: WebVisit) -> None:
    assert "Max-Age" not in visit.client.get("/").headers["set-cookie"]
    form = next(filled for where, filled in Forms(visit.page()).forms if where == "/remember")
    response = visit.client.post("/remember", data=form)
    assert f"Max-Age={7 * 86_400}" in response.headers["set-cookie"]
    refused = visit.client.post("/remember", data={"form_token": "x"})
    assert "set-cookie" not in refused.headers


def test_a_note_in_the_address_cannot_be_made_up(visit: WebVisit) -> None:
    assert "for<b>ged" not in visit.client.get("/", params={"note": "for<b>ged"}).text
    assert '<div id="note" class="note" role="status"></div>' in (
        visit.client.get("/", params={"note": "not_taken"}).text
    )


# ---- when something is broken ----


def test_the_page_stands_when_the_store_is_down(visit: WebVisit) -> None:
    visit.post(text="hello")
    visit.house.down = True
    response = visit.client.get("/")
    assert response.status_code == 200
    assert shown(response.text) == [FALLBACK]
    assert 'href="tel:999"' in response.text
    assert ("web.record_unreadable", "StorageError") in visit.house.alerts


def test_a_broken_house_answers_the_form_and_keeps_the_words(visit: WebVisit) -> None:
    visit.house.broken = True
    form = next(filled for where, filled in Forms(visit.page()).forms if where == "/send")
    response = visit.client.post("/send", data={**form, "text": "please"})
    assert response.status_code == 200
    assert shown(response.text) == [FALLBACK]
    assert ">please</textarea>" in response.text
    assert form["client_id"] in response.text, "pressing Send again must be the same message"


def test_the_goodbye_after_erasure_is_shown_without_scripts(visit: WebVisit) -> None:
    submit(visit, "/send", text="hello")
    response = submit(visit, "/send", text="DELETE")
    assert shown(response.text) == ["It is erased."]
    assert shown(visit.page()) == []


def test_too_much_text_gets_a_kind_page(visit: WebVisit) -> None:
    form = next(filled for where, filled in Forms(visit.page()).forms if where == "/send")
    response = visit.client.post("/send", data={**form, "text": "x" * 300_000})
    assert response.status_code == 413
    assert "Please send it in smaller parts" in response.text
    assert EMERGENCY_LINE.split("999")[0] in response.text


def test_an_unknown_address_gets_the_contact_page(visit: WebVisit) -> None:
    response = visit.client.get("/wp-admin")
    assert response.status_code == 404
    assert "You can write to us here" in response.text
    assert 'id="say"' in response.text


def test_a_demo_says_so() -> None:
    with web_visit(demo=True) as demo, web_visit() as real:
        assert "This is a demo. No person reads" in demo.page()
        assert "This is a demo" not in real.page()
