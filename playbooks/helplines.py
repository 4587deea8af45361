"""The helpline table: who can be called, from where, and when they answer.

Grades (clinical reference, section 4): A read on the provider's or a government's page; B checked
in 2026 by a project that quotes the provider; C not confirmed, shown only with a warning; D is
never kept. A number is data with an expiry date: nothing here makes, changes or translates one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from handrail.domain.cover import Audience
from playbooks.hours import Hours

WARN_AFTER = timedelta(days=150)
BLOCK_AFTER = timedelta(days=180)
"""Clinical reference, section 4: recheck every 90 days, warn at 150, never alone from 180 on."""

SERVES = frozenset(
    {
        "anyone", "adults", "young", "child", "bereaved", "veteran", "lgbtq", "lgbtq_young",
        "abuse", "worried_about_someone", "worried_about_child", "indigenous", "migrant",
    }
)  # fmt: skip
TOPICS = frozenset(
    {
        "crisis", "suicide", "distress", "self_harm", "mental_health", "bereavement", "abuse",
        "child_safety", "lgbtq",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpline:
    """One service of one country.

    phone: as dialled, with what must be said about it ("988 then press 1"); "" when it has none.
    text_number, text_word: send the word, or anything, to the number. whatsapp, textphone: as
    dialled. region: "" when it serves the whole country. languages: codes; "many" when the line
    has interpreters or a dozen languages. source_date: the source's own words. checked_on: the
    earliest day those words allow; None when undated.
    """

    key: str
    name: str
    serves: frozenset[str]
    topics: frozenset[str]
    hours: Hours
    languages: tuple[str, ...]
    grade: str
    source: str
    source_date: str
    checked_on: date | None
    region: str = ""
    phone: str = ""
    text_number: str = ""
    text_word: str = ""
    whatsapp: str = ""
    textphone: str = ""
    url: str = ""
    cost: str = ""
    notes: str = ""

    @property
    def confirmed(self) -> bool:
        """False for grade C: shown with a warning, never alone."""
        return self.grade in ("A", "B")

    @property
    def link(self) -> str:
        """The address to show: https only."""
        return self.url if self.url.startswith("https://") else ""

    def speaks(self, language: str) -> bool:
        return language in self.languages or "many" in self.languages

    def age(self, now: datetime) -> timedelta:
        """How long ago the row was checked; `timedelta.max` when nobody knows."""
        if self.checked_on is None:
            return timedelta.max
        return timedelta(days=(now.date() - self.checked_on).days)

    def current(self, now: datetime) -> bool:
        """Young enough to be shown alone."""
        return self.age(now) < BLOCK_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """code: ISO 3166 alpha-2. emergency: the number or numbers as said ("999 or 112"), "" when
    unknown. silent_help: language -> what to do who cannot speak. several_zones: a local time
    needs its zone named."""

    code: str
    name: str
    timezone: ZoneInfo
    emergency: str
    silent_help: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    several_zones: bool = False
    helplines: tuple[Helpline, ...] = ()

    def local(self, now: datetime) -> datetime:
        return now.astimezone(self.timezone)


UNKNOWN_COUNTRY = Country(
    code="ZZ", name="", timezone=ZoneInfo("UTC"), emergency="", several_zones=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What to show: at most two lines, best first; `directory` when the directory belongs beside
    them (nothing fits, or the best line is old, unconfirmed, closed or in another language)."""

    lines: tuple[Helpline, ...]
    directory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A row that is older than WARN_AFTER. `blocked`: it is no longer shown alone."""

    country: str
    key: str
    checked_on: date | None
    blocked: bool


def _serves(*tags: str) -> Callable[[Helpline], bool]:
    return lambda line: bool(line.serves.intersection(tags))


def _about(topic: str) -> Callable[[Helpline], bool]:
    return lambda line: topic in line.topics


def _for_everyone(line: Helpline) -> bool:
    return "anyone" in line.serves and bool(line.topics & {"crisis", "suicide"})


KINDS: Mapping[str, Callable[[Helpline], bool]] = MappingProxyType(
    {
        "primary": _for_everyone,
        "child": _serves("child"),
        "young": _serves("young", "child"),
        "worried": _serves("worried_about_someone"),
        "worried_about_child": _serves("worried_about_child"),
        "bereavement": _about("bereavement"),
        "abuse": _serves("abuse"),
        "lgbtq": _serves("lgbtq"),
        "veteran": _serves("veteran"),
        "text": lambda line: _for_everyone(line) and bool(line.text_number or line.whatsapp),
    }
)
"""`{{helpline:<kind>}}`. A kind that a country has no line for falls back to `primary`."""

OPEN_NOW = "_open_now"
DIRECTORY = "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Helplines:
    """Every country's lines and the allow-listed links. Total: any country, kind and time gets an
    answer, at worst the directory."""

    countries: Mapping[str, Country] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def country(self, code: str) -> Country:
        return self.countries.get(code, UNKNOWN_COUNTRY)

    def pick(
        self, country: str, now: datetime, *, kind: str = "primary", language: str = "en"
    ) -> Suggestion:
        """`kind`: a key of KINDS, with or without "_open_now". With it, every line shown is known
        to be open at `now` (aware UTC)."""
        place = self.country(country)
        open_only = kind.endswith(OPEN_NOW)
        base = kind.removesuffix(OPEN_NOW)
        fitting = _ranked(place, now, language, KINDS[base], open_only=open_only)
        general = _ranked(place, now, language, KINDS["primary"], open_only=open_only)
        lines = fitting + [line for line in general if line not in fitting]
        return _suggest(lines, place.local(now), language)

    def primary(
        self,
        country: str,
        now: datetime,
        audience: Audience = Audience.SELF,
        topics: frozenset[str] = frozenset(),
        language: str = "en",
    ) -> Suggestion:
        """The best line for somebody, whether it is open or not."""
        return self.pick(country, now, kind=_kind(audience, topics), language=language)

    def open_now(
        self,
        country: str,
        now: datetime,
        audience: Audience = Audience.SELF,
        topics: frozenset[str] = frozenset(),
        language: str = "en",
    ) -> Suggestion:
        """The best line that is open at `now`; the directory when no line is known to be."""
        kind = _kind(audience, topics) + OPEN_NOW
        return self.pick(country, now, kind=kind, language=language)

    def stale(self, now: datetime) -> tuple[Stale, ...]:
        """Rows to check again, oldest first, undated ones before all."""
        rows = [
            (line.age(now), place.code, line)
            for place in self.countries.values()
            for line in place.helplines
            if line.age(now) >= WARN_AFTER
        ]
        rows.sort(key=lambda row: (row[1], row[2].key))
        rows.sort(key=lambda row: row[0], reverse=True)
        return tuple(
            Stale(
                country=code, key=line.key, checked_on=line.checked_on, blocked=age >= BLOCK_AFTER
            )
            for age, code, line in rows
        )

    def always_open(self, country: str) -> tuple[Helpline, ...]:
        """The confirmed lines for everyone that answer day and night."""
        return tuple(
            line
            for line in self.country(country).helplines
            if KINDS["primary"](line)
            and not line.region
            and line.confirmed
            and line.hours.always
            and line.hours.known
        )


def _kind(audience: Audience, topics: frozenset[str]) -> str:
    for topic in ("abuse", "child", "young", "bereavement", "lgbtq", "veteran"):
        if topic in topics:
            return topic
    return "worried" if audience is Audience.REPORT else "primary"


def _ranked(
    place: Country,
    now: datetime,
    language: str,
    fits: Callable[[Helpline], bool],
    *,
    open_only: bool,
) -> list[Helpline]:
    """Best first; the order of the file decides between equals."""
    local = place.local(now)
    lines = [line for line in place.helplines if fits(line) and not line.region]
    if open_only:
        lines = [line for line in lines if line.hours.open_at(local)]
    return sorted(
        lines,
        key=lambda line: (
            not line.speaks(language),
            not line.confirmed,
            not line.current(now),
            not (line.hours.always and line.hours.known),
            not line.hours.open_at(local),
        ),
    )


def _suggest(lines: list[Helpline], local: datetime, language: str) -> Suggestion:
    """The best line, alone if it can stand alone, else with a sound one or with the directory."""

    def sound(line: Helpline) -> bool:
        return (
            line.confirmed
            and line.current(local)
            and line.speaks(language)
            and line.hours.open_at(local)
        )

    if not lines:
        return Suggestion(lines=(), directory=True)
    best = lines[0]
    if sound(best):
        return Suggestion(lines=(best,), directory=False)
    second = next((line for line in lines[1:] if sound(line)), None)
    if second is not None:
        return Suggestion(lines=(best, second), directory=False)
    return Suggestion(lines=(best,), directory=True)
