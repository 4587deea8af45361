"""Aliases: all that staff ever see of a contact."""

import secrets
import tomllib
from functools import cache
from importlib.resources import files


def draw_alias() -> str:
    """Two words and a number, like "amber-heron-42". Random; the caller keeps it unique."""
    first, second = _words()
    return f"{secrets.choice(first)}-{secrets.choice(second)}-{10 + secrets.randbelow(90)}"


@cache
def _words() -> tuple[tuple[str, ...], tuple[str, ...]]:
    lists = tomllib.loads(files(__package__).joinpath("aliases.toml").read_text(encoding="utf-8"))
    return tuple(lists["first"]), tuple(lists["second"])
