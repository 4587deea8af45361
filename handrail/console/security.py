"""Headers on every answer, and a limit on what a request may carry.

Plain ASGI, because an event stream must pass through it piece by piece.
"""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=(), "
        "browsing-topics=(), display-capture=(), clipboard-read=()"
    ),
}


class Shield:
    """Adds the headers, stops bodies that no form of ours could have sent, and turns an error
    that nobody expected into a page (`failed` makes it, and alerts)."""

    def __init__(
        self, app: ASGIApp, *, secure: bool, failed: Callable[[Scope, Exception], Response]
    ) -> None:
        self._app = app
        self._secure = secure
        self._failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = 0
        started = False

        async def measured() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY:
                raise HTTPException(413)
            return message

        async def covered(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._cover(MutableHeaders(scope=message), scope["path"])
            await send(message)

        try:
            await self._app(scope, measured, covered)
        except Exception as error:
            response = await run_in_threadpool(self._failed, scope, error)
            if not started:
                await response(scope, receive, covered)

    def _cover(self, headers: MutableHeaders, path: str) -> None:
        for name, value in HEADERS.items():
            headers[name] = value
        # Pages may hold a contact's words; style sheets and scripts never do.
        headers["Cache-Control"] = "no-cache" if "/static/" in path else "no-store"
        if self._secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
