"""A helpline as a contact reads it: "Samaritans (call 116 123, day and night)"."""

import re
from datetime import datetime

from playbooks.helplines import Helpline, Suggestion
from playbooks.model import Words
from playbooks.slots import fill

_GAP = re.compile(r"(?<=[\d)*]) (?=[\d(*])")
_NO_BREAK = "\u00a0"


def suggestion_in_words(
    words: Words, suggestion: Suggestion, *, local: datetime, directory: str, by_text: bool = False
) -> str:
    """One line, two joined by "or", or a line and the directory. Never empty.

    local: now, on the wall of the country. directory: its address.
    """
    parts = [helpline_in_words(words, line, local, by_text=by_text) for line in suggestion.lines]
    if suggestion.directory or not parts:
        parts.append(fill(words.phrases["directory"], url=directory))
    text = parts[0]
    for part in parts[1:]:
        text = fill(words.phrases["or"], first=text, second=part)
    return text


def helpline_in_words(
    words: Words, line: Helpline, local: datetime, *, by_text: bool = False
) -> str:
    """Name, one way to reach it, when it is open, and the warning of an unconfirmed row."""
    parts = [_reach(words, line, by_text=by_text), _hours(words, line, local)]
    if not line.confirmed:
        parts.append(words.phrases["unconfirmed"])
    return fill(
        words.phrases["helpline"], name=unbroken(line.name), how=", ".join(filter(None, parts))
    )


def unbroken(number: str) -> str:
    """No line break inside a number: spaces between digits do not break."""
    return _GAP.sub(_NO_BREAK, number)


def _reach(words: Words, line: Helpline, *, by_text: bool) -> str:
    if line.phone and not (by_text and (line.text_number or line.whatsapp)):
        return fill(words.phrases["call"], phone=unbroken(line.phone))
    number = unbroken(line.text_number)
    if line.text_number and line.text_word:
        return fill(words.phrases["text_word_to"], word=line.text_word, number=number)
    if line.text_number:
        return fill(words.phrases["text_to"], number=number)
    if line.whatsapp:
        return fill(words.phrases["whatsapp"], number=unbroken(line.whatsapp))
    return fill(words.phrases["online"], url=line.link)


def _hours(words: Words, line: Helpline, local: datetime) -> str:
    if not line.hours.known:
        return words.phrases["hours_unknown"]
    if line.hours.always:
        return words.phrases["open_always"]
    if not line.hours.open_at(local):
        return words.phrases["closed_now"]
    closes = line.hours.closes_within_a_day(local)
    if closes is None:
        return words.phrases["open_now"]
    return fill(words.phrases["open_until"], time=f"{closes:%H:%M}")
