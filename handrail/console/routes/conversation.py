"""Reading and writing: the conversation page, its live part, replies and notes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from handrail.console.guard import DESK, SUPERVISE, NoSuchReferral, WithParts, reader, writer
from handrail.console.live import conversation_look, events
from handrail.console.pages import go, is_fragment, notice, page
from handrail.console.sessions import Visit, find_visit
from handrail.console.settings import Parts
from handrail.console.transact import find, holds, may_watch, must_see, run, send_soon
from handrail.console.views import (
    card,
    colleagues_on_shift,
    exchange_of,
    names,
    report_of,
    why_of,
)
from handrail.domain.errors import Conflict, DeskError, Erased, LeaseLost, StorageError
from handrail.domain.ids import LeaseToken
from handrail.domain.level import Level
from handrail.domain.ports import Transaction
from handrail.domain.referral import Disposition, Referral, StaffMember
from referral_queue import desk
from referral_queue.referral import Action, allowed

router = APIRouter()

READERS = DESK | SUPERVISE
Read = Annotated[Visit, Depends(reader(READERS))]
Fetched = Annotated[Visit, Depends(reader(READERS, by_a_person=False))]
Post = Annotated[Visit, Depends(writer(READERS))]
Beat = Annotated[Visit, Depends(writer(DESK, by_a_person=False))]
Lease = Annotated[str, Form(max_length=64)]
Text = Annotated[str, Form()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed into a form that could not be sent: it must not be lost."""

    reply: str = ""
    note: str = ""


def panel_context(
    tx: Transaction, house: Parts, referral: Referral, me: StaffMember
) -> dict[str, object]:
    now = house.clock.now()
    mine = holds(referral, me)
    return {
        "card": card(tx, referral, names(tx), now),
        "exchange": exchange_of(tx, referral),
        "mine": mine,
        "lease": (referral.lease_token or "") if mine else "",
        "can": {a.value: allowed(referral.state, a) is not None for a in Action},
    }


def show(
    request: Request,
    house: Parts,
    visit: Visit,
    referral_id: str,
    *,
    problem: str = "",
    detail: str = "",
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    """The whole page. Raises NoSuchReferral."""
    with house.store.transaction(read_only=True) as tx:
        me = visit.member
        referral = must_see(tx, referral_id, me)
        context = panel_context(tx, house, referral, me) | {
            "mark": conversation_look(referral, me, watching=not holds(referral, me))(tx),
            "why": why_of(tx, referral),
            "report": report_of(tx, referral),
            "colleagues": colleagues_on_shift(tx, me),
            "levels": list(Level),
            "dispositions": [d for d in Disposition if d is not Disposition.ERASED],
            "problem": problem,
            "detail": detail,
            "typed": typed or Typed(),
        }
    return page(request, "conversation.html", context, status)


@router.get("/referrals/{referral_id}")
def show_conversation(
    request: Request, house: WithParts, visit: Read, referral_id: str
) -> Response:
    def opened(tx: Transaction) -> bool:
        """A look is a sign of life for the holder, and an event for everybody else."""
        me, now = visit.member, house.clock.now()
        referral = find(tx, referral_id)
        if holds(referral, me) and referral.lease_token:
            desk.renew(tx, referral, me, referral.lease_token, now, house.rules)
        elif may_watch(referral, me):
            tx.journal.append("referral.read", at=now, actor=me.id, subject=referral.id)
        elif me.id in (referral.held_by, referral.handed_to):
            return False
        else:
            raise NoSuchReferral
        return True

    if not run(house, opened):
        return go(request, "/desk")
    return show(request, house, visit, referral_id)


@router.get("/referrals/{referral_id}/panel")
def show_panel(request: Request, house: WithParts, visit: Fetched, referral_id: str) -> Response:
    with house.store.transaction(read_only=True) as tx:
        referral = must_see(tx, referral_id, visit.member)
        context = panel_context(tx, house, referral, visit.member)
    return page(request, "_panel.html", context)


@router.get("/referrals/{referral_id}/live")
def stream(
    request: Request, house: WithParts, visit: Fetched, referral_id: str, seen: str = ""
) -> Response:
    with house.store.transaction(read_only=True) as tx:
        referral = must_see(tx, referral_id, visit.member)
    look = conversation_look(referral, visit.member, watching=not holds(referral, visit.member))
    seen = request.headers.get("last-event-id", seen)
    return StreamingResponse(
        events(house, visit.token, look, seen=seen),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@router.post("/referrals/{referral_id}/renew")
def renew(
    house: WithParts,
    visit: Beat,
    referral_id: str,
    lease: Lease = "",
    active: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """The page is open. `active`: somebody touched keyboard or mouse since the last beat, which
    keeps the login alive too."""
    if active == "yes":
        find_visit(house, visit.token, by_a_person=True)

    def beat(tx: Transaction) -> None:
        referral = find(tx, referral_id)
        desk.renew(tx, referral, visit.member, LeaseToken(lease), house.clock.now(), house.rules)

    run(house, beat)
    return Response(status_code=204)


@router.post("/referrals/{referral_id}/reply")
def reply(
    request: Request,
    house: WithParts,
    visit: Post,
    referral_id: str,
    lease: Lease = "",
    text: Text = "",
) -> Response:
    text = text.replace("\r\n", "\n").strip()
    typed = Typed(reply=text)
    if len(text) > house.settings.reply_max_characters:
        return failed(request, house, visit, referral_id, "reply_long", typed=typed)

    def send(tx: Transaction) -> Referral:
        referral = find(tx, referral_id)
        token = LeaseToken(lease)
        desk.reply(tx, referral, visit.member, token, text, house.clock.now(), house.rules)
        return referral

    try:
        referral = run(house, send)
    except (DeskError, StorageError) as error:
        return failed(request, house, visit, referral_id, error, typed=typed)
    response = _written(request, referral, lease, visit, "_reply.html", "sent")
    response.background = BackgroundTask(send_soon, house, referral.conversation_id)
    return response


@router.post("/referrals/{referral_id}/note")
def note(
    request: Request,
    house: WithParts,
    visit: Post,
    referral_id: str,
    lease: Lease = "",
    text: Text = "",
) -> Response:
    text = text.replace("\r\n", "\n").strip()
    typed = Typed(note=text)

    def keep(tx: Transaction) -> Referral:
        referral = must_see(tx, referral_id, visit.member)
        desk.note(tx, referral, visit.member, LeaseToken(lease), text, house.clock.now())
        return referral

    try:
        referral = run(house, keep)
    except (DeskError, StorageError) as error:
        return failed(request, house, visit, referral_id, error, typed=typed)
    return _written(request, referral, lease, visit, "_note.html", "noted")


def _written(
    request: Request, referral: Referral, lease: str, visit: Visit, template: str, done: str
) -> Response:
    """An empty box again, and the live part told to fetch itself."""
    if not is_fragment(request):
        return go(request, f"/referrals/{referral.id}", done=done)
    context = {
        "referral": referral,
        "lease": lease,
        "typed": Typed(),
        "mine": holds(referral, visit.member),
        "written": done,
    }
    response = page(request, template, context)
    response.headers["HX-Trigger"] = "written"
    return response


def failed(
    request: Request,
    house: Parts,
    visit: Visit,
    referral_id: str,
    error: str | DeskError | StorageError,
    *,
    typed: Typed | None = None,
) -> Response:
    """Say why it did not work and what to do, and keep what was typed."""
    code, detail, status = explain(error)
    if is_fragment(request):
        return notice(request, code, status, detail=detail)
    try:
        return show(
            request,
            house,
            visit,
            referral_id,
            problem=code,
            detail=detail,
            typed=typed,
            status=status,
        )
    except NoSuchReferral:
        kept = (typed.reply or typed.note) if typed else ""
        context = {"code": "lease_lost", "detail": "", "kept": kept}
        return page(request, "error.html", context, 409)


def explain(error: str | DeskError | StorageError) -> tuple[str, str, int]:
    """The code of the words to show, a sentence of the desk's, and the status."""
    if isinstance(error, str):
        return error, "", 422
    if isinstance(error, LeaseLost | NoSuchReferral):
        return "lease_lost", "", 409
    if isinstance(error, Erased):
        return "erased", "", 409
    if isinstance(error, Conflict):
        return "conflict", "", 409
    if isinstance(error, DeskError):
        return "not_allowed", str(error), 409
    return "storage", "", 503
