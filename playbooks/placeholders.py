"""`{{name}}`: which names a text may hold. Anything else is refused when the library is loaded."""

import re

from playbooks.helplines import DIRECTORY, KINDS, OPEN_NOW, Helplines

PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")

FACTS = frozenset(
    {
        "emergency_number",
        "emergency_silent_help",
        "human_eta",
        "open_at",
        "next_check_time",
        "service_name",
        "retention_days",
        "translated_card",
    }
)
"""Known to the renderer itself. `{{helpline:<kind>}}` and `{{link:<key>}}` are known beside it."""

VALUES = frozenset({"alias", "count", "first_name_optional", "receipt", "status", "volunteer"})
"""Filled from `Facts.values` by whoever says the playbook. One that ends in "_optional" may be
absent: the text closes over it."""
OPTIONAL = "_optional"

HELPLINE_KINDS = frozenset(KINDS) | {kind + OPEN_NOW for kind in KINDS} | {DIRECTORY}


def names_in(text: str) -> tuple[str, ...]:
    """The placeholders of a text in order, without their braces."""
    return tuple(PLACEHOLDER.findall(text))


def known(helplines: Helplines) -> frozenset[str]:
    """Every name that a playbook, a question or a translated card may hold."""
    return (
        FACTS
        | VALUES
        | {f"helpline:{kind}" for kind in HELPLINE_KINDS}
        | {f"link:{key}" for key in helplines.links}
    )


def broken_braces(text: str) -> bool:
    """Whether braces are left over once every placeholder is taken out."""
    rest = PLACEHOLDER.sub("", text)
    return "{{" in rest or "}}" in rest
