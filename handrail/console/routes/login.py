"""Log in, log out, choose a password."""

import secrets
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from handrail.console.accounts import PASSWORD_MIN, AccountRefused, change_password
from handrail.console.guard import (
    AUDIT,
    BOARD,
    DESK,
    PEOPLE,
    FormRefused,
    WithParts,
    allowed,
    is_own_form,
    reader,
    same,
    writer,
)
from handrail.console.pages import go, own_path, page
from handrail.console.sessions import (
    Refused,
    Visit,
    close_session,
    drop_cookie,
    find_visit,
    log_in,
    open_session,
    read_cookie,
    set_cookie,
)
from handrail.console.settings import Parts
from handrail.domain.referral import StaffMember

router = APIRouter()

_FORM_AGE = timedelta(hours=2)
_KNOWN_AGE = timedelta(days=180)


def first_page(member: StaffMember) -> str:
    """Where each role's work is."""
    for roles, path in ((BOARD, "/board"), (DESK, "/desk"), (PEOPLE, "/people")):
        if allowed(member, roles):
            return path
    return "/audit" if allowed(member, AUDIT) else "/password"


@router.get("/")
def home(request: Request, visit: Annotated[Visit, Depends(reader())]) -> Response:
    return go(request, first_page(visit.member))


@router.get("/login")
def show_login(request: Request, house: WithParts, next: str = "/") -> Response:
    token = read_cookie(request, house.settings, "handrail")
    if token and find_visit(house, token, by_a_person=True):
        return go(request, own_path(next))
    return _login_form(request, house, username="", after=own_path(next))


def _login_form(
    request: Request,
    house: Parts,
    *,
    username: str,
    after: str,
    problem: str = "",
    wait: timedelta = timedelta(0),
    status: int = 200,
) -> Response:
    # Before a login there is no session to keep the form token in: the cookie holds a second
    # copy, and another site can neither read nor set it.
    twin = secrets.token_urlsafe(24)
    context = {
        "form_token": twin,
        "username": username,
        "after": after,
        "problem": problem,
        "wait_seconds": int(wait.total_seconds()),
    }
    response = page(request, "login.html", context, status)
    set_cookie(response, house.settings, "handrail-form", twin, _FORM_AGE)
    if wait:
        response.headers["Retry-After"] = str(int(wait.total_seconds()))
    return response


@router.post("/login")
def do_login(
    request: Request,
    house: WithParts,
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    csrf: Annotated[str, Form()] = "",
    after: Annotated[str, Form(max_length=200)] = "/",
) -> Response:
    twin = read_cookie(request, house.settings, "handrail-form")
    if not is_own_form(request) or not same(csrf, twin):
        raise FormRefused
    address = request.client.host if request.client else "unknown"
    known = read_cookie(request, house.settings, "handrail-known")
    result = log_in(house, username, password, address, known)
    if isinstance(result, Refused):
        slow = bool(result.wait)
        return _login_form(
            request,
            house,
            username=username[:100],
            after=own_path(after),
            problem="login_slow" if slow else "login_wrong",
            wait=result.wait,
            status=429 if slow else 401,
        )
    response = go(request, own_path(after))
    set_cookie(response, house.settings, "handrail", result.token, house.settings.longest)
    set_cookie(response, house.settings, "handrail-known", result.known, _KNOWN_AGE)
    drop_cookie(response, house.settings, "handrail-form")
    return response


@router.post("/logout")
def logout(
    request: Request, house: WithParts, visit: Annotated[Visit, Depends(writer(any_password=True))]
) -> Response:
    close_session(house, visit.token)
    response = go(request, "/login", done="logged_out")
    drop_cookie(response, house.settings, "handrail")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@router.get("/password")
def show_password(
    request: Request, visit: Annotated[Visit, Depends(reader(any_password=True))]
) -> Response:
    return _password_form(request, visit)


def _password_form(
    request: Request, visit: Visit, problem: str = "", status: int = 200
) -> Response:
    context = {"problem": problem, "shortest": PASSWORD_MIN, "must": visit.must_change}
    return page(request, "password.html", context, status)


@router.post("/password")
def do_password(
    request: Request,
    house: WithParts,
    visit: Annotated[Visit, Depends(writer(any_password=True))],
    current: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
    again: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    if new != again:
        return _password_form(request, visit, "password_differs", 422)
    now = house.clock.now()
    counted = f"password:{visit.member.id}"
    with house.store.transaction(read_only=True) as tx:
        if tx.sessions.failures_since(counted, now - timedelta(minutes=10)) >= 10:
            return _password_form(request, visit, "password_slow", 429)
    try:
        with house.store.transaction() as tx:
            stored = change_password(tx, visit.member, current, new, now)
            if stored is None:
                tx.sessions.record_attempt(counted, now, False)
                return _password_form(request, visit, "password_wrong", 422)
            tx.sessions.close(f"login:{visit.token}")
            token = open_session(tx, house, visit.member, stored, now)
    except AccountRefused as refused:
        return _password_form(request, visit, refused.code, 422)
    response = go(request, first_page(visit.member), done="password_changed")
    set_cookie(response, house.settings, "handrail", token, house.settings.longest)
    return response
