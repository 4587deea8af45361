"""Who is writing: a random token in a cookie, and proof that our own page sent the request."""

import hashlib
import hmac
import re
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from bots.web.settings import WebSettings

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
CHAT_HEADER = "x-handrail-chat"
"""Scripts on our page send it. A foreign page cannot without a CORS permission we never give."""


def new_token() -> str:
    """256 random bits, 43 characters: account and address of a web contact in one."""
    return secrets.token_urlsafe(32)


def token_of(request: Request, settings: WebSettings) -> str | None:
    """The token in the cookie; None when there is none or it is not one of ours in shape."""
    token = request.cookies.get(settings.cookie_name, "")
    return token if _TOKEN.fullmatch(token) else None


def set_token(response: Response, token: str, settings: WebSettings, *, days: int = 0) -> None:
    """days: how long the browser keeps it; 0 means until it is closed."""
    response.set_cookie(
        settings.cookie_name,
        token,
        max_age=days * 86_400 or None,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )


def drop_token(response: Response, settings: WebSettings) -> None:
    response.delete_cookie(
        settings.cookie_name,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )


def form_token(token: str) -> str:
    """What a form on our page carries. Derived, so that nothing has to be remembered."""
    return hmac.new(token.encode(), b"handrail web form", hashlib.sha256).hexdigest()


def form_is_ours(request: Request, token: str | None, given: str) -> bool:
    return (
        token is not None
        and from_same_site(request)
        and hmac.compare_digest(form_token(token).encode(), given.encode())
    )


def script_is_ours(request: Request) -> bool:
    return CHAT_HEADER in request.headers and from_same_site(request)


def from_same_site(request: Request) -> bool:
    """False when the browser says that another site sent it.

    `Origin: null` says nothing: our own forms carry it, because of `Referrer-Policy: no-referrer`.
    """
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        return True
    return urlsplit(origin).netloc == request.headers.get("host", "")
