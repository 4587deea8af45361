"""The contact page without scripts: plain forms, redirects, the same house behind them."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from bots.web.door import Answered, Door
from bots.web.event import WebEvent
from bots.web.identity import (
    drop_token,
    form_is_ours,
    form_token,
    new_token,
    set_token,
    token_of,
)
from bots.web.page import ContactPage, View, new_client_id
from bots.web.problems import KindPage
from bots.web.schemas import is_client_id
from bots.web.settings import WebSettings
from handrail.domain.clock import Clock

_NEWEST = "#say"
_NOTES = frozenset({"long", "slowed", "forgotten", "remembered"})
"""Which words of the page an address may ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Shows the page, whatever is broken."""

    door: Door
    page: ContactPage
    settings: WebSettings

    async def show(
        self,
        request: Request,
        *,
        note: str | None = None,
        draft: str = "",
        client_id: str | None = None,
        answered: Answered | None = None,
        status: int = 200,
    ) -> Response:
        """answered: what could not be left to the record, shown this once."""
        known = token_of(request, self.settings)
        token = known or new_token()
        fallback = answered.fallback if answered else None
        lines = answered.lines if answered else ()
        if answered is None and known is not None:
            try:
                lines = tuple(await self.door.record(known))
            except Exception as error:  # the page stands even when the store does not
                await self.door.alert("web.record_unreadable", type(error).__name__)
                fallback = self.door.fallback()
        view = View(
            form_token=form_token(token),
            lines=lines,
            fallback=fallback,
            note=note,
            draft=draft,
            client_id=client_id,
        )
        response = HTMLResponse(self.page.render(view), status_code=status)
        if known is None:
            set_token(response, token, self.settings)
        return response


def page_routes(pages: Pages, clock: Clock) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    door, settings = pages.door, pages.settings

    async def take(request: Request, make: Callable[[str, FormData], WebEvent]) -> Response:
        form = await request.form()
        token = token_of(request, settings)
        text, client_id = _field(form, "text"), _field(form, "client_id")
        draft = text if not _field(form, "press") else ""
        if token is None or not form_is_ours(request, token, _field(form, "form_token")):
            return await pages.show(request, note="again", draft=draft, client_id=client_id)
        answered = await door.take(make(token, form), after=0, new_from=None)
        if answered.fallback is not None:
            draft = "" if answered.stored else draft
            return await pages.show(request, answered=answered, draft=draft, client_id=client_id)
        if await _is_gone(answered, token):
            return await pages.show(request, answered=answered)
        note = f"?note={answered.notes[0]}" if answered.notes else ""
        return RedirectResponse(f"/{note}{_NEWEST}", status_code=303)

    async def _is_gone(answered: Answered, token: str) -> bool:
        """The replies are on no record (the contact erased it): show them now or never."""
        try:
            return bool(answered.lines) and not await door.record(token)
        except Exception:  # shown twice is better than never
            return True

    @router.get("/")
    async def contact_page(request: Request, note: str = "") -> Response:
        return await pages.show(request, note=note if note in _NOTES else None)

    @router.post("/send")
    async def send(request: Request) -> Response:
        return await take(
            request,
            lambda token, form: WebEvent(
                token=token,
                client_id=_client_id(form),
                at=clock.now(),
                text=_field(form, "text").replace("\r\n", "\n"),
                press=_field(form, "press")[:64] or None,
            ),
        )

    @router.post("/start")
    async def start(request: Request) -> Response:
        return await take(
            request,
            lambda token, form: WebEvent(
                token=token, client_id=_client_id(form), at=clock.now(), start=True
            ),
        )

    @router.post("/remember")
    async def remember(request: Request) -> Response:
        token, given = token_of(request, settings), _field(await request.form(), "form_token")
        if token is None or not form_is_ours(request, token, given):
            return await pages.show(request, note="not_taken")
        response = RedirectResponse("/?note=remembered", status_code=303)
        set_token(response, token, settings, days=settings.remember_days)
        return response

    @router.post("/forget")
    async def forget(request: Request) -> Response:
        token, given = token_of(request, settings), _field(await request.form(), "form_token")
        if not form_is_ours(request, token, given):
            return await pages.show(request, note="not_taken")
        response = RedirectResponse("/?note=forgotten", status_code=303)
        drop_token(response, settings)
        return response

    return router


def kind_page(pages: Pages) -> KindPage:
    """The contact page instead of an error page."""

    async def show(request: Request, note: str, status: int) -> Response:
        return await pages.show(request, note=note, status=status)

    return show


def _field(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _client_id(form: FormData) -> str:
    """The page's own id, so that a form sent twice is one message; a fresh one if it was lost."""
    given = _field(form, "client_id")
    return given if is_client_id(given) else new_client_id()
