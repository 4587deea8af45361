"""Build the console: an ASGI application of its own, for people who work here."""

import logging
from collections.abc import Callable
from contextlib import suppress

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from handrail.console import accounts
from handrail.console.errors import add_error_pages, answer
from handrail.console.pages import HERE, make_templates
from handrail.console.routes import board, conversation, desk, login, moves, people, service
from handrail.console.security import Shield
from handrail.console.settings import Announce, ConsoleSettings, Parts, say_nothing
from handrail.domain.clock import Clock
from handrail.domain.errors import HandrailError
from handrail.domain.ids import ConversationId
from handrail.domain.ports import Nudger, Store
from referral_queue.targets import DeskRules

log = logging.getLogger("handrail.console")


def create_console(
    store: Store,
    clock: Clock,
    settings: ConsoleSettings,
    rules: DeskRules,
    nudger: Nudger,
    deliver: Callable[[ConversationId], None],
    announce: Announce = say_nothing,
) -> FastAPI:
    """The console as an ASGI application. It keeps nothing in memory between requests, so that
    any number of them may run side by side.

    deliver: tries to send what a conversation has waiting; called in a thread after each reply.
    Set `app.state.stopping` (a threading.Event) when the server is told to stop: open event
    streams end within a second.
    announce: says the playbook of a key to the contact, in the caller's transaction.
    """
    accounts.prepare()
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.house = Parts(
        store=store,
        clock=clock,
        settings=settings,
        rules=rules,
        nudger=nudger,
        deliver=deliver,
        announce=announce,
    )
    app.state.stopping = app.state.house.stopping
    app.state.templates = make_templates()
    for room in (login, desk, board, conversation, moves, people, service):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    add_error_pages(app)

    app.add_middleware(Shield, secure=settings.secure_cookies, failed=_boundary(app.state.house))
    return app


def _boundary(house: Parts) -> Callable[[Scope, Exception], Response]:
    """The one blanket boundary of the console: an alert, ids only, and a kind page."""

    def failed(scope: Scope, error: Exception) -> Response:
        kind = type(error).__name__
        log.error("console.request_failed kind=%s at=%s", kind, _place(error))
        with suppress(HandrailError), house.store.transaction() as tx:
            tx.journal.alert("console.request_failed", kind, house.clock.now())
        return answer(Request(scope), "trouble", 500)

    return failed


def _place(error: Exception) -> str:
    """File and line of the innermost frame. Not the message: it may quote what somebody wrote."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
