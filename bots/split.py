"""Long text in pieces that a platform accepts, cut where a reader would pause."""

import re

_PARAGRAPH = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(r"[.!?…]+[\"'”’)\]]*\s+|[。！？]")
_WORD = re.compile(r"\s+")

_BORDERS = (_PARAGRAPH, _LINE, _SENTENCE, _WORD)
"""Best border first."""

_TOO_SHORT = 4
"""A border in the first quarter of a piece is passed over for a weaker, later one: otherwise a
heading followed by one long paragraph would travel alone."""


def split_text(text: str, limit: int) -> list[str]:
    """Cut `text` into pieces of at most `limit` characters, at paragraph, line, sentence or word
    borders, in this order of preference; inside a word only when there is no border.

    Nothing is lost but the white space at a cut and at both ends. Text of white space only gives
    no piece. Raises ValueError when `limit` is below 1.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    pieces: list[str] = []
    rest = text.strip()
    while len(rest) > limit:
        cut = _cut(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        pieces.append(rest)
    return pieces


def _cut(text: str, limit: int) -> int:
    """Where the first piece ends: 1..limit."""
    window = text[: limit + 1]  # one more, so that a border exactly at the limit counts
    fallback = 0
    for border in _BORDERS:
        last = 0
        for match in border.finditer(window):
            if 0 < len(window[: match.end()].rstrip()) <= limit:
                last = min(match.end(), limit)
        if last > limit // _TOO_SHORT:
            return last
        fallback = max(fallback, last)
    return fallback or _whole_character(text, limit)


def _whole_character(text: str, limit: int) -> int:
    """Do not part an emoji from its joiner or a letter from its accent, where that is possible."""
    cut = limit
    while cut > 1 and (_clings(text[cut]) or text[cut - 1] == "\u200d"):
        cut -= 1
    return cut if cut > 1 else limit


def _clings(character: str) -> bool:
    """Whether the character belongs to the one before it."""
    return (
        character in "\u200d\ufe0e\ufe0f\u20e3"
        or "\u0300" <= character <= "\u036f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )
