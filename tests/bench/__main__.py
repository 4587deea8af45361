"""Run every measurement once and print it beside its probe."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from handrail.domain.clock import FixedClock, SystemClock
from handrail.domain.cover import Audience, HumanEta
from handrail.domain.level import Level
from handrail.storage.store import open_store
from playbooks.choose import choose
from playbooks.model import Facts, Situation
from playbooks.render import render
from tests.house import LIBRARY, Desk, Visitor, build_house
from triage.assess import assess

ROUNDS = int(os.environ.get("HANDRAIL_BENCH_ROUNDS", "200"))
HUNDRED_WORDS = (
    "i have been trying to write this for an hour and i keep deleting it because it sounds so "
    "small when i read it back but everything has felt grey since the winter and i go to work and "
    "come home and sit on the edge of the bed and my sister rings and i say i am fine and she "
    "believes me and i do not know how to begin to say that i am not fine at all and that some "
    "mornings i cannot see the point of getting up "
)


def timed(work: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Seconds of each round, after five that are not counted."""
    for _ in range(5):
        work()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return taken


def p50(taken: Sequence[float]) -> float:
    return statistics.median(taken)


def p99(taken: Sequence[float]) -> float:
    return sorted(taken)[min(len(taken) - 1, int(len(taken) * 0.99))]


def line(name: str, taken: Sequence[float], probe: float, probe_name: str) -> None:
    print(
        f"{name:42} p50 {p50(taken) * 1000:8.2f} ms  p99 {p99(taken) * 1000:8.2f} ms  "
        f"p50 = {p50(taken) / probe:6.1f} x {probe_name}"
    )


def fdatasync_probe(directory: Path) -> list[float]:
    """One 4 KiB write made durable: the floor under every commit."""
    with (directory / "probe").open("wb", buffering=0) as file:

        def write() -> None:
            file.write(bytes(4096))
            os.fdatasync(file.fileno()) if hasattr(os, "fdatasync") else os.fsync(file.fileno())

        return timed(write, 100)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name))


def measure(directory: Path) -> None:
    sync = p50(fdatasync_probe(directory))
    print(f"{'probe: fdatasync of 4 KiB':42} p50 {sync * 1000:8.2f} ms")
    store = open_store(f"sqlite:///{directory / 'bench.sqlite'}", directory / "master.key")
    house = build_house(store, FixedClock(SystemClock().now()), directory)
    Desk.on_shift(house, "Vera")

    rules = timed(lambda: assess(HUNDRED_WORDS))
    line("triage.assess, 100 words, rules", rules, sync, "fdatasync")
    facts = Facts(
        locale="en-GB", country="GB", now=house.clock.now(), service_name="Handrail",
        retention_days=30, eta=HumanEta(),
    )  # fmt: skip
    situation = Situation(locale="en-GB", audience=Audience.SELF, level=Level.P2)
    words = timed(lambda: render(LIBRARY, choose(LIBRARY, situation), facts))
    line("playbooks: choose and render", words, sync, "fdatasync")

    def first_message() -> None:
        assert Visitor(house).send("I feel so low and I do not know what to do")

    line("intake.receive, a new contact", timed(first_message), sync, "fdatasync")
    person = Visitor(house)

    def next_message() -> None:
        assert person.send("I am still here and it is still hard")

    line("intake.receive, the same contact again", timed(next_message, 60), sync, "fdatasync")
    with store.transaction(read_only=True) as tx:
        waiting = len(tx.referrals.live())
    volunteer = Desk.on_shift(house, "Victor")
    offers = timed(lambda: volunteer.next(), 40)
    line(f"desk.offer_next, {waiting} waiting", offers, sync, "fdatasync")
    store.close()
    memory()


def memory() -> None:
    """Peak memory of a fresh interpreter that wires the whole house, beside a bare one."""
    wired = _peak("import handrail.app")
    bare = _peak("pass")
    print(f"{'memory: house wired':42} {wired:8.0f} MiB = {wired / bare:4.1f} x a bare interpreter")


def _peak(code: str) -> float:
    """MiB at most. From /proc where there is one: getrusage counts the parent's pages as well."""
    script = (
        f"{code}\n"
        "import pathlib, resource\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "if status.exists():\n"
        "    lines = dict(line.split(':', 1) for line in status.read_text().splitlines())\n"
        "    print(int(lines['VmHWM'].split()[0]) / 1024)\n"
        "else:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1048576)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return float(shown.stdout)


if __name__ == "__main__":
    main()
