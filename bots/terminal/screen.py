"""What the contact sees in the terminal: plain lines, wrapped, with nothing that moves a cursor."""

import textwrap
import unicodedata
from collections.abc import Sequence
from typing import TextIO

from bots.record import Line
from bots.terminal.settings import TerminalWords
from handrail.domain.message import Author, Button

_INDENT = "  "
_DIRECTION = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Screen:
    """Writes to one stream. Not safe for several threads: the chat holds a lock."""

    def __init__(self, out: TextIO, words: TerminalWords, width: int) -> None:
        self._out = out
        self._words = words
        self._width = max(width, 20)

    def say(self, line: Line) -> None:
        """A message of the service or a volunteer, its choices numbered."""
        if line.message.author is Author.VOLUNTEER:
            name = plain(line.name) if line.name else self._words.volunteer
        else:
            name = self._words.service
        self._out.write(f"\n{name}:\n")
        self._paragraphs(line.message.text)
        self._choices(line.message.buttons)
        self._out.flush()

    def plainly(self, text: str) -> None:
        """Text that nobody in the record said: a greeting, the emergency line, a fallback."""
        if text:
            self._out.write("\n")
            self._paragraphs(text)
            self._out.flush()

    def prompt(self) -> None:
        self._out.write(f"\n{self._words.you}> ")
        self._out.flush()

    def _paragraphs(self, text: str) -> None:
        for paragraph in plain(text).splitlines() or [""]:
            wrapped = textwrap.wrap(
                paragraph,
                self._width,
                initial_indent=_INDENT,
                subsequent_indent=_INDENT,
                break_on_hyphens=False,
            )
            self._out.writelines(f"{row}\n" for row in wrapped or [""])

    def _choices(self, buttons: Sequence[Button]) -> None:
        if not buttons:
            return
        self._out.write("\n")
        for number, button in enumerate(buttons, start=1):
            self._paragraphs(f"{number}. {button.label}")
        self._paragraphs(self._words.choose)


def plain(text: str) -> str:
    """Control and direction characters made visible, so that no text can repaint the screen."""
    return "".join(
        character if character == "\n" or not _acts(character) else f"<U+{ord(character):04X}>"
        for character in text.replace("\r\n", "\n").replace("\t", "    ")
    )


def _acts(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"} or character in _DIRECTION
