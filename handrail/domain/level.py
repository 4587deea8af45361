"""Levels: how soon must a human look? They order a queue; they say nothing about a person."""

from enum import StrEnum


class Level(StrEnum):
    """P1 is soonest. Compare with `sooner`; the text order of the values is the order of need.

    Names are times, never degrees of danger (NICE NG225; NHS England, April 2025).
    """

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"

    @property
    def label(self) -> str:
        """The word staff see."""
        return _LABELS[self]

    def sooner_than(self, other: "Level") -> bool:
        return self.value < other.value


_LABELS = {
    Level.P1: "Emergency (now)",
    Level.P2: "Urgent (minutes)",
    Level.P3: "Prompt (within the hour)",
    Level.P4: "Support (same day)",
    Level.P5: "Inform (next shift)",
}

FAIL_UP = Level.P3
"""What cannot be read or understood is looked at within the hour (REFERENCE 1.3)."""


def soonest(*levels: Level) -> Level:
    """The most pressing of at least one level."""
    return min(levels, key=lambda level: level.value)


def step_up(level: Level) -> Level:
    """The next sooner level; P1 stays P1."""
    return _SOONER[level]


_SOONER: dict[Level, Level] = dict(zip(Level, (Level.P1, *Level), strict=False))
