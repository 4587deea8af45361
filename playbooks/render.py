"""Fills the placeholders of a text. Pure: the same library, text and facts give the same words.

Values are inserted as they are and never scanned again: what a contact typed cannot become a
placeholder. `load_library` has refused every unknown name, so a PlaybookError here means that the
caller gave no value for one; the caller then sends the fallback reply.
"""

import re
from datetime import timedelta
from typing import overload

from handrail.domain.errors import PlaybookError
from playbooks.helpline_words import suggestion_in_words
from playbooks.helplines import DIRECTORY, UNKNOWN_COUNTRY, Country, Suggestion
from playbooks.model import Facts, Library, Playbook, Words
from playbooks.moments import clock_time, eta_in_words, moment_in_words
from playbooks.placeholders import OPTIONAL, PLACEHOLDER, VALUES, names_in

_CARD = "{{translated_card}}"
CHECK_AFTER = timedelta(minutes=10)
"""When the sweep looks again whether a P1 or P2 was answered: the ceiling of P2 (reference 1.2)."""


@overload
def render(library: Library, what: Playbook, facts: Facts, *, turn: int = 0) -> list[str]: ...
@overload
def render(library: Library, what: str, facts: Facts, *, turn: int = 0) -> str: ...
def render(
    library: Library, what: Playbook | str, facts: Facts, *, turn: int = 0
) -> list[str] | str:
    """A playbook: one text a step. A text: that text.

    turn: how often the playbook was said before in this conversation; it picks the alternative.
    Raises PlaybookError when a value is missing.
    """
    if isinstance(what, str):
        return _fill(library, what, facts)
    return [_fill(library, step.texts[turn % len(step.texts)], facts) for step in what.steps]


def _fill(library: Library, text: str, facts: Facts) -> str:
    for name in names_in(text):
        if name.endswith(OPTIONAL) and not facts.values.get(name):
            text = re.sub(rf" ?\{{\{{\s*{re.escape(name)}\s*\}}\}}", "", text)
    return PLACEHOLDER.sub(lambda match: _value(library, match[1], facts), text)


def _value(library: Library, name: str, facts: Facts) -> str:
    words = library.words(facts.locale)
    country = library.helplines.country(facts.country)
    kind, _, rest = name.partition(":")
    if kind == "helpline":
        return _helpline(library, rest, facts)
    if kind == "link" and rest in library.helplines.links:
        return library.helplines.links[rest]
    if name == "translated_card":
        return facts.values.get(name) or _card(library, words, facts)
    if name in VALUES and name in facts.values:
        return facts.values[name]
    return _fact(name, words, country, facts)


def _card(library: Library, words: Words, facts: Facts) -> str:
    """The card is the library's own text, so its placeholders are filled too."""
    return _fill(library, words.phrases["translated_card"].replace(_CARD, ""), facts)


def _fact(name: str, words: Words, country: Country, facts: Facts) -> str:
    match name:
        case "emergency_number":
            return country.emergency or words.phrases["emergency_unknown"]
        case "emergency_silent_help":
            help_there = country.silent_help.get(_language(facts.locale))
            return help_there or words.phrases["silent_help_unknown"]
        case "human_eta":
            return eta_in_words(words, country, facts.eta, facts.now)
        case "open_at":
            opens = facts.opens_at
            known = moment_in_words(words, country, opens, facts.now) if opens else None
            return known or words.phrases["opens_unknown"]
        case "next_check_time":
            return clock_time(country, facts.now + CHECK_AFTER)
        case "service_name":
            return facts.service_name
        case "retention_days":
            return str(facts.retention_days)
    raise PlaybookError(f"no value for {name!r}")


def _helpline(library: Library, kind: str, facts: Facts) -> str:
    if kind == DIRECTORY or facts.country not in library.helplines.countries:
        suggestion, place = Suggestion(lines=(), directory=True), UNKNOWN_COUNTRY
    else:
        place = library.helplines.country(facts.country)
        suggestion = library.helplines.pick(
            facts.country, facts.now, kind=kind, language=_language(facts.locale)
        )
    return suggestion_in_words(
        library.words(facts.locale),
        suggestion,
        local=place.local(facts.now),
        directory=library.helplines.links.get(DIRECTORY, ""),
        by_text=kind.startswith("text"),
    )


def _language(locale: str) -> str:
    return locale.partition("-")[0]
