"""How hard a text is to read: words, sentences and the Flesch-Kincaid grade. English only.

Syllables are counted by rule, not from a dictionary: within half a grade for plain text, which is
what the limits of the clinical reference (2.2, L101) need.
"""

import re

from playbooks.placeholders import PLACEHOLDER

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.?!])[\s\"')\]]+|\n+")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_END = re.compile(r"(?<![aeiouyl])e$|(?<=[aeiouy])le$|(?<![td])ed$|(?<![aeioucgsxz])es$")


def plain(text: str) -> str:
    """The text with one short word for each placeholder."""
    return PLACEHOLDER.sub("it", text)


def words(text: str) -> list[str]:
    return _WORD.findall(plain(text))


def sentences(text: str) -> list[str]:
    """Split at full stops, question marks and line ends; parts without a word are dropped."""
    parts = [part.strip() for part in _SENTENCE_END.split(plain(text))]
    return [part for part in parts if _WORD.search(part)]


def syllables(word: str) -> int:
    """At least 1."""
    lower = re.sub(r"[^a-z]", "", word.lower())
    if len(lower) <= 3:
        return 1
    return max(1, len(_VOWELS.findall(_SILENT_END.sub("", lower))))


def grade(text: str) -> float:
    """Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59; at least 0."""
    found = words(text)
    if not found:
        return 0.0
    per_sentence = len(found) / max(1, len(sentences(text)))
    per_word = sum(syllables(word) for word in found) / len(found)
    return max(0.0, 0.39 * per_sentence + 11.8 * per_word - 15.59)
