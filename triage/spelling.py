"""How words are really typed: lookalike letters, leetspeak, slips, contractions.

The tables come from a lexicon; this file knows only how to apply them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "$": "s",
                      "@": "a", "!": "i", "+": "t", "8": "b", "9": "g"})  # fmt: skip
"""Digits and signs that stand for letters."""

_GREEK_CYRILLIC = "аaеeоoрpсcуyхxіiѕsјjԁdһhкkтtмmнhвbгrиuпnлlαaβbεeιiκkνvοoρpτtυuχxωwηnσoγy"
LOOKALIKES: Mapping[str, str] = MappingProxyType(
    {
        **{
            pair[case]: pair[1]
            for pair in zip(_GREEK_CYRILLIC[::2], _GREEK_CYRILLIC[1::2], strict=True)
            for case in (0,)
        },
        "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ɑ": "a",
           "ɡ": "g", "ɩ": "i", "ʏ": "y", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ɪ": "i", "ᴋ": "k",
           "ʟ": "l", "ᴍ": "m", "ɴ": "n", "ᴏ": "o", "ᴘ": "p", "ʀ": "r", "ꜱ": "s", "ᴛ": "t",
           "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴀ": "a", "ʙ": "b", "ꜰ": "f", "ɢ": "g", "ʜ": "h",
           "ᴊ": "j", "ᴢ": "z",
    }
)  # fmt: skip
"""Letters of other alphabets that look Latin. A word wholly in such an alphabet is put back to
"another script" by the reader: it then recognises no word of it."""


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """The tables of one locale.

    known: every word the lexicon or the language list knows.
    expand: typed form -> words. after, before: typed form -> neighbours that allow the expansion.
    pairs: two typed words -> words ("sewer", "slide").
    guarded: long words whose one-letter slips are corrected.
    core: words of danger and wish; letters dropped, doubled or swapped in them are corrected, one
    in words of four to six letters, two in longer ones. real: words that are never such a slip.
    joinable: words looked for in runs of spaced letters.
    """

    known: frozenset[str]
    expand: Mapping[str, tuple[str, ...]]
    only_before: Mapping[str, frozenset[str]]
    pairs: Mapping[tuple[str, str], tuple[str, ...]]
    guarded: tuple[str, ...]
    core: tuple[str, ...]
    real: frozenset[str]
    emoji: Mapping[str, str]

    @cached_property
    def _slips(self) -> Mapping[str, str]:
        table: dict[str, str] = {}
        spared = self.known | self.real
        for edits, words in (
            (_one_edit, self.guarded),
            (_hasty, self.core),
            (_hastier, tuple(word for word in self.core if len(word) >= _LONG)),
        ):
            for word in words:
                for slip in edits(word) - spared:
                    table.setdefault(slip, word)
        return table

    @cached_property
    def _longest(self) -> int:
        return max((len(word) for word in self.known), default=1)

    def slip(self, raw: str) -> str:
        """The guarded or core word behind a slip of the fingers, or `raw`."""
        return self._slips.get(raw, raw)

    def masked(self, raw: str) -> str | None:
        """`s*icide`: the guarded word of that length that fits around the stars."""
        for word in (*self.guarded, "kill", "die", "dead", "cut", "rape", "death", "dying"):
            if len(word) == len(raw) and all(
                a == b or a in "*!" for a, b in zip(raw, word, strict=True)
            ):
                return word
        return None

    @cached_property
    def _changing(self) -> frozenset[str]:
        return frozenset(self.expand) | {first for first, _ in self.pairs}

    def may_change(self, raw: str) -> bool:
        """Whether a typed word stands for others, alone or with the word after it."""
        return raw in self._changing or "'" in raw

    def words_for(self, raw: str, previous: str, following: str) -> tuple[str, ...]:
        """The words behind one typed word, given its neighbours."""
        words = self.expand.get(raw)
        if words is None:
            return (raw,) if "'" not in raw else self._apostrophe(raw)
        allowed = self.only_before.get(raw)
        if allowed is not None and (following not in allowed or previous in _STATES):
            return (raw,)
        return words

    def _apostrophe(self, raw: str) -> tuple[str, ...]:
        """Contractions built from a stem nobody listed: `mum's`, `nobody'll`, `what've`."""
        stem, _, tail = raw.rpartition("'")
        stem = stem.replace("'", "")
        endings = {"s": "is", "ll": "will", "ve": "have", "re": "are", "d": "would", "m": "am"}
        if tail == "t" and stem.endswith("n"):
            return (stem[:-1], "not")
        if tail in endings and stem:
            return (stem, endings[tail])
        return (stem + tail,) if stem + tail else (raw,)

    def segment(self, run: str) -> list[str]:
        """Known words that exactly fill `run` (longest first), or nothing. At most 60 letters."""
        if not 4 <= len(run) <= 60:
            return []
        best: list[list[str] | None] = [[]] + [None] * len(run)
        for end in range(1, len(run) + 1):
            for start in range(max(0, end - self._longest), end):
                head = best[start]
                word = run[start:end]
                if head is None or word not in self.known or (len(word) == 1 and word != "i"):
                    continue
                found = best[end]
                if found is None or len(head) + 1 < len(found):
                    best[end] = [*head, word]
        return best[len(run)] or []


_STATES = frozenset(
    "am is are was were feel feeling felt be been so very really mentally".split()  # noqa: SIM905
)


_LONG = 7
"""Letters from which a core word is recognised with two slips."""


def _hasty(word: str) -> set[str]:
    """One letter dropped, doubled or swapped with the next; the first letter stays in its place."""
    places = range(1, len(word))
    dropped = {word[:i] + word[i + 1 :] for i in places}
    doubled = {word[:i] + word[i - 1] + word[i:] for i in range(1, len(word) + 1)}
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in places if word[i + 1 :]}
    return (dropped | doubled | swapped) - {word}


def _hastier(word: str) -> set[str]:
    return {further for slip in _hasty(word) for further in _hasty(slip)} - {word}


def _one_edit(word: str) -> set[str]:
    """All spellings one slip away that keep the first letter (25 substitutes per place)."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    splits = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    drops = {a + b[1:] for a, b in splits if b}
    swaps = {a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1}
    changes = {a + c + b[1:] for a, b in splits if b for c in letters}
    extra = {a + c + b for a, b in splits for c in letters}
    return (drops | swaps | changes | extra) - {word}
