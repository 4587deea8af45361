"""The terminal as an adapter behind the port that every platform has."""

from typing import TextIO

from bots.adapter import RecordSender, Wiring
from bots.terminal import event
from bots.terminal.chat import run_terminal
from bots.terminal.event import TERMINAL, TypedLine
from bots.terminal.settings import TerminalSettings
from handrail.domain.message import Incoming


class TerminalSender(RecordSender):
    """The terminal reads the record itself: what is committed counts as sent."""

    def __init__(self) -> None:
        super().__init__(TERMINAL)


class TerminalAdapter:
    platform = TERMINAL
    text_limit: int | None = None

    def __init__(self, wiring: Wiring, settings: TerminalSettings) -> None:
        self.sender = TerminalSender()
        self._wiring = wiring
        self._settings = settings

    def to_incoming(self, line: TypedLine) -> Incoming:
        return event.to_incoming(line)

    def run(self, stdin: TextIO | None = None, stdout: TextIO | None = None) -> int:
        """Chat until the input ends. Blocking."""
        wiring = self._wiring
        return run_terminal(
            wiring.receive,
            wiring.store,
            wiring.clock,
            self._settings,
            wiring.fallback,
            wiring.alert,
            stdin=stdin,
            stdout=stdout,
        )
