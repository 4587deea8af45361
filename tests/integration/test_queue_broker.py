"""The embedded queue server, for real: started, private, adopted, killed, restarted, set aside."""

import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError

from handrail.domain.errors import ConfigError, QueueUnavailable
from referral_queue.broker import EmbeddedBroker, GivenBroker, open_broker
from referral_queue.server import find_server, server_command

try:
    find_server()
except QueueUnavailable as missing:
    pytest.skip(f"no queue server on this platform: {missing}", allow_module_level=True)


def wait_for(condition, seconds=8.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def server_pid(broker):
    return int(broker.connection(2).info("server")["process_id"])


@pytest.fixture
def broker(tmp_path):
    made = EmbeddedBroker(tmp_path)
    yield made
    made.stop()


def test_it_starts_answers_and_stops(tmp_path):
    with EmbeddedBroker(tmp_path) as broker:
        assert broker.alive()
        pid = server_pid(broker)
    assert not broker.alive()
    assert not broker.socket.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_listens_nowhere_but_on_a_private_socket(broker):
    broker.ensure_running()
    config = broker.connection().config_get("*")
    assert config["port"] == "0"
    assert config["appendonly"] == "yes"
    assert config["appendfsync"] == "everysec"
    assert config["maxmemory-policy"] == "noeviction"
    assert int(config["maxmemory"]) > 0
    assert stat.S_IMODE(broker.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(broker.home.stat().st_mode) == 0o700
    kept = [path for path in broker.home.rglob("*") if path.is_file()]
    assert kept
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in kept)


def test_a_full_server_refuses_and_drops_nothing(tmp_path):
    broker = EmbeddedBroker(tmp_path, max_memory_mb=3)
    try:
        broker.ensure_running()
        redis = broker.connection(2)
        redis.set("first", "x")
        with pytest.raises(OutOfMemoryError):
            _fill(redis)
        assert redis.get("first") == b"x"
    finally:
        broker.stop()


def _fill(redis):
    for number in range(4000):
        redis.set(f"k{number}", "x" * 4096)


def test_a_second_process_adopts_the_first_ones_server(broker):
    broker.ensure_running()
    pid = server_pid(broker)
    other = EmbeddedBroker(broker.home.parent)
    other.ensure_running()
    assert server_pid(other) == pid


def test_an_orphan_is_adopted_and_stopped(tmp_path):
    first = EmbeddedBroker(tmp_path)
    first.ensure_running()
    pid = server_pid(first)
    with EmbeddedBroker(tmp_path) as second:
        assert server_pid(second) == pid
    assert wait_for(lambda: not first.alive())
    first.stop()


def test_what_was_acknowledged_survives_a_kill(broker):
    broker.ensure_running()
    broker.connection(2).rpush("list", *range(500))
    os.kill(server_pid(broker), signal.SIGKILL)
    assert wait_for(lambda: not broker.alive())
    broker.ensure_running()
    assert broker.connection(2).llen("list") == 500


def test_a_killed_server_comes_back_by_itself(tmp_path):
    with EmbeddedBroker(tmp_path) as broker:
        first = server_pid(broker)
        os.kill(first, signal.SIGKILL)
        assert wait_for(lambda: not broker.alive(), 2)
        assert wait_for(broker.alive)
        assert server_pid(broker) != first


def test_a_stale_socket_file_is_no_server(broker):
    broker.home.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(broker.socket))
    assert broker.socket.exists()
    assert not broker.alive()
    broker.ensure_running()
    assert broker.alive()


def test_a_broken_file_is_set_aside_instead_of_waiting_for_ever(broker):
    broker.ensure_running()
    broker.connection(2).set("k", "v")
    broker.stop()
    for part in (broker.home / "appendonlydir").iterdir():
        part.write_bytes(b"this is not an append-only file\n" * 9)
    for _ in range(3):
        with pytest.raises(QueueUnavailable):
            broker.ensure_running()
    broker.ensure_running()
    assert broker.connection(2).get("k") is None
    assert (broker.home / "appendonlydir.set-aside").exists()


def test_a_long_path_gets_a_short_private_directory(tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    broker = EmbeddedBroker(deep)
    try:
        broker.ensure_running()
        assert len(str(broker.socket)) < 100
        assert stat.S_IMODE(broker.socket.parent.stat().st_mode) == 0o700
        assert EmbeddedBroker(deep).socket == broker.socket
        assert EmbeddedBroker(deep).alive()
    finally:
        broker.stop()
        broker.socket.parent.rmdir()


def test_a_recorded_directory_that_others_may_enter_is_not_trusted(tmp_path):
    deep = tmp_path / ("d" * 120)
    broker = EmbeddedBroker(deep)
    first = broker.socket.parent
    first.chmod(0o755)
    second = broker.socket.parent
    assert second != first
    first.rmdir()
    second.rmdir()


def test_a_directory_that_cannot_be_made_is_said_to_be_unavailable(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(QueueUnavailable):
        EmbeddedBroker(tmp_path / "file").ensure_running()


def test_stop_twice_is_stop_once(tmp_path):
    broker = EmbeddedBroker(tmp_path)
    broker.ensure_running()
    broker.stop()
    broker.stop()
    assert not broker.alive()


# Given by URL ----------------------------------------------------------------------------------


def test_a_given_redis_is_used_and_never_stopped(broker):
    broker.ensure_running()
    with open_broker(Path("unused"), redis_url=f"unix://{broker.socket}") as given:
        assert isinstance(given, GivenBroker)
        given.ensure_running()
        assert given.connection().ping()
    assert broker.alive()


def test_a_given_redis_that_is_away_says_so_quickly(tmp_path):
    given = GivenBroker(f"unix://{tmp_path}/nothing.sock")
    began = time.monotonic()
    assert not given.alive()
    with pytest.raises(QueueUnavailable):
        given.ensure_running()
    with pytest.raises(RedisConnectionError):
        given.connection().ping()
    assert time.monotonic() - began < 2


def test_a_wrong_url_is_refused_without_repeating_it():
    with pytest.raises(ConfigError) as refused:
        open_broker(Path("unused"), redis_url="http://user:secret@example.org")
    assert "secret" not in str(refused.value)


def test_without_a_url_the_server_is_our_own(tmp_path):
    assert isinstance(open_broker(tmp_path), EmbeddedBroker)


def test_the_binary_runs_and_takes_every_option(tmp_path):
    binary = find_server()
    version = subprocess.run([binary, "--version"], capture_output=True, check=True, text=True)
    assert "server" in version.stdout
    command = server_command(binary, home=tmp_path, socket=tmp_path / "s", max_memory_mb=8)
    assert command[command.index("--port") + 1] == "0"
    assert command[command.index("--save") + 1] == ""
