"""The phrases that every locale must have in `words.toml`, and what may be filled into each."""

from collections.abc import Mapping
from types import MappingProxyType

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

REQUIRED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "skip_label": frozenset(),
        # when a person answers, when the service opens
        "eta_minutes": frozenset({"n"}),
        "eta_hours": frozenset({"n"}),
        "eta_at": frozenset({"time"}),
        "eta_tomorrow_at": frozenset({"time"}),
        "eta_on_day_at": frozenset({"day", "time"}),
        "eta_unknown": frozenset(),
        "opens_unknown": frozenset(),
        **{day: frozenset() for day in WEEKDAYS},
        # helplines and the emergency number
        "call": frozenset({"phone"}),
        "text_to": frozenset({"number"}),
        "text_word_to": frozenset({"word", "number"}),
        "whatsapp": frozenset({"number"}),
        "online": frozenset({"url"}),
        "open_always": frozenset(),
        "open_until": frozenset({"time"}),
        "open_now": frozenset(),
        "closed_now": frozenset(),
        "hours_unknown": frozenset(),
        "unconfirmed": frozenset(),
        "helpline": frozenset({"name", "how"}),
        "or": frozenset({"first", "second"}),
        "directory": frozenset({"url"}),
        "emergency_unknown": frozenset(),
        "silent_help_unknown": frozenset(),
        "translated_card": frozenset(),
    }
)
"""name -> slots it may hold. Other phrases are welcome; these make a locale
complete. `eta_minute` ("within a minute") is used where a locale has it."""
