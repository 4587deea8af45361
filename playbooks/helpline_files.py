"""Reads `helplines/<country>.toml` and `helplines/links.toml` into the helpline table."""

import re
from datetime import time
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from playbooks.helplines import SERVES, TOPICS, Country, Helpline, Helplines
from playbooks.hours import DAYS, Hours, Span
from playbooks.tables import Table, one_of

SHIPPED = Path(__file__).parent / "helplines"
_LINKS = "links.toml"


def load_helplines(shipped: Path = SHIPPED, overlay: Path | None = None) -> Helplines:
    """A file of `overlay` replaces the shipped file of the same name as a whole.
    Raises PlaybookError naming the file."""
    files = {path.name: path for path in sorted(shipped.glob("*.toml"))}
    if overlay is not None:
        files |= {path.name: path for path in sorted(overlay.glob("*.toml"))}
    links: dict[str, str] = {}
    countries: dict[str, Country] = {}
    for name, path in files.items():
        table = Table.read(path, f"helplines/{name}")
        if name == _LINKS:
            links = _links(table)
        else:
            countries[path.stem] = _country(table, path.stem)
    if "directory" not in links:
        raise Table({}, f"helplines/{_LINKS}").error("'directory' is missing")
    return Helplines(countries=MappingProxyType(countries), links=MappingProxyType(links))


def _links(table: Table) -> dict[str, str]:
    links = {key: table.text(key) for key in table.names()}
    for key, link in links.items():
        if not link.startswith("https://"):
            raise table.error(f"{key!r} must start with https://")
    return links


def _country(table: Table, stem: str) -> Country:
    code = table.text("country")
    if code != stem or not re.fullmatch("[A-Z]{2}", code):
        raise table.error(f"country {code!r} must be two capitals and equal the file's name")
    emergency = table.table("emergency")
    lines = tuple(_helpline(row) for row in table.tables("helplines"))
    keys = [line.key for line in lines]
    for key in keys:
        if keys.count(key) > 1:
            raise table.error(f"helpline {key!r} is there twice")
    country = Country(
        code=code,
        name=table.text("name"),
        timezone=_zone(table),
        emergency=emergency.text("said"),
        silent_help=MappingProxyType(emergency.strings("silent_help")),
        several_zones=table.flag("several_zones", False),
        helplines=lines,
    )
    emergency.text("source", "")
    emergency.finish()
    table.finish()
    return country


def _zone(table: Table) -> ZoneInfo:
    name = table.text("timezone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise table.error(f"unknown time zone {name!r}") from error


def _helpline(row: Table) -> Helpline:
    grade = one_of(row.text("grade"), "ABC", what="grade", where=row.where)
    for tag in row.texts("serves", None):
        one_of(tag, SERVES, what="'serves' tag", where=row.where)
    for topic in row.texts("topics", None):
        one_of(topic, TOPICS, what="topic", where=row.where)
    line = Helpline(
        key=row.text("key"),
        name=row.text("name"),
        serves=frozenset(row.texts("serves")),
        topics=frozenset(row.texts("topics")),
        region=row.text("region", ""),
        phone=row.text("phone", ""),
        text_number=row.text("text_number", ""),
        text_word=row.text("text_word", ""),
        whatsapp=row.text("whatsapp", ""),
        textphone=row.text("textphone", ""),
        url=row.text("url", ""),
        hours=_hours(row),
        languages=row.texts("languages", None),
        cost=row.text("cost", ""),
        grade=grade,
        source=row.text("source"),
        source_date=row.text("source_date"),
        checked_on=row.day("checked_on"),
        notes=row.text("notes", ""),
    )
    row.finish()
    if not (line.phone or line.text_number or line.whatsapp or line.link):
        raise row.error("there is no phone, text number, WhatsApp number or https address")
    return line


def _hours(row: Table) -> Hours:
    value = row.raw("hours")
    confirmed = row.flag("hours_confirmed", True)
    if value == "24/7":
        return Hours(always=True, confirmed=confirmed)
    if value == "unknown":
        return Hours(confirmed=False)
    if not isinstance(value, list) or not value:
        raise row.error('\'hours\' must be "24/7", "unknown" or a list of openings')
    spans: list[Span] = []
    for opening in row.tables("hours"):
        opens, closes = _time(opening, "opens"), _time(opening, "closes")
        for day in opening.texts("days", None):
            one_of(day, DAYS, what="day", where=opening.where)
            spans.append(Span(day=DAYS.index(day), opens=opens, closes=closes))
        opening.finish()
    return Hours(spans=tuple(spans), confirmed=confirmed)


def _time(table: Table, key: str) -> time:
    text = table.text(key)
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise table.error(f"{key!r} must be a time such as 09:00 or 00:00, not {text!r}")
    return time.fromisoformat(text)
