"""Reads through disguises: one plain form for many spellings, with a way back to the original.

The normal form is a line of words and separators with single spaces and a space at both ends:
`" | i can not sleep , help me ? | "`. `|` and `?` end a sentence, `,` ends a clause, `"` opens
or closes a quotation, `:skull:` stands for an emoji. Every word remembers the characters it came
from, so whatever is found in the normal form is shown in the text as it was written.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from triage.spelling import LEET, LOOKALIKES, Spelling

MAX_CHARACTERS = 12_000
"""Longer texts are read head and tail; the platforms allow at most 10,000 characters."""

_TOKEN = re.compile(
    r"(?P<emoji>:[a-z_]+:)"
    r"|(?P<word>[a-z0-9$@]+(?:['*!+][a-z0-9$@*!]*[a-z0-9$@]|\*+[a-z0-9]+)*)"
    r"|(?P<question>[.!]*\?[.!?]*)"
    r"|(?P<stop>[.!]+|;|\n+)"
    r"|(?P<comma>[,:()/\[\]~|+=&]|\.{2,}|…|[-–—]+)"
    r"|(?P<quote>[\"']+)"
)
_SINGLE = re.compile(r"[a-z0-9]")
_SPACED = re.compile(r"(?:(?<=^)|(?<=[^a-z0-9]))(?:[a-z0-9][ ._*-]{1,2}){3,}[a-z0-9](?![a-z0-9'])")
_RUNS = re.compile(r"([a-z])\1{2,}")
_QUOTES = str.maketrans({"‘": "'", "’": "'", "‛": "'", "`": "'", "´": "'", "ʼ": "'",
                         "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "′": "'"})  # fmt: skip
_SEPARATORS = {"question": "?", "stop": "|", "comma": ",", "quote": '"'}
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\ufeff\uffa0")


class Token(NamedTuple):
    """One word or separator of the normal form and the original characters [start, end).

    A tuple because every word of every message becomes one: it is made in a third of the time.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """A text in its normal form, and the way back.

    text: the normal form. tokens: its words in order. offsets: where each token begins in `text`.
    disguised: a word was written so that a filter would miss it (leetspeak, spaced letters).
    foreign_letters: letters of no script that the Latin lexicons can read.
    """

    original: str
    text: str
    tokens: tuple[Token, ...]
    offsets: tuple[int, ...]
    disguised: tuple[tuple[int, int], ...] = ()
    foreign_letters: int = 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original characters [start, end) behind [start, end) of the normal form."""
        if not self.tokens:
            return (0, len(self.original))
        first = max(0, bisect_right(self.offsets, start) - 1)
        last = max(first, bisect_right(self.offsets, max(start, end - 2)) - 1)
        covered = self.tokens[first : last + 1]
        return (min(t.start for t in covered), max(t.end for t in covered))


def normalise(text: str, spelling: Spelling) -> Normalised:
    """The normal form of `text`. Total: every string has one. Linear in its length."""
    read, shift = _head_and_tail(text)
    letters, origin, foreign = _fold(read, spelling.emoji)
    joined, disguised = _join_spaced(letters, spelling)
    tokens = list(_tokens(letters, origin, joined, spelling, disguised))
    tokens = _expand(tokens, spelling)
    placed = [_shifted(token, shift) for token in tokens] if shift[1] else tokens
    return _assemble(text, placed, _shifted_spans(disguised, origin, shift), foreign)


def _head_and_tail(text: str) -> tuple[str, tuple[int, int]]:
    """What is read of a very long text, and (position, distance) to shift what follows."""
    if len(text) <= MAX_CHARACTERS:
        return text, (len(text), 0)
    half = MAX_CHARACTERS // 2
    return text[:half] + "\n" + text[-half + 1 :], (half, len(text) - MAX_CHARACTERS)


def _shifted(token: Token, shift: tuple[int, int]) -> Token:
    position, distance = shift
    if token.start < position:
        return token
    return Token(token.text, token.start + distance, token.end + distance)


def _shifted_spans(
    spans: Sequence[tuple[int, int]], origin: Sequence[int], shift: tuple[int, int]
) -> tuple[tuple[int, int], ...]:
    position, distance = shift
    out = []
    for start, end in spans:
        a, b = origin[start], origin[end - 1] + 1
        out.append((a + distance, b + distance) if a >= position else (a, b))
    return tuple(out)


def _fold(text: str, emoji: Mapping[str, str]) -> tuple[str, list[int], int]:
    """Lower-case Latin letters with the index each came from; emoji become `:names:`."""
    if text.isascii():
        return text.lower(), list(range(len(text))), 0
    out: list[str] = []
    origin: list[int] = []
    foreign = 0
    for index, character in enumerate(text.translate(_QUOTES)):
        piece = _plain(character, emoji)
        if piece is None:
            foreign += 1
            piece = " "
        out.append(piece)
        origin.extend([index] * len(piece))
    return "".join(out), origin, foreign


def _plain(character: str, emoji: Mapping[str, str]) -> str | None:
    """The Latin form of one character; "" for what nobody sees; None for another script."""
    if character in LOOKALIKES:
        return LOOKALIKES[character]
    if character.isascii():
        return character.lower()
    if character in emoji:
        return f" :{emoji[character]}: "
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me", "Cc"} or character in _INVISIBLE:
        return ""
    if category in {"So", "Sk"} and ord(character) > 0x2000:
        folded = _compatible(character)
        return folded if folded.isalnum() else " :emoji: "
    folded = _compatible(character)
    if category[0] == "L" and not folded:
        return None
    return folded if folded or category[0] == "L" else (" " if category[0] in "ZS" else ",")


def _compatible(character: str) -> str:
    """NFKC, accents taken off, ASCII only."""
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character)).lower()
    return "".join(LOOKALIKES.get(p, p) for p in parts if p.isascii() or p in LOOKALIKES)


def _join_spaced(
    letters: str, spelling: Spelling
) -> tuple[dict[int, tuple[int, list[str]]], list[tuple[int, int]]]:
    """Runs of single letters that spell known words: start -> (end, words)."""
    found: dict[int, tuple[int, list[str]]] = {}
    spans: list[tuple[int, int]] = []
    for match in _SPACED.finditer(letters):
        run = "".join(_SINGLE.findall(match.group()))
        words = spelling.segment(run) or spelling.segment(run.translate(LEET))
        if words:
            found[match.start()] = (match.end(), words)
            spans.append(match.span())
    return found, spans


def _tokens(
    letters: str,
    origin: Sequence[int],
    joined: Mapping[int, tuple[int, list[str]]],
    spelling: Spelling,
    disguised: list[tuple[int, int]],
) -> Iterator[Token]:
    position = 0
    starts = iter(sorted(joined))
    upcoming = next(starts, None)
    while match := _TOKEN.search(letters, position):
        if upcoming is not None and match.start() >= upcoming:
            end, words = joined[upcoming]
            span = (origin[upcoming], origin[end - 1] + 1)
            yield from (Token(word, *span) for word in words)
            position, upcoming = end, next(starts, None)
            continue
        position = match.end()
        kind, raw = str(match.lastgroup), match.group()
        start, end = origin[match.start()], origin[match.end() - 1] + 1
        if kind == "word":
            plain = raw if raw in spelling.known else _word(raw, spelling)
            if plain != raw and not raw.replace("'", "").isalpha() and not raw.isdigit():
                disguised.append(match.span())
            yield Token(plain, start, end)
        elif kind == "emoji":
            yield Token(raw, start, end)
        elif kind != "comma" or not _joins_word(letters, match):
            yield Token(_SEPARATORS[kind], start, end)


def _joins_word(letters: str, match: re.Match[str]) -> bool:
    """A hyphen between two letters belongs to the word: nothing is separated."""
    before, after = match.start() - 1, match.end()
    return (
        match.group() == "-"
        and before >= 0
        and after < len(letters)
        and letters[before].isalnum()
        and letters[after].isalnum()
    )


def _word(raw: str, spelling: Spelling) -> str:
    """Leetspeak, masked letters, repeated letters and frequent slips of one known word."""
    if raw in spelling.known or raw.isdigit():
        return raw
    if raw.isalpha():
        if match := _RUNS.search(raw):
            return _unstretched(raw, spelling) if match else raw
        return spelling.slip(raw)
    if any(c.isalpha() for c in raw):
        plain = raw.translate(LEET)
        if plain in spelling.known and len(plain) > 2:
            return plain
        if "*" in raw or "!" in raw:
            return spelling.masked(raw) or raw
        stretched = _unstretched(plain, spelling)
        if stretched in spelling.known and len(stretched) > 2:
            return stretched
    return raw


def _unstretched(raw: str, spelling: Spelling) -> str:
    """`sooo` -> `so`, `killl` -> `kill`, `diee` stays unless a known word is behind it."""
    variants: list[str] = [""]
    for letter, group in groupby(raw):
        length = len(list(group))
        choices = [letter] if length == 1 else [letter * 2, letter]
        variants = [v + c for v in variants for c in choices][:64]
    for variant in variants:
        if variant in spelling.known:
            return variant
    for variant in variants:
        if (word := spelling.slip(variant)) != variant:
            return word
    return _RUNS.sub(r"\1", raw)


def _expand(tokens: list[Token], spelling: Spelling) -> list[Token]:
    """Contractions and chat spellings become the words they stand for; split words are joined."""
    out: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        index += 1
        if not spelling.may_change(token.text):
            out.append(token)
            continue
        following = tokens[index].text if index < len(tokens) else "|"
        if pair := spelling.pairs.get((token.text, following)):
            out.extend(Token(word, token.start, tokens[index].end) for word in pair)
            index += 1
            continue
        previous = out[-1].text if out else "|"
        words = spelling.words_for(token.text, previous, following)
        out.extend(Token(word, token.start, token.end) for word in words)
    return out


def _assemble(
    original: str, tokens: list[Token], disguised: tuple[tuple[int, int], ...], foreign: int
) -> Normalised:
    kept = _without_doubled_separators(tokens)
    offsets: list[int] = []
    parts = [" |"]
    length = 2
    for token in kept:
        offsets.append(length + 1)
        parts.append(token.text)
        length += 1 + len(token.text)
    parts.append("| ")
    return Normalised(
        original=original,
        text=" ".join(parts),
        tokens=tuple(kept),
        offsets=tuple(offsets),
        disguised=disguised,
        foreign_letters=foreign,
    )


def _without_doubled_separators(tokens: list[Token]) -> list[Token]:
    kept: list[Token] = []
    separator: Callable[[str], bool] = {"|", ",", "?"}.__contains__
    for token in tokens:
        if separator(token.text) and kept and separator(kept[-1].text):
            if token.text != "," and kept[-1].text == ",":
                kept[-1] = token
            continue
        kept.append(token)
    return kept
