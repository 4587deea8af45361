"""Nudges and the worker over a real embedded server: nothing foreign runs, nothing is lost."""

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from rq import Queue
from rq.job import Callback, Job
from rq.serializers import JSONSerializer

from handrail.domain.errors import QueueUnavailable, StorageError
from handrail.domain.ids import ConversationId, ReferralId, new_id
from referral_queue import jobs, worker
from referral_queue.broker import EmbeddedBroker
from referral_queue.jobs import ForeignJob, RqNudger, ours, queue_on, waiting
from referral_queue.server import find_server

try:
    find_server()
except QueueUnavailable as missing:
    pytest.skip(f"no queue server on this platform: {missing}", allow_module_level=True)

CANARY = "canary words of the contact"


def wait_for(condition, seconds=8.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Recorder:
    """A runtime that keeps what it was asked to do, and has a 'database' of things that are due."""

    def __init__(self):
        self.delivered = []
        self.changed = []
        self.sweeps = 0
        self.due = []
        self.fail = None
        self.slow = 0.0

    def deliver(self, conversation_id):
        if self.fail:
            raise self.fail
        time.sleep(self.slow)
        self.delivered.append(conversation_id)

    def referral_changed(self, referral_id):
        self.changed.append(referral_id)

    def sweep(self):
        self.sweeps += 1
        if self.fail:
            raise self.fail
        while self.due:
            self.delivered.append(self.due.pop())


class Running:
    """A worker in a thread, with its alerts."""

    def __init__(self, broker, runtime=None, sweep_every=0.2):
        self.runtime = runtime or Recorder()
        self.alerts = []
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=worker.run,
            args=(self.runtime, broker, self.stop),
            kwargs={
                "alarm": lambda kind, detail: self.alerts.append((kind, detail)),
                "sweep_every": sweep_every,
            },
        )
        self.thread.start()

    def end(self):
        self.stop.set()
        self.thread.join(8)
        assert not self.thread.is_alive()


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with EmbeddedBroker(tmp_path_factory.mktemp("q")) as made:
        yield made


@pytest.fixture
def redis(broker):
    broker.ensure_running()
    connection = broker.connection(5)
    connection.flushall()
    yield connection
    connection.close()


@pytest.fixture
def running(broker, redis):
    made = Running(broker)
    yield made
    made.end()


def foreign_queue(redis):
    """A queue as somebody else with access to Redis would write to it."""
    return Queue("handrail", connection=redis, serializer=JSONSerializer)


# Nudges ----------------------------------------------------------------------------------------


def test_a_nudge_runs_and_leaves_nothing_behind(broker, redis, running):
    conversation, referral = ConversationId(new_id()), ReferralId(new_id())
    nudger = RqNudger(broker.connection)
    nudger.nudge_delivery(conversation)
    nudger.nudge_referral(referral)
    assert wait_for(lambda: running.runtime.changed == [referral])
    assert running.runtime.delivered == [conversation]
    assert wait_for(lambda: not redis.keys("rq:job:*"))
    assert nudger.lost == 0
    assert running.alerts == []


def test_a_nudge_carries_a_name_and_an_id_only(broker, redis):
    conversation = ConversationId(new_id())
    RqNudger(broker.connection).nudge_delivery(conversation)
    assert waiting(redis) == 1
    (job_id,) = queue_on(redis).job_ids
    job = queue_on(redis).fetch_job(job_id)
    assert json.loads(job.data) == ["referral_queue.jobs.deliver", None, [conversation], {}]
    assert 0 < redis.ttl(f"rq:job:{job_id}") <= jobs.NUDGE_TTL


def test_a_nudge_without_redis_is_quick_silent_and_counted(tmp_path, caplog):
    now = [0.0]
    nudger = RqNudger(EmbeddedBroker(tmp_path).connection, clock=lambda: now[0])
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            nudger.nudge_delivery(ConversationId(new_id()))
            now[0] += 0.5
    assert time.monotonic() - began < 2
    assert nudger.lost == 100
    assert len(caplog.records) == 1


def test_a_nudger_comes_back_with_redis(broker, redis, tmp_path):
    now, brokers = [0.0], [broker, EmbeddedBroker(tmp_path)]
    nudger = RqNudger(lambda: brokers[-1].connection(), clock=lambda: now[0])
    nudger.nudge_delivery(ConversationId(new_id()))
    brokers.pop()
    nudger.nudge_delivery(ConversationId(new_id()))
    assert (nudger.lost, waiting(redis)) == (2, 0)
    now[0] += 3
    nudger.nudge_delivery(ConversationId(new_id()))
    assert (nudger.lost, waiting(redis)) == (2, 1)


def test_a_hung_redis_costs_one_short_timeout(broker, redis):
    pid = int(redis.info("server")["process_id"])
    nudger = RqNudger(broker.connection)
    nudger.nudge_delivery(ConversationId(new_id()))
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(50):
            nudger.nudge_delivery(ConversationId(new_id()))
        assert time.monotonic() - began < 2
        assert nudger.lost == 50
    finally:
        os.kill(pid, signal.SIGCONT)


# Foreign work ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "instance", "args", "kwargs"),
    [
        ("os.system", None, ["true"], {}),
        ("referral_queue.jobs.bind", None, [None], {}),
        ("referral_queue.jobs.os", None, [], {}),
        ("referral_queue.jobs.deliver", None, [], {}),
        ("referral_queue.jobs.deliver", None, ["a" * 32, "b" * 32], {}),
        ("referral_queue.jobs.deliver", None, ["not an id"], {}),
        ("referral_queue.jobs.deliver", None, ["A" * 32], {}),
        ("referral_queue.jobs.deliver", None, ["a" * 32 + "\n"], {}),
        ("referral_queue.jobs.deliver", None, [["a" * 32]], {}),
        ("referral_queue.jobs.deliver", None, "a" * 32, {}),
        ("referral_queue.jobs.deliver", None, ["a" * 32], {"x": 1}),
        ("format", "a string", [], {}),
        ("referral_queue.jobs.sweep", "self", [], {}),
        (None, None, None, None),
        (["referral_queue.jobs.sweep"], None, [], {}),
    ],
)
def test_only_three_functions_with_ids_are_ours(name, instance, args, kwargs):
    with pytest.raises(ForeignJob):
        ours(name, instance, args, kwargs)


def test_a_foreign_function_is_refused_and_alerted(redis, running, tmp_path):
    proof = tmp_path / "proof"
    foreign_queue(redis).enqueue_call("os.system", args=(f"touch {proof}",))
    assert wait_for(lambda: running.alerts)
    assert running.alerts == [("queue.foreign_job", "handrail")]
    assert not proof.exists()
    assert _still_works(redis, running)


def test_a_pickled_job_is_refused_and_not_opened(redis, running, tmp_path):
    proof = tmp_path / "proof"
    Queue("handrail", connection=redis).enqueue_call(os.mkdir, args=(str(proof),))
    assert wait_for(lambda: running.alerts)
    assert running.alerts == [("queue.foreign_job", "handrail")]
    assert not proof.exists()
    assert _still_works(redis, running)


class Bomb:
    """Opening this pickle makes a directory."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_is_not_opened_in_any_field(redis, running, tmp_path):
    proof = tmp_path / "proof"
    bomb = pickle.dumps(Bomb(str(proof)))
    fields = {"data": bomb, "meta": bomb, "result": bomb, "origin": "handrail", "status": "queued"}
    redis.hset("rq:job:bomb", mapping=fields)
    redis.rpush("rq:queue:handrail", "bomb")
    assert wait_for(lambda: running.alerts)
    assert not proof.exists()


def test_callbacks_and_webhooks_of_a_job_are_dropped(redis, running):
    conversation = new_id()
    job = foreign_queue(redis).enqueue_call(
        "referral_queue.jobs.deliver",
        args=(conversation,),
        on_success=Callback("os.getcwd"),
        on_failure=Callback("os.getcwd"),
        timeout=-1,
    )
    read = jobs.GuardedJob.fetch(job.id, connection=redis, serializer=JSONSerializer)
    assert read.success_callback is read.failure_callback is read.stopped_callback is None
    assert read.webhooks == []
    assert read.timeout == jobs.JOB_TIMEOUT
    assert wait_for(lambda: running.runtime.delivered == [conversation])
    assert running.alerts == []


@pytest.mark.parametrize(
    "fields",
    [
        {"data": b"[", "timeout": "never", "status": "queued"},
        {"data": b"[]", "status": "no such status"},
        {"status": "queued"},
        {"data": b"\xff\xfe", "created_at": "yesterday"},
    ],
)
def test_rubbish_does_not_stop_the_worker(redis, running, fields):
    redis.hset("rq:job:rubbish", mapping=fields)
    redis.rpush("rq:queue:handrail", "rubbish", "gone", "a b c")
    assert _still_works(redis, running)


def _still_works(redis, running):
    conversation = new_id()
    queue_on(redis).enqueue_call("referral_queue.jobs.deliver", args=(conversation,))
    return wait_for(lambda: conversation in running.runtime.delivered)


# Failure ---------------------------------------------------------------------------------------


def test_a_failing_job_is_alerted_without_its_words(broker, redis, running, caplog):
    running.runtime.fail = StorageError(CANARY)
    RqNudger(broker.connection).nudge_delivery(ConversationId(new_id()))
    assert wait_for(lambda: ("queue.job_failed", "StorageError") in running.alerts)
    assert wait_for(lambda: ("queue.sweep_failed", "StorageError") in running.alerts)
    running.runtime.fail = None
    assert _still_works(redis, running)
    assert CANARY not in caplog.text
    (failed,) = queue_on(redis).failed_job_registry.get_job_ids()
    assert queue_on(redis).fetch_job(failed).latest_result().exc_string == "failed"
    assert 0 < redis.ttl(f"rq:job:{failed}") <= jobs.NUDGE_TTL


def test_an_alarm_that_raises_stops_nothing(broker, redis):
    runtime, stop = Recorder(), threading.Event()

    def broken(kind, detail):
        raise StorageError("the database is away")

    runtime.fail = StorageError("x")
    thread = threading.Thread(
        target=worker.run,
        args=(runtime, broker, stop),
        kwargs={"alarm": broken, "sweep_every": 0.05},
    )
    thread.start()
    assert wait_for(lambda: runtime.sweeps > 3)
    stop.set()
    thread.join(8)
    assert not thread.is_alive()


def test_the_sweep_runs_without_any_redis(tmp_path):
    away = Running(EmbeddedBroker(tmp_path), sweep_every=0.1)
    away.runtime.due.append("c1")
    try:
        assert wait_for(lambda: away.runtime.sweeps >= 5)
        assert away.runtime.delivered == ["c1"]
    finally:
        away.end()


def test_the_sweep_runs_beside_a_slow_job(broker, redis, running):
    running.runtime.slow = 1.5
    RqNudger(broker.connection).nudge_delivery(ConversationId(new_id()))
    before = running.runtime.sweeps
    time.sleep(1.2)
    assert running.runtime.delivered == []
    assert running.runtime.sweeps >= before + 3


def test_a_killed_redis_only_delays(broker, redis, running):
    assert _still_works(redis, running)
    os.kill(int(redis.info("server")["process_id"]), signal.SIGKILL)
    running.runtime.due.append("while it was away")
    assert wait_for(lambda: "while it was away" in running.runtime.delivered)
    assert wait_for(broker.alive)
    nudger, conversation = RqNudger(broker.connection), ConversationId(new_id())
    nudger.nudge_delivery(conversation)
    assert nudger.lost == 0
    assert wait_for(lambda: conversation in running.runtime.delivered)


def test_a_flushed_redis_only_delays(broker, redis):
    lost = ConversationId(new_id())
    RqNudger(broker.connection).nudge_delivery(lost)
    redis.flushall()
    runtime = Recorder()
    runtime.due.append(lost)
    running = Running(broker, runtime)
    try:
        assert wait_for(lambda: runtime.delivered == [lost])
        redis.flushall()
        assert _still_works(redis, running)
    finally:
        running.end()


def test_a_stopped_worker_is_gone_within_seconds_and_unregistered(broker, redis):
    running = Running(broker)
    assert wait_for(lambda: redis.scard("rq:workers") == 1)
    began = time.monotonic()
    running.end()
    assert time.monotonic() - began < 3
    assert redis.scard("rq:workers") == 0
    with pytest.raises(QueueUnavailable):
        jobs.sweep()


# A process -------------------------------------------------------------------------------------

SCRIPT = textwrap.dedent(
    """
    import sys, threading, time
    from pathlib import Path
    from referral_queue import worker
    from referral_queue.broker import EmbeddedBroker

    class Runtime:
        def deliver(self, conversation_id):
            print("deliver", conversation_id, flush=True)
            time.sleep(float(sys.argv[2]))
            print("delivered", conversation_id, flush=True)
        def referral_changed(self, referral_id):
            print("changed", referral_id, flush=True)
        def sweep(self):
            print("sweep", flush=True)

    stop = threading.Event()
    worker.stop_on_signals(stop)
    worker.run(Runtime(), EmbeddedBroker(Path(sys.argv[1])), stop)
    print("clean end", flush=True)
    """
)


def start_process(broker, seconds):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(broker.home.parent), str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process, word):
    for line in process.stdout:
        if line.startswith(word):
            return line
    raise AssertionError(f"{word!r} never came: {process.stderr.read()}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_an_idle_worker_cleanly(broker, redis, number):
    process = start_process(broker, 0)
    read_until(process, "sweep")
    assert wait_for(lambda: redis.scard("rq:workers") == 1)
    process.send_signal(number)
    out, err = process.communicate(timeout=5)
    assert process.returncode == 0, err
    assert "clean end" in out
    assert "Traceback" not in err


def test_sigterm_lets_a_short_job_finish(broker, redis):
    process = start_process(broker, 1)
    RqNudger(broker.connection).nudge_delivery(ConversationId(new_id()))
    read_until(process, "deliver")
    process.terminate()
    out, err = process.communicate(timeout=5)
    assert "delivered" in out
    assert (process.returncode, "clean end" in out) == (0, True), err


def test_sigterm_interrupts_a_job_that_hangs(broker, redis):
    process = start_process(broker, 60)
    RqNudger(broker.connection).nudge_delivery(ConversationId(new_id()))
    read_until(process, "deliver")
    process.terminate()
    out, err = process.communicate(timeout=8)
    assert "delivered" not in out
    assert (process.returncode, "clean end" in out) == (0, True), err


def test_a_killed_worker_leaves_work_for_the_next(broker, redis):
    first = start_process(broker, 60)
    RqNudger(broker.connection).nudge_delivery(ConversationId(new_id()))
    read_until(first, "deliver")
    first.kill()
    first.communicate(timeout=5)
    conversation = new_id()
    second = start_process(broker, 0)
    RqNudger(broker.connection).nudge_delivery(ConversationId(conversation))
    assert conversation in read_until(second, "deliver")
    second.terminate()
    assert second.communicate(timeout=5)
    assert second.returncode == 0


def test_jobs_are_rq_jobs(redis):
    assert issubclass(queue_on(redis).job_class, Job)
