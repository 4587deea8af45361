"""Requests that cannot be taken: clear JSON for programs, a kind page for people."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from bots.web.guard import Answer
from bots.web.schemas import ErrorOut, Problem

KindPage = Callable[[Request, str, int], Awaitable[Response]]
"""(request, key of the page's words, status) -> the contact page, saying that."""

Alert = Callable[[str, str], Awaitable[None]]

_UNKNOWN = "extra_forbidden"


class NotOurs(Exception):
    """The request does not come from our page: the header is missing or another site sent it."""


def add_problem_handlers(app: FastAPI, kind_page: KindPage) -> None:
    @app.exception_handler(NotOurs)
    async def not_ours(request: Request, error: NotOurs) -> Response:
        del request, error
        return _json(403, "not_our_page", "send X-Handrail-Chat: 1, from the same origin")

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> Response:
        """Names the fields and never repeats what was in them: it may be somebody's message."""
        del request
        problems = error.errors()
        fields = [".".join(str(part) for part in problem["loc"]) for problem in problems]
        if any(problem["type"] == _UNKNOWN for problem in problems):
            return _json(422, "unknown_field", "the body has a field that is not known", fields)
        return _json(422, "invalid", "a field is missing or not valid", fields)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        code, words = {
            404: ("not_found", "nowhere"),
            405: ("method_not_allowed", "nowhere"),
            413: ("too_large", "too_large"),
        }.get(error.status_code, ("refused", "not_taken"))
        if request.url.path.startswith("/api/"):
            return _json(error.status_code, code, "see the status code")
        return await kind_page(request, words, error.status_code)


def last_resort(kind_page: KindPage, alert: Alert) -> Answer:
    """For what no handler expects: an alert with the kind of error, and a kind answer."""

    async def broken(request: Request, error: Exception) -> Response:
        await alert("web.request_failed", type(error).__name__)
        if request.url.path.startswith("/api/"):
            return _json(503, "unavailable", "try again with the same client_id")
        return await kind_page(request, "not_taken", 503)

    return broken


def _json(status: int, code: str, message: str, fields: list[str] | None = None) -> JSONResponse:
    body = ErrorOut(error=Problem(code=code, message=message, fields=fields or []))
    return JSONResponse(body.model_dump(), status_code=status)
