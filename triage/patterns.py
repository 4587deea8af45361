"""The small language in which the lexicon's patterns are written, compiled to `re`.

A pattern is words with single spaces, matched against the normal form of a text:

    word          this word                     word*       any word that begins so
    a/b_c         a, or b followed by c         {name}      any pattern of the list `name`
    x?            x or nothing                  ..3         up to three words of the same sentence
    !a/b          not followed by a or b        <  >        a clause begins / ends here
    ||            one or more separators        (a/b)       same as a/b, for reading ease

Every compiled pattern knows a set of words of which at least one must be present (`anchors`);
a text without any of them is never searched. That is what keeps the rules fast.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

_GAP = re.compile(r"\.\.(\d)$")
_SEPARATOR = r'[|?,"]'
_FILLERS = tuple(
    """
    and so but well ok okay honestly actually basically literally lol like oh please pls guys hey
    sorry hi hello yeah now then because cos also fr ngl tbh anyway idk right just really still
    maybe probably already omg god seriously although though :emoji: :skull: :cry:
    """.split()  # noqa: SIM905
)


class PatternError(ValueError):
    """A pattern of the lexicon cannot be read. The message names the pattern."""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A pattern ready to search. `anchors` None means: always search.

    also: further sets of words, each of which must have one in the text.

    The expression is compiled when it is first needed: most never are in one process.
    """

    source: str
    regex: str
    anchors: frozenset[str] | None
    also: tuple[frozenset[str], ...] = ()

    @cached_property
    def expression(self) -> re.Pattern[str]:
        return re.compile(self.regex)


@dataclass(frozen=True, slots=True)
class _Part:
    regex: str
    anchors: frozenset[str] | None
    words: frozenset[str]
    also: tuple[frozenset[str], ...] = ()


class Compiler:
    """Compiles patterns with the word lists of one lexicon."""

    def __init__(self, lists: Mapping[str, Sequence[str]], frequent: frozenset[str]) -> None:
        self._lists = lists
        self._frequent = frequent
        self._cache: dict[str, _Part] = {}
        self.words: set[str] = set(_FILLERS)

    def compile(self, source: str) -> Pattern:
        """Raises PatternError when `source` cannot be read."""
        part = self._sequence(source, ())
        self.words |= part.words
        return Pattern(
            source=source, regex=f"(?<= ){part.regex}", anchors=part.anchors, also=part.also
        )

    def _sequence(self, source: str, inside: tuple[str, ...]) -> _Part:
        regex = ""
        words: frozenset[str] = frozenset()
        candidates: list[frozenset[str]] = []
        for element in source.split():
            part, required = self._element(element, inside)
            regex += part.regex
            words |= part.words
            if required and part.anchors:
                candidates.append(part.anchors)
        if not regex:
            raise PatternError(f"{source!r} is empty")
        best = min(candidates, key=self._cost, default=None)
        also = tuple(other for other in candidates if other is not best)
        return _Part(regex, best, words, also)

    def _cost(self, anchors: frozenset[str]) -> int:
        return sum(60 if word in self._frequent else 1 for word in anchors)

    def _element(self, element: str, inside: tuple[str, ...]) -> tuple[_Part, bool]:
        nothing: frozenset[str] = frozenset()
        if gap := _GAP.match(element):
            return _Part(rf"(?:[^|? ]+ ){{0,{gap[1]}}}?", None, nothing), False
        if element == "<":
            fillers = "|".join(re.escape(w) for w in _FILLERS)
            return _Part(rf"(?<={_SEPARATOR} )(?:(?:{fillers}) ){{0,3}}", None, nothing), False
        if element == ">":
            return _Part(rf"(?={_SEPARATOR} |:)", None, nothing), False
        if element == "||":
            return _Part(rf"(?:{_SEPARATOR} )+", None, nothing), False
        if element.startswith("!"):
            part = self._alternatives(element[1:], inside)
            return _Part(f"(?!{part.regex})", None, part.words), False
        optional = element.endswith("?")
        part = self._alternatives(element.removesuffix("?"), inside)
        return (_Part(f"(?:{part.regex})?", None, part.words), False) if optional else (part, True)

    def _alternatives(self, element: str, inside: tuple[str, ...]) -> _Part:
        choices = element.strip("()").split("/")
        parts = [self._choice(choice, inside) for choice in choices]
        anchors: frozenset[str] | None = frozenset()
        for part in parts:
            anchors = None if anchors is None or part.anchors is None else anchors | part.anchors
        words = frozenset().union(*(part.words for part in parts))
        regex = parts[0].regex if len(parts) == 1 else f"(?:{'|'.join(p.regex for p in parts)})"
        return _Part(regex, anchors, words)

    def _choice(self, choice: str, inside: tuple[str, ...]) -> _Part:
        if choice.startswith("{") and choice.endswith("}"):
            return self._list(choice[1:-1], inside)
        if choice.endswith("*"):
            return _Part(rf"{re.escape(choice[:-1])}[^ ]* ", None, frozenset())
        words = choice.split("_") if not choice.startswith(":") else [choice]
        if not all(words):
            raise PatternError(f"cannot read {choice!r}")
        rarest = min(words, key=lambda w: self._cost(frozenset((w,))))
        regex = "".join(re.escape(word) + " " for word in words)
        return _Part(regex, frozenset((rarest,)), frozenset(words))

    def _list(self, name: str, inside: tuple[str, ...]) -> _Part:
        if name in self._cache:
            return self._cache[name]
        if name not in self._lists or name in inside:
            raise PatternError(f"no list {name!r}, or it contains itself")
        parts = [self._sequence(item, (*inside, name)) for item in self._lists[name]]
        anchors: frozenset[str] | None = frozenset()
        for part in parts:
            anchors = None if anchors is None or part.anchors is None else anchors | part.anchors
        regex = f"(?:{'|'.join(part.regex for part in parts)})"
        result = _Part(regex, anchors, frozenset().union(*(p.words for p in parts)))
        self._cache[name] = result
        return result
