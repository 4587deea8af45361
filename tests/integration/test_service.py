"""The whole service, started as a person starts it, and looked at from outside."""

import os
import re
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handrail.storage.store import open_store
from tests.service import Service

CANARY = "my purple tortoise called Aloysius is the only reason that I feel low"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    home = Path(tmp_path_factory.mktemp("svc"))
    with Service(home, demo=True) as running:
        yield running


def everything_on_disk(directory):
    for path in directory.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def test_it_prints_the_addresses_and_the_demo_logins(service):
    until = time.monotonic() + 30
    while "Ctrl-C" not in service.log.read_text() and time.monotonic() < until:
        time.sleep(0.1)  # it is printed once the pages answer
    log = service.log.read_text()
    assert f"http://127.0.0.1:{service.web}/" in log
    assert f"http://127.0.0.1:{service.desk}/" in log
    assert re.search(r"vera\s+[a-z0-9-]{16,}\s+volunteer", log)


def test_a_message_is_answered_within_seconds_and_on_record(service):
    contact = service.contact()
    contact.open()
    began = time.monotonic()
    answer = contact.send("hello, I feel so low today")
    assert answer["stored"]
    assert [m["author"] for m in answer["messages"]] == ["you", "service"]
    assert time.monotonic() - began < 10
    assert "999" in answer["messages"][1]["text"]


def test_what_is_typed_is_nowhere_in_clear(service):
    contact = service.contact()
    contact.open()
    contact.send(CANARY)
    contact.send(CANARY, press=None)
    time.sleep(1.5)  # a sweep, so that the queue and every log line have had their turn
    for canary in (CANARY, "Aloysius", "purple tortoise"):
        for path, content in everything_on_disk(service.home):
            assert canary.encode() not in content, f"found in {path.name}"
    names = {path.name for path, _ in everything_on_disk(service.home)}
    assert "handrail.sqlite" in names
    assert any(name.endswith(".aof") for name in names), "the queue's own file was looked at too"


def test_every_file_is_closed_to_others(service):
    for path in service.data.rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("kind", ["worker", "redis", "edge"])
def test_a_killed_part_comes_back_and_the_contact_goes_on(service, kind):
    contact = service.contact()
    contact.open()
    contact.send("hello there")
    assert service.kill(kind) >= 1
    answer = contact.send("are you still there")
    assert answer["stored"]
    until = time.monotonic() + 30
    while not service.pids(kind) and time.monotonic() < until:
        time.sleep(0.2)
    assert service.pids(kind), f"{kind} was not started again"
    service.wait_ready()


def test_doctor_finds_it_well(service):
    result = service.run("doctor", "--demo")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "FAIL" not in result.stdout
    assert "runs and answers" in result.stdout


def test_a_second_service_on_the_same_data_says_so(service):
    result = service.run("serve", "--demo")
    assert result.returncode != 0
    assert "another `handrail serve` uses" in result.stderr


def test_the_terminal_is_the_same_service(service):
    result = service.run("chat", "--demo", input="I'm worried about a friend\nno\n")
    assert result.returncode == 0, result.stderr
    assert "danger right now" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_triage_and_playbooks_from_the_command_line(service):
    result = service.run(
        "triage", "--jsonl", input='{"text": "hello"}\n{"text": "I want to die"}\n'
    )
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    for key in ("level", "person", "signals", "score", "hits", "needs_review", "degraded"):
        assert f'"{key}"' in lines[0]
    assert service.run("playbooks", "check").returncode == 0


def test_people_are_added_once(tmp_path):
    environ = {**os.environ, "HANDRAIL_DATA": str(tmp_path / "data")}
    command = ["people", "add", "robin", "--role", "volunteer"]
    service = Service(tmp_path)
    first = service.run(*command, env=environ)
    assert first.returncode == 0, first.stderr
    assert re.search(r"^[a-z0-9]{4}(-[a-z0-9]{4})+$", first.stdout, re.MULTILINE)
    assert service.run(*command, env=environ).returncode != 0
    assert "robin" in service.run("people", "list", env=environ).stdout


def test_sigterm_stops_everything_cleanly(tmp_path):
    with Service(tmp_path) as service:
        contact = service.contact()
        contact.open()
        contact.send("hello")
        assert service.stop() == 0
        ended_cleanly(service)


def ended_cleanly(service):
    until = time.monotonic() + 5
    while service.pids("all") and time.monotonic() < until:
        time.sleep(0.1)
    assert service.pids("all") == []
    assert "Traceback" not in service.log.read_text()
    store = open_store(f"sqlite:///{service.data / 'handrail.sqlite'}", service.data / "master.key")
    with store.transaction(read_only=True) as tx:
        assert tx.outbox.waiting(datetime.now(UTC))[0] == 0
        assert tx.journal.first_broken() is None
    store.close()


def test_killing_the_parent_leaves_nobody_behind(tmp_path):
    with Service(tmp_path) as service:
        service.kill("serve")
        until = time.monotonic() + 20
        while (service.pids("edge") or service.pids("worker")) and time.monotonic() < until:
            time.sleep(0.2)
        assert service.pids("edge") == []
        assert service.pids("worker") == []
        service.start()  # the ports are free and the orphaned Redis is adopted
        service.wait_ready()
        assert len(service.pids("redis")) == 1
        assert service.stop() == 0


@pytest.mark.parametrize("bad", ['[servce]\nname = "x"', "[bots.web]\nprot = 1"])
def test_an_unknown_key_names_the_nearest(tmp_path, bad):
    path = tmp_path / "bad.toml"
    path.write_text(bad)
    result = subprocess.run(
        [*Service(tmp_path).command()[:3], "--config", str(path), "doctor"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.returncode != 0
    assert "did you mean" in result.stderr
    assert "Traceback" not in result.stderr
