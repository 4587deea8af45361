"""kill -9 of any part between any two steps of a report: nothing lost, nothing doubled.

Four friends report side by side while one process after another is killed at random moments: the
worker, the embedded Redis, the process that answers, and everything at once. Afterwards the record
is counted. The seed is printed; `HANDRAIL_KILL_SEED` repeats a run.
"""

import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from handrail.domain.ids import Platform
from handrail.domain.message import Author
from handrail.receipt import read_receipt
from handrail.storage.store import open_store
from tests.service import Service, WebContact

KILLS = int(os.environ.get("HANDRAIL_KILLS", "200"))
FRIENDS = 4
WEIGHTS = {"worker": 14, "redis": 9, "edge": 2, "all": 1}
QUESTIONS = 12
"""More than a report can have: a form that never ends is a failure."""


@dataclass
class Told:
    """What one friend sent and was told, to be compared with the record."""

    token: str
    sent: list[str] = field(default_factory=list)
    receipt: str = ""
    wrong_place: int = 0


class Killer(threading.Thread):
    def __init__(self, service: Service, chance: random.Random) -> None:
        super().__init__(name="killer")
        self.service, self.chance = service, chance
        self.hits: Counter[str] = Counter()
        self.done = threading.Event()

    def run(self) -> None:
        while sum(self.hits.values()) < KILLS and not self.done.is_set():
            time.sleep(self.chance.uniform(0.02, 0.4))
            kind = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            if self.service.kill(kind):
                self.hits[kind] += 1
            if kind == "all":
                self.service.start()
            if kind in ("edge", "all"):  # let it come back: a part that never lives proves nothing
                self.wait_until_it_answers()
        self.done.set()

    def wait_until_it_answers(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.service.url}/healthz", timeout=2).status_code == 200:
                    return
            time.sleep(0.1)


def shown_to(contact: WebContact) -> list[dict[str, Any]]:
    """The page as it stands, as soon as somebody answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(httpx.TransportError, httpx.HTTPStatusError):
            return contact.messages()
        time.sleep(0.2)
    raise AssertionError("the conversation could not be read")


def choices_of(contact: WebContact) -> list[tuple[str, str]]:
    """The buttons under the latest message of the service."""
    said = [m for m in shown_to(contact) if m["author"] == "service"]
    return [(b["id"], b["label"]) for b in said[-1]["buttons"]] if said else []


def tell(service: Service, number: int) -> Told:
    """One report from the first word to the receipt, by whatever way the form is at."""
    contact = service.contact()
    until = time.monotonic() + 60
    while True:
        try:
            contact.open()
            break
        except (httpx.TransportError, httpx.HTTPStatusError):
            assert time.monotonic() < until, "the page never opened"
            time.sleep(0.2)
    told = Told(token="")
    first = f"I'm worried about my friend, number {number}"
    contact.send(first)
    told.token = contact.http.cookies["handrail-chat"]
    told.sent.append(first)
    before = ""
    for _ in range(QUESTIONS):
        choices = choices_of(contact)
        if not any(button.startswith("q:report:") for button, _ in choices):
            break
        wanted = "No" if any(label == "No" for _, label in choices) else "Skip"
        button, label = next(c for c in choices if c[1] in (wanted, "Skip"))
        told.wrong_place += button == before
        before = button
        contact.send(label, press=button)
        told.sent.append(label)
    for message in shown_to(contact):
        for line in message["text"].splitlines():
            told.receipt = read_receipt(line) or told.receipt
    return told


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_by_killing_anything_at_any_time(tmp_path, capsys):
    seed = int(os.environ.get("HANDRAIL_KILL_SEED", random.SystemRandom().randrange(10**6)))
    told: list[Told] = []
    began = time.monotonic()
    with Service(tmp_path) as service:
        killer = Killer(service, random.Random(seed))
        killer.start()
        with ThreadPoolExecutor(FRIENDS) as friends:
            number = 0
            while not killer.done.is_set():
                batch = [friends.submit(tell, service, number + n) for n in range(FRIENDS)]
                number += FRIENDS
                try:
                    told += [one.result() for one in batch]
                except BaseException:
                    killer.done.set()
                    raise
        killer.join()
        service.wait_ready()
        time.sleep(3)  # the sweep of a fresh worker
        retries = sum(contact.retries for contact in service._contacts)
        assert service.stop() == 0
    counted = count(service, told)
    with capsys.disabled():
        print(
            f"\nseed {seed}: {sum(killer.hits.values())} kills {dict(killer.hits)} in "
            f"{time.monotonic() - began:.0f} s, {len(told)} reports, {retries} retries: {counted}"
        )
    assert sum(killer.hits.values()) >= KILLS
    assert len(told) >= FRIENDS
    assert counted == {
        "reports": len(told),
        "referrals": len(told),
        "lost messages": 0,
        "doubled messages": 0,
        "unsent replies": 0,
        "without receipt": 0,
        "asked out of place": 0,
    }


def count(service: Service, told: list[Told]) -> dict[str, int]:
    store = open_store(f"sqlite:///{service.data / 'handrail.sqlite'}", service.data / "master.key")
    counted: Counter[str] = Counter()
    with store.transaction(read_only=True) as tx:
        assert tx.journal.first_broken() is None
        live = tx.referrals.live()
        for one in told:
            conversation = tx.conversations.of_account(Platform("web"), one.token)
            assert conversation is not None, "a report has no conversation"
            messages = tx.messages.of_conversation(conversation.id)
            kept = Counter(m.text for m in messages if m.author is Author.CONTACT and m.text)
            sent = Counter(one.sent)
            if sent != kept:
                print(f"sent {one.sent}")
                print(
                    "kept", [(m.seq, m.author.value, m.kind.value, m.text[:40]) for m in messages]
                )
            counted["lost messages"] += (sent - kept).total()
            counted["doubled messages"] += (kept - sent).total()
            counted["without receipt"] += not one.receipt
            counted["asked out of place"] += one.wrong_place
            mine = [r for r in live if r.conversation_id == conversation.id]
            counted["referrals"] += len(mine)
            reports = {r.report_id for r in mine if r.report_id}
            by_receipt = tx.reports.by_receipt(one.receipt) if one.receipt else None
            counted["reports"] += by_receipt is not None and reports == {by_receipt.id}
        counted["unsent replies"] = len(tx.outbox.due(datetime.now(UTC)))
    store.close()
    names = (
        "reports", "referrals", "lost messages", "doubled messages", "unsent replies",
        "without receipt", "asked out of place",
    )  # fmt: skip
    return {name: counted[name] for name in names}
