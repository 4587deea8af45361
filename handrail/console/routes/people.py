"""Accounts, for administrators: who can log in, in which role."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from handrail.console.accounts import (
    AccountRefused,
    check_roles,
    create_member,
    set_one_time_password,
)
from handrail.console.guard import PEOPLE, NoSuchPerson, WithParts, reader, writer
from handrail.console.pages import go, page
from handrail.console.sessions import Visit
from handrail.console.settings import Parts
from handrail.domain.ids import PersonId
from handrail.domain.ports import Transaction
from handrail.domain.referral import Role, StaffMember

router = APIRouter()

Post = Annotated[Visit, Depends(writer(PEOPLE))]


def _find(tx: Transaction, person_id: str) -> StaffMember:
    for member in tx.people.all():
        if member.id == PersonId(person_id):
            return member
    raise NoSuchPerson


def _list(request: Request, house: Parts, status: int = 200, **typed: object) -> Response:
    with house.store.transaction(read_only=True) as tx:
        everybody = sorted(tx.people.all(), key=lambda m: (not m.active, m.username))
        there = {shift.person_id for shift in tx.shifts.running()}
    empty: dict[str, object] = {"problem": "", "username": "", "display_name": "", "chosen": ()}
    context = empty | {"everybody": everybody, "there": there, "all_roles": list(Role)} | typed
    return page(request, "people.html", context, status)


@router.get("/people", dependencies=[Depends(reader(PEOPLE))])
def show_people(request: Request, house: WithParts) -> Response:
    return _list(request, house)


@router.post("/people")
def add_person(
    request: Request,
    house: WithParts,
    visit: Post,
    username: Annotated[str, Form(max_length=200)] = "",
    display_name: Annotated[str, Form(max_length=200)] = "",
    roles: Annotated[list[Role] | None, Form()] = None,
) -> Response:
    """The one-time password is shown once, in this answer, and can never be shown again."""
    chosen = frozenset(roles or ())
    now = house.clock.now()
    demo = house.settings.demo
    try:
        with house.store.transaction() as tx:
            member, once = create_member(
                tx, username, display_name, chosen, None, now, demo=demo, by=visit.member.id
            )
    except AccountRefused as refused:
        return _list(
            request,
            house,
            422,
            problem=refused.code,
            username=username,
            display_name=display_name,
            chosen=chosen,
        )
    return page(request, "one_time.html", {"member": member, "once": once, "fresh": True})


@router.post("/people/{person_id}/password")
def reset_password(request: Request, house: WithParts, visit: Post, person_id: str) -> Response:
    with house.store.transaction() as tx:
        member = _find(tx, person_id)
        once = set_one_time_password(tx, member, house.clock.now(), visit.member.id)
    return page(request, "one_time.html", {"member": member, "once": once, "fresh": False})


@router.post("/people/{person_id}/roles")
def change_roles(
    request: Request,
    house: WithParts,
    visit: Post,
    person_id: str,
    roles: Annotated[list[Role] | None, Form()] = None,
) -> Response:
    chosen = frozenset(roles or ())
    try:
        check_roles(chosen)
    except AccountRefused as refused:
        return _list(request, house, 422, problem=refused.code)
    now = house.clock.now()
    with house.store.transaction() as tx:
        member = _find(tx, person_id)
        if member.id == visit.member.id and Role.ADMINISTRATOR not in chosen:
            return _list(request, house, 422, problem="not_yourself")
        tx.people.update(replace(member, roles=chosen))
        codes = ",".join(sorted(role.value for role in chosen))
        tx.journal.append(
            "person.roles_changed", at=now, actor=visit.member.id, subject=member.id, roles=codes
        )
    return go(request, "/people", done="roles_changed")


@router.post("/people/{person_id}/active")
def switch_active(
    request: Request,
    house: WithParts,
    visit: Post,
    person_id: str,
    active: Annotated[bool, Form()] = False,
) -> Response:
    """Nobody is ever deleted: the audit trail names them. What they hold returns to the queue
    when their lease ends, because nobody renews it any more."""
    now = house.clock.now()
    with house.store.transaction() as tx:
        member = _find(tx, person_id)
        if member.id == visit.member.id:
            return _list(request, house, 422, problem="not_yourself")
        tx.people.update(replace(member, active=active))
        if not active:
            tx.shifts.end(member.id, now)
        kind = "person.activated" if active else "person.deactivated"
        tx.journal.append(kind, at=now, actor=visit.member.id, subject=member.id)
    return go(request, "/people", done="person_on" if active else "person_off")
