"""What the terminal chat can be told, and its own words."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from handrail.domain.errors import ConfigError

_WORDS = Path(__file__).parent / "words"
_DEFAULT = "en-GB"


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """account: the same one gives the same conversation; None makes a new one for this run.
    emergency_line: one sentence with the emergency number, rendered from the helpline table.
    poll_seconds: how often the record is looked at for what a volunteer wrote.
    width: columns; None asks the terminal.
    """

    locale: str = "en-GB"
    account: str | None = None
    emergency_line: str = ""
    poll_seconds: float = 1.0
    width: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalWords:
    hello: str
    choose: str
    you: str
    service: str
    volunteer: str
    goodbye: str


def load_terminal_words(locale: str) -> TerminalWords:
    """The words of the locale, or British English where it has none. Raises ConfigError."""
    path = _WORDS / f"{locale}.toml"
    if not path.is_file():
        path = _WORDS / f"{_DEFAULT}.toml"
    try:
        return TerminalWords(**tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise ConfigError(f"bots/terminal/words/{path.name}: {error}") from error
