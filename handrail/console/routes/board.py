"""The supervisor's board."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from handrail.console.board import board_of
from handrail.console.guard import BOARD, DESK, WithParts, reader
from handrail.console.live import board_look, desk_look, events
from handrail.console.pages import page
from handrail.console.sessions import Visit
from handrail.console.settings import Parts

router = APIRouter()

Fetched = Annotated[Visit, Depends(reader(BOARD, by_a_person=False))]
OnDesk = Annotated[Visit, Depends(reader(DESK, by_a_person=False))]


def _context(house: Parts) -> dict[str, object]:
    with house.store.transaction(read_only=True) as tx:
        on_board = board_of(tx, house.rules.targets, house.clock.now())
        return {"board": on_board, "mark": board_look(tx)}


@router.get("/board", dependencies=[Depends(reader(BOARD))])
def show_board(request: Request, house: WithParts) -> Response:
    return page(request, "board.html", _context(house))


@router.get("/board/panel", dependencies=[Depends(reader(BOARD, by_a_person=False))])
def show_panel(request: Request, house: WithParts) -> Response:
    return page(request, "_board.html", _context(house))


@router.get("/board/live")
def board_stream(request: Request, house: WithParts, visit: Fetched, seen: str = "") -> Response:
    seen = request.headers.get("last-event-id", seen)
    return StreamingResponse(
        events(house, visit.token, board_look, seen=seen), media_type="text/event-stream"
    )


@router.get("/desk/live")
def desk_stream(request: Request, house: WithParts, visit: OnDesk, seen: str = "") -> Response:
    seen = request.headers.get("last-event-id", seen)
    look = desk_look(visit.member.id)
    return StreamingResponse(
        events(house, visit.token, look, seen=seen), media_type="text/event-stream"
    )
