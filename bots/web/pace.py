"""Slowing down instead of refusing: a person in distress who writes fast is still heard."""

from collections import OrderedDict
from datetime import datetime, timedelta

from handrail.domain.clock import Clock

_KEYS = 10_000


class Pace:
    """A leaky bucket per key that answers "wait this long", never "no".

    burst: how many come at once without a wait. every: the pace after that.
    longest: no single wait is longer. Only the newest 10,000 keys are remembered, in memory.
    """

    def __init__(self, clock: Clock, *, burst: int, every: timedelta, longest: timedelta) -> None:
        self._clock = clock
        self._credit = every * (burst - 1)
        self._every = every
        self._longest = longest
        self._free_at: OrderedDict[str, datetime] = OrderedDict()

    def wait(self, key: str) -> timedelta:
        """Take one turn for `key`; how long its work should be put off. Zero within the burst."""
        now = self._clock.now()
        due = max(self._free_at.pop(key, now), now)
        ceiling = now + self._credit + self._longest
        self._free_at[key] = min(due + self._every, ceiling + self._every)
        while len(self._free_at) > _KEYS:
            self._free_at.popitem(last=False)
        return min(max(due - now - self._credit, timedelta()), self._longest)
