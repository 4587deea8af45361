"""The same service in a terminal: lines in, wrapped replies out. Works in a pipe as well."""

import shutil
import sys
import threading
from typing import TextIO

from bots.adapter import AlertOperator, Fallback, Receive, Wiring, tell_operator
from bots.record import Follower, Line, for_contact
from bots.terminal.event import TERMINAL, TypedLine, to_incoming
from bots.terminal.screen import Screen
from bots.terminal.settings import TerminalSettings, load_terminal_words
from handrail.domain.clock import Clock
from handrail.domain.ids import new_id
from handrail.domain.message import Author, Button
from handrail.domain.ports import Store

_WIDEST = 76


def run_terminal(
    receive: Receive,
    store: Store,
    clock: Clock,
    settings: TerminalSettings,
    fallback: Fallback,
    alert: AlertOperator,
    *,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
) -> int:
    """Chat until the input ends or Ctrl-C; the exit status, always 0. Blocking.

    Raises ConfigError when the words of the terminal are broken, and OSError when `stdout` is gone.
    """
    wiring = Wiring(receive=receive, store=store, clock=clock, fallback=fallback, alert=alert)
    lines_in, out = stdin or sys.stdin, stdout or sys.stdout
    chat = TerminalChat(wiring, settings, out)
    watcher = threading.Thread(target=chat.watch, name="terminal-watch", daemon=True)
    interactive = lines_in.isatty()
    try:
        chat.open(prompt=interactive)
        watcher.start()
        while line := lines_in.readline():
            chat.typed(line.rstrip("\r\n"))
    except KeyboardInterrupt:
        pass
    finally:
        chat.leave()
        if watcher.ident is not None:
            watcher.join(timeout=5)
    return 0


class TerminalChat:
    """One contact in one terminal. `typed` and `watch` run in different threads."""

    def __init__(self, wiring: Wiring, settings: TerminalSettings, out: TextIO) -> None:
        self._wiring = wiring
        self._settings = settings
        self._words = load_terminal_words(settings.locale)
        columns = settings.width or min(shutil.get_terminal_size().columns - 2, _WIDEST)
        self._screen = Screen(out, self._words, columns)
        self._account = settings.account or new_id()
        self._session = new_id()
        self._follower = Follower(wiring.store, TERMINAL, self._account, wiring.clock)
        self._number = 0
        self._shown: set[str] = set()
        self._choices: tuple[Button, ...] = ()
        self._prompting = False
        self._lock = threading.Lock()
        self._left = threading.Event()

    def open(self, *, prompt: bool = False) -> None:
        """Greet, show what was said before (a named account), else tell the house we are here."""
        self._prompting = prompt
        self._screen.plainly(self._settings.emergency_line)
        self._screen.plainly(self._words.hello)
        with self._lock:
            try:
                self._show(self._follower.fresh())
            except Exception as error:  # START below has its own answer to a broken store
                tell_operator(self._wiring.alert, "terminal.record_unreadable", _name(error))
        if not self._shown:
            self._hand_in(start=True)
        self._prompt()

    def typed(self, text: str) -> None:
        """One line from the contact. An empty one asks for nothing and sends nothing."""
        if text.strip():
            self._hand_in(text=text)
        self._prompt()

    def watch(self) -> None:
        """Show what volunteers write between two lines. Runs until `leave`."""
        while not self._left.wait(self._settings.poll_seconds):
            with self._lock:
                try:
                    fresh = self._follower.fresh()
                except Exception:  # the store is down; the next look or the next line tells
                    fresh = []
                if self._show(fresh):
                    self._prompt()

    def leave(self) -> None:
        self._left.set()
        with self._lock:
            self._screen.plainly(self._words.goodbye)
            self._screen.plainly(self._settings.emergency_line)

    def _hand_in(self, *, text: str = "", start: bool = False) -> None:
        with self._lock:
            self._number += 1
            line = TypedLine(
                account=self._account,
                session=self._session,
                number=self._number,
                at=self._wiring.clock.now(),
                text=text,
                start=start,
                choices=self._choices,
            )
            self._choices = ()
            try:
                received = self._wiring.receive(to_incoming(line))
                fallback = received.fallback
                replies = [Line(message=message) for message in received.messages]
            except (
                Exception
            ) as error:  # the adapter boundary: the contact is answered whatever it is
                tell_operator(self._wiring.alert, "terminal.receive_failed", _name(error))
                fallback, replies = self._wiring.fallback(self._settings.locale), []
            else:
                if fallback is not None:
                    tell_operator(self._wiring.alert, "terminal.fallback_shown", "house")
            self._show([reply for reply in replies if for_contact(reply.message)])
            self._screen.plainly(fallback or "")

    def _show(self, lines: list[Line]) -> bool:
        """Whether anything was printed. Each message is printed once; the contact's own words are
        on the screen already."""
        printed = False
        for line in lines:
            message = line.message
            if message.author is not Author.CONTACT and message.id not in self._shown:
                self._screen.say(line)
                self._choices = message.buttons or self._choices
                printed = True
            self._shown.add(message.id)
        return printed

    def _prompt(self) -> None:
        if self._prompting and not self._left.is_set():
            self._screen.prompt()


def _name(error: Exception) -> str:
    return type(error).__name__
