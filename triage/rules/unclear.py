"""Do small signs point to something together, and what of texts that nothing understood?"""

from collections.abc import Iterator, Sequence

from triage.reading import Mark, Reading
from triage.rules.base import Found, found, simple
from triage.scope import guarded, negated

_SIGNS = ("act", "hand", "alone", "over", "farewell", "cutoff", "body", "now", "sorry")
_CORE = frozenset({"act", "hand", "over", "alone"})
_TELLING = (
    {"hand", "act"},
    {"hand", "over"},
    {"alone", "cutoff"},
    {"alone", "over"},
    {"cutoff", "over"},
    {"over", "now"},
)
_ENGLISH_SHARE = 0.4
_HARMLESS_SHORT = 2


def find(reading: Reading) -> Iterator[Found]:
    yield from simple(reading, ("unclear.secrecy", "unclear.retraction", "unclear.pain"))
    yield from _disguised(reading)
    yield from _small_signs(reading)


def _disguised(reading: Reading) -> Iterator[Found]:
    """A charged word behind leetspeak or spaced letters."""
    normalised = reading.normalised
    for start, end in normalised.disguised:
        for place, token in enumerate(normalised.tokens):
            if start <= token.start and token.end <= end and _charged(reading, token.text):
                offset = normalised.offsets[place]
                yield Found(
                    rule="unclear.disguised", start=offset, end=offset + len(token.text) + 1
                )


def _charged(reading: Reading, word: str) -> bool:
    lexicon = reading.lexicon
    return word in lexicon.charged or word in lexicon.spelling.guarded


def _small_signs(reading: Reading) -> Iterator[Found]:
    """Elliptical messages: "it's in my hand. nobody will find me. sorry". Three different signs,
    one of them of the act itself, or two that tell enough, are an emergency; two are urgent."""
    signs: dict[str, Mark] = {}
    for cue in _SIGNS:
        rule = reading.rule("unclear.few_words")
        for mark in reading.of(f"cue.{cue}"):
            if guarded(reading, rule, mark) or negated(reading, mark):
                continue
            if all(not mark.overlaps(other) for other in signs.values()):
                signs[cue] = mark
                break
    core = _CORE & signs.keys()
    if not core:
        return
    marks = sorted(signs.values(), key=lambda mark: mark.start)
    start, end = marks[0].start, max(mark.end for mark in marks)
    telling = any(pair <= signs.keys() for pair in _TELLING)
    if telling or (len(signs) >= 3 and len(signs.keys() - {"now"}) >= 2):
        yield Found(rule="unclear.few_words", start=start, end=end)
    elif len(signs) == 2 and signs.keys() & {"act", "over"} and "sorry" not in signs:
        yield Found(rule="unclear.two_signs", start=start, end=end)


def fail_up(reading: Reading, so_far: Sequence[Found]) -> Iterator[Found]:
    """The last question: did anything understand this text? Asked when nothing else fired."""
    if any(reading.lexicon.rules.get(item.rule) is not None for item in so_far):
        return
    whole = Mark(name="unclear.nothing_recognised", start=1, end=len(reading.text))
    words = [word for word in reading.words if word[0] != ":"]
    known = sum(word in reading.lexicon.common or word.isdigit() for word in words)
    letters = sum(len(word) for word in words)
    if reading.normalised.foreign_letters > letters // 2:
        yield found(whole, "unclear.language")
    elif not words or (len(words) <= _HARMLESS_SHORT and not so_far):
        yield found(whole)
    elif known < _ENGLISH_SHARE * len(words):
        yield found(whole, "unclear.language")
    elif not so_far and _weight(reading) >= 2:
        yield found(whole)


def _weight(reading: Reading) -> int:
    lexicon = reading.lexicon
    present = {token.text for token in reading.normalised.tokens}
    return 2 * len(present & lexicon.charged) + len(present & lexicon.stirring)
