"""The parts that intake works with, wired by `handrail.app` or by a test."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from handrail.domain.assessment import Assessment, Context
from handrail.domain.clock import Clock
from handrail.domain.ids import ConversationId
from handrail.domain.ports import Nudger, Store
from handrail.spool import Spool
from playbooks.model import Library
from referral_queue.rota import PlannedShift
from referral_queue.targets import DeskRules

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Who runs this and where. locale: BCP-47 of the shipped library. country: ISO 3166 alpha-2."""

    name: str
    locale: str
    country: str
    retention_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything `receive` needs, as values and callables, so that each can be made to fail.

    library: called at each message, so that a new publication is used at once.
    burst: messages of a contact closer together than this are read as one thought.
    deliver: tries to send a conversation's due messages now; may raise, the sweep tries again.
    """

    store: Store
    clock: Clock
    service: Service
    library: Callable[[], Library]
    assess: Callable[[str, Context], Assessment]
    rules: DeskRules
    plan: Sequence[PlannedShift]
    nudger: Nudger
    spool: Spool
    burst: timedelta = timedelta(minutes=10)
    urgent_memory: timedelta = timedelta(hours=24)
    deliver: Callable[[ConversationId], object] = field(default=lambda _: None)

    def alert(self, kind: str, detail: str) -> None:
        """Tell the operators, in the record if it can be reached and in the log in any case.
        Never raises: it is called while something else is already failing."""
        _log.error("alert: %s (%s)", kind, detail)
        try:
            with self.store.transaction() as tx:
                tx.journal.alert(kind, detail, self.clock.now())
        except Exception as error:  # whatever it is: what called us has a message to save
            _log.error("alert could not be recorded: %s", type(error).__name__)
