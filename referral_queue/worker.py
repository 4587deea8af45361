"""The worker process: runs nudges from Redis, and sweeps the database whether Redis lives or not.

Two loops. The main one takes jobs, one at a time, in this process (RQ's SimpleWorker: no fork per
message). The other, a thread, calls `runtime.sweep()` at least once a second. So a slow delivery
does not stop the sweep, and a dead Redis does not stop anything.

RQ's own loop is not used: it blocks for minutes, installs its own signal handlers, listens for
remote commands, and waits up to a minute after a lost connection.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import DequeueTimeout, DeserializationError
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException, TimerDeathPenalty, UnixSignalDeathPenalty
from rq.utils import now

from handrail.domain.errors import HandrailError, QueueUnavailable
from referral_queue import jobs
from referral_queue.broker import Broker
from referral_queue.jobs import ForeignJob, GuardedJob, Runtime

Alarm = Callable[[str, str], None]
"""Tells an operator: kind and detail, codes only (`journal.alert` in a transaction of its own)."""

SWEEP_EVERY = 1.0
"""Seconds between sweeps at most, when a sweep itself is quick."""

_WAIT_FOR_JOB = 1
"""Seconds one blocking take may last: how soon a stop is noticed."""

_SAY_AGAIN = 300.0
"""Seconds between two lines in the log about a Redis that stays away."""

_GRACE = 3
"""Seconds a running job has after a stop is asked for."""

log = logging.getLogger(__name__)


class NudgeWorker(SimpleWorker):
    """RQ's in-process worker without its loop, signals, remote commands and logged tracebacks.

    A traceback can hold the text of a message: only the name of the error is kept.
    """

    job_class = GuardedJob
    log_job_description = False
    log_result_lifespan = False

    def __init__(self, connection: Redis, alarm: Alarm) -> None:
        super().__init__(
            [jobs.queue_on(connection)],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=60,
            job_class=GuardedJob,
            maintenance_interval=60,
            log_job_description=False,
        )
        self._alarm = alarm
        # SIGALRM works in the main thread only.
        main = threading.current_thread() is threading.main_thread()
        self.death_penalty_class = UnixSignalDeathPenalty if main else TimerDeathPenalty

    @property
    def connection_timeout(self) -> int:
        return _WAIT_FOR_JOB + 4

    def procline(self, message: str) -> None:
        """The process keeps its own name."""

    def take_one(self) -> bool:
        """Wait up to a second for a job and run it. True when there was one.

        Raises RedisError when Redis is away.
        """
        self._maintain()
        try:
            taken = Queue.dequeue_any(
                self.queues,
                _WAIT_FOR_JOB,
                connection=self.connection,
                job_class=GuardedJob,
                serializer=JSONSerializer,
                death_penalty_class=self.death_penalty_class,
            )
        except DequeueTimeout:
            self.heartbeat()
            return False
        if taken is None:
            return False
        self.execute_job(*taken)
        self.heartbeat()
        return True

    def _maintain(self) -> None:
        """RQ's registries, once a minute. What it cannot clean must not stop the next job."""
        if not self.should_run_maintenance_tasks:
            return
        try:
            self.run_maintenance_tasks()  # type: ignore[no-untyped-call]
        except RedisError:
            raise
        except Exception as error:
            self.last_cleaned_at = now()  # type: ignore[assignment]
            log.warning("maintenance of the queue failed: %s", type(error).__name__)

    def handle_exception(self, job: Job, *exc_info: Any) -> None:  # noqa: ARG002 -- RQ's signature
        """Alert, and log the kind of error. Called by RQ for every failed job."""
        kind = exc_info[0]
        if issubclass(kind, ForeignJob | DeserializationError):
            log.error("a job in the queue is not ours and was refused")
            self._alarm("queue.foreign_job", jobs.QUEUE)
            return
        log.error("a job failed: %s", kind.__name__)
        if not issubclass(kind, JobTimeoutException):
            self._alarm("queue.job_failed", kind.__name__)

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",  # noqa: ARG002 -- RQ's signature
    ) -> None:
        """Record the failure without its traceback."""
        super().handle_job_failure(job, queue, started_job_registry, exc_string="failed")


class Sweeper:
    """Calls `runtime.sweep()` in a thread, at most `every` seconds apart, until stopped.

    One of the blanket-catch boundaries: a sweep that fails is alerted and tried again.
    """

    def __init__(
        self, runtime: Runtime, stop: threading.Event, alarm: Alarm, every: float = SWEEP_EVERY
    ) -> None:
        self._runtime = runtime
        self._stop = stop
        self._alarm = alarm
        self._every = every
        self._thread = threading.Thread(target=self._loop, name="sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _loop(self) -> None:
        while True:
            began = time.monotonic()
            try:
                self._runtime.sweep()
            except Exception as error:
                log.error("the sweep failed: %s", type(error).__name__)
                self._alarm("queue.sweep_failed", type(error).__name__)
            if self._stop.wait(max(0.0, self._every - (time.monotonic() - began))):
                return


def run(
    runtime: Runtime,
    broker: Broker,
    stop: threading.Event,
    *,
    alarm: Alarm | None = None,
    sweep_every: float = SWEEP_EVERY,
) -> None:
    """Work until `stop` is set; returns within a few seconds of that.

    alarm: told of refused and failed jobs and of failed sweeps. Does not raise while Redis is
    away: it sweeps, and tries again with pauses of at most two seconds.
    """
    tell = _never_raising(alarm)
    jobs.bind(runtime)
    sweeper = Sweeper(runtime, stop, tell, sweep_every)
    sweeper.start()
    try:
        pause, said_at = 0.1, float("-inf")
        while not stop.is_set():
            try:
                _take_jobs(broker, stop, tell)
                pause = 0.1
            except (RedisError, QueueUnavailable, OSError) as error:
                if time.monotonic() - said_at >= _SAY_AGAIN:
                    said_at = time.monotonic()
                    log.warning("Redis is away, sweeping goes on: %s", type(error).__name__)
                stop.wait(pause)
                pause = min(pause * 2, 2.0)
    finally:
        stop.set()
        sweeper.join(timeout=_GRACE)
        jobs.bind(None)
        if threading.current_thread() is threading.main_thread():
            signal.alarm(0)


def _never_raising(alarm: Alarm | None) -> Alarm:
    """An alert that cannot be stored (the database may be what failed) is logged and no more."""

    def tell(kind: str, detail: str) -> None:
        log.error("alert %s %s", kind, detail)
        try:
            if alarm is not None:
                alarm(kind, detail)
        except Exception as error:
            log.error("the alert could not be stored: %s", type(error).__name__)

    return tell


def _take_jobs(broker: Broker, stop: threading.Event, alarm: Alarm) -> None:
    """Take jobs over one connection until stopped. Raises RedisError when it breaks."""
    connection = broker.connection(timeout=_WAIT_FOR_JOB + 4)
    try:
        connection.ping()
        worker = NudgeWorker(connection, alarm)
        worker.register_birth()  # type: ignore[no-untyped-call]
        try:
            while not stop.is_set():
                worker.take_one()
        finally:
            worker.register_death()  # type: ignore[no-untyped-call]
    except (HandrailError, ValueError) as error:
        raise QueueUnavailable("the queue answered something unexpected") from error
    finally:
        connection.close()


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT ask the worker to stop. Call in the main thread.

    A job that is still running after the grace time is interrupted; what it had not committed
    stays in the database and is done by the next sweep of any worker.
    """

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        # RQ's job timeout uses SIGALRM while a job runs: bring it forward.
        if callable(signal.getsignal(signal.SIGALRM)):
            signal.alarm(_GRACE)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
