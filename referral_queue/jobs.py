"""What travels through Redis: which of three functions to run, and one id. Nothing else, ever.

RQ finds a job's function by its name, and whoever can write to Redis can write any name. So a
`GuardedJob` never imports what it is told to: it looks the name up in a short list, takes ids
only, and drops callbacks and webhooks. Everything else is a `ForeignJob`: refused and alerted.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from handrail.domain.errors import HandrailError, QueueUnavailable
from handrail.domain.ids import ConversationId, ReferralId

QUEUE = "handrail"
"""The one queue. With two, RQ can lose a job for ever when a worker is killed."""

NUDGE_TTL = 300
"""Seconds a nudge is worth anything; the sweep has done its work long before."""

JOB_TIMEOUT = 30
"""Seconds one job may take before it is stopped; its work stays in the database."""

_ID = re.compile(r"[0-9a-f]{32}")
_PREFIX = f"{__name__}."

log = logging.getLogger(__name__)


class Runtime(Protocol):
    """What the process does when it is woken. `handrail.app` fills it. All three are idempotent:
    a job may come twice, late, or never."""

    def deliver(self, conversation_id: ConversationId) -> None:
        """Send what is due in this conversation."""
        ...

    def referral_changed(self, referral_id: ReferralId) -> None:
        """Tell whoever must know (volunteers on shift, pages that are open)."""
        ...

    def sweep(self) -> None:
        """Do everything that is due, found in the database: the truth does not need Redis."""
        ...


class ForeignJob(HandrailError):
    """A job in the queue is not one of ours. Somebody else can write to Redis: find out who."""


_runtime: Runtime | None = None


def bind(runtime: Runtime | None) -> None:
    """Say what this process's jobs act on; None unbinds. Once, before the worker starts.

    A module variable, because RQ calls functions by name, without an object to carry it.
    """
    global _runtime
    _runtime = runtime


def _bound() -> Runtime:
    if _runtime is None:
        raise QueueUnavailable("this process has no runtime bound")
    return _runtime


def deliver(conversation_id: ConversationId) -> None:
    """Send what is due in this conversation."""
    _bound().deliver(conversation_id)


def referral_changed(referral_id: ReferralId) -> None:
    """Tell whoever must know that a referral changed."""
    _bound().referral_changed(referral_id)


def sweep() -> None:
    """Do everything that is due now."""
    _bound().sweep()


_ALLOWED: dict[str, tuple[Callable[..., None], int]] = {
    f"{_PREFIX}deliver": (deliver, 1),
    f"{_PREFIX}referral_changed": (referral_changed, 1),
    f"{_PREFIX}sweep": (sweep, 0),
}
"""Name -> function and number of ids. The whole of what Redis can make this program do."""


def ours(name: object, instance: object, args: object, kwargs: object) -> Callable[[], None]:
    """The call a job stands for. Raises ForeignJob for anything that is not exactly ours."""
    known = _ALLOWED.get(name) if isinstance(name, str) else None
    if known is None or instance is not None or kwargs:
        raise ForeignJob("a job names a function that is not on the list")
    function, wanted = known
    ids = list(args) if isinstance(args, Sequence) and not isinstance(args, str) else [None]
    if len(ids) != wanted or not all(isinstance(i, str) and _ID.fullmatch(i) for i in ids):
        raise ForeignJob("a job carries something else than ids")
    return lambda: function(*ids)


class GuardedJob(Job):
    """An RQ job that runs only what is on the list."""

    def restore(self, raw_data: Any) -> Any:
        """Read it from Redis, without what could call or import anything else, or stay for long.

        Raises NoSuchJobError for what cannot be read at all: RQ then forgets it.
        """
        try:
            result = super().restore(raw_data)
        except NoSuchJobError:
            raise
        except Exception as error:
            log.warning("an entry of the queue cannot be read: %s", type(error).__name__)
            raise NoSuchJobError("unreadable") from None
        self._success_callback_name = None
        self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []
        self.repeats_left = self.retries_left = None
        self._dependency_ids = []
        self.timeout = JOB_TIMEOUT
        self.result_ttl, self.failure_ttl = 0, NUDGE_TTL
        return result

    def _execute(self) -> None:
        ours(self.func_name, self.instance, self.args, self.kwargs)()


def queue_on(connection: Redis) -> Queue:
    """The one queue, with the JSON serializer (pickle would run code) and guarded jobs."""
    return Queue(
        QUEUE,
        connection=connection,
        serializer=JSONSerializer,
        job_class=GuardedJob,
        default_timeout=JOB_TIMEOUT,
    )


class RqNudger:
    """Wakes a worker through RQ. Fills `handrail.domain.ports.Nudger`. Raises nothing.

    connect: a client with short timeouts (`broker.connection`). After a failure it stays quiet
    for `pause` seconds, so that a Redis that hangs costs a request one timeout, not each.
    lost: how many nudges did not get through; each is found by the sweep.
    """

    def __init__(
        self,
        connect: Callable[[], Redis],
        *,
        pause: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._queue: Queue | None = None
        self._quiet_until = float("-inf")
        self._logged_at = float("-inf")
        self.lost = 0

    def nudge_delivery(self, conversation_id: ConversationId) -> None:
        self._nudge("deliver", conversation_id)

    def nudge_referral(self, referral_id: ReferralId) -> None:
        self._nudge("referral_changed", referral_id)

    def _nudge(self, name: str, *ids: str) -> None:
        if self._clock() < self._quiet_until:
            self.lost += 1
            return
        try:
            self._ready().enqueue_call(
                _PREFIX + name,
                args=ids,
                ttl=NUDGE_TTL,
                result_ttl=0,
                failure_ttl=NUDGE_TTL,
                description=name,
            )
        # Whatever goes wrong here must never reach the person whose message was just stored.
        except (RedisError, HandrailError, OSError, ValueError) as error:
            self._failed(type(error).__name__)

    def _ready(self) -> Queue:
        with self._lock:
            if self._queue is None:
                self._queue = queue_on(self._connect())
            return self._queue

    def _failed(self, kind: str) -> None:
        now = self._clock()
        with self._lock:
            self.lost += 1
            self._queue = None
            self._quiet_until = now + self._pause
            if now - self._logged_at >= 60:
                self._logged_at = now
                log.warning("nudge lost, the sweep will find it: %s, %d so far", kind, self.lost)


def waiting(connection: Redis) -> int:
    """How many nudges wait. Raises QueueUnavailable."""
    try:
        return queue_on(connection).count
    except RedisError as error:
        raise QueueUnavailable("Redis did not answer") from error
