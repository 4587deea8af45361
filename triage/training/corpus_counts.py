"""Count the fictional messages: by language, level, person and kind. `python -m` prints a table.

Reads the corpus beside this file. Raises TriageError naming the file and line of a message that is
not in the form the datasheet describes.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handrail.domain.errors import TriageError
from handrail.domain.level import Level

CORPUS = Path(__file__).parent / "corpus"
PERSONS = frozenset({"first", "third", "general", "quotation"})
KINDS = frozenset({"core", "twin", "hard_negative"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fiction:
    """One fictional message. `where`: language/file:line."""

    text: str
    level: Level
    person: str
    signals: tuple[str, ...]
    kind: str
    locale: str
    where: str


def read_corpus(root: Path = CORPUS) -> Iterator[Fiction]:
    """Every message, in the order of the files. Raises TriageError."""
    for path in sorted(root.glob("*/*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            where = f"{path.parent.name}/{path.name}:{number}"
            if line.strip():
                yield _fiction(line, where)


def _fiction(line: str, where: str) -> Fiction:
    try:
        record = json.loads(line)
        fiction = Fiction(
            text=record["text"],
            level=Level(record["level"]),
            person=record["person"],
            signals=tuple(record["signals"]),
            kind=record["kind"],
            locale=record["locale"],
            where=where,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TriageError(f"{where}: {type(error).__name__}: {error}") from error
    if not fiction.text.strip() or fiction.person not in PERSONS or fiction.kind not in KINDS:
        raise TriageError(f"{where}: empty text, or a person or kind the datasheet does not know")
    return fiction


def table(corpus: Iterator[Fiction]) -> str:
    """Languages down; messages, then per cent of each level, of third person and of each kind."""
    by_language: dict[str, Counter[str]] = {}
    for fiction in corpus:
        for language in (fiction.where.partition("/")[0], "all"):
            counted = by_language.setdefault(language, Counter())
            counted.update(("n", fiction.level.value, fiction.person, fiction.kind))
    columns = [*(level.value for level in Level), "third", "hard_negative", "twin"]
    lines = [f"{'':5}{'n':>7}" + "".join(f"{column:>15}" for column in columns)]
    for language, counted in sorted(by_language.items(), key=lambda item: (item[0] == "all", item)):
        shares = "".join(f"{counted[column] / counted['n']:>15.0%}" for column in columns)
        lines.append(f"{language:5}{counted['n']:>7}{shares}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(read_corpus()))  # noqa: T201  (this is what the command is for)
