"""A volunteer's desk: shift, Next, what I hold, what is offered to me."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from handrail.console.guard import DESK, WithParts, reader, writer
from handrail.console.live import desk_look
from handrail.console.pages import go, page
from handrail.console.sessions import Visit
from handrail.console.settings import Parts
from handrail.console.transact import run
from handrail.console.views import desk_of
from handrail.domain.errors import NotAllowed
from handrail.domain.ports import Transaction
from handrail.domain.referral import Referral
from referral_queue import desk

router = APIRouter()

Mine = Annotated[Visit, Depends(reader(DESK))]
Fetched = Annotated[Visit, Depends(reader(DESK, by_a_person=False))]
Post = Annotated[Visit, Depends(writer(DESK))]


def _context(house: Parts, visit: Visit) -> dict[str, object]:
    with house.store.transaction(read_only=True) as tx:
        on_desk = desk_of(tx, visit.member, house.clock.now())
        mark = desk_look(visit.member.id)(tx)
    return {"desk": on_desk, "mark": mark, "problem": "", "detail": ""}


@router.get("/desk")
def show_desk(request: Request, house: WithParts, visit: Mine) -> Response:
    return page(request, "desk.html", _context(house, visit))


@router.get("/desk/panel")
def show_panel(request: Request, house: WithParts, visit: Fetched) -> Response:
    return page(request, "_desk_panel.html", _context(house, visit))


@router.post("/shift/start")
def start_shift(request: Request, house: WithParts, visit: Post) -> Response:
    run(house, lambda tx: desk.start_shift(tx, visit.member, house.clock.now()))
    return go(request, "/desk", done="shift_started")


@router.post("/shift/end")
def end_shift(request: Request, house: WithParts, visit: Post) -> Response:
    """Only with empty hands: nobody is left waiting for someone who went home."""
    try:
        run(house, lambda tx: desk.end_shift(tx, visit.member, house.clock.now(), house.rules))
    except NotAllowed as error:
        return _refused(request, house, visit, error)
    return go(request, "/desk", done="shift_ended")


@router.post("/next")
def next_referral(request: Request, house: WithParts, visit: Post) -> Response:
    def offer(tx: Transaction) -> Referral | None:
        return desk.offer_next(tx, visit.member, house.clock.now(), house.rules)

    try:
        offered = run(house, offer)
    except NotAllowed as error:
        return _refused(request, house, visit, error)
    return go(request, "/desk", done="" if offered else "nothing_for_you")


def _refused(request: Request, house: Parts, visit: Visit, error: NotAllowed) -> Response:
    context = _context(house, visit) | {"problem": "not_allowed", "detail": str(error)}
    return page(request, "desk.html", context, 409)
