"""Fair turns: in the order of asking, released whatever happens, never waiting for oneself."""

import threading
import time

import pytest

from handrail.domain.errors import StorageError
from handrail.storage.turns import Turns, turns_for


def test_turns_are_given_in_the_order_of_asking():
    turns, order, threads = Turns(), [], []

    def take(number):
        with turns.turn(10):
            order.append(number)

    with turns.turn(10):
        for number in range(12):
            thread = threading.Thread(target=take, args=(number,))
            thread.start()
            threads.append(thread)
            _until(lambda count=number + 1: len(turns._waiting) == count)
    for thread in threads:
        thread.join(10)
    assert order == list(range(12))


def test_only_one_has_the_turn():
    turns, inside, most = Turns(), 0, 0

    def take():
        nonlocal inside, most
        for _ in range(50):
            with turns.turn(10):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (most, inside) == (1, 0)


def test_who_waits_too_long_is_told_and_nobody_is_held_up():
    turns, errors = Turns(), []

    def impatient():
        try:
            with turns.turn(0.05):
                raise AssertionError("never reached")
        except StorageError as error:
            errors.append(str(error))

    with turns.turn(1):
        thread = threading.Thread(target=impatient)
        thread.start()
        thread.join(10)
    assert errors == ["the database was busy for too long"]
    with turns.turn(1):
        pass


def test_a_turn_inside_a_turn_is_refused():
    turns = Turns()
    with turns.turn(1), pytest.raises(StorageError, match="open already"), turns.turn(1):
        pass
    with turns.turn(1):
        pass


def test_an_error_gives_the_turn_back():
    turns = Turns()
    with pytest.raises(KeyError), turns.turn(1):
        raise KeyError
    with turns.turn(1):
        pass


def test_one_file_has_one_queue():
    assert turns_for("a file") is turns_for("a file")
    assert turns_for("a file") is not turns_for("another file")


def _until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
