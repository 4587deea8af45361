"""How the rules alone fare on the fictional messages: a floor for any classifier to leave behind.

The corpus is training material, so this is no measure of performance; it shows where rules end.
"""

from collections import Counter

from handrail.domain.level import Level
from triage.assess import assess
from triage.training.corpus_counts import read_corpus

_URGENT = frozenset({Level.P1, Level.P2})
LANGUAGE = "en"
"""The rules read English."""


def count() -> Counter[str]:
    """Messages that are urgent and found urgent, and that are not and are called so."""
    counted: Counter[str] = Counter()
    for fiction in read_corpus():
        if not fiction.where.startswith(f"{LANGUAGE}/"):
            continue
        urgent, called = fiction.level in _URGENT, assess(fiction.text).level in _URGENT
        counted.update(
            {
                "urgent": urgent,
                "urgent, found": urgent and called,
                "not urgent": not urgent,
                "not urgent, called urgent": called and not urgent,
            }
        )
    return counted


if __name__ == "__main__":
    for name, number in count().items():
        print(f"{name:28}{number:>6}")  # noqa: T201  (this is what the command is for)
