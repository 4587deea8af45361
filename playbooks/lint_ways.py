"""Checks of a library as a whole: does every way lead on, can every placeholder be filled?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from handrail.domain.cover import HumanEta
from handrail.domain.errors import PlaybookError
from playbooks.model import Answer, Facts, Flow, Library
from playbooks.placeholders import HELPLINE_KINDS, VALUES, names_in
from playbooks.render import render

_FLOW_ACTIONS = frozenset({"report", "status", "delete"})
_A_MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
_WEEK_IN_HOURS = 7 * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way that leads nowhere, or a placeholder that stays empty."""

    rule: str
    locale: str
    file: str
    key: str
    excerpt: str
    why: str


def dead_ends(library: Library) -> Iterator[Way]:
    """L106: a button that starts a flow needs the flow; a flow that ends must say something."""
    for playbook in library.playbooks.values():
        actions = {choice.action for step in playbook.steps for choice in step.choices}
        actions |= {action for action in (playbook.on_yes, playbook.on_no) if action}
        for action in sorted(actions & _FLOW_ACTIONS):
            if (playbook.locale, action) not in library.flows:
                yield Way(
                    rule="L106", locale=playbook.locale, file=playbook.file,
                    key=f"playbooks/{playbook.key}", excerpt=action,
                    why="a button starts a flow that does not exist",
                )  # fmt: skip
    for flow in library.flows.values():
        yield from _flow_ends(flow)


def _flow_ends(flow: Flow) -> Iterator[Way]:
    """Without closing words, whatever ends the flow must speak for itself (an effect does)."""
    if flow.closing:
        return
    for place, question in enumerate(flow.questions):
        last = all(later.only_if is not None for later in flow.questions[place + 1 :])
        silent = [a.value for a in question.answers if _ends(a, last) and not _speaks(a)]
        if last and (question.skippable or not question.answers):
            silent.append("skipped" if question.skippable else "free text")
        for excerpt in silent:
            yield Way(
                rule="L106", locale=flow.locale, file=flow.file,
                key=f"flows/{flow.name}/{question.id}", excerpt=excerpt,
                why="this answer ends the flow and nothing is said",
            )  # fmt: skip


def _ends(answer: Answer, last: bool) -> bool:
    return answer.goto == "end" or (last and answer.goto is None)


def _speaks(answer: Answer) -> bool:
    return bool(answer.effect or answer.before)


def unfilled(library: Library) -> Iterator[Way]:
    """L102: every placeholder in use, for every country, at every hour of a week."""
    for locale in library.locales:
        used = {
            name
            for playbook in library.playbooks.values()
            if playbook.locale == locale
            for step in playbook.steps
            for text in step.texts
            for name in names_in(text)
        } | {"emergency_number", "helpline:primary", "helpline:primary_open_now"}
        timed = {name for name in used if name.removeprefix("helpline:") in HELPLINE_KINDS}
        for country in ("ZZ", *library.helplines.countries):
            yield from _unfilled(library, locale, country, used, hours=1)
            if any(line.hours.spans for line in library.helplines.country(country).helplines):
                yield from _unfilled(library, locale, country, timed, hours=_WEEK_IN_HOURS)


def _unfilled(
    library: Library, locale: str, country: str, names: set[str], *, hours: int
) -> Iterator[Way]:
    for name in sorted(names):
        for hour in range(hours):
            facts = _facts(locale, country, _A_MONDAY + timedelta(hours=hour))
            why = ""
            try:
                if not render(library, "{{" + name + "}}", facts).strip():
                    why = "is empty"
            except (PlaybookError, KeyError) as error:
                why = str(error)
            if why:
                yield Way(
                    rule="L102", locale=locale, file=f"helplines/{country}.toml",
                    key=f"helplines/{country}", excerpt=name, why=why,
                )  # fmt: skip
                break


def _facts(locale: str, country: str, now: datetime) -> Facts:
    return Facts(
        locale=locale,
        country=country,
        now=now,
        service_name="Example",
        retention_days=30,
        eta=HumanEta(within=timedelta(minutes=5)),
        opens_at=now + timedelta(hours=8),
        values=MappingProxyType(dict.fromkeys(VALUES, "example")),
    )


def own_country(library: Library) -> Iterator[Way]:
    """L109: en-GB is answered in GB, so GB needs a confirmed line that is always open."""
    for locale in library.locales:
        _, _, region = locale.partition("-")
        if region and not library.helplines.always_open(region):
            yield Way(
                rule="L109", locale=locale, file=f"helplines/{region}.toml",
                key=f"helplines/{region}", excerpt="",
                why="no confirmed line for everyone answers day and night",
            )  # fmt: skip
