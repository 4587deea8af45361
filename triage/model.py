"""The classifier port's adapters. A classifier that fails is a fact to report, never an error.

`RulesOnly` stands in where no classifier is configured; `asked` calls any classifier and turns
every failure (exception, wrong shape, NaN, too late) into None.
"""

import math
import queue
import threading
from collections.abc import Sequence

from handrail.domain.assessment import Classifier, Scores
from handrail.domain.errors import ClassifierUnavailable

TIMEOUT_SECONDS = 2.0
"""Longer than any model here needs; the contact's first line is due within five seconds."""


class RulesOnly:
    """No classifier: every text scores nothing, and nothing is degraded by that."""

    name = "rules-only"
    version = "1"

    def score(self, texts: Sequence[str]) -> Sequence[Scores]:
        """One empty Scores per text."""
        return [Scores(danger_self=(0.0, 0.0, 0.0, 0.0)) for _ in texts]


class Bounded:
    """Wraps a classifier so that it answers soundly within a time, or not at all.

    timeout: seconds. A late answer is thrown away; its thread is a daemon and dies alone. While
    one is late, further questions are refused at once instead of piling up behind it.
    """

    def __init__(self, inner: Classifier, timeout: float = TIMEOUT_SECONDS) -> None:
        self.name = inner.name
        self.version = inner.version
        self._inner = inner
        self._timeout = timeout
        self._busy = threading.Semaphore(2)

    def score(self, texts: Sequence[str]) -> Sequence[Scores]:
        """Raises ClassifierUnavailable for every kind of failure."""
        if not self._busy.acquire(timeout=self._timeout):
            raise ClassifierUnavailable("still busy with earlier texts")
        answers: queue.Queue[Sequence[Scores] | BaseException] = queue.Queue(maxsize=1)
        threading.Thread(
            target=self._work, args=(list(texts), answers), name="classifier", daemon=True
        ).start()
        try:
            answer = answers.get(timeout=self._timeout)
        except queue.Empty:
            raise ClassifierUnavailable(f"no answer within {self._timeout} s") from None
        if isinstance(answer, BaseException):
            raise ClassifierUnavailable(type(answer).__name__) from answer
        return checked(answer, len(texts))

    def _work(
        self, texts: list[str], answers: "queue.Queue[Sequence[Scores] | BaseException]"
    ) -> None:
        try:
            answers.put(self._inner.score(texts))
        except BaseException as error:
            answers.put(error)
        finally:
            self._busy.release()


def checked(scores: Sequence[Scores], expected: int) -> Sequence[Scores]:
    """`scores` if each is sound. Raises ClassifierUnavailable naming what is wrong."""
    if len(scores) != expected:
        raise ClassifierUnavailable(f"{len(scores)} answers for {expected} texts")
    for item in scores:
        numbers = (*item.danger_self, item.self_injury, item.danger_other, item.concern_third)
        if len(item.danger_self) != 4 or not all(_probability(number) for number in numbers):
            raise ClassifierUnavailable("a score is not a probability")
    return scores


def _probability(number: float) -> bool:
    return math.isfinite(number) and 0.0 <= number <= 1.0


def asked(classifier: Classifier, texts: Sequence[str]) -> Sequence[Scores] | None:
    """The classifier's sound answer for `texts`, or None when there is none."""
    try:
        return checked(classifier.score(texts), len(texts))
    except Exception:
        return None
