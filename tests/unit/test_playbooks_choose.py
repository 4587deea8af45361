"""Choosing: total, deterministic, and the most telling thing decides."""

from itertools import product
from pathlib import Path

import pytest

from handrail.domain.cover import Audience
from handrail.domain.errors import PlaybookError
from handrail.domain.level import Level
from playbooks.choose import SIGNAL_ORDER, choose, gaps
from playbooks.load import load_library
from playbooks.model import Library, Playbook, Situation, Step, Words

SHIPPED = load_library()
SIGNALS = (*SIGNAL_ORDER, "ideation_active", "something_new")


def made(key: str, **kwargs: object) -> Playbook:
    fields: dict[str, object] = {
        "key": key,
        "locale": "en-GB",
        "audience": Audience.SELF,
        "levels": (Level.P3,),
        "steps": (Step(texts=("x",)),),
    }
    return Playbook(**(fields | kwargs))  # type: ignore[arg-type]


def library(*playbooks: Playbook) -> Library:
    return Library(
        playbooks={(p.locale, p.key): p for p in playbooks},
        flows={},
        words_by_locale={"en-GB": Words(locale="en-GB", intents={}, phrases={})},
    )


def situation(**kwargs: object) -> Situation:
    fields: dict[str, object] = {
        "locale": "en-GB", "audience": Audience.SELF, "level": Level.P3,
    }  # fmt: skip
    return Situation(**(fields | kwargs))  # type: ignore[arg-type]


GENERAL = made("general")
NIGHT = made("night", when="no_cover")
BUSY = made("busy", when="nobody_free")
FIRST = made("first", when="first_contact")
AGAIN = made("again", when="repeat")
DAY = made("day", when="covered")
MINOR = made("minor", signals=frozenset({"minor"}))
ABUSE = made("abuse", signals=frozenset({"abuse_disclosed", "abuse_now"}))
NEW = made("new", signals=frozenset({"a_new_signal"}))
WIDE = made("wide", levels=tuple(Level))
ALL = library(GENERAL, NIGHT, BUSY, FIRST, AGAIN, DAY, MINOR, ABUSE, NEW, WIDE)


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ({}, "day"),
        ({"covered": False}, "night"),
        ({"covered": False, "free": False}, "night"),
        ({"free": False}, "busy"),
        ({"first_contact": True}, "first"),
        ({"first_contact": True, "covered": False}, "night"),
        ({"signals": frozenset({"minor"})}, "minor"),
        ({"signals": frozenset({"minor", "abuse_now"})}, "abuse"),
        ({"signals": frozenset({"minor", "abuse_disclosed"})}, "minor"),
        ({"signals": frozenset({"minor", "a_new_signal"})}, "minor"),
        ({"signals": frozenset({"a_new_signal"})}, "new"),
        ({"signals": frozenset({"ideation_passive"})}, "day"),
        ({"signals": frozenset({"minor"}), "covered": False}, "minor"),
        ({"repeat": True}, "again"),
        ({"repeat": True, "signals": frozenset({"minor"})}, "again"),
        ({"repeat": True, "covered": False}, "again"),
        ({"level": Level.P1}, "wide"),
    ],
)
def test_the_most_telling_thing_decides(facts: dict[str, object], key: str) -> None:
    assert choose(ALL, situation(**facts)).key == key


def test_the_order_of_the_files_does_not_matter() -> None:
    backwards = library(*reversed(list(ALL.playbooks.values())))
    for facts in product((True, False), repeat=4):
        names = dict(zip(("covered", "free", "first_contact", "repeat"), facts, strict=True))
        assert choose(ALL, situation(**names)) is choose(backwards, situation(**names))


def test_equals_are_told_apart_by_their_key() -> None:
    assert choose(library(made("b"), made("a")), situation()).key == "a"


def test_a_playbook_without_levels_is_never_chosen() -> None:
    with pytest.raises(PlaybookError, match="en-GB: self P3, covered"):
        choose(library(made("named_only", levels=())), situation())


def test_gaps_are_named_in_words() -> None:
    only_day = library(*(made(a.value, audience=a, levels=tuple(Level)) for a in Audience))
    assert gaps(only_day, "en-GB") == ()
    missing = gaps(library(DAY), "en-GB")
    assert "en-GB: self P3, no_cover" in missing
    assert "en-GB: self P3, covered" not in missing
    assert "en-GB: friend P5, nobody_free, first_contact" in missing


def test_every_situation_has_an_answer() -> None:
    """The whole product of the shipped library, with every signal alone."""
    sets = [frozenset[str](), *(frozenset({signal}) for signal in SIGNALS), frozenset(SIGNALS)]
    count = 0
    for locale in SHIPPED.locales:
        for audience, level, signals in product(Audience, Level, sets):
            for covered, free, first, repeat in product((True, False), repeat=4):
                now = Situation(
                    locale=locale, audience=audience, level=level, signals=signals,
                    covered=covered, free=free, first_contact=first, repeat=repeat,
                )  # fmt: skip
                chosen = choose(SHIPPED, now)
                assert chosen.audience is audience
                assert level in chosen.levels
                count += 1
    assert count >= 3 * 5 * 16 * len(SIGNALS)


def test_nobody_at_night_is_told_that_somebody_is_there() -> None:
    for audience, level in product(Audience, Level):
        dark = Situation(locale="en-GB", audience=audience, level=level, covered=False, free=False)
        assert choose(SHIPPED, dark).when not in ("covered", "nobody_free")


def test_an_emergency_always_carries_the_number() -> None:
    sets = [frozenset[str](), *(frozenset({signal}) for signal in SIGNALS)]
    for audience, signals in product(Audience, sets):
        for covered, free, first, repeat in product((True, False), repeat=4):
            now = Situation(
                locale="en-GB", audience=audience, level=Level.P1, signals=signals,
                covered=covered, free=free, first_contact=first, repeat=repeat,
            )  # fmt: skip
            for step in choose(SHIPPED, now).steps[:1]:
                assert all("{{emergency_number}}" in text for text in step.texts)


def test_the_shipped_folder_is_inside_the_package() -> None:
    from playbooks import load

    assert load.SHIPPED.is_relative_to(Path(load.__file__).parent)
