"""Strict reading of TOML: every key is known, every value has its type, every error names the
file and says what was probably meant."""

import tomllib
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from handrail.domain.errors import PlaybookError


def nearest(word: str, known: Iterable[str]) -> str:
    """ "; did you mean 'x'?" or the empty string."""
    match = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {match[0]!r}?" if match else ""


def one_of(word: str, known: Iterable[str], *, what: str, where: str) -> str:
    """`word` itself. Raises PlaybookError when it is not among `known`."""
    names = sorted(str(name) for name in known)
    if word not in names:
        raise PlaybookError(f"{where}: unknown {what} {word!r}{nearest(word, names)}")
    return word


class Table:
    """One TOML table. Take every key that is allowed, then call `finish`."""

    def __init__(self, data: dict[str, Any], where: str) -> None:
        self._data = data
        self._known: set[str] = set()
        self.where = where

    @classmethod
    def read(cls, path: Path, where: str) -> "Table":
        """Raises PlaybookError when the file is missing, not UTF-8 or not TOML."""
        try:
            return cls(tomllib.loads(path.read_text(encoding="utf-8")), where)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise PlaybookError(f"{where}: cannot be read: {error}") from error

    def has(self, key: str) -> bool:
        self._known.add(key)
        return key in self._data

    def _take(self, key: str, kind: type, default: object) -> object:
        self._known.add(key)
        if key not in self._data:
            if default is None:
                raise self.error(f"{key!r} is missing")
            return default
        value = self._data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(f"{key!r} must be of type {kind.__name__}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Stripped. Without a default the text must be there and must not be empty."""
        value = cast(str, self._take(key, str, default)).strip()
        if not value and default is None:
            raise self.error(f"{key!r} is empty")
        return value

    def integer(self, key: str, default: int | None = None) -> int:
        return cast(int, self._take(key, int, default))

    def number(self, key: str) -> float:
        return cast(float, self._take(key, float, None))

    def flag(self, key: str, default: bool | None = None) -> bool:
        return cast(bool, self._take(key, bool, default))

    def day(self, key: str) -> date | None:
        return cast(date, self._take(key, date, None)) if self.has(key) else None

    def texts(self, key: str, default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
        values = cast("list[object] | tuple[str, ...]", self._take(key, object, default))
        if not isinstance(values, (list, tuple)):
            raise self.error(f"{key!r} must be a list of texts")
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise self.error(f"{key!r} must hold texts, none of them empty")
        return tuple(cast(str, value).strip() for value in values)

    def tables(self, key: str) -> list["Table"]:
        values = cast("list[object] | tuple[()]", self._take(key, object, ()))
        if not isinstance(values, (list, tuple)) or not all(isinstance(v, dict) for v in values):
            raise self.error(f"{key!r} must be a list of tables")
        return [
            Table(cast("dict[str, Any]", value), f"{self.where}: {key} {index}")
            for index, value in enumerate(values, 1)
        ]

    def table(self, key: str) -> "Table":
        """The sub-table; empty when it is absent."""
        value = cast("dict[str, Any]", self._take(key, dict, {}))
        return Table(value, f"{self.where}: [{key}]")

    def strings(self, key: str) -> dict[str, str]:
        """A sub-table whose every value is a text."""
        sub = self.table(key)
        return {name: sub.text(name, "") for name in list(sub._data)}

    def names(self) -> list[str]:
        return list(self._data)

    def raw(self, key: str) -> object:
        """The value as TOML gave it; None when absent. For values of more than one shape."""
        self._known.add(key)
        return self._data.get(key)

    def finish(self) -> None:
        """Raises PlaybookError when a key was never asked for."""
        for key in self._data:
            if key not in self._known:
                raise self.error(f"unknown key {key!r}{nearest(key, self._known)}")

    def error(self, problem: str) -> PlaybookError:
        return PlaybookError(f"{self.where}: {problem}")
