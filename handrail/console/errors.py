"""What people see when something does not work: what happened, what is safe, what to do."""

from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from handrail.console.guard import (
    FormRefused,
    LoginNeeded,
    NoSuchPerson,
    NoSuchReferral,
    PasswordChangeNeeded,
    RoleMissing,
    is_own_form,
)
from handrail.console.pages import is_fragment, notice, page
from handrail.domain.errors import (
    Conflict,
    DeskError,
    Erased,
    HandrailError,
    LeaseLost,
    NotAllowed,
    StorageError,
)

# Each error, the code of its words in templates/words.html, and its status. First match wins.
_SHOWN: tuple[tuple[type[Exception], str, int], ...] = (
    (FormRefused, "form_refused", 403),
    (RoleMissing, "role_missing", 403),
    (NoSuchReferral, "not_yours", 404),
    (LeaseLost, "lease_lost", 409),
    (NoSuchPerson, "not_found", 404),
    (NotAllowed, "not_allowed", 409),
    (DeskError, "conflict", 409),
    (Conflict, "conflict", 409),
    (Erased, "erased", 409),
    (StorageError, "storage", 503),
    (HandrailError, "trouble", 500),
    (RequestValidationError, "form_wrong", 422),
)


def add_error_pages(app: FastAPI) -> None:
    app.add_exception_handler(LoginNeeded, _login_needed)
    app.add_exception_handler(PasswordChangeNeeded, _password_needed)
    for kind in (HandrailError, RequestValidationError):
        app.add_exception_handler(kind, _shown)
    app.add_exception_handler(HTTPException, _http)


def answer(request: Request, code: str, status: int, kept: str = "") -> Response:
    """As a part of the open page for htmx, as a whole page otherwise."""
    if is_fragment(request):
        return notice(request, code, status)
    return page(request, "error.html", {"code": code, "detail": "", "kept": kept}, status)


async def _shown(request: Request, error: Exception) -> Response:
    code, status = next((c, s) for kind, c, s in _SHOWN if isinstance(error, kind))
    return answer(request, code, status)


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return answer(request, "not_found" if status in (404, 405) else "trouble", status)


async def _login_needed(request: Request, _error: Exception) -> Response:
    """To the login form and back. A link in a chat app leads here without the cookie, because
    the cookie is same-site only; one hop from our own page brings it along."""
    if is_fragment(request):
        return notice(request, "login_ended", 401)
    if request.method != "GET":
        kept = ""
        if is_own_form(request):
            typed = (await request.form()).get("text")
            kept = typed if isinstance(typed, str) else ""
        return answer(request, "login_ended", 401, kept)
    if request.headers.get("sec-fetch-site") == "cross-site":
        return page(request, "bounce.html")
    root = request.scope.get("root_path", "")
    after = request.url.path.removeprefix(root)
    return RedirectResponse(f"{root}/login?next={quote(after, safe='/')}", status_code=303)


async def _password_needed(request: Request, _error: Exception) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/password", status_code=303)
