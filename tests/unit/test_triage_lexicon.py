"""The lexicon is data that must be whole: examples run as tests, every rule has its source."""

import re
import tomllib
from importlib.resources import files

import pytest

from handrail.domain.errors import TriageError
from handrail.domain.level import Level
from triage.assess import assess
from triage.lexicon import build, load
from triage.patterns import Compiler, PatternError
from triage.reading import read
from triage.rules import find_all

LEXICON = load("en-GB")
RAW = (files("triage") / "lexicons" / "en.toml").read_text(encoding="utf-8")


def fired(text: str) -> set[str]:
    return {item.rule for item in find_all(read(text, LEXICON))}


HITS = [(rule.name, text) for rule in LEXICON.rules.values() for text in rule.hits]
MISSES = [(rule.name, text) for rule in LEXICON.rules.values() for text in rule.misses]
GUARDED = [(guard.name, text) for guard in LEXICON.guards.values() for text in guard.hits]


@pytest.mark.parametrize(("rule", "text"), HITS)
def test_must_hit(rule: str, text: str) -> None:
    assert rule in fired(text)


@pytest.mark.parametrize(("rule", "text"), MISSES)
def test_must_not_hit(rule: str, text: str) -> None:
    assert rule not in fired(text)


@pytest.mark.parametrize(("guard", "text"), GUARDED)
def test_a_harmless_reading_waits(guard: str, text: str) -> None:
    result = assess(text)
    assert guard in {hit.rule for hit in result.hits}
    assert result.level in {Level.P4, Level.P5}


@pytest.mark.parametrize("rule", LEXICON.rules.values(), ids=lambda rule: rule.name)
def test_every_rule_says_what_it_asks_why_and_from_where(rule) -> None:
    assert rule.asks.endswith("?")
    assert "Safety reference" in rule.source
    assert rule.reason
    assert rule.unless <= {"negated", "past", "recent"}
    assert rule.kind in {"statement", "weak", "mention", "benign"}
    if rule.patterns and rule.floor in {Level.P1, Level.P2}:
        assert rule.hits
        assert rule.misses


def test_reasons_never_speak_of_degrees_of_danger() -> None:
    degrees = re.compile(r"\b(low|medium|moderate|high|no)[\s-]risk\b|\brisk\b", re.IGNORECASE)
    for rule in LEXICON.rules.values():
        assert not degrees.search(rule.reason), rule.name


def test_no_example_or_pattern_names_a_quantity_or_a_product() -> None:
    detail = re.compile(r"\b\d+\s?(mg|ml|grams?|tablets?|pills?)\b|paracetamol|ibuprofen", re.I)
    assert not detail.search(RAW)


def test_every_pattern_compiles() -> None:
    for _, pattern in LEXICON.table:
        assert pattern.expression.groups == 0


def test_few_patterns_are_searched_in_every_text() -> None:
    assert len(LEXICON.always) <= 30


def test_reviewed_on_and_version_are_given() -> None:
    raw = tomllib.loads(RAW)
    assert raw["reviewed_on"]
    assert raw["source"]
    assert raw["version"] == LEXICON.version


def test_an_unknown_language_has_no_lexicon() -> None:
    with pytest.raises(TriageError, match="tlh"):
        load("tlh")


def test_a_lexicon_without_its_lists_is_refused() -> None:
    with pytest.raises(KeyError):
        build({"language": {"common": [], "charged": [], "stirring": []}}, "en")


class TestPatternLanguage:
    compiler = Compiler(
        {"day": ["monday", "friday"], "loop": ["{loop}"], "end": ["end it", "end things"]},
        frozenset({"the", "it"}),
    )

    def search(self, pattern: str, line: str) -> bool:
        return bool(self.compiler.compile(pattern).expression.search(f" | {line} | "))

    @pytest.mark.parametrize(
        ("pattern", "line", "expected"),
        [
            ("end it", "i will end it", True),
            ("end it", "i will lend it", False),
            ("{end} {day}", "end things friday", True),
            ("{end} on? {day}", "end things on friday", True),
            ("go/went_to bed", "i went to bed", True),
            ("suicid*", "so suicidal", True),
            ("tired ..2 life", "tired of this life", True),
            ("tired ..1 life", "tired of this bad life", False),
            ("tired ..3 life", "tired | of life", False),
            ("end it !there/here", "end it here", False),
            ("end it !there/here", "end it now", True),
            ("< done it", "so , done it", True),
            ("< done it", "i have done it", False),
            ("done it >", "done it | sorry", True),
            ("done it >", "done it again", False),
            ("done it || sorry", "done it | sorry", True),
        ],
    )
    def test_reads(self, pattern: str, line: str, expected: bool) -> None:
        assert self.search(pattern, line) is expected

    @pytest.mark.parametrize("pattern", ["", "{nowhere}", "{loop}", "a__b"])
    def test_refuses(self, pattern: str) -> None:
        with pytest.raises(PatternError):
            self.compiler.compile(pattern)

    def test_anchors_are_the_rarest_required_words(self) -> None:
        assert self.compiler.compile("the {day} it").anchors == {"monday", "friday"}
        assert self.compiler.compile("maybe? bed").anchors == {"bed"}

    def test_every_required_word_is_known_before_searching(self) -> None:
        pattern = self.compiler.compile("the {day} ..3 {end} maybe?")
        assert pattern.anchors is not None
        needed = [pattern.anchors, *pattern.also]
        assert {"monday", "friday"} in needed
        assert frozenset({"the"}) in needed
        assert len(needed) == 3
