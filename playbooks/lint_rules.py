"""The safe-messaging rules as data (`lint_rules.toml`), and what one rule says about one text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from playbooks.tables import Table, one_of

_FILE = Path(__file__).parent / "lint_rules.toml"
_SEVERITIES = frozenset({"error", "warn"})
_KINDS = frozenset({"forbid", "require"})
_SAME = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "\u2010": "-",
        "\u2011": "-",
        "\u00a0": " ",
        "\u200b": None,
        "\u200c": None,
        "\u200d": None,
        "\u00ad": None,
        "\ufeff": None,
    }
)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """kind: "forbid" the pattern anywhere, or "require" it once in a playbook.
    applies_to: "all"/"any", an audience, a level, a case; "a&b" means both."""

    id: str
    severity: str
    kind: str
    applies_to: tuple[str, ...]
    pattern: re.Pattern[str]
    why: str

    def applies(self, tags: frozenset[str]) -> bool:
        return any(
            name in ("all", "any") or name in tags or tags.issuperset(name.split("&"))
            for name in self.applies_to
        )

    def found_in(self, text: str) -> str | None:
        """What the pattern matched in the text once its spelling is made even; None when
        nothing."""
        match = self.pattern.search(even(text))
        return match[0].strip() if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Words in a playbook, words in a sentence, Flesch-Kincaid grades (reference 2.2, L101)."""

    words_emergency: int
    words: int
    sentence_words: int
    grade_error: float
    grade_warn: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    rules: Mapping[str, Rule]
    limits: Limits


def even(text: str) -> str:
    """Straight quotes, one kind of hyphen, single spaces, nothing invisible: so that a line break
    or a typeset apostrophe cannot hide a phrase."""
    return _SPACE.sub(" ", text.translate(_SAME))


@lru_cache(maxsize=1)
def rule_book() -> RuleBook:
    """The shipped rules. Raises PlaybookError."""
    table = Table.read(_FILE, _FILE.name)
    table.text("source")
    table.text("reviewed_on")
    limits = table.table("limits")
    book = RuleBook(
        rules={rule.id: rule for rule in map(_rule, table.tables("rules"))},
        limits=Limits(
            words_emergency=limits.integer("words_emergency"),
            words=limits.integer("words"),
            sentence_words=limits.integer("sentence_words"),
            grade_error=limits.number("grade_error"),
            grade_warn=limits.number("grade_warn"),
        ),
    )
    limits.finish()
    table.finish()
    return book


def _rule(table: Table) -> Rule:
    flags = re.IGNORECASE if table.text("flags", "") == "i" else re.RegexFlag(0)
    rule = Rule(
        id=table.text("id"),
        severity=one_of(table.text("severity"), _SEVERITIES, what="severity", where=table.where),
        kind=one_of(table.text("kind"), _KINDS, what="kind", where=table.where),
        applies_to=table.texts("applies_to", None),
        pattern=re.compile(table.text("pattern"), flags),
        why=table.text("why"),
    )
    table.finish()
    return rule
