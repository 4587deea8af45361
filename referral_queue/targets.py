"""How soon a person answers at each level, and the rules of the desk. Data: `targets.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from handrail.domain.errors import ConfigError
from handrail.domain.level import Level

_SHIPPED = Path(__file__).with_name("targets.toml")
_KEYS = ("target_seconds", "ceiling_seconds", "offer_seconds", "lease_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTargets:
    """Times of one level.

    target: within this, for nine of ten contacts, a person's first reply.
    ceiling: within this for everybody; past it a supervisor is told.
    offer: how long an offer waits for a volunteer's yes before somebody else gets it.
    lease: how long a holder may give no sign (no reply, page closed).
    """

    target: timedelta
    ceiling: timedelta
    offer: timedelta = timedelta(minutes=3)
    lease: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        """Raises ConfigError unless all are positive and the target is within the ceiling."""
        if min(self.target, self.ceiling, self.offer, self.lease) <= timedelta(0):
            raise ConfigError("referral targets must be longer than zero")
        if self.target > self.ceiling:
            raise ConfigError("a referral target must not be longer than its ceiling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Times of all five levels, with where they come from. A sooner level never waits longer."""

    p1: LevelTargets
    p2: LevelTargets
    p3: LevelTargets
    p4: LevelTargets
    p5: LevelTargets
    source: str
    reviewed_on: date

    def __post_init__(self) -> None:
        """Raises ConfigError when a more pressing level has a later target or ceiling."""
        ladder = [self.of(level) for level in Level]
        for sooner, later in pairwise(ladder):
            if sooner.target > later.target or sooner.ceiling > later.ceiling:
                raise ConfigError("referral targets: a more pressing level must not wait longer")

    def of(self, level: Level) -> LevelTargets:
        """The times of one level."""
        match level:
            case Level.P1:
                return self.p1
            case Level.P2:
                return self.p2
            case Level.P3:
                return self.p3
            case Level.P4:
                return self.p4
            case Level.P5:
                return self.p5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRules:
    """Limits of the desk. Defaults of REFERENCE 6, volunteer welfare.

    max_live: referrals one person holds at most. Whoever holds a P1 or P2 is offered nothing
        more. Whoever holds one calmer referral is still offered a P1 or P2: a person in
        danger does not wait because everybody has something small in hand.
    hold_at_most: longest time a referral may stay on hold.
    rest_after_release: a volunteer who gave a referral back is not offered it again this long.
    """

    targets: Targets
    max_live: int = 2
    hold_at_most: timedelta = timedelta(hours=24)
    rest_after_release: timedelta = timedelta(minutes=30)

    def __post_init__(self) -> None:
        """Raises ConfigError when nobody could ever hold anything."""
        if self.max_live < 1 or self.hold_at_most <= timedelta(0):
            raise ConfigError("desk rules: max_live and hold_at_most must be positive")


def load_targets(path: Path | None = None) -> Targets:
    """Read targets from a TOML file, the shipped one by default.

    Raises ConfigError naming the file and the key that is missing, unknown or not a number.
    """
    source = path or _SHIPPED
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{source.name}: cannot be read as TOML: {error}") from error
    unknown = sorted(set(raw) - {level.value for level in Level} - {"source", "reviewed_on"})
    if unknown:
        raise ConfigError(f"{source.name}: unknown key {unknown[0]!r}")
    levels = {level.value.lower(): _level(source.name, level, raw) for level in Level}
    try:
        reviewed = date.fromisoformat(str(raw["reviewed_on"]))
        return Targets(source=str(raw["source"]), reviewed_on=reviewed, **levels)
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{source.name}: source and reviewed_on are required: {error}") from error


@cache
def default_targets() -> Targets:
    """The shipped targets, read once."""
    return load_targets()


def _level(file: str, level: Level, raw: dict[str, Any]) -> LevelTargets:
    table = raw.get(level.value)
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: table [{level.value}] is missing")
    for key in sorted(set(table) ^ set(_KEYS)):
        raise ConfigError(f"{file}: [{level.value}] key {key!r} is missing or unknown")
    for key in _KEYS:
        if not isinstance(table[key], int) or isinstance(table[key], bool):
            raise ConfigError(f"{file}: [{level.value}] {key} must be a whole number of seconds")
    target, ceiling, offer, lease = (timedelta(seconds=table[key]) for key in _KEYS)
    return LevelTargets(target=target, ceiling=ceiling, offer=offer, lease=lease)
