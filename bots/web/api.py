"""The JSON API of the chat, which the page itself uses. Routes only translate."""

from threading import Event
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from bots.web.door import Door
from bots.web.event import WebEvent
from bots.web.identity import new_token, script_is_ours, set_token, token_of
from bots.web.problems import NotOurs
from bots.web.schemas import (
    HIGHEST_SEQ,
    AnswerOut,
    ErrorOut,
    HealthOut,
    MessageIn,
    MessagesOut,
    StartIn,
    answer_out,
    message_out,
)
from bots.web.settings import WebSettings
from bots.web.stream import new_messages, resume_point
from handrail.domain.clock import Clock

After = Annotated[int, Query(ge=0, le=HIGHEST_SEQ, description="The highest `seq` already seen.")]


def _script_only(request: Request) -> None:
    if not script_is_ours(request):
        raise NotOurs


def _event(body: MessageIn | StartIn, token: str, clock: Clock) -> WebEvent:
    now = clock.now()
    if isinstance(body, StartIn):
        return WebEvent(token=token, client_id=body.client_id, at=now, start=True)
    return WebEvent(
        token=token,
        client_id=body.client_id,
        at=now,
        text=body.text,
        press=body.press,
        replaces=body.replaces,
    )


def api_routes(door: Door, clock: Clock, settings: WebSettings, stopping: Event) -> APIRouter:
    """Everything under /api/v1, and /healthz."""
    router = APIRouter(
        responses={status: {"model": ErrorOut} for status in (403, 413, 422)}, tags=["chat"]
    )

    async def answer(request: Request, response: Response, body: MessageIn | StartIn) -> AnswerOut:
        known = token_of(request, settings)
        token = known or new_token()
        event = _event(body, token, clock)
        new_from = (request.client.host if request.client else "") if known is None else None
        answered = await door.take(event, after=body.after, new_from=new_from)
        if known is None:
            set_token(response, token, settings)
        return answer_out(answered)

    @router.post("/api/v1/chat/messages", dependencies=[Depends(_script_only)])
    async def send_message(request: Request, response: Response, body: MessageIn) -> AnswerOut:
        """Say or press something. Needs the header `X-Handrail-Chat: 1`. Always answered with
        200 once it is understood, if need be by a fallback reply."""
        return await answer(request, response, body)

    @router.post("/api/v1/chat/start", dependencies=[Depends(_script_only)])
    async def start(request: Request, response: Response, body: StartIn) -> AnswerOut:
        """Open the chat without words. Needs the header `X-Handrail-Chat: 1`."""
        return await answer(request, response, body)

    @router.get("/api/v1/chat/messages")
    async def messages(request: Request, after: After = 0) -> MessagesOut:
        """The conversation of the cookie after `after`, oldest first."""
        token = token_of(request, settings)
        lines = await door.record(token, after) if token else []
        return MessagesOut(messages=[message_out(line) for line in lines])

    @router.get("/api/v1/chat/events", response_class=StreamingResponse)
    async def events(
        request: Request,
        after: After = 0,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """New messages as server-sent events, one `MessageOut` each, id = seq."""
        token = token_of(request, settings)
        if token is None:
            return Response(status_code=204)  # tells an EventSource not to come back
        begin = resume_point(last_event_id, after)
        return StreamingResponse(
            new_messages(door, settings, token, begin, stopping),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )

    @router.get("/healthz", tags=["operation"], responses={503: {"model": HealthOut}})
    async def health() -> JSONResponse:
        """200 when the store answers, 503 when it does not."""
        well = await door.store_is_well()
        state = HealthOut(status="ok" if well else "storage_down")
        return JSONResponse(state.model_dump(), status_code=200 if well else 503)

    return router
