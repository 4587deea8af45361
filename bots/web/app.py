"""The web chat as one ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from bots.adapter import AlertOperator, Fallback, Receive, Wiring
from bots.web.api import api_routes
from bots.web.door import Door, Sleep
from bots.web.guard import BodyLimit, Boundary, SafeHeaders
from bots.web.page import ContactPage
from bots.web.pages import Pages, kind_page, page_routes
from bots.web.problems import add_problem_handlers, last_resort
from bots.web.settings import WebSettings
from handrail.domain.clock import Clock
from handrail.domain.ports import Store

_STATIC = Path(__file__).parent / "static"


def create_web_chat(
    receive: Receive,
    store: Store,
    clock: Clock,
    settings: WebSettings,
    fallback: Fallback,
    alert: AlertOperator,
    *,
    sleep: Sleep = asyncio.sleep,
) -> FastAPI:
    """Raises ConfigError when the page's words are broken. Nothing else touches the disk or the
    store before the first request. Call `end_streams` when the server is told to stop."""
    wiring = Wiring(receive=receive, store=store, clock=clock, fallback=fallback, alert=alert)
    door = Door(wiring, settings, sleep)
    pages = Pages(door=door, page=ContactPage(settings), settings=settings)
    stopping = Event()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        stopping.set()

    app = FastAPI(
        title=f"{settings.service_name}: web chat",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.stopping = stopping
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(Boundary, answer=last_resort(kind_page(pages), door.alert))
    app.add_middleware(SafeHeaders)
    add_problem_handlers(app, kind_page(pages))
    app.include_router(api_routes(door, clock, settings, stopping))
    app.include_router(page_routes(pages, clock))
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    return app


def end_streams(app: FastAPI) -> None:
    """Let every open event stream end within a second. From any thread or signal handler; without
    it a server waits for the streams before it stops."""
    stopping: Event = app.state.stopping
    stopping.set()
