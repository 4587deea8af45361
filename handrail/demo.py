"""Demo people for `handrail serve --demo`: fresh one-time passwords at every start."""

from dataclasses import dataclass

from handrail.console.accounts import create_member, set_one_time_password
from handrail.domain.clock import Clock
from handrail.domain.ports import Store
from handrail.domain.referral import Role

PEOPLE = (
    ("vera", "Vera", frozenset({Role.VOLUNTEER})),
    ("victor", "Victor", frozenset({Role.VOLUNTEER})),
    ("sam", "Sam", frozenset({Role.VOLUNTEER, Role.SUPERVISOR})),
    ("ada", "Ada", frozenset({Role.ADMINISTRATOR})),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    username: str
    password: str
    roles: tuple[str, ...]


def prepare_demo(store: Store, clock: Clock) -> list[DemoLogin]:
    """Create the demo people, or give those who exist a new one-time password."""
    logins = []
    with store.transaction() as tx:
        for username, name, roles in PEOPLE:
            known = tx.people.by_username(username)
            if known is None:
                _, made = create_member(tx, username, name, roles, None, clock.now(), demo=True)
                password = made or ""
            else:
                password = set_one_time_password(tx, known[0], clock.now(), "demo")
            shown = tuple(sorted(role.value for role in roles))
            logins.append(DemoLogin(username=username, password=password, roles=shown))
    return logins
