"""Who may come in: login, form token, role. Every route names its guard."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request

from handrail.console.sessions import Visit, find_visit, read_cookie
from handrail.console.settings import Parts
from handrail.domain.errors import HandrailError, NotAllowed
from handrail.domain.referral import Role, StaffMember

# DESIGN section 4, REFERENCE section 6: what each room of the console is for.
DESK = frozenset({Role.VOLUNTEER, Role.SUPERVISOR})
BOARD = frozenset({Role.SUPERVISOR, Role.CLINICAL_LEAD, Role.SAFEGUARDING_LEAD})
# May read any live conversation, and change its level; each reading leaves an event.
SUPERVISE = frozenset({Role.SUPERVISOR, Role.CLINICAL_LEAD})
PEOPLE = frozenset({Role.ADMINISTRATOR})
SERVICE = frozenset({Role.ADMINISTRATOR})
ALERTS = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
AUDIT = frozenset({Role.ADMINISTRATOR, Role.DATA_LEAD})


class LoginNeeded(HandrailError):
    """Nobody is logged in, or the login ended. Log in again."""


class PasswordChangeNeeded(HandrailError):
    """The password is a one-time one. Choose your own first."""


class FormRefused(HandrailError):
    """The form did not come from a page of this login. Reload the page and send it again."""


class RoleMissing(NotAllowed):
    """Your roles do not include this page. Ask an administrator if they should."""


class NoSuchReferral(NotAllowed):
    """There is no such referral, or it is not yours to see: both look the same from outside."""


class NoSuchPerson(NotAllowed):
    """There is no account with this id. Go back to the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the navigation shows."""

    desk: bool
    board: bool
    supervise: bool
    people: bool
    service: bool
    audit: bool


def allowed(member: StaffMember, roles: frozenset[Role]) -> bool:
    """Whoever administers the service reads no chats, whatever other role they were given."""
    if Role.ADMINISTRATOR in member.roles and Role.ADMINISTRATOR not in roles:
        return False
    return bool(member.roles & roles)


def rights(member: StaffMember) -> Rights:
    return Rights(
        desk=allowed(member, DESK),
        board=allowed(member, BOARD),
        supervise=allowed(member, SUPERVISE),
        people=allowed(member, PEOPLE),
        service=allowed(member, SERVICE),
        audit=allowed(member, AUDIT),
    )


def house_of(request: Request) -> Parts:
    house: Parts = request.app.state.house
    return house


WithParts = Annotated[Parts, Depends(house_of)]


def is_own_form(request: Request) -> bool:
    """False when the browser says that another site caused the request. Every current browser
    sends the header over https and on loopback; without it the form token alone decides."""
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def same(one: str, other: str) -> bool:
    """Compare secrets without telling by time where they differ. Empty is never the same."""
    return bool(one) and hmac.compare_digest(one.encode(), other.encode())


def _visit(request: Request, house: Parts, by_a_person: bool) -> Visit:
    token = read_cookie(request, house.settings, "handrail")
    visit = find_visit(house, token, by_a_person=by_a_person) if token else None
    if visit is None:
        raise LoginNeeded
    request.state.visit = visit
    return visit


def reader(
    roles: frozenset[Role] | None = None, *, by_a_person: bool = True, any_password: bool = False
) -> Callable[..., Visit]:
    """Guard of a page. roles: any one of them suffices; None: everybody who is logged in.
    by_a_person: False for what pages fetch by themselves, which keeps no login alive."""

    def guard(request: Request, house: WithParts) -> Visit:
        visit = _visit(request, house, by_a_person)
        if visit.must_change and not any_password:
            raise PasswordChangeNeeded
        if roles is not None and not allowed(visit.member, roles):
            raise RoleMissing
        return visit

    return guard


def writer(
    roles: frozenset[Role] | None = None, *, by_a_person: bool = True, any_password: bool = False
) -> Callable[..., Visit]:
    """Guard of a form: as `reader`, and the form must carry this login's token."""
    read = reader(roles, by_a_person=by_a_person, any_password=any_password)

    def guard(request: Request, house: WithParts, csrf: Annotated[str, Form()] = "") -> Visit:
        visit = read(request, house)
        if not is_own_form(request) or not same(csrf, visit.csrf):
            raise FormRefused
        return visit

    return guard
