"""Named pieces of patterns, so that a long list of words is written once and read once.

    [fragments]
    greeting = '''(?:hi|hey|hello)'''

    [intents]
    help = ['''^{{greeting}}\\W+help$''']

A fragment may hold those that stand above it. They are expanded when the library is loaded, in
`[intents]` and in every flow's `hears`; whoever matches a text sees ordinary patterns.
"""

import re
from collections.abc import Mapping

from playbooks.placeholders import PLACEHOLDER, broken_braces
from playbooks.tables import Table, one_of

Fragments = Mapping[str, str]


def fragments(table: Table, known: Fragments) -> dict[str, str]:
    """The `[fragments]` of a words file, expanded; a name that is in `known` is replaced.

    Raises PlaybookError for an unknown fragment and for one that is no pattern."""
    own = table.table("fragments")
    found = dict(known)
    for name in own.names():
        found[name] = pattern(own, name, own.text(name), found)
    own.finish()
    return found


def pattern(table: Table, key: str, text: str, known: Fragments) -> str:
    """`text` with every `{{name}}` replaced. Raises PlaybookError naming what is wrong."""
    where = f"{table.where}: {key}"
    for name in PLACEHOLDER.findall(text):
        one_of(name, known, what="fragment", where=where)
    if broken_braces(text):
        raise table.error(f"{key!r}: a fragment is not closed or not opened")
    expanded = PLACEHOLDER.sub(lambda match: known[match[1]], text)
    try:
        re.compile(expanded, re.IGNORECASE)
    except re.error as error:
        raise table.error(f"{key!r}: {text!r} is not a pattern: {error}") from error
    return expanded
