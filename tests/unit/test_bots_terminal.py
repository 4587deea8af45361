"""The terminal chat: in a pipe, at a keyboard, with a broken house."""

import io
import re
import time

import pytest

from bots.terminal.chat import run_terminal
from bots.terminal.event import TypedLine, picked, to_incoming
from bots.terminal.screen import plain
from bots.terminal.settings import TerminalSettings, load_terminal_words
from handrail.domain.clock import SystemClock
from handrail.domain.errors import StorageError
from handrail.domain.message import Button, IncomingKind
from tests.fakes.paper_house import EMERGENCY_LINE, FALLBACK, HELLO, PaperHouse

CHOICES = (Button(id="a", label="Yes"), Button(id="b", label="Not sure"))


@pytest.fixture
def house() -> PaperHouse:
    return PaperHouse(SystemClock())


class Keyboard:
    """Input that does something between lines, and may be a keyboard."""

    def __init__(self, *acts: object, tty: bool = False) -> None:
        self._acts = list(acts)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def readline(self) -> str:
        while self._acts:
            act = self._acts.pop(0)
            if isinstance(act, str):
                return act + "\n"
            act()
        return ""


def interrupt() -> None:
    raise KeyboardInterrupt


def chat(house: PaperHouse, stdin: object, **settings: object) -> str:
    out = io.StringIO()
    settings = {"emergency_line": EMERGENCY_LINE, "poll_seconds": 0.02, "width": 60, **settings}
    status = run_terminal(
        house.receive, house.store, house.clock, TerminalSettings(**settings), house.fallback,
        house.alert, stdin=stdin, stdout=out,
    )  # fmt: skip
    assert status == 0
    return out.getvalue()


def test_a_pipe_is_read_to_its_end_and_answered(house: PaperHouse) -> None:
    printed = chat(house, io.StringIO("hello\n\n   \nI am worried"))
    assert printed.index(HELLO) < printed.index("We read: hello")
    assert "We read: I am worried" in printed
    assert [got.text for got in house.incoming] == ["", "hello", "I am worried"]
    assert [got.kind for got in house.incoming] == [
        IncomingKind.START,
        IncomingKind.TEXT,
        IncomingKind.TEXT,
    ]
    assert "you>" not in printed, "a pipe needs no prompt"


def test_the_emergency_line_comes_first_and_last(house: PaperHouse) -> None:
    lines = [line for line in chat(house, io.StringIO("")).splitlines() if line]
    assert lines[0].strip() == EMERGENCY_LINE == lines[-1].strip()


def test_ctrl_c_leaves_politely(house: PaperHouse) -> None:
    printed = chat(house, Keyboard("hello", interrupt, "never read", tty=True))
    assert "never read" not in printed
    assert printed.rstrip().endswith(EMERGENCY_LINE)
    assert load_terminal_words("en-GB").goodbye in printed
    assert "you> " in printed


def test_a_volunteer_is_heard_between_two_lines_and_once(house: PaperHouse) -> None:
    def speak() -> None:
        house.volunteer_says("I am here", platform="terminal")
        time.sleep(0.3)

    printed = chat(house, Keyboard("hello", speak, "thank you"))
    assert printed.count("I am here") == 1
    assert printed.index("Sam:") < printed.index("We read: thank you")
    assert printed.count("We read: hello") == 1


def test_a_named_account_comes_back_to_its_conversation(house: PaperHouse) -> None:
    chat(house, io.StringIO("hello\n"), account="anna")
    printed = chat(house, io.StringIO("again\n"), account="anna")
    assert printed.index("We read: hello") < printed.index("We read: again")
    assert [got.text for got in house.incoming] == ["", "hello", "again"], "no second START"
    assert len({got.message_id for got in house.incoming}) == 3


def test_two_runs_without_a_name_are_two_contacts(house: PaperHouse) -> None:
    chat(house, io.StringIO("hello\n"))
    assert "We read: hello" not in chat(house, io.StringIO(""))
    assert len({got.account for got in house.incoming}) == 2


def test_choices_are_numbered_and_pressed_by_number_or_words(house: PaperHouse) -> None:
    printed = chat(house, io.StringIO("2\nhello\nme\n7\n"))
    assert re.search(r"1\. Me\n\s+2\. Someone else", printed)
    got = [(incoming.press, incoming.text) for incoming in house.incoming[1:]]
    assert got == [
        ("about:other", "Someone else"),
        (None, "hello"),
        ("about:self", "Me"),
        (None, "7"),  # no choice is open any more: it is only a number
    ]


@pytest.mark.parametrize(
    ("typed", "button"),
    [
        ("1", "a"), ("2.", "b"), (" 2) ", "b"), ("yes", "a"), ("NOT SURE", "b"),
        ("0", None), ("3", None), ("", None), ("yes please", None), ("²", None),
        ("1" * 5000, None),
    ],
)  # fmt: skip
def test_what_a_typed_line_picks(typed: str, button: str | None) -> None:
    got = picked(typed, CHOICES)
    assert (got.id if got else None) == button


def test_text_cannot_repaint_the_screen(house: PaperHouse) -> None:
    printed = chat(house, io.StringIO("\x1b[2J\x07\u202eevil\u2066\n"))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", printed)
    assert "<U+001B>[2J<U+0007><U+202E>evil<U+2066>" in printed
    assert plain("a\r\nb\tc") == "a\nb    c"


def test_long_text_is_wrapped_and_paragraphs_stay(house: PaperHouse) -> None:
    printed = chat(house, io.StringIO("word " * 20 + "\n"), width=40)
    assert all(len(line) <= 40 for line in printed.splitlines())


def test_a_broken_house_shows_the_fallback_and_goes_on(house: PaperHouse) -> None:
    def mend() -> None:
        house.broken = False

    house.broken = True
    printed = chat(house, Keyboard("hello", mend, "still there?"))
    assert printed.count(FALLBACK.split(". ")[0]) == 2
    assert "We read: still there?" in printed
    assert ("terminal.receive_failed", "RuntimeError") in house.alerts
    assert "broken" not in printed


def test_a_fallback_of_the_house_is_shown(house: PaperHouse) -> None:
    house.failing = True
    assert FALLBACK.split(". ")[0] in chat(house, io.StringIO("hello\n"))
    assert ("terminal.fallback_shown", "house") in house.alerts


def test_a_store_that_is_down_is_told_to_the_operator_alone(house: PaperHouse) -> None:
    house.down = True
    printed = chat(house, io.StringIO("hello\n"))
    assert "We read: hello" in printed
    assert ("terminal.record_unreadable", StorageError.__name__) in house.alerts
    assert "database" not in printed


def test_the_same_line_is_the_same_message() -> None:
    line = TypedLine(account="a", session="s", number=4, at=SystemClock().now(), text="hello")
    assert to_incoming(line) == to_incoming(line)
    assert to_incoming(line).message_id == "s-4"
