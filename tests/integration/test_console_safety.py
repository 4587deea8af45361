"""What the console must never do: let the wrong person in, run somebody's text, leak it."""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from starlette.routing import Route

from handrail.console.errors import _SHOWN
from handrail.console.pages import HERE
from handrail.console.security import MAX_BODY
from handrail.domain.errors import StorageError
from handrail.domain.ids import new_id
from handrail.domain.level import Level
from handrail.domain.message import Author
from handrail.domain.referral import Disposition, ReferralState, Role
from playbooks.load import load_library
from referral_queue import desk
from tests.fakes.console_house import RULES, Browser, Place, contact_writes

Open = Callable[..., Browser]
HOSTILE = "<script>alert(1)</script> \"><img src=x onerror=alert(2)> {{ 7*7 }} '&amp; \u202e"

# Who may open which page (GET). Everybody else is refused.
PAGES = {
    "/desk": {"vera", "victor", "sam"},
    "/desk/panel": {"vera", "victor", "sam"},
    "/desk/live": {"vera", "victor", "sam"},
    "/board": {"sam", "cleo", "sofia"},
    "/board/panel": {"sam", "cleo", "sofia"},
    "/board/live": {"sam", "cleo", "sofia"},
    "/people": {"ada"},
    "/service": {"ada"},
    "/audit": {"ada", "dana"},
}
EVERYBODY = ("vera", "victor", "sam", "cleo", "sofia", "dana", "ada")


def routes(place: Place, method: str) -> Iterator[str]:
    for route in _flat(place.app.routes):
        if method in (route.methods or ()):
            yield re.sub(r"\{alert_id\}", "1", re.sub(r"\{\w+_id\}", "0" * 32, route.path))


def _flat(found) -> Iterator[Route]:
    for route in found:
        if isinstance(route, Route):
            yield route
        elif hasattr(route, "original_router"):
            yield from _flat(route.original_router.routes)


def claimed_by(place: Place, username: str, text: str = "Everything feels heavy"):
    referral = contact_writes(place, text)
    now = place.clock.now()
    with place.store.transaction() as tx:
        member = place.people[username]
        desk.start_shift(tx, member, now)
        desk.offer_next(tx, member, now, RULES)
        return desk.claim(tx, referral.id, member, now, RULES)


def assert_headers(response, path: str) -> None:
    headers = response.headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'"), path
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff", path
    assert headers["referrer-policy"] == "no-referrer", path
    assert headers["cross-origin-opener-policy"] == "same-origin", path
    assert "camera=()" in headers["permissions-policy"], path
    assert headers["cache-control"] == ("no-cache" if "/static/" in path else "no-store"), path


def test_there_are_routes_to_check(place: Place):
    assert len(list(routes(place, "GET"))) >= 12
    assert len(list(routes(place, "POST"))) >= 18


@pytest.mark.parametrize("username", ["", "vera", "sam", "ada"])
def test_headers_on_every_route(place: Place, browser: Open, username: str):
    somebody = browser(username)
    for path in [*routes(place, "GET"), "/static/console.css", "/static/no", "/nowhere"]:
        assert_headers(somebody.get(path), path)
    for path in routes(place, "POST"):
        assert_headers(somebody.post(path, {"csrf": "wrong"}), path)


@pytest.mark.parametrize("username", EVERYBODY)
def test_roles_matrix(place: Place, browser: Open, username: str):
    somebody = browser(username)
    for path, welcome in PAGES.items():
        expected = 200 if username in welcome else 403
        assert somebody.get(path).status_code == expected, (username, path)


def test_no_post_without_the_form_token(place: Place, browser: Open):
    referral = claimed_by(place, "vera")
    before = len(place.kinds())
    for username in EVERYBODY:
        somebody = browser(username)
        other = browser(username)
        other.get("/password")
        for path in routes(place, "POST"):
            if path == "/login":
                continue
            path = path.replace("0" * 32, referral.id)
            for token in ("", "x", other.field("csrf")):
                refused = somebody.post(path, {"csrf": token})
                assert refused.status_code == 403, (username, path)
    logins = [kind for kind in place.kinds() if kind == "login.opened"]
    assert len(place.kinds()) == before + len(logins), "nothing happened but logins"
    assert place.referral(referral.id) == referral


def test_right_token_from_another_site_is_refused(browser: Open):
    vera = browser("vera")
    vera.get("/desk")
    assert vera.post("/shift/start", sec_fetch_site="same-site").status_code == 403
    assert vera.post("/shift/start", sec_fetch_site="same-origin").status_code == 303


@pytest.mark.parametrize("username", ["victor", "ada", "dana", "sofia"])
def test_nobody_else_reads_or_touches_a_conversation(place: Place, browser: Open, username: str):
    referral = claimed_by(place, "vera")
    somebody = browser(username)
    somebody.get("/password")
    path = f"/referrals/{referral.id}"
    for page in ("", "/panel", "/live"):
        answer = somebody.get(path + page)
        assert answer.status_code in (403, 404)
        assert "heavy" not in answer.text
    lease = referral.lease_token
    for action, fields in {
        "accept": {}, "not-me": {"lease": lease}, "hand-over/accept": {}, "hand-over/decline": {},
        "hand-over": {"lease": lease, "to": place.people["sam"].id}, "hold": {"lease": lease},
        "resume": {"lease": lease}, "release": {"lease": lease}, "escalate": {},
        "close": {"lease": lease, "disposition": "supported", "sure": "yes"},
        "level": {"level": "P1", "why": "x"}, "reply": {"lease": lease, "text": "hello"},
        "note": {"lease": lease, "text": "hello"}, "renew": {"lease": lease},
    }.items():  # fmt: skip
        answer = somebody.post(f"{path}/{action}", fields)
        assert answer.status_code in (403, 404, 409), action
        assert "heavy" not in answer.text
    assert place.referral(referral.id) == referral
    assert place.texts(referral, Author.VOLUNTEER) == []
    assert place.texts(referral, Author.NOTE) == []


def test_somebody_elses_referral_looks_like_none(place: Place, browser: Open):
    referral = claimed_by(place, "vera")
    victor = browser("victor")
    theirs = victor.get(f"/referrals/{referral.id}")
    none = victor.get(f"/referrals/{new_id()}")
    odd = victor.get("/referrals/not-an-id")
    assert theirs.status_code == none.status_code == odd.status_code == 404
    assert theirs.text.replace(referral.id, "") == none.text == odd.text


def test_volunteers_cannot_browse_the_queue(place: Place, browser: Open):
    waiting = contact_writes(place, "Everything feels heavy")
    vera = browser("vera")
    vera.get("/desk")
    vera.post("/shift/start")
    assert waiting.id not in vera.get("/desk").text
    assert vera.get(f"/referrals/{waiting.id}").status_code == 404
    assert vera.post(f"/referrals/{waiting.id}/accept").status_code == 409
    assert place.referral(waiting.id).state is ReferralState.OPEN


def test_supervisor_reads_along_and_it_leaves_an_event(place: Place, browser: Open):
    referral = claimed_by(place, "vera")
    sam = browser("sam")
    page = sam.get(f"/referrals/{referral.id}")
    assert "Everything feels heavy" in page.text
    assert 'id="reply-text"' not in page.text, "there is nothing to send from here"
    assert "referral.read" in place.kinds()
    sent = sam.post(f"/referrals/{referral.id}/reply", {"lease": referral.lease_token, "text": "x"})
    assert sent.status_code == 409
    assert place.texts(referral, Author.VOLUNTEER) == []


@pytest.mark.parametrize("username", ["sam", "cleo"])
def test_supervisor_and_clinical_lead_lower_a_level_with_a_reason(
    place: Place, browser: Open, username: str
):
    referral = contact_writes(place, "hello", level=Level.P2)
    somebody = browser(username)
    path = f"/referrals/{referral.id}"
    somebody.get(path)
    assert somebody.post(f"{path}/level", {"level": "P4", "why": ""}).status_code == 409
    assert place.referral(referral.id).level is Level.P2
    assert somebody.post(f"{path}/level", {"level": "P4", "why": "a test"}).status_code == 303
    assert place.referral(referral.id).level is Level.P4


def test_administrator_reads_no_chat_even_with_another_role(place: Place, browser: Open):
    """An account made by hand with both roles: the stricter rule wins."""
    referral = claimed_by(place, "vera")
    with place.store.transaction() as tx:
        both = replace(place.people["ada"], roles=frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR}))
        tx.people.update(both)
    ada = browser("ada")
    assert ada.get(f"/referrals/{referral.id}").status_code == 403
    assert ada.get("/board").status_code == 403
    assert ada.get("/people").status_code == 200


def test_hostile_text_is_text_everywhere(place: Place, browser: Open):
    referral = contact_writes(place, HOSTILE, reasons=(HOSTILE,))
    vera = browser("vera")
    vera.get("/desk")
    vera.post("/shift/start")
    vera.get("/desk")
    vera.post("/next")
    pages = [vera.get("/desk").text]
    path = f"/referrals/{referral.id}"
    vera.post(f"{path}/accept")
    vera.get(path)
    lease = vera.field("lease")
    for action in ("reply", "note"):
        vera.post(f"{path}/{action}", {"lease": lease, "text": HOSTILE})
    pages += [vera.get(path).text, vera.get(f"{path}/panel").text]
    pages.append(vera.post(f"{path}/reply", {"lease": "0", "text": HOSTILE}).text)
    for page in pages:
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{ 7*7 }}" in page


def test_no_page_carries_inline_code_or_foreign_addresses(place: Place, browser: Open):
    referral = claimed_by(place, "vera")
    pages = {
        "vera": ["/desk", f"/referrals/{referral.id}", "/password"],
        "sam": ["/board"],
        "ada": ["/people", "/service", "/audit"],
        "": ["/login"],
    }
    for username, paths in pages.items():
        somebody = browser(username)
        for path in paths:
            page = somebody.get(path).text
            assert not re.search(r"<script(?![^>]*\bsrc=)", page), path
            assert not re.search(r"\s(on\w+|style)=", page), path
            assert not re.search(r'(src|href|action)="(https?:)?//', page), path
            assert "<style" not in page


def test_no_text_in_titles_addresses_or_logs(
    place: Place, browser: Open, caplog: pytest.LogCaptureFixture
):
    canary = "marmalade-lighthouse"
    caplog.set_level(logging.DEBUG)
    referral = claimed_by(place, "vera", canary)
    vera = browser("vera")
    path = f"/referrals/{referral.id}"
    page = vera.get(path).text
    assert canary in page
    assert canary not in re.search(r"<title>(.*?)</title>", page)[1]  # type: ignore[index]
    sent = vera.post(f"{path}/reply", {"lease": referral.lease_token, "text": canary + " too"})
    assert canary not in sent.headers["location"]
    vera.post(f"{path}/level", {"level": "P2", "why": canary})
    assert canary not in caplog.text
    dana = browser("dana")
    assert canary not in dana.get("/audit").text


def test_oversized_forms_are_refused(browser: Open):
    somebody = browser()
    somebody.get("/login")
    answer = somebody.post("/login", {"username": "x" * (MAX_BODY + 10), "password": "y"})
    assert answer.status_code == 413


def test_form_errors_do_not_echo_what_was_sent(browser: Open):
    ada = browser("ada")
    ada.get("/people")
    wrong = ada.post("/people", {"roles": "marmalade", "username": "new"})
    assert wrong.status_code == 422
    assert "marmalade" not in wrong.text


def test_database_down_is_a_kind_page(place: Place, browser: Open):
    vera = browser("vera")
    working = place.app.state.house

    class Broken:
        def transaction(self, *, read_only: bool = False):
            raise StorageError("secret detail")

    place.app.state.house = replace(working, store=Broken())
    answer = vera.get("/desk")
    assert answer.status_code == 503
    assert "Try again in a minute" in answer.text
    assert "secret detail" not in answer.text
    assert_headers(answer, "/desk")


def test_unexpected_error_is_a_kind_page_and_an_alert(
    place: Place, browser: Open, caplog: pytest.LogCaptureFixture
):
    vera = browser("vera")

    class Cracked:
        def transaction(self, *, read_only: bool = False):
            raise RuntimeError("marmalade-lighthouse")

    place.app.state.house = replace(place.app.state.house, store=Cracked())
    answer = vera.get("/desk")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert_headers(answer, "/desk")
    assert "marmalade-lighthouse" not in answer.text + caplog.text
    with place.store.transaction(read_only=True) as tx:
        assert [(a.kind, a.detail) for a in tx.journal.alerts()] == [
            ("console.request_failed", "RuntimeError")
        ]


def test_every_code_has_its_words(place: Place):
    words = place.app.state.templates.env.get_template("words.html").module
    assert set(words.level_words) == {level.value for level in Level}
    assert {one.label for one in Level} == set(words.level_words.values())
    assert set(words.state_words) == {state.value for state in ReferralState}
    assert set(words.disposition_words) == {one.value for one in Disposition}
    assert set(words.role_words) == {role.value for role in Role}
    assert {code for _, code, _ in _SHOWN} <= set(words.problem_words)


def test_staff_words_follow_the_reference(place: Place):
    """REFERENCE section 0: a level is a time, never a degree of danger."""
    folder = place.app.state.templates.env.loader
    for name in folder.list_templates():
        source = folder.get_source(place.app.state.templates.env, name)[0]
        assert not re.search(r"\b(low|medium|high)[ _-]risk\b", source, re.IGNORECASE), name


def test_every_question_and_answer_of_the_report_has_words_for_the_volunteer():
    words = (HERE / "templates" / "words.html").read_text(encoding="utf-8")
    for question in load_library().flow("en-GB", "report").questions:
        assert f'"{question.id}":' in words
        for answer in question.answers:
            assert f'"{answer.value}":' in words, (question.id, answer.value)
