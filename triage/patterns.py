"""The small language in which the lexicon's patterns are written, compiled to `re`.

A pattern is words with single spaces, matched against the normal form of a text:

    word          this word                     word*       any word that begins so
    a/b_c         a, or b followed by c         {name}      any pattern of the list `name`
    x?            x or nothing                  ..3         up to three words of the same sentence
    !a/b          not followed by a or b        <  >        a clause begins / ends here
    ||            one or more separators        (a/b)       same as a/b, for reading ease
    a/>           a, or a clause ends here

Every compiled pattern knows a set of words of which at least one must be present (`anchors`), and
the words a match can begin with (`first`): a text is tried at those words only, and a text without
any of them never. That is what keeps the rules fast.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

_GAP = re.compile(r"\.\.(\d)$")
_SEPARATOR = r'[|?,"]'
_ENDS = rf"(?={_SEPARATOR} |:)"
SEPARATORS = frozenset('|?,"')
CLAUSE_BEGINS = "<"
"""Stands among the first words of a pattern whose match begins where a clause does."""
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
    first: the words a match begins with; `word*` stands for every word that begins so, `<` for the
    beginning of a clause. None: anywhere.

    The expression is compiled when it is first needed: most never are in one process.
    """

    source: str
    regex: str
    anchors: frozenset[str] | None
    also: tuple[frozenset[str], ...] = ()
    first: frozenset[str] | None = None

    @cached_property
    def expression(self) -> re.Pattern[str]:
        return re.compile(self.regex)


@dataclass(frozen=True, slots=True)
class _Part:
    """first: None when a match may begin with any word; empty when the part consumes no word."""

    regex: str
    anchors: frozenset[str] | None
    words: frozenset[str]
    also: tuple[frozenset[str], ...] = ()
    first: frozenset[str] | None = frozenset()
    skippable: bool = True


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
            source=source,
            regex=f"(?<= ){part.regex}",
            anchors=part.anchors,
            also=tuple(sorted(part.also, key=len)),
            first=None if part.skippable else part.first,
        )

    def _sequence(self, source: str, inside: tuple[str, ...]) -> _Part:
        regex = ""
        words: frozenset[str] = frozenset()
        candidates: list[frozenset[str]] = []
        first: frozenset[str] | None = frozenset()
        skippable = True
        for element in source.split():
            part, required = self._element(element, inside)
            regex += part.regex
            words |= part.words
            if skippable:
                first = None if first is None or part.first is None else first | part.first
                skippable = part.skippable
            if required and part.anchors:
                candidates.append(part.anchors)
        if not regex:
            raise PatternError(f"{source!r} is empty")
        best = min(candidates, key=self._cost, default=None)
        also = tuple(other for other in candidates if other is not best)
        return _Part(regex, best, words, also, first, skippable)

    def _cost(self, anchors: frozenset[str]) -> int:
        return sum(60 if word in self._frequent else 1 for word in anchors)

    def _element(self, element: str, inside: tuple[str, ...]) -> tuple[_Part, bool]:
        nothing: frozenset[str] = frozenset()
        if gap := _GAP.match(element):
            return _Part(rf"(?:[^|? ]+ ){{0,{gap[1]}}}?", None, nothing, first=None), False
        if element == "<":
            fillers = "|".join(re.escape(w) for w in _FILLERS)
            begins = frozenset((CLAUSE_BEGINS,))
            regex = rf"(?<={_SEPARATOR} )(?:(?:{fillers}) ){{0,3}}"
            return _Part(regex, None, nothing, first=begins, skippable=False), False
        if element == ">":
            return _Part(_ENDS, None, nothing), False
        if element == "||":
            regex = rf"(?:{_SEPARATOR} )+"
            return _Part(regex, None, nothing, first=SEPARATORS, skippable=False), False
        if element.startswith("!"):
            part = self._alternatives(element[1:], inside)
            return _Part(f"(?!{part.regex})", None, part.words), False
        optional = element.endswith("?")
        part = self._alternatives(element.removesuffix("?"), inside)
        if not optional:
            return part, True
        return _Part(f"(?:{part.regex})?", None, part.words, first=part.first), False

    def _alternatives(self, element: str, inside: tuple[str, ...]) -> _Part:
        choices = element.strip("()").split("/")
        parts = [self._choice(choice, inside) for choice in choices]
        anchors: frozenset[str] | None = frozenset()
        for part in parts:
            anchors = None if anchors is None or part.anchors is None else anchors | part.anchors
        words = frozenset().union(*(part.words for part in parts))
        regex = parts[0].regex if len(parts) == 1 else f"(?:{'|'.join(p.regex for p in parts)})"
        return _Part(regex, anchors, words, (), *_beginnings(parts))

    def _choice(self, choice: str, inside: tuple[str, ...]) -> _Part:
        if choice.startswith("{") and choice.endswith("}"):
            return self._list(choice[1:-1], inside)
        if choice == ">":
            return _Part(_ENDS, None, frozenset())
        if choice.endswith("*"):
            regex = rf"{re.escape(choice[:-1])}[^ ]* "
            return _Part(regex, None, frozenset(), first=frozenset((choice,)), skippable=False)
        words = choice.split("_") if not choice.startswith(":") else [choice]
        if not all(words):
            raise PatternError(f"cannot read {choice!r}")
        rarest = min(words, key=lambda w: self._cost(frozenset((w,))))
        regex = "".join(re.escape(word) + " " for word in words)
        first = frozenset((words[0],))
        return _Part(regex, frozenset((rarest,)), frozenset(words), first=first, skippable=False)

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
        words = frozenset().union(*(p.words for p in parts))
        result = _Part(regex, anchors, words, (), *_beginnings(parts))
        self._cache[name] = result
        return result


def _beginnings(parts: Sequence[_Part]) -> tuple[frozenset[str] | None, bool]:
    """The first words of any of these alternatives, and whether one of them consumes no word."""
    skippable = any(part.skippable for part in parts)
    if any(part.first is None for part in parts):
        return None, skippable
    return frozenset().union(*(part.first or () for part in parts)), skippable
