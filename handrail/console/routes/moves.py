"""What can be done with a referral besides writing: accept, hold, hand over, close and so on."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.background import BackgroundTask

from handrail.console.guard import DESK, SUPERVISE, NoSuchReferral, WithParts, writer
from handrail.console.pages import go, page
from handrail.console.routes.conversation import Lease, explain, failed
from handrail.console.sessions import Visit
from handrail.console.settings import Parts
from handrail.console.transact import find, holds, must_see, run, send_soon, tell
from handrail.domain.errors import DeskError, StorageError
from handrail.domain.ids import ConversationId, LeaseToken, PersonId
from handrail.domain.level import Level
from handrail.domain.ports import Transaction
from handrail.domain.referral import Disposition, Referral
from referral_queue import desk

router = APIRouter()

Post = Annotated[Visit, Depends(writer(DESK))]
PostOrLead = Annotated[Visit, Depends(writer(DESK | SUPERVISE))]
Work = Callable[[Transaction, Referral, datetime], None]


def _from_desk(
    request: Request, house: Parts, referral_id: str, work: Work, then: str, done: str
) -> Response:
    """An answer to a card on the desk."""

    def step(tx: Transaction) -> ConversationId:
        referral = find(tx, referral_id)
        work(tx, referral, house.clock.now())
        return referral.conversation_id

    try:
        conversation = run(house, step)
    except (DeskError, StorageError) as error:
        code, detail, status = explain(error)
        if code == "lease_lost":
            code = "offer_lost"
        return page(request, "error.html", {"code": code, "detail": detail, "kept": ""}, status)
    return _gone(request, house, conversation, then, done)


def _from_page(
    request: Request,
    house: Parts,
    visit: Visit,
    referral_id: str,
    work: Work,
    *,
    then: str,
    done: str,
) -> Response:
    """A button of the conversation page: only for who holds it or may watch it."""

    def step(tx: Transaction) -> ConversationId:
        referral = must_see(tx, referral_id, visit.member)
        work(tx, referral, house.clock.now())
        return referral.conversation_id

    try:
        conversation = run(house, step)
    except (DeskError, StorageError) as error:
        return failed(request, house, visit, referral_id, error)
    return _gone(request, house, conversation, then, done)


def _gone(
    request: Request, house: Parts, conversation: ConversationId, then: str, done: str
) -> Response:
    """On to the next page; what the contact was told meanwhile is sent behind it."""
    response = go(request, then, done=done)
    response.background = BackgroundTask(send_soon, house, conversation)
    return response


@router.post("/referrals/{referral_id}/accept")
def accept(request: Request, house: WithParts, visit: Post, referral_id: str) -> Response:
    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        mine = desk.claim(tx, referral.id, visit.member, now, house.rules)
        if not holds(referral, visit.member):  # a second press claims nothing new
            tell(house, tx, mine, "relay_joined")

    return _from_desk(request, house, referral_id, work, f"/referrals/{referral_id}", "accepted")


@router.post("/referrals/{referral_id}/not-me")
def not_me(
    request: Request, house: WithParts, visit: Post, referral_id: str, lease: Lease = ""
) -> Response:
    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        if referral.held_by != visit.member.id:
            raise NoSuchReferral
        desk.release(tx, referral, visit.member, LeaseToken(lease), now, house.rules)

    return _from_desk(request, house, referral_id, work, "/desk", "declined")


@router.post("/referrals/{referral_id}/hand-over/accept")
def accept_hand_over(request: Request, house: WithParts, visit: Post, referral_id: str) -> Response:
    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        mine = desk.accept_hand_over(tx, referral, visit.member, now, house.rules)
        tell(house, tx, mine, "relay_joined")

    return _from_desk(request, house, referral_id, work, f"/referrals/{referral_id}", "taken_over")


@router.post("/referrals/{referral_id}/hand-over/decline")
def decline_hand_over(
    request: Request, house: WithParts, visit: Post, referral_id: str
) -> Response:
    """The colleague says no, or the holder takes the question back."""

    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        desk.decline_hand_over(tx, referral, visit.member, now)

    return _from_desk(request, house, referral_id, work, "/desk", "hand_over_declined")


@router.post("/referrals/{referral_id}/hand-over")
def hand_over(
    request: Request,
    house: WithParts,
    visit: Post,
    referral_id: str,
    lease: Lease = "",
    to: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        if to not in {member.id for member in tx.people.all()}:
            raise NoSuchReferral
        desk.hand_over(tx, referral, visit.member, LeaseToken(lease), PersonId(to), now)

    if not to:
        return failed(request, house, visit, referral_id, "nobody_chosen")
    then = f"/referrals/{referral_id}"
    return _from_page(request, house, visit, referral_id, work, then=then, done="handed_over")


@router.post("/referrals/{referral_id}/hold")
def hold(
    request: Request, house: WithParts, visit: Post, referral_id: str, lease: Lease = ""
) -> Response:
    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        held = desk.hold(tx, referral, visit.member, LeaseToken(lease), now, house.rules)
        tell(house, tx, held, "on_hold_note")

    return _from_page(
        request, house, visit, referral_id, work, then=f"/referrals/{referral_id}", done="held"
    )


@router.post("/referrals/{referral_id}/resume")
def resume(
    request: Request, house: WithParts, visit: Post, referral_id: str, lease: Lease = ""
) -> Response:
    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        desk.resume(tx, referral, visit.member, LeaseToken(lease), now, house.rules)

    return _from_page(
        request, house, visit, referral_id, work, then=f"/referrals/{referral_id}", done="resumed"
    )


@router.post("/referrals/{referral_id}/release")
def release(
    request: Request, house: WithParts, visit: Post, referral_id: str, lease: Lease = ""
) -> Response:
    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        desk.release(tx, referral, visit.member, LeaseToken(lease), now, house.rules)
        if referral.first_reply_at is not None:
            tell(house, tx, referral, "person_left")  # as it was: it names who leaves

    return _from_page(request, house, visit, referral_id, work, then="/desk", done="released")


@router.post("/referrals/{referral_id}/escalate")
def escalate(request: Request, house: WithParts, visit: Post, referral_id: str) -> Response:
    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        desk.escalate(tx, referral, now, by=visit.member)

    return _from_page(
        request, house, visit, referral_id, work, then=f"/referrals/{referral_id}", done="escalated"
    )


@router.post("/referrals/{referral_id}/close")
def close(
    request: Request,
    house: WithParts,
    visit: Post,
    referral_id: str,
    lease: Lease = "",
    disposition: Annotated[str, Form(max_length=40)] = "",
    sure: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    if disposition not in {d.value for d in Disposition}:
        return failed(request, house, visit, referral_id, "no_disposition")
    if sure != "yes":
        return failed(request, house, visit, referral_id, "not_sure")

    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        reason = Disposition(disposition)
        closed = desk.close(tx, referral, visit.member, LeaseToken(lease), reason, now)
        if reason is not Disposition.WITHDRAWN:
            tell(house, tx, closed, "closed_goodbye")

    return _from_page(request, house, visit, referral_id, work, then="/desk", done="closed")


@router.post("/referrals/{referral_id}/level")
def set_level(
    request: Request,
    house: WithParts,
    visit: PostOrLead,
    referral_id: str,
    level: Annotated[str, Form(max_length=4)] = "",
    why: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Up or down, with a reason: only people lower P1 and P2."""
    if level not in {one.value for one in Level}:
        return failed(request, house, visit, referral_id, "no_level")

    def work(tx: Transaction, referral: Referral, now: datetime) -> None:
        desk.set_level(
            tx,
            referral,
            Level(level),
            by=visit.member,
            why=why,
            now=now,
            targets=house.rules.targets,
        )

    then = f"/referrals/{referral_id}"
    return _from_page(request, house, visit, referral_id, work, then=then, done="level_set")
