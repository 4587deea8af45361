"""What holds for every response and every request: safe headers, a limit of size."""

from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}

Answer = Callable[[Request, Exception], Awaitable[Response]]

_DRAIN = 16
"""A body up to 16 times the limit is read and thrown away, so that the browser gets to see the
kind answer; one that is larger still finds the connection closed."""


class SafeHeaders:
    """Adds HEADERS to every response, errors and files included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_safely)


class Boundary:
    """Turns an error that nobody expected into an answer, and lets nothing of it out: a server
    would print the traceback, which may quote what somebody wrote."""

    def __init__(self, app: ASGIApp, answer: Answer) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:  # nobody is there to be answered
            return
        except Exception as error:  # boundary "request"
            if scope["type"] != "http":
                raise
            response = await self._answer(Request(scope), error)
            if not started:
                await response(scope, receive, send)


class BodyLimit:
    """Raises HTTPException 413 inside the route that reads a body above `max_bytes`."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken = 0

        async def receive_counted() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] != "http.request":
                return message
            taken += len(message.get("body", b""))
            if taken <= self._max:
                return message
            while message.get("more_body") and taken <= self._max * _DRAIN:
                message = await receive()
                taken += len(message.get("body", b""))
            raise HTTPException(413)

        await self._app(scope, receive_counted, send)
