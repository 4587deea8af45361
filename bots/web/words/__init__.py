"""The page's own words, one TOML file per locale."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from bots.web.settings import WebSettings
from handrail.domain.errors import ConfigError

_HERE = Path(__file__).parent
_DEFAULT = "en-GB"


@dataclass(frozen=True, slots=True)
class PageWords:
    """Looked up by key; a key that is not there is a mistake in a template, and a KeyError.

    locale: what the words are really in, which may not be what was asked for.
    """

    locale: str
    _words: dict[str, str]
    _notes: dict[str, str]

    def __getitem__(self, key: str) -> str:
        return self._words[key]

    def note(self, key: str) -> str | None:
        return self._notes.get(key)

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        return tuple(self._notes.items())


def load_page_words(settings: WebSettings) -> PageWords:
    """The words of the settings' locale, or British English where it has none. Raises ConfigError
    when a file is broken or lacks a key that the British English one has."""
    default = _read(_DEFAULT)
    locale = settings.locale if (_HERE / f"{settings.locale}.toml").is_file() else _DEFAULT
    words = _read(locale)
    if missing := (default[0].keys() - words[0].keys()) | (default[1].keys() - words[1].keys()):
        raise ConfigError(f"bots/web/words/{locale}.toml lacks: {', '.join(sorted(missing))}")
    filled = {
        "{service}": settings.service_name,
        "{days}": str(settings.retention_days),
        "{remember_days}": str(settings.remember_days),
    }
    return PageWords(locale, _fill(words[0], filled), _fill(words[1], filled))


def _read(locale: str) -> tuple[dict[str, str], dict[str, str]]:
    path = _HERE / f"{locale}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"bots/web/words/{locale}.toml cannot be read: {error}") from error
    notes = content.pop("notes", {})
    return {key: str(text) for key, text in content.items()}, {
        key: str(text) for key, text in notes.items()
    }


def _fill(words: dict[str, str], filled: dict[str, str]) -> dict[str, str]:
    done = {}
    for key, text in words.items():
        for name, value in filled.items():
            text = text.replace(name, value)
        done[key] = text
    return done
