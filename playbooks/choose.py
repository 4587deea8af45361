"""Which playbook answers a situation? Deterministic, and total for every library that loaded.

The order, most telling first:
1. audience and level must fit;
2. when the answer that fits was said a moment ago (`repeat`), words made for that come first;
3. a playbook for a signal that is present, in the order of SIGNAL_ORDER;
4. `when`, in the order of WHEN_ORDER;
5. the playbook made for fewer levels; then the key, so that nothing is left to chance.
"""

from collections.abc import Iterable

from handrail.domain.cover import Audience
from handrail.domain.errors import PlaybookError
from handrail.domain.level import Level
from playbooks.model import Library, Playbook, Situation

SIGNAL_ORDER = (
    "abuse_now",
    "language_unsupported",
    "minor",
    "psychosis_command",
    "psychosis",
    "child_at_risk",
    "abuse_disclosed",
    "coercive_control",
    "self_harm_recent",
    "self_harm_past",
    "bereaved_by_suicide",
    "unclassifiable",
    "media",
    "prank",
)
"""When several are present, the first decides. Signals not named here come after, by name."""

WHEN_ORDER = ("repeat", "no_cover", "nobody_free", "first_contact", "covered", "always")


def choose(library: Library, situation: Situation) -> Playbook:
    """Raises PlaybookError when nothing fits; `load_library` makes sure that this cannot be."""
    fitting = [
        playbook
        for (locale, _), playbook in library.playbooks.items()
        if locale == situation.locale and _fits(playbook, situation)
    ]
    if not fitting:
        raise PlaybookError(f"no playbook for {_described(situation)}")
    return min(fitting, key=lambda playbook: _rank(playbook, situation))


def _fits(playbook: Playbook, situation: Situation) -> bool:
    return (
        playbook.audience is situation.audience
        and situation.level in playbook.levels
        and (not playbook.signals or bool(playbook.signals & situation.signals))
        and playbook.when in _holding(situation)
    )


def _holding(situation: Situation) -> frozenset[str]:
    """Every `when` that is true of the situation."""
    holds = {
        "always": True,
        "covered": situation.covered,
        "no_cover": not situation.covered,
        "nobody_free": situation.covered and not situation.free,
        "first_contact": situation.first_contact,
        "repeat": situation.repeat,
    }
    return frozenset(name for name, true in holds.items() if true)


def _rank(playbook: Playbook, situation: Situation) -> tuple[object, ...]:
    return (
        playbook.when != "repeat",
        _signal_rank(playbook.signals & situation.signals),
        WHEN_ORDER.index(playbook.when),
        len(playbook.levels),
        playbook.key,
    )


def _signal_rank(signals: Iterable[str]) -> tuple[int, str]:
    """Smaller is more telling; a playbook that is for no signal comes last."""
    none = (len(SIGNAL_ORDER) + 1, "")
    return min(
        (
            (SIGNAL_ORDER.index(signal), signal)
            if signal in SIGNAL_ORDER
            else (len(SIGNAL_ORDER), signal)
            for signal in signals
        ),
        default=none,
    )


def gaps(library: Library, locale: str) -> tuple[str, ...]:
    """The situations of a locale, in words, that no playbook answers (rule L104).

    Signals only ever add candidates, so situations without one are enough."""
    missing = []
    for audience in Audience:
        for level in Level:
            for covered, free, first in _covers():
                situation = Situation(
                    locale=locale, audience=audience, level=level,
                    covered=covered, free=free, first_contact=first,
                )  # fmt: skip
                if not any(
                    _fits(playbook, situation)
                    for (at, _), playbook in library.playbooks.items()
                    if at == locale
                ):
                    missing.append(_described(situation))
    return tuple(missing)


def _covers() -> list[tuple[bool, bool, bool]]:
    both = (True, False)
    return [(covered, free, first) for covered in both for free in both for first in both]


def _described(situation: Situation) -> str:
    cover = "no_cover" if not situation.covered else "covered"
    if situation.covered and not situation.free:
        cover = "nobody_free"
    first = ", first_contact" if situation.first_contact else ""
    return f"{situation.locale}: {situation.audience} {situation.level}, {cover}{first}"
