"""Rendering: honest times, numbers that do not break, and nothing is scanned twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.domain.cover import HumanEta
from handrail.domain.errors import PlaybookError
from playbooks.load import load_library
from playbooks.model import Facts, Library
from playbooks.placeholders import HELPLINE_KINDS
from playbooks.render import render
from tests.fixtures.playbooks import playbook, tiny_library

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GAP = "\u00a0"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return load_library(tiny_library(tmp_path_factory.mktemp("tiny")))


def facts(**kwargs: object) -> Facts:
    fields: dict[str, object] = {
        "locale": "en-GB",
        "country": "GB",
        "now": NOON,
        "service_name": "Lantern",
        "retention_days": 30,
        "eta": HumanEta(within=timedelta(minutes=5)),
    }
    return Facts(**(fields | kwargs))  # type: ignore[arg-type]


def test_a_playbook_renders_one_text_a_step(library: Library) -> None:
    (said,) = render(library, library.playbook("en-GB", "welcome"), facts())
    assert "reply within 5 minutes." in said
    assert "call 999 or 112." in said
    assert f"Open now: Samaritans (call 116{GAP}123, day and night)." in said
    assert "{{" not in said


def test_alternatives_take_turns(library: Library, tmp_path: Path) -> None:
    root = tiny_library(tmp_path)
    text = playbook(levels="[]", text="one") + 'alternatives = ["two", "three"]\n'
    (root / "en-GB/playbooks/turns.toml").write_text(text)
    turns = load_library(root).playbook("en-GB", "turns")
    said = [render(library, turns, facts(), turn=turn)[0] for turn in range(5)]
    assert said == ["one", "two", "three", "one", "two"]


@pytest.mark.parametrize(
    ("eta", "words"),
    [
        (HumanEta(within=timedelta(0)), "within 1 minutes"),
        (HumanEta(within=timedelta(seconds=61)), "within 2 minutes"),
        (HumanEta(within=timedelta(minutes=90)), "within 90 minutes"),
        (HumanEta(within=timedelta(minutes=91)), "within 2 hours"),
        (HumanEta(within=timedelta(hours=4)), "within 4 hours"),
        (HumanEta(at=NOON + timedelta(hours=1)), "at 13:00 today"),
        (HumanEta(at=NOON + timedelta(hours=12)), "at 00:00 tomorrow"),
        (HumanEta(at=NOON + timedelta(hours=20)), "at 08:00 tomorrow"),
        (HumanEta(at=NOON + timedelta(days=2)), "on Wednesday at 12:00"),
        (HumanEta(at=NOON + timedelta(days=6)), "on Sunday at 12:00"),
        (HumanEta(at=NOON + timedelta(days=7)), "when our team is back, and"),
        (HumanEta(at=NOON - timedelta(minutes=1)), "when our team is back, and"),
        (HumanEta(), "when our team is back, and"),
    ],
)
def test_when_a_person_answers(library: Library, eta: HumanEta, words: str) -> None:
    assert render(library, "{{human_eta}}", facts(eta=eta)).startswith(words)


def test_a_single_minute_has_its_own_words_where_the_locale_has_them() -> None:
    soon = facts(eta=HumanEta(within=timedelta(seconds=30)))
    assert render(load_library(), "{{human_eta}}", soon) == "within a minute"


def test_times_are_those_of_the_country(library: Library) -> None:
    summer = datetime(2027, 6, 7, 12, tzinfo=UTC)
    eta = HumanEta(at=summer + timedelta(hours=2))
    assert render(library, "{{human_eta}}", facts(now=summer, eta=eta)) == "at 15:00 today"
    india = facts(country="IN", now=summer, eta=eta)
    assert render(library, "{{human_eta}}", india) == "at 19:30 today"


def test_a_country_with_several_zones_names_the_zone(library: Library) -> None:
    eta = HumanEta(at=NOON + timedelta(hours=4))
    assert render(library, "{{human_eta}}", facts(country="US", eta=eta)) == "at 11:00 EST today"
    assert render(library, "{{human_eta}}", facts(country="BR", eta=eta)) == "at 13:00 UTC-03 today"
    assert render(library, "{{human_eta}}", facts(country="ZZ", eta=eta)) == "at 16:00 UTC today"


def test_today_is_the_day_of_the_country_not_of_utc(library: Library) -> None:
    late = datetime(2026, 11, 23, 23, tzinfo=UTC)
    eta = HumanEta(at=late + timedelta(hours=4))
    assert render(library, "{{human_eta}}", facts(now=late, eta=eta)) == "at 03:00 tomorrow"
    assert render(library, "{{human_eta}}", facts(country="IN", now=late, eta=eta)) == (
        "at 08:30 today"
    )


def test_opening_and_next_check(library: Library) -> None:
    opens = facts(opens_at=NOON + timedelta(hours=20))
    assert render(library, "{{open_at}}", opens) == "at 08:00 tomorrow"
    assert render(library, "{{open_at}}", facts()) == "on a day that is not fixed yet"
    assert render(library, "{{next_check_time}}", facts()) == "12:10"


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (12, "CALM (call 0800 58 58 58, closed right now)"),
        (20, "CALM (call 0800 58 58 58, open until 00:00)"),
    ],
)
def test_hours_of_a_line_are_told_as_they_are_now(library: Library, hour: int, words: str) -> None:
    from playbooks.helpline_words import helpline_in_words

    calm = next(line for line in library.helplines.country("GB").helplines if line.key == "calm")
    said = helpline_in_words(library.words("en-GB"), calm, NOON.replace(hour=hour))
    assert said.replace(GAP, " ") == words


@pytest.mark.parametrize(
    ("country", "name", "words"),
    [
        ("GB", "helpline:text", "Shout (text SHOUT to 85258, day and night)"),
        ("US", "helpline:text", "988 Suicide & Crisis Lifeline (text 988, day and night)"),
        (
            "GB",
            "helpline:abuse",
            "Refuge National Domestic Abuse Helpline (call 0808 2000 247, day and night, "
            "we could not confirm this number) or Samaritans (call 116 123, day and night)",
        ),
        (
            "DK",
            "helpline:primary_open_now",
            "the list of helplines at https://findahelpline.com",
        ),
        ("ZZ", "helpline:primary", "the list of helplines at https://findahelpline.com"),
        ("ZZ", "emergency_number", "your local emergency number"),
        ("GB", "helpline:directory", "the list of helplines at https://findahelpline.com"),
        ("GB", "link:directory", "https://findahelpline.com"),
        (
            "GB",
            "emergency_silent_help",
            "call 999 from a mobile and press 55 when you are asked to",
        ),
        (
            "FR",
            "emergency_silent_help",
            "show this message to someone near you and ask them to call",
        ),
        ("GB", "translated_card", "SOS: 999 or 112"),
    ],
)
def test_what_a_placeholder_becomes(library: Library, country: str, name: str, words: str) -> None:
    said = render(library, "{{" + name + "}}", facts(country=country))
    assert said.replace(GAP, " ") == words


def test_a_number_does_not_break_across_lines(library: Library) -> None:
    for country in library.helplines.countries:
        said = render(library, "{{helpline:primary}}", facts(country=country))
        assert not any(
            left.isdigit() and right.isdigit()
            for left, gap, right in zip(said, said[1:], said[2:], strict=False)
            if gap == " "
        )


def test_facts_of_the_house_fill_in(library: Library) -> None:
    said = render(library, "{{service_name}} keeps it {{ retention_days }} days", facts())
    assert said == "Lantern keeps it 30 days"


def test_values_are_inserted_and_never_scanned(library: Library) -> None:
    values = {"alias": "{{emergency_number}} {{receipt}}"}
    assert render(library, "<{{alias}}>", facts(values=values)) == f"<{values['alias']}>"
    sneaky = facts(service_name="{{helpline:primary}}")
    assert render(library, "{{service_name}}", sneaky) == "{{helpline:primary}}"


def test_a_value_cannot_replace_a_number(library: Library) -> None:
    values = {"emergency_number": "0", "helpline:primary": "me", "human_eta": "never"}
    said = render(library, "{{emergency_number}} {{human_eta}}", facts(values=values))
    assert said == "999 or 112 within 5 minutes"
    assert "Samaritans" in render(library, "{{helpline:primary}}", facts(values=values))


@pytest.mark.parametrize("name", ["receipt", "nobody_knows_me", "link:elsewhere"])
def test_a_missing_value_is_told_to_the_caller(library: Library, name: str) -> None:
    with pytest.raises(PlaybookError, match=name):
        render(library, "{{" + name + "}}", facts())


def test_an_optional_value_closes_up(library: Library) -> None:
    text = "Hello {{first_name_optional}}. You said it was OK."
    assert render(library, text, facts()) == "Hello. You said it was OK."
    named = facts(values={"first_name_optional": "Sam"})
    assert render(library, text, named) == "Hello Sam. You said it was OK."


@given(
    st.integers(0, 3 * 365 * 24).map(lambda hours: NOON + timedelta(hours=hours)),
    st.sampled_from(sorted(HELPLINE_KINDS)),
    st.sampled_from(["GB", "US", "DK", "KE", "AR", "ZZ", "XX", ""]),
)
def test_every_helpline_has_words_at_every_time(now: datetime, kind: str, country: str) -> None:
    said = render(SHIPPED, "{{helpline:" + kind + "}}", facts(country=country, now=now))
    assert said.strip()
    assert "{{" not in said


@given(st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_promise_is_never_shorter_than_what_is_known(within: timedelta) -> None:
    said = render(SHIPPED, "{{human_eta}}", facts(eta=HumanEta(within=within)))
    if said == "within a minute":
        assert within <= timedelta(minutes=1)
        return
    _, number, unit = said.split()
    unit_length = timedelta(hours=1) if unit.startswith("hour") else timedelta(minutes=1)
    assert int(number) * unit_length >= within


SHIPPED = load_library()
