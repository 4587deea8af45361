"""Receipt codes: six everyday words, easy to say aloud, with which a reporter comes back.

Words come from the BIP-39 English list (2,048 words, told apart by their first four letters), less
those that would be hard to read in distress. Six of the remaining words carry at least 65 bits.
"""

import math
import re
import secrets
from functools import cache
from pathlib import Path

from mnemonic import Mnemonic

WORDS = 6
_PREFIX = 4
"""The list guarantees that four letters tell its words apart, so a typo later in a word is read."""


@cache
def word_list() -> tuple[str, ...]:
    unfit = set(Path(__file__).with_name("receipt_unfit_words.txt").read_text("utf-8").split())
    return tuple(word for word in Mnemonic("english").wordlist if word not in unfit)


def entropy_bits() -> float:
    """Bits of a receipt: log2 of how many there are."""
    return WORDS * math.log2(len(word_list()))


def new_receipt() -> str:
    """Six words, lower case, one space between them."""
    return " ".join(secrets.choice(word_list()) for _ in range(WORDS))


@cache
def _by_prefix() -> dict[str, str]:
    return {word[:_PREFIX]: word for word in word_list()}


def looks_mistyped(text: str) -> bool:
    """Six words of which at least four are receipt words: meant as a receipt, and wrong."""
    typed = re.findall(r"[a-z]+", text.casefold())
    known = sum(word[:_PREFIX] in _by_prefix() for word in typed if len(word) >= 3)
    return len(typed) == WORDS and known >= WORDS - 2


def read_receipt(text: str) -> str | None:
    """The receipt in `text`, in its normal form, or None.

    Case, commas, hyphens and line breaks do not matter; nor does a mistake after the fourth letter
    of a word. Words around the code are not allowed: a sentence is never taken for a receipt.
    """
    typed = re.findall(r"[a-z]+", text.casefold())
    if len(typed) != WORDS:
        return None
    words = [_by_prefix().get(word[:_PREFIX]) for word in typed]
    found = [word for word in words if word is not None]
    return " ".join(found) if len(found) == WORDS else None
