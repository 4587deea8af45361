"""Children are started, watched, started again and ended; nobody outlives who started them."""

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from handrail import processes
from handrail.domain.errors import ConfigError
from handrail.processes import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Child,
    has_parent,
    lock_directory,
    run_together,
    stop_on_signals,
)


def until(true, seconds=15.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # a zombie is not alive; without /proc the signal decides
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def quick(name: str) -> Child:
    """A `handrail` process that ends at once."""
    return Child(name, ["--version"])


@pytest.fixture
def idle(tmp_path, monkeypatch):
    """Makes children that do nothing until told to stop, and says what they were started with."""
    program = tmp_path / "handrail" / "__main__.py"
    program.parent.mkdir()
    (program.parent / "__init__.py").write_text("")
    program.write_text(
        textwrap.dedent(
            f"""
            import os, signal, sys, time
            open({str(tmp_path / "started")!r}, "a").write(
                f"{{os.getpid()}} {{os.environ['HANDRAIL_PARENT']}} {{' '.join(sys.argv[1:])}}\\n"
            )
            if "stubborn" in sys.argv:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if "brief" in sys.argv:
                sys.exit(3)
            time.sleep(60)
            """
        )
    )
    monkeypatch.chdir(tmp_path)

    def started() -> list[list[str]]:
        log = tmp_path / "started"
        return [row.split() for row in log.read_text().splitlines()] if log.exists() else []

    yield started
    for row in started():
        if lives(int(row[0])):
            os.kill(int(row[0]), signal.SIGKILL)


# ---- one child ----


def test_a_child_is_our_own_program_and_knows_its_parent(idle):
    child = Child("one", ["worker", "--demo"])
    child.keep_running()
    until(idle)
    child.keep_running()
    assert idle() == [[str(child.pid), str(os.getpid()), "worker", "--demo"]]
    child.terminate()
    child.wait(time.monotonic() + 5)
    assert not lives(int(idle()[0][0]))


def test_a_child_that_dies_is_started_again_after_a_pause(idle, caplog):
    child = Child("brief", ["brief"])
    child.keep_running()
    until(idle)
    first = child.pid
    assert first is not None
    until(lambda: (child.keep_running(), child.pid is None)[1])
    child.keep_running()
    assert child.pid is None, "not at once: what dies at once would spin"
    assert "brief ended with 3, starting it again" in caplog.text
    until(lambda: (child.keep_running(), len(idle()) >= 2)[1])
    assert int(idle()[1][0]) != first
    child.wait(time.monotonic() + 10)


def died(child: Child) -> float:
    """Let it run and die; how many seconds it must now wait, which are not waited for."""
    child.keep_running()
    assert child._process is not None
    child._process.wait(10)
    child.keep_running()
    assert child.pid is None
    child._not_before = 0.0
    return child._pause


def test_the_pause_grows_to_its_limit_and_shrinks_when_it_was_well(idle):
    child = Child("brief", ["brief"])
    pauses = [died(child) for _ in range(4)]
    assert pauses[0] <= 2 * FIRST_PAUSE_SECONDS
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
    child.keep_running()
    child._started -= processes.STEADY_SECONDS + 1
    assert died(child) == FIRST_PAUSE_SECONDS


def test_a_child_that_does_not_stop_is_killed(idle):
    child = Child("stubborn", ["stubborn"])
    child.keep_running()
    until(idle)
    pid = int(idle()[0][0])
    time.sleep(0.2)  # the child says "started" just before it stops listening
    child.terminate()
    child.wait(time.monotonic() + 0.3)
    assert not lives(pid)


def test_a_child_that_was_never_started_can_be_ended():
    child = quick("never")
    child.terminate()
    child.wait(time.monotonic())
    assert child.pid is None


# ---- together ----


def test_all_run_until_told_to_stop(idle):
    stop = threading.Event()
    children = [Child(name, [name]) for name in ("one", "two")]
    thread = threading.Thread(target=run_together, args=(children, stop))
    thread.start()
    until(lambda: len(idle()) == 2)
    pids = [int(row[0]) for row in idle()]
    os.kill(pids[0], signal.SIGKILL)
    until(lambda: len(idle()) == 3)
    assert lives(pids[1]), "the other one was left alone"
    stop.set()
    thread.join(15)
    assert not thread.is_alive()
    assert [row[0] for row in idle() if lives(int(row[0]))] == []


def test_signals_set_the_event():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        for number in before:
            stop = stop_on_signals()
            assert not stop.is_set()
            os.kill(os.getpid(), number)
            assert stop.wait(5)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# ---- a parent that is gone ----


def test_only_a_child_of_ours_has_a_parent(monkeypatch):
    monkeypatch.delenv("HANDRAIL_PARENT", raising=False)
    assert not has_parent()
    monkeypatch.setenv("HANDRAIL_PARENT", "not a number")
    assert not has_parent()
    monkeypatch.setenv("HANDRAIL_PARENT", "4711")
    assert has_parent()


def test_a_child_ends_when_its_parent_was_killed(tmp_path):
    child_code = (
        "import os, pathlib, time; from handrail.processes import end_with_parent;"
        "end_with_parent();"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    parent_code = (
        "import os, subprocess, sys; os.environ['HANDRAIL_PARENT'] = str(os.getpid());"
        f"subprocess.run([sys.executable, '-c', {child_code!r}])"
    )
    with subprocess.Popen([sys.executable, "-c", parent_code]) as parent:
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        child = int((tmp_path / "pid").read_text())
        assert lives(child)
        parent.kill()
        parent.wait(10)
    until(lambda: not lives(child))


# ---- one service, one directory ----


def test_two_services_cannot_share_a_directory(tmp_path):
    home = tmp_path / "data"
    with lock_directory(home) as held:
        with pytest.raises(ConfigError, match=r"service\.data_directory"):
            lock_directory(home)
        assert not held.closed
    lock_directory(home).close()
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "serve.lock").stat().st_mode & 0o077 == 0


def test_the_lock_dies_with_its_holder(tmp_path):
    code = (
        "import pathlib, time; from handrail.processes import lock_directory;"
        f"held = lock_directory(pathlib.Path({str(tmp_path)!r}));"
        f"pathlib.Path({str(tmp_path / 'held')!r}).write_text('x'); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as holder:
        until(lambda: (tmp_path / "held").exists())
        with pytest.raises(ConfigError):
            lock_directory(tmp_path)
        holder.kill()
        holder.wait(10)
    with lock_directory(tmp_path) as file:
        fcntl.flock(file, fcntl.LOCK_UN)
