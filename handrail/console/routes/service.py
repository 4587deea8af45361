"""How the service is doing, what happened, what needs an operator. No text of anybody."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from handrail.console.guard import ALERTS, AUDIT, SERVICE, WithParts, reader, writer
from handrail.console.pages import go, own_path, page
from handrail.console.sessions import Visit
from handrail.console.views import names
from handrail.domain.errors import StorageError

router = APIRouter()

Acknowledge = Annotated[Visit, Depends(writer(ALERTS))]


@router.get("/service", dependencies=[Depends(reader(SERVICE))])
def show_service(request: Request, house: WithParts) -> Response:
    now = house.clock.now()
    try:
        storage = house.store.check()
    except StorageError:
        storage = ""
    with house.store.transaction(read_only=True) as tx:
        waiting, longest = tx.outbox.waiting(now)
        context = {
            "storage": storage,
            "waiting": waiting,
            "longest": longest,
            "broken_at": tx.journal.first_broken(),
            "on_shift": len(tx.shifts.running()),
            "live": len(tx.referrals.live()),
            "alerts": tx.journal.alerts(),
        }
    return page(request, "service.html", context)


@router.get("/audit", dependencies=[Depends(reader(AUDIT))])
def show_audit(request: Request, house: WithParts) -> Response:
    with house.store.transaction(read_only=True) as tx:
        context = {
            "events": tx.journal.events(limit=200),
            "broken_at": tx.journal.first_broken(),
            "names": names(tx),
        }
    return page(request, "audit.html", context)


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(
    request: Request,
    house: WithParts,
    visit: Acknowledge,
    alert_id: int,
    back: Annotated[str, Form(max_length=100)] = "/",
) -> Response:
    now = house.clock.now()
    with house.store.transaction() as tx:
        tx.journal.acknowledge(alert_id, now)
        tx.journal.append(
            "alert.acknowledged", at=now, actor=visit.member.id, subject=str(alert_id)
        )
    return go(request, own_path(back), done="alert_seen")
