"""Logging in: passwords, form tokens, throttling, ends of a login."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from handrail.console.accounts import (
    AccountRefused,
    create_member,
    hash_password,
    is_one_time,
    verify,
)
from handrail.console.sessions import cookie_name
from handrail.console.settings import ConsoleSettings
from handrail.console.throttle import BY_USERNAME
from handrail.domain.referral import Role
from tests.fakes.console_house import PASSWORD, Browser, Place, minutes

Open = Callable[..., Browser]


def test_everything_but_the_login_needs_a_login(browser: Open):
    somebody = browser()
    for path in ("/", "/desk", "/board", "/people", "/service", "/audit", "/password"):
        response = somebody.get(path)
        assert response.status_code == 303, path
        assert response.headers["location"].startswith("/login?next="), path


@pytest.mark.parametrize(
    ("username", "first"),
    [("vera", "/desk"), ("sam", "/board"), ("cleo", "/board"), ("ada", "/people"),
     ("dana", "/audit")],
)  # fmt: skip
def test_each_role_starts_where_its_work_is(browser: Open, username: str, first: str):
    somebody = browser()
    assert somebody.log_in(username).status_code == 303
    assert somebody.get("/").headers["location"] == first


def test_login_returns_to_the_page_that_was_asked_for(browser: Open):
    somebody = browser()
    somebody.get("/login?next=/password")
    answer = somebody.post("/login", {"username": "vera", "password": PASSWORD, "after": "/desk"})
    assert answer.headers["location"] == "/desk"


@pytest.mark.parametrize("trap", ["//evil.example", "https://evil.example", "/\\evil.example", "x"])
def test_login_never_leads_to_another_site(browser: Open, trap: str):
    somebody = browser()
    assert "evil" not in somebody.get("/login", follow=False).text
    somebody.get("/login")
    answer = somebody.post("/login", {"username": "vera", "password": PASSWORD, "after": trap})
    assert answer.headers["location"] == "/"


def test_wrong_password_and_unknown_name_read_the_same(browser: Open):
    somebody = browser()
    wrong = somebody.log_in("vera", "not the right words")
    unknown = somebody.log_in("nobody", "not the right words")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.count("do not fit together") == unknown.text.count("do not fit together") == 1


def test_unknown_names_cost_a_hash_too():
    """Timing-equal: the answer for nobody goes through the same slow check."""
    assert verify(None, PASSWORD) is False


def test_login_form_needs_its_token_and_its_twin_cookie(browser: Open):
    somebody = browser()
    somebody.get("/login")
    credentials = {"username": "vera", "password": PASSWORD}
    assert somebody.post("/login", {**credentials, "csrf": "made up"}).status_code == 403
    somebody.get("/login")
    token = somebody.field("csrf")
    other = browser()
    assert other.post("/login", {**credentials, "csrf": token}).status_code == 403


def test_login_from_another_site_is_refused_even_with_the_token(browser: Open):
    somebody = browser()
    somebody.get("/login")
    answer = somebody.post(
        "/login", {"username": "vera", "password": PASSWORD}, sec_fetch_site="cross-site"
    )
    assert answer.status_code == 403


def test_wrong_attempts_slow_down_and_never_shut_out(browser: Open, place: Place):
    somebody = browser()
    for _ in range(BY_USERNAME.free):
        assert somebody.log_in("vera", "wrong wrong wrong").status_code == 401
    slowed = somebody.log_in("vera")
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) == 1
    # Refused attempts do not count, so waiting once is enough, however often one was refused.
    for _ in range(30):
        assert somebody.log_in("vera").status_code == 429
    place.clock.advance(timedelta(seconds=2))
    assert somebody.log_in("vera").status_code == 303


def test_delay_grows_up_to_its_cap():
    delays = [BY_USERNAME.delay(n) for n in range(100)]
    assert delays == sorted(delays)
    assert delays[BY_USERNAME.free - 1] == timedelta(0)
    assert delays[BY_USERNAME.free + 2] == timedelta(seconds=4)
    assert max(delays) == BY_USERNAME.cap


def test_guesses_elsewhere_do_not_hold_up_a_known_browser(browser: Open):
    vera = browser()
    vera.log_in("vera")
    vera.get("/desk")
    assert vera.post("/logout").status_code == 303
    stranger = browser(address="198.51.100.9")
    for _ in range(BY_USERNAME.free):
        stranger.log_in("vera", "wrong wrong wrong")
    assert stranger.log_in("vera").status_code == 429
    assert vera.log_in("vera").status_code == 303


def test_one_address_cannot_try_many_names(browser: Open):
    somebody = browser()
    codes = [somebody.log_in(f"name{n}", "wrong wrong wrong").status_code for n in range(21)]
    assert codes[:20] == [401] * 20
    assert codes[20] == 429


def test_cookie_is_http_only_strict_and_host_bound_on_https(browser: Open):
    somebody = browser()
    cookie = next(
        c
        for c in somebody.log_in("vera").headers.get_list("set-cookie")
        if c.startswith("handrail=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert cookie_name(ConsoleSettings(service_name="x"), "handrail") == "__Host-handrail"


def test_login_ends_when_nobody_is_there(browser: Open, place: Place):
    somebody = browser()
    somebody.log_in("vera")
    place.clock.advance(minutes(29))
    assert somebody.get("/desk").status_code == 200
    place.clock.advance(minutes(29))
    assert somebody.get("/desk").status_code == 200
    place.clock.advance(minutes(31))
    assert somebody.get("/desk").status_code == 303


def test_what_a_page_fetches_by_itself_keeps_no_login_alive(browser: Open, place: Place):
    somebody = browser()
    somebody.log_in("vera")
    for _ in range(6):
        place.clock.advance(minutes(5))
        last = somebody.get("/desk/panel", hx_request="true")
    assert last.status_code == 401
    assert "login has ended" in last.text


def test_login_ends_after_its_longest_time(browser: Open, place: Place):
    somebody = browser()
    somebody.log_in("vera")
    for _ in range(23):
        place.clock.advance(minutes(20))
        assert somebody.get("/desk").status_code == 200
    place.clock.advance(minutes(20))
    assert somebody.get("/desk").status_code == 303


def test_logging_out_ends_the_login_on_the_server(browser: Open):
    somebody = browser()
    somebody.log_in("vera")
    cookie = somebody.cookies["handrail"]
    somebody.get("/desk")
    assert somebody.post("/logout").status_code == 303
    thief = browser()
    thief.cookies.set("handrail", cookie)
    assert thief.get("/desk").status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "a.1.c", "." * 300, "a.%s.c" % ("9" * 30)])
def test_made_up_cookies_are_nobody(browser: Open, cookie: str):
    somebody = browser()
    response = somebody.get("/desk", cookie=f"handrail={cookie}")
    assert response.status_code == 303


def test_one_time_password_must_be_changed_first(browser: Open, place: Place):
    with place.store.transaction() as tx:
        member, once = create_member(
            tx, "Noor", "Noor", frozenset({Role.VOLUNTEER}), None, place.clock.now()
        )
    assert once is not None
    assert len(once.replace("-", "")) == 16
    somebody, elsewhere = browser(), browser()
    somebody.log_in("noor", once)
    elsewhere.log_in(" NOOR ", once)
    assert somebody.get("/desk").headers["location"] == "/password"
    somebody.get("/password")
    new = {"current": once, "new": "a calm walk outside", "again": "a calm walk outside"}
    assert somebody.post("/password", {**new, "again": "other"}).status_code == 422
    assert somebody.post("/password", {**new, "current": "no"}).status_code == 422
    assert somebody.post("/password", {**new, "new": "short", "again": "short"}).status_code == 422
    assert somebody.post("/password", {**new, "new": once, "again": once}).status_code == 422
    assert somebody.post("/password", new).headers["location"] == "/desk?done=password_changed"
    assert somebody.get("/desk").status_code == 200
    assert elsewhere.get("/password").status_code == 303, "a login with the old password goes on"
    assert browser().log_in("noor", once).status_code == 401
    with place.store.transaction(read_only=True) as tx:
        found = tx.people.by_username("noor")
    assert found is not None
    assert not is_one_time(found[1])
    assert found[0] == member


def test_a_member_with_a_password_of_their_own_gets_no_one_time_password(place: Place):
    with place.store.transaction() as tx:
        _, once = create_member(
            tx, "olu", "Olu", frozenset({Role.VOLUNTEER}), PASSWORD, place.clock.now()
        )
        stored = tx.people.by_username("olu")
    assert once is None
    assert stored is not None
    assert verify(stored[1], PASSWORD)


@pytest.mark.parametrize(
    ("username", "name", "roles", "code"),
    [
        ("vera", "Vera", {Role.VOLUNTEER}, "username_taken"),
        ("VERA", "Vera", {Role.VOLUNTEER}, "username_taken"),
        ("a b", "Ab", {Role.VOLUNTEER}, "username_form"),
        ("<b>", "Ab", {Role.VOLUNTEER}, "username_form"),
        ("new", "  ", {Role.VOLUNTEER}, "name_missing"),
        ("new", "New", set(), "no_roles"),
        ("new", "New", {Role.ADMINISTRATOR, Role.VOLUNTEER}, "roles_clash"),
        ("new", "New", {Role.ADMINISTRATOR, Role.CLINICAL_LEAD}, "roles_clash"),
    ],
)
def test_accounts_that_cannot_be_made(
    place: Place, username: str, name: str, roles: set[Role], code: str
):
    with pytest.raises(AccountRefused) as refused, place.store.transaction() as tx:
        create_member(tx, username, name, frozenset(roles), None, place.clock.now())
    assert refused.value.code == code


def test_password_hash_is_argon2id_and_salted():
    one, two = hash_password(PASSWORD), hash_password(PASSWORD)
    assert one.startswith("$argon2id$")
    assert one != two
    assert verify(one, PASSWORD)
    assert not verify(one, PASSWORD + "x")
    assert not verify("not a hash", PASSWORD)


def test_switched_off_account_is_out_at_once(browser: Open, place: Place):
    vera, ada = browser(), browser()
    vera.log_in("vera")
    ada.log_in("ada")
    ada.get("/people")
    off = ada.post(f"/people/{place.people['vera'].id}/active", {"active": "false"})
    assert off.status_code == 303
    assert vera.get("/desk").status_code == 303
    assert vera.log_in("vera").status_code == 401


def test_a_link_from_a_chat_app_hops_once_to_bring_the_cookie_along(browser: Open):
    somebody = browser()
    hop = somebody.get("/desk", sec_fetch_site="cross-site")
    assert hop.status_code == 200
    assert 'http-equiv="refresh"' in hop.text
    assert somebody.get("/desk", sec_fetch_site="same-origin").status_code == 303
