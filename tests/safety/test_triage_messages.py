"""Every fictional message of the fixture, against the level a person gave it.

A P1 or P2 that comes out later than P2 fails the build; so does a P1 that is not P1, a new false
alarm, and a level that differs from the committed table (which is then printed, so that a change
is seen and agreed to: run `python -m tests.safety.test_triage_messages` to write it anew).
Results on fictional messages are not clinical performance.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handrail.domain.level import Level
from triage.assess import assess

_HERE = Path(__file__).parent
MESSAGES = _HERE / "messages_en.jsonl"
TABLE = _HERE / "levels_en.tsv"
URGENT = {Level.P1, Level.P2}

ALLOWED_FALSE_ALARMS = 0
"""Messages of P3 to P5 that come out as P1 or P2. Raised only with a reason in the commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    key: str
    text: str
    person: str
    level: Level
    part: str


def rows() -> list[Row]:
    return list(_rows())


def _rows() -> Iterator[Row]:
    for line in MESSAGES.read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        yield Row(
            key=hashlib.sha256(raw["text"].encode()).hexdigest()[:12],
            text=raw["text"],
            person=raw["person"],
            level=Level(raw["level"]),
            part=raw["set"],
        )


def given() -> dict[str, Level]:
    return {row.key: assess(row.text).level for row in rows()}


def test_the_fixture_is_large_and_balanced() -> None:
    all_rows = rows()
    assert len(all_rows) >= 400
    assert len({row.key for row in all_rows}) == len(all_rows)
    assert sum(row.person == "third" for row in all_rows) >= 0.3 * len(all_rows)
    assert sum(row.part == "hard_negative" for row in all_rows) >= 0.3 * len(all_rows)


def test_no_urgent_message_waits() -> None:
    missed = [
        f"{row.level} given {level}: {row.text}"
        for row in rows()
        if row.level in URGENT and (level := assess(row.text).level) not in URGENT
    ]
    assert not missed, "\n".join(missed)


def test_no_emergency_is_called_less() -> None:
    late = [
        f"P1 given {level}: {row.text}"
        for row in rows()
        if row.level is Level.P1 and (level := assess(row.text).level) is not Level.P1
    ]
    assert not late, "\n".join(late)


def test_false_alarms_do_not_grow() -> None:
    alarms = [
        f"{row.level} given {level}: {row.text}"
        for row in rows()
        if row.level not in URGENT and (level := assess(row.text).level) in URGENT
    ]
    assert len(alarms) <= ALLOWED_FALSE_ALARMS, "\n".join(alarms)


def test_most_levels_are_exact_and_person_is_mostly_right() -> None:
    all_rows = rows()
    results = [(row, assess(row.text)) for row in all_rows]
    exact = sum(row.level is result.level for row, result in results)
    person = sum(row.person == result.person.value for row, result in results)
    assert exact >= 0.9 * len(all_rows)
    assert person >= 0.9 * len(all_rows)


def test_levels_have_not_moved_unseen() -> None:
    committed = dict(
        line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines() if line
    )
    texts = {row.key: row.text for row in rows()}
    moved = [
        f"{committed.get(key, 'new')} -> {level.value}: {texts[key]}"
        for key, level in given().items()
        if committed.get(key) != level.value
    ]
    gone = sorted(committed.keys() - texts.keys())
    assert not moved, "levels moved:\n" + "\n".join(moved)
    assert not gone, f"in the table, not in the fixture: {gone}"


def test_every_answer_is_whole() -> None:
    for row in rows():
        result = assess(row.text)
        assert not result.degraded
        assert result.hits or result.level is Level.P5
        for hit in result.hits:
            assert 0 <= hit.start <= hit.end <= len(row.text)


if __name__ == "__main__":
    TABLE.write_text(
        "".join(f"{key}\t{level.value}\n" for key, level in given().items()), encoding="utf-8"
    )
    sys.stdout.write(f"wrote {len(given())} levels\n")
