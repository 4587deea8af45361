"""One text, read once: where each pattern matched, and where sentences and clauses lie."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from triage.lexicon import Lexicon, Rule
from triage.normalise import Normalised, normalise
from triage.patterns import CLAUSE_BEGINS, SEPARATORS, Pattern

_MOST_MARKS = 40
_SENTENCE_END = re.compile(r" [|?] ")
_CLAUSE_END = re.compile(r' (?:[|?,"]|but|although|though|however|except|because|until|unless) ')


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in the normal form where the pattern of rule, guard or cue `name` matched."""

    name: str
    start: int
    end: int

    def overlaps(self, other: "Mark") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(kw_only=True)
class Reading:
    """A normalised text with the marks of every pattern of a lexicon.

    Only the reading itself fills `marks`; everybody else looks.
    reporting: the writer came to tell about somebody else.
    """

    normalised: Normalised
    lexicon: Lexicon
    marks: dict[str, list[Mark]]
    reporting: bool = False

    @property
    def text(self) -> str:
        return self.normalised.text

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(t.text for t in self.normalised.tokens if t.text not in {"|", "?", ",", '"'})

    @cached_property
    def sentence_ends(self) -> tuple[int, ...]:
        return tuple(m.start() + 1 for m in _SENTENCE_END.finditer(self.text))

    @cached_property
    def clause_ends(self) -> tuple[int, ...]:
        return tuple(m.start() + 1 for m in re.finditer(_CLAUSE_END, self.text))

    def sentence(self, mark: Mark) -> tuple[int, int]:
        """[start, end) of the sentence around a mark (of several sentences, from first to last)."""
        return _around(self.sentence_ends, mark, len(self.text))

    def beside(self, start: int, end: int) -> tuple[int, int]:
        """A sentence [start, end) widened by the one before and the one after it."""
        before = [place for place in self.sentence_ends if place < start]
        after = [place for place in self.sentence_ends if place > end]
        return (before[-1] if before else 0), (after[0] if after else len(self.text))

    def clause(self, mark: Mark) -> tuple[int, int]:
        return _around(self.clause_ends, mark, len(self.text))

    def of(self, *names: str) -> Iterator[Mark]:
        """The marks of these rules, guards or cues, whatever their context."""
        for name in names:
            yield from self.marks.get(name, ())

    def has(self, *names: str) -> bool:
        return any(self.marks.get(name) for name in names)

    def near(self, mark: Mark, name: str, words: int = 14) -> Mark | None:
        """A mark of `name` in the same sentence or at most `words` words away."""
        low, high = self.sentence(mark)
        for other in self.of(name):
            if low <= other.start and other.end <= high:
                return other
            if other.end <= mark.start:
                between = self.text[other.end : mark.start]
            else:
                between = self.text[mark.end : other.start]
            if len(between.split()) <= words:
                return other
        return None

    def rule(self, name: str) -> Rule:
        return self.lexicon.rules[name]


def read(text: str, lexicon: Lexicon, *, reporting: bool = False) -> Reading:
    """Normalise `text` and mark every pattern that matches. At most 40 marks a name."""
    normalised = normalise(text, lexicon.spelling)
    line = normalised.text
    begins = _begins(normalised, lexicon.prefixes)
    present = set(begins)
    places = set(lexicon.always)
    for word in present:
        places.update(lexicon.index.get(word, ()))
    marks: dict[str, list[Mark]] = {}
    for place in sorted(places):
        name, pattern = lexicon.table[place]
        for words in pattern.also:
            if words.isdisjoint(present):
                break
        else:
            for start, end in _matches(pattern, line, begins, present):
                found = marks.setdefault(name, [])
                if len(found) >= _MOST_MARKS:
                    break
                found.append(Mark(name=name, start=start, end=end))
    return Reading(normalised=normalised, lexicon=lexicon, marks=marks, reporting=reporting)


def _begins(normalised: Normalised, prefixes: tuple[str, ...]) -> dict[str, list[int]]:
    """Where each word begins in the normal form; `word*` and `<` as in `Pattern.first`."""
    begins: dict[str, list[int]] = {CLAUSE_BEGINS: [3], "|": [1]}
    for token, offset in zip(normalised.tokens, normalised.offsets, strict=True):
        word = token.text
        begins.setdefault(word, []).append(offset)
        if word in SEPARATORS:
            begins[CLAUSE_BEGINS].append(offset + 2)
        elif word.startswith(prefixes):
            for prefix in prefixes:
                if word.startswith(prefix):
                    begins.setdefault(f"{prefix}*", []).append(offset)
    begins["|"].append(len(normalised.text) - 2)
    return begins


def _matches(
    pattern: Pattern, line: str, begins: Mapping[str, list[int]], present: set[str]
) -> Iterator[tuple[int, int]]:
    """Every match [start, end) from left to right, none within another. present: begins's keys."""
    if pattern.first is None:
        yield from (match.span() for match in pattern.expression.finditer(line))
        return
    starts = [start for word in pattern.first & present for start in begins[word]]
    reached = 0
    for start in sorted(starts):
        if start >= reached and (match := pattern.expression.match(line, start)):
            reached = match.end()
            yield start, reached


def _around(ends: tuple[int, ...], mark: Mark, length: int) -> tuple[int, int]:
    start, end = 0, length
    for place in ends:
        if place <= mark.start:
            start = place
        elif place >= mark.end - 1:
            end = place
            break
    return start, end
