"""The helpline table: its numbers, who is picked, and that nobody is left without an answer."""

import csv
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handrail.domain.cover import Audience
from handrail.domain.errors import PlaybookError
from playbooks.helpline_files import SHIPPED, load_helplines
from playbooks.helplines import KINDS, OPEN_NOW, Helpline

TABLE = load_helplines()
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NUMBERS = Path(__file__).parents[1] / "fixtures/playbooks/helpline_numbers.csv"
ROWS = list(csv.DictReader(NUMBERS.read_text(encoding="utf-8").splitlines()))
LINES = {
    (country.code, line.name): line
    for country in TABLE.countries.values()
    for line in country.helplines
}
RETIRED = (
    "116 213", "0808 068 4141", "07860 039967", "0300 330 0630", "199 284 284", "0300 123 3393",
    "0300 102 1234", "1800-599-0019", "6389 2222", "2389 2222", "0800 456 789",
    "+254 722 178 177", "0800 078 7746",
)  # fmt: skip


def texted(line: Helpline) -> str:
    """The way to write to a line, in the words of the source table."""
    if line.text_word:
        return f"text {line.text_word} to {line.text_number}"
    if line.textphone:
        return f"textphone {line.textphone}"
    return line.whatsapp or line.text_number


def test_the_table_holds_exactly_the_rows_of_the_source() -> None:
    assert set(LINES) == {(row["country"], row["name"]) for row in ROWS}
    assert len(ROWS) == len(LINES) == 91


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['country']} {row['name']}")
def test_numbers_are_those_of_the_source(row: dict[str, str]) -> None:
    line = LINES[row["country"], row["name"]]
    assert line.phone == row["phone"]
    assert line.url == row["url"]
    assert line.grade == row["grade"]
    assert line.source_date == (row["source_date"] or "undated")
    assert TABLE.country(row["country"]).emergency == row["emergency"]
    if "unverified" in row["text"] or not row["text"]:
        assert texted(line) == ""
    else:
        assert texted(line) in row["text"]
        assert re.sub(r"\D", "", texted(line)) == re.sub(r"\D", "", row["text"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['country']} {row['name']}")
def test_hours_claim_no_more_than_the_source(row: dict[str, str]) -> None:
    hours, said = LINES[row["country"], row["name"]].hours, row["hours"]
    if hours.known and hours.always:
        assert said.startswith("24/7")
        assert not re.search("unverified|differ|disputed|unsure", said.split("phone")[0])
    if any(word in said for word in ("unverified", "disputed", "NOT 24/7", "check", "differ")):
        assert not hours.known or "phone" in said
    for opens, closes in re.findall(r"(\d\d:\d\d)(?:-| to |.*?)(\d\d:\d\d)", said)[:1]:
        if hours.spans and "24/7" not in said:
            assert f"{hours.spans[0].opens:%H:%M}" == opens
            assert f"{hours.spans[0].closes:%H:%M}" == closes or "disputed" in said


def test_checked_on_is_the_earliest_day_the_source_allows() -> None:
    for line in LINES.values():
        if line.checked_on is None:
            assert not re.match(r"\d{4}", line.source_date)
        else:
            assert line.checked_on.isoformat().startswith(line.source_date[:4])
            assert line.checked_on <= NOW.date()


def test_retired_and_mistyped_numbers_are_nowhere() -> None:
    for path in SHIPPED.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        assert not [number for number in RETIRED if number in text], path.name


def test_only_the_shared_emergency_number_for_the_union() -> None:
    assert TABLE.country("EU").helplines == ()
    assert TABLE.country("EU").emergency == "112"
    assert {"KE", "NG", "GH"} <= set(TABLE.countries), "emergency number without a line"


def test_the_first_choice_in_great_britain() -> None:
    suggestion = TABLE.primary("GB", NOW)
    assert [line.name for line in suggestion.lines] == ["Samaritans"]
    assert not suggestion.directory
    assert TABLE.open_now("GB", NOW.replace(hour=3)).lines == suggestion.lines


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("child", "Childline"),
        ("worried", "Samaritans"),
        ("abuse", "Refuge National Domestic Abuse Helpline"),
        ("text", "Shout"),
        ("lgbtq", "Switchboard LGBTQ+ helpline"),
        ("veteran", "Samaritans"),
    ],
)
def test_kinds_in_great_britain(kind: str, name: str) -> None:
    assert TABLE.pick("GB", NOW, kind=kind).lines[0].name == name


def test_an_unconfirmed_line_comes_with_a_sound_one() -> None:
    names = [line.name for line in TABLE.pick("GB", NOW, kind="abuse").lines]
    assert names == ["Refuge National Domestic Abuse Helpline", "Samaritans"]


def test_regional_lines_are_not_offered_to_a_whole_country() -> None:
    for country in TABLE.countries:
        for kind in KINDS:
            assert not [line for line in TABLE.pick(country, NOW, kind=kind).lines if line.region]


def test_topics_and_audience_choose_the_kind() -> None:
    assert TABLE.primary("GB", NOW, topics=frozenset({"child"})).lines[0].key == "childline"
    assert TABLE.primary("US", NOW, Audience.REPORT).lines[0].key == "988"
    assert TABLE.primary("FR", NOW, topics=frozenset({"bereavement"}), language="fr").lines[
        0
    ].key == ("3114")


def test_language_chooses_the_line_in_belgium() -> None:
    assert TABLE.open_now("BE", NOW, language="fr").lines[0].key == "cps"
    assert TABLE.open_now("BE", NOW, language="nl").lines[0].key == "1813"


def test_what_cannot_stand_alone_never_does() -> None:
    """Old, unconfirmed, closed or in another language: a second line or the directory beside."""
    for country in TABLE.countries:
        for kind in KINDS:
            suggestion = TABLE.pick(country, NOW, kind=kind)
            assert suggestion.lines or suggestion.directory
            if len(suggestion.lines) == 1 and not suggestion.directory:
                (line,) = suggestion.lines
                assert line.confirmed
                assert line.current(NOW)
                assert line.speaks("en")
                assert line.hours.open_at(TABLE.country(country).local(NOW))


def test_every_country_kind_and_hour_of_the_week_has_an_answer() -> None:
    """A line that is open, or the emergency number and the directory."""
    for code, country in TABLE.countries.items():
        assert country.emergency
        for kind in KINDS:
            for hour in range(7 * 24):
                now = NOW + timedelta(hours=hour)
                suggestion = TABLE.pick(code, now, kind=kind + OPEN_NOW)
                local = country.local(now)
                assert all(line.hours.open_at(local) for line in suggestion.lines)
                assert suggestion.lines or suggestion.directory


def test_the_same_holds_across_a_change_of_the_clocks() -> None:
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    for hour in range(48):
        now = start + timedelta(hours=hour)
        for code in ("GB", "PT", "DE", "AR"):
            local = TABLE.country(code).local(now)
            for line in TABLE.open_now(code, now).lines:
                assert line.hours.open_at(local)


def test_an_unknown_country_gets_the_directory() -> None:
    suggestion = TABLE.primary("ZZ", NOW)
    assert suggestion.lines == ()
    assert suggestion.directory
    assert TABLE.country("ZZ").emergency == ""
    assert TABLE.links["directory"] == "https://findahelpline.com"


def test_staleness() -> None:
    stale = {(row.country, row.key): row for row in TABLE.stale(NOW)}
    assert stale["GB", "nhs_111"].blocked
    assert stale["GB", "refuge"].checked_on is None
    assert not stale["GB", "shout"].blocked, "174 days: a warning"
    assert ("GB", "samaritans") not in stale
    assert TABLE.stale(NOW)[0].checked_on is None


def test_a_table_that_nobody_checks_is_shown_with_the_directory() -> None:
    """Half a year later every row is old, and says so by what stands beside it."""
    later = NOW + timedelta(days=200)
    for country in TABLE.countries:
        assert TABLE.primary(country, later).directory


def test_age_in_days() -> None:
    line = LINES["GB", "Samaritans"]
    assert line.checked_on == date(2026, 9, 23)
    assert line.current(datetime(2027, 3, 21, 12, tzinfo=UTC))
    assert not line.current(datetime(2027, 3, 22, 12, tzinfo=UTC))


ROW = """country = "XX"
name = "Somewhere"
timezone = "UTC"

[emergency]
said = "112"

[[helplines]]
key = "a"
name = "A"
serves = ["anyone"]
topics = ["crisis"]
phone = "1"
hours = "24/7"
languages = ["en"]
grade = "A"
source = "s"
source_date = "2026-11-01"
checked_on = 2026-11-01
"""


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('grade = "A"', 'grade = "D"', "unknown grade 'D'"),
        ('phone = "1"', 'phnoe = "1"', "unknown key 'phnoe'; did you mean 'phone'"),
        ('phone = "1"', "", "no phone"),
        ("24/7", "always", "'hours' must be"),
        ('hours = "24/7"', 'hours = [{days=["mon"], opens="9:00", closes="10:00"}]', "such as"),
        ('hours = "24/7"', 'hours = [{days=["moon"], opens="09:00", closes="10:00"}]', "'moon'"),
        ('timezone = "UTC"', 'timezone = "Europe/Lodnon"', "unknown time zone"),
        ('"XX"', '"YY"', "must be two capitals"),
        ('["anyone"]', '["everyone"]', "did you mean 'anyone'"),
        ("2026-11-01\n", '"soon"\n', "must be of type date"),
        ('said = "112"', "", "'said' is missing"),
    ],
)
def test_a_bad_row_names_its_file(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    good = ROW
    (tmp_path / "XX.toml").write_text(good)
    assert load_helplines(overlay=tmp_path).country("XX").helplines[0].phone == "1"
    parts = good.rpartition(before)
    (tmp_path / "XX.toml").write_text(parts[0] + after + parts[2])
    with pytest.raises(PlaybookError, match=r"helplines/XX\.toml") as raised:
        load_helplines(overlay=tmp_path)
    assert complaint in str(raised.value)


def test_a_link_must_be_safe(tmp_path: Path) -> None:
    (tmp_path / "links.toml").write_text('directory = "http://example.org"')
    with pytest.raises(PlaybookError, match="https"):
        load_helplines(overlay=tmp_path)


def test_an_address_without_tls_is_kept_and_not_shown() -> None:
    line = LINES["GR", "Klimaka 1018"]
    assert line.url.startswith("http://")
    assert line.link == ""
