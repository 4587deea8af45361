"""Fair turns for the writers of one SQLite file within this process.

SQLite's own busy handler polls, and under 16 writers one may starve for seconds. Here writers
queue: first come, first served.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from handrail.domain.errors import StorageError

_by_name: dict[str, "Turns"] = {}
_registry = threading.Lock()


class Turns:
    """A lock that is granted in the order in which it was asked for."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False
        self._owner: int | None = None

    @contextmanager
    def turn(self, timeout_seconds: float) -> Iterator[None]:
        """Hold the turn. Raises StorageError when it does not come in time, or when this thread
        has it already: a transaction inside a transaction would wait for itself."""
        if self._owner == threading.get_ident():
            raise StorageError("this thread has a transaction open already")
        self._take(timeout_seconds)
        self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._owner = None
            self._pass_on()

    def _take(self, timeout_seconds: float) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=timeout_seconds):
            return
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                raise StorageError("the database was busy for too long")
        # The turn was handed over in the same instant: it is ours after all.

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


def turns_for(name: str) -> Turns:
    """The one queue of this process for a database file, however many stores open it."""
    with _registry:
        return _by_name.setdefault(name, Turns())
