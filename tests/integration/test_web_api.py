"""The chat's JSON API over HTTP, with a paper house behind it."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from handrail.domain.ids import new_id
from handrail.domain.message import IncomingKind
from tests.fakes.paper_house import FALLBACK, HELLO
from tests.fakes.web_visit import HEADER, WebVisit, web_visit


@pytest.fixture
def visit() -> Iterator[WebVisit]:
    with web_visit() as made:
        yield made


def said(response: httpx.Response) -> list[tuple[str, str]]:
    assert response.status_code == 200, response.text
    return [(message["author"], message["text"]) for message in response.json()["messages"]]


# ---- the conversation ----


def test_a_message_is_answered_and_on_record(visit: WebVisit) -> None:
    assert said(visit.post(text="hello")) == [("you", "hello"), ("service", "We read: hello")]
    assert said(visit.client.get("/api/v1/chat/messages")) == [
        ("you", "hello"),
        ("service", "We read: hello"),
    ]


def test_start_greets_and_shows_no_empty_line(visit: WebVisit) -> None:
    response = visit.post("start")
    assert said(response) == [("service", HELLO)]
    assert [button["label"] for button in response.json()["messages"][0]["buttons"]] == [
        "Me",
        "Someone else",
    ]
    assert visit.house.incoming[0].kind is IncomingKind.START


def test_only_what_is_new_comes_back(visit: WebVisit) -> None:
    newest = visit.post(text="one").json()["messages"][-1]["seq"]
    assert [text for _, text in said(visit.post(text="two", after=newest))] == [
        "two",
        "We read: two",
    ]
    since = visit.client.get("/api/v1/chat/messages", params={"after": newest})
    assert [text for _, text in said(since)] == ["two", "We read: two"]


def test_the_same_client_id_is_one_message(visit: WebVisit) -> None:
    client_id = new_id()
    visit.post(text="once", client_id=client_id)
    again = visit.post(text="once", client_id=client_id)
    assert again.json()["stored"] is True
    assert said(again) == [("you", "once"), ("service", "We read: once")]
    assert len(visit.house.incoming) == 1


def test_a_press_and_an_edit_are_told_apart(visit: WebVisit) -> None:
    first = new_id()
    visit.post(text="frist", client_id=first)
    visit.post(text="first", replaces=first)
    visit.post(text="Me", press="about:self")
    kinds = [(got.kind, got.press, got.replaces) for got in visit.house.incoming[1:]]
    assert kinds == [
        (IncomingKind.EDIT, None, first),
        (IncomingKind.PRESS, "about:self", None),
    ]


def test_long_text_is_kept_in_full_in_parts() -> None:
    with web_visit(max_message_chars=100) as visit:
        text = "A sentence of some length. " * 9
        client_id = new_id()
        response = visit.post(text=text, client_id=client_id)
        assert response.json()["notes"] == ["long"]
        parts = [got.text for got in visit.house.incoming]
        assert all(len(part) <= 100 for part in parts)
        assert " ".join(parts) == text.strip()
        visit.post(text=text, client_id=client_id)
        assert len(visit.house.incoming) == len(parts), "a retry was stored again"


def test_ten_thousand_characters_are_one_message(visit: WebVisit) -> None:
    assert visit.post(text="é" * 10_000).json()["notes"] == []
    assert [len(got.text) for got in visit.house.incoming] == [10_000]


def test_volunteers_are_known_by_their_alias_and_notes_by_nobody(visit: WebVisit) -> None:
    visit.post(text="hello")
    visit.house.volunteer_says("I am here")
    visit.house.volunteer_says("so am I", person="somebody who left")
    visit.house.note("not for the contact")
    messages = visit.client.get("/api/v1/chat/messages").json()["messages"][2:]
    assert [(message["author"], message["name"]) for message in messages] == [
        ("volunteer", "Sam"),
        ("volunteer", None),
    ]
    assert "not for the contact" not in visit.page()


def test_what_could_not_be_delivered_was_not_said(visit: WebVisit) -> None:
    visit.post(text="hello")
    visit.house.fail_delivery("We read: hello")
    assert said(visit.client.get("/api/v1/chat/messages")) == [("you", "hello")]


def test_the_goodbye_after_erasure_is_still_shown(visit: WebVisit) -> None:
    visit.post(text="hello")
    assert said(visit.post(text="DELETE")) == [("service", "It is erased.")]
    assert said(visit.client.get("/api/v1/chat/messages")) == []


# ---- who is who ----


def test_the_cookie_is_random_and_closed(visit: WebVisit) -> None:
    cookie = visit.post(text="hello").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "Max-Age" not in cookie
    token = visit.client.cookies["handrail-chat"]
    assert len(token) == 43
    assert {(got.account, got.address) for got in visit.house.incoming} == {(token, token)}
    with visit.stranger() as other:
        other.post("/api/v1/chat/messages", json={"client_id": new_id()}, headers=HEADER)
        assert other.cookies["handrail-chat"] != token
        assert "hello" not in other.get("/api/v1/chat/messages").text


def test_behind_https_the_cookie_belongs_to_this_host_alone() -> None:
    with web_visit(secure_cookies=True) as visit:
        cookie = visit.client.get("/").headers["set-cookie"]
        assert cookie.startswith("__Host-handrail-chat=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


@pytest.mark.parametrize("token", ["", "short", "x" * 44, "../../../../etc/passwd" + "x" * 21])
def test_a_token_that_is_not_ours_in_shape_is_nobody(visit: WebVisit, token: str) -> None:
    response = visit.client.get("/api/v1/chat/events", headers={"Cookie": f"handrail-chat={token}"})
    assert response.status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**HEADER, "Origin": "https://elsewhere.example"},
        {**HEADER, "Sec-Fetch-Site": "cross-site"},
        {**HEADER, "Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_cannot_write_here(visit: WebVisit, headers: dict[str, str]) -> None:
    body = {"client_id": new_id(), "text": "forged"}
    for what in ("messages", "start"):
        response = visit.client.post(f"/api/v1/chat/{what}", json=body, headers=headers)
        assert response.status_code == 403
        assert response.json()["error"]["code"] == "not_our_page"
    assert visit.house.incoming == []


def test_our_own_origin_may_write(visit: WebVisit) -> None:
    headers = {**HEADER, "Origin": visit.url}
    body = {"client_id": new_id(), "text": "mine"}
    assert visit.client.post("/api/v1/chat/messages", json=body, headers=headers).is_success


# ---- requests that cannot be taken ----


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"client_id": "c" * 16, "text": "secret", "photo": "x"}, "unknown_field", "body.photo"),
        ({"text": "secret"}, "invalid", "body.client_id"),
        ({"client_id": "c/2", "text": "secret"}, "invalid", "body.client_id"),
        ({"client_id": "c" * 16, "text": 5}, "invalid", "body.text"),
        ({"client_id": "c" * 16, "press": "x" * 65, "text": "secret"}, "invalid", "body.press"),
    ],
)
def test_errors_name_the_field_and_repeat_nothing(
    visit: WebVisit, body: dict[str, object], code: str, field: str
) -> None:
    response = visit.client.post("/api/v1/chat/messages", json=body, headers=HEADER)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["fields"] == [field]
    assert "secret" not in response.text


def test_broken_json_and_a_missing_route(visit: WebVisit) -> None:
    broken = visit.client.post("/api/v1/chat/messages", content=b"{", headers=HEADER)
    assert (broken.status_code, broken.json()["error"]["code"]) == (422, "invalid")
    missing = visit.client.get("/api/v1/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_body_is_refused_clearly(visit: WebVisit, chunked: bool) -> None:
    body = b'{"client_id": "cccccccc", "text": "' + b"x" * 300_000 + b'"}'
    content = iter([body[:100_000], body[100_000:]]) if chunked else body
    response = visit.client.post("/api/v1/chat/messages", content=content, headers=HEADER)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
    assert visit.house.incoming == []


def test_writing_fast_is_slowed_and_never_refused() -> None:
    with web_visit(burst_messages=3, seconds_per_message=10, max_delay_seconds=4) as visit:
        answers = [visit.post(text=str(number)).json() for number in range(8)]
        assert [answer["stored"] for answer in answers] == [True] * 8
        assert [answer["notes"] for answer in answers] == [[]] * 3 + [["slowed"]] * 5
        assert len(visit.house.incoming) == 8
        assert all(0 < seconds <= 4 for seconds in visit.slept)


def test_a_crowd_of_new_contacts_is_slowed_and_never_refused() -> None:
    with web_visit(arrivals_per_minute=2) as visit:
        for _ in range(4):
            with visit.stranger() as other:
                body = {"client_id": new_id(), "text": "hello"}
                assert other.post("/api/v1/chat/messages", json=body, headers=HEADER).json()[
                    "stored"
                ]
        assert len(visit.slept) == 2
        assert len(visit.house.incoming) == 4


# ---- when something is broken ----


def test_a_broken_house_gives_the_fallback_and_an_alert(visit: WebVisit) -> None:
    visit.house.broken = True
    response = visit.post(text="please answer")
    assert said(response) == [("service", FALLBACK)]
    assert response.json()["stored"] is False
    assert response.json()["messages"][0]["seq"] is None
    assert visit.house.alerts == [("web.receive_failed", "RuntimeError")]
    assert "broken" not in response.text


def test_a_fallback_from_the_house_is_shown_beside_what_was_kept(visit: WebVisit) -> None:
    visit.house.failing = True
    response = visit.post(text="please answer")
    assert said(response) == [("you", "please answer"), ("service", FALLBACK)]
    assert response.json()["stored"] is True
    assert visit.house.alerts == [("web.fallback_shown", "house")]


def test_a_house_that_hangs_gives_the_fallback_in_time(visit: WebVisit) -> None:
    visit.house.slow = threading.Event()
    client_id = new_id()
    assert said(visit.post(text="anyone?", client_id=client_id)) == [("service", FALLBACK)]
    visit.house.slow.set()
    assert said(visit.post(text="anyone?", client_id=client_id))[0] == ("you", "anyone?")
    assert len(visit.house.incoming) == 1


def test_an_alert_that_cannot_be_written_changes_nothing_for_the_contact() -> None:
    with web_visit() as visit:
        visit.house.broken = True
        visit.house.alerts = None  # type: ignore[assignment]
        assert said(visit.post(text="please answer")) == [("service", FALLBACK)]


def test_replies_are_shown_even_when_the_record_cannot_be_read(visit: WebVisit) -> None:
    visit.house.down = True
    assert said(visit.post(text="hello")) == [("service", "We read: hello")]
    assert ("web.record_unreadable", "StorageError") in visit.house.alerts


def test_health(visit: WebVisit) -> None:
    assert visit.client.get("/healthz").json() == {"status": "ok"}
    visit.house.down = True
    response = visit.client.get("/healthz")
    assert (response.status_code, response.json()) == (503, {"status": "storage_down"})


# ---- the description ----


def test_the_openapi_description_covers_what_the_page_uses(visit: WebVisit) -> None:
    description = visit.client.get("/api/v1/openapi.json").json()
    assert set(description["paths"]) == {
        "/api/v1/chat/messages",
        "/api/v1/chat/start",
        "/api/v1/chat/events",
        "/healthz",
    }
    assert description["components"]["schemas"]["MessageIn"]["additionalProperties"] is False
    for path in ("/docs", "/redoc"):
        assert visit.client.get(path).status_code == 404
