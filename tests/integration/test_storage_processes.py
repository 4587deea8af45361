"""Several processes on one SQLite file: whoever leaves takes nothing of the others with them."""

import subprocess
import sys
import threading

from handrail.domain.clock import SystemClock
from tests.fakes.storage_builders import conversation, incoming

COME_AND_GO = """
import sys
from pathlib import Path
from handrail.storage.store import open_store
store = open_store(sys.argv[1], Path(sys.argv[2]))
with store.transaction() as tx:
    print(len(tx.people.all()))
store.close()
"""


def come_and_go(url, key_file):
    """Another process opens the database, looks, and leaves in good order."""
    subprocess.run(
        [sys.executable, "-c", COME_AND_GO, url, str(key_file)], check=True, timeout=60,
        capture_output=True,
    )  # fmt: skip


def test_what_is_committed_after_another_process_left_is_not_lost(sqlite_store, key_file, tmp_path):
    """The log must outlive a visitor, also after this process opened further connections."""
    path = tmp_path / "data" / "handrail.db"
    url = f"sqlite:///{path}"
    with sqlite_store.transaction() as tx:
        where = conversation(tx)
    both = threading.Barrier(2)

    def read():
        with sqlite_store.transaction(read_only=True) as tx:
            both.wait(10)
            tx.people.all()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    log = path.with_name(path.name + "-wal")
    inode = log.stat().st_ino
    come_and_go(url, key_file)
    assert log.stat().st_ino == inode, "the visitor deleted the log that we still write to"
    now = SystemClock().now()
    with sqlite_store.transaction() as tx:
        tx.messages.store_incoming(where, incoming("words", message_id="after"), now)
    seen = subprocess.run(
        [sys.executable, "-c", "import sqlite3, sys; print(sqlite3.connect(sys.argv[1])"
         ".execute('SELECT count(*) FROM message').fetchone()[0])", str(path)],
        check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert seen.stdout.strip() == "1"
