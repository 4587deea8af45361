"""Accounts: passwords, one-time passwords, and making a member.

A one-time password is stored with a mark in front of its hash. Whoever logs in with it can do
nothing but choose a password of their own.
"""

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from handrail.domain.errors import NotAllowed
from handrail.domain.ids import PersonId, new_id
from handrail.domain.ports import Transaction
from handrail.domain.referral import Role, StaffMember

PASSWORD_MIN = 12
PASSWORD_MAX = 200
_READ_CHATS = frozenset({Role.VOLUNTEER, Role.SUPERVISOR, Role.CLINICAL_LEAD})
_ONE_TIME = "once:"
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
# Without look-alikes (0/o, 1/l/i), so that it can be read aloud: 16 x 4.95 = 79 random bits.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()  # RFC 9106, second recommended option: argon2id, 64 MiB, 3 passes
# Each hash takes 64 MiB; a flood of logins must not take all the memory there is.
_at_once = BoundedSemaphore(2)
# Verified when the username is unknown, so that both answers take the same time.
_nobody: list[str] = []


class AccountRefused(NotAllowed):
    """The account cannot be made or changed like that. `code` says why; choose something else.

    Codes: username_form, username_taken, name_missing, no_roles, roles_clash, password_short,
    password_long, password_same, password_username.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def normalise_username(username: str) -> str:
    """One spelling per person: NFKC, lower case, no spaces around."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def hash_password(password: str, *, one_time: bool = False) -> str:
    with _at_once:
        digest = _hasher.hash(password)
    return _ONE_TIME + digest if one_time else digest


def is_one_time(stored: str) -> bool:
    return stored.startswith(_ONE_TIME)


def prepare() -> None:
    """Make the hash that unknown names are checked against, once, before the first login."""
    if not _nobody:
        _nobody.append(hash_password(secrets.token_urlsafe(32)))


def verify(stored: str | None, password: str) -> bool:
    """Whether the password fits. Takes the same time when there is no such person (None)."""
    if stored is None:
        prepare()
        _matches(_nobody[0], password)
        return False
    return _matches(stored.removeprefix(_ONE_TIME), password)


def _matches(digest: str, password: str) -> bool:
    try:
        with _at_once:
            return _hasher.verify(digest, password[:PASSWORD_MAX])
    except (VerificationError, InvalidHashError):
        return False


def fingerprint(stored: str) -> str:
    """Short mark of one password hash: a login made with an earlier password is no longer one."""
    return hashlib.sha256(stored.encode()).hexdigest()[:16]


def new_one_time_password() -> str:
    letters = [secrets.choice(_ALPHABET) for _ in range(16)]
    return "-".join("".join(letters[i : i + 4]) for i in range(0, 16, 4))


def check_new_password(password: str, *, username: str, stored: str | None = None) -> None:
    """Length decides, not odd characters (NIST SP 800-63B). Raises AccountRefused."""
    if len(password) < PASSWORD_MIN:
        raise AccountRefused("password_short")
    if len(password) > PASSWORD_MAX:
        raise AccountRefused("password_long")
    if normalise_username(password) == username:
        raise AccountRefused("password_username")
    if stored is not None and verify(stored, password):
        raise AccountRefused("password_same")


def check_roles(roles: frozenset[Role]) -> None:
    """Whoever administers the service cannot read chats, so the roles do not go together."""
    if not roles:
        raise AccountRefused("no_roles")
    if Role.ADMINISTRATOR in roles and roles & _READ_CHATS:
        raise AccountRefused("roles_clash")


def create_member(
    tx: Transaction,
    username: str,
    display_name: str,
    roles: frozenset[Role],
    password: str | None,
    now: datetime,
    demo: bool = False,
    by: str = "cli",
) -> tuple[StaffMember, str | None]:
    """Add a person. Without a password one is made up, returned once, and must be changed at the
    first login; with one, it is theirs and None is returned. Raises AccountRefused."""
    username, display_name = normalise_username(username), " ".join(display_name.split())
    if not _USERNAME.fullmatch(username):
        raise AccountRefused("username_form")
    if not 1 <= len(display_name) <= 40:
        raise AccountRefused("name_missing")
    check_roles(roles)
    if tx.people.by_username(username) is not None:
        raise AccountRefused("username_taken")
    if password is not None:
        check_new_password(password, username=username)
    once = new_one_time_password() if password is None else None
    member = StaffMember(
        id=PersonId(new_id()),
        username=username,
        display_name=display_name,
        roles=roles,
        active=True,
        demo=demo,
        created_at=now,
    )
    stored = hash_password(password or once or "", one_time=password is None)
    tx.people.add(member, stored)
    codes = ",".join(sorted(role.value for role in roles))
    tx.journal.append("person.added", at=now, actor=by, subject=member.id, roles=codes)
    return member, once


def set_one_time_password(tx: Transaction, member: StaffMember, now: datetime, by: str) -> str:
    """For somebody who forgot theirs. Ends every login of the person."""
    once = new_one_time_password()
    tx.people.update(member, hash_password(once, one_time=True))
    tx.journal.append("person.password_reset", at=now, actor=by, subject=member.id)
    return once


def change_password(
    tx: Transaction, member: StaffMember, current: str, new: str, now: datetime
) -> str | None:
    """The new stored hash, or None when `current` is wrong. Raises AccountRefused."""
    found = tx.people.by_username(member.username)
    if found is None or not verify(found[1], current):
        return None
    check_new_password(new, username=member.username, stored=found[1])
    stored = hash_password(new)
    tx.people.update(member, stored)
    tx.journal.append("person.password_changed", at=now, actor=member.id, subject=member.id)
    return stored
