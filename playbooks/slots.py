"""Filling the slots of one phrase ("within {{n}} minutes")."""

from playbooks.placeholders import PLACEHOLDER


def fill(phrase: str, **slots: str) -> str:
    """In one pass: a value that looks like a slot stays as it is, and so does an unknown slot."""
    return PLACEHOLDER.sub(lambda match: slots.get(match[1], match[0]), phrase)
