"""Where a message goes when the database cannot take it: one sealed file each, on disk.

The sweep puts spooled messages through intake again as soon as the database answers; intake is
idempotent, so a message that was stored after all is not doubled.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from handrail.domain.ids import new_id
from handrail.domain.message import Incoming, IncomingKind

Seal = Callable[[bytes], bytes]


class Spool:
    """Files `<time>-<id>.sealed` in a directory of mode 0700. `seal` and `unseal` are inverse."""

    def __init__(self, directory: Path, seal: Seal, unseal: Seal) -> None:
        self._directory = directory
        self._seal = seal
        self._unseal = unseal

    def put(self, incoming: Incoming) -> None:
        """Durable when it returns. Raises OSError when the disk refuses too."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{incoming.sent_at.timestamp():020.6f}-{new_id()}"
        record = {**asdict(incoming), "sent_at": incoming.sent_at.isoformat()}
        sealed = self._seal(json.dumps(record).encode())
        partial = self._directory / f"{name}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._directory / f"{name}.sealed")

    def waiting(self) -> list[Path]:
        """Oldest first."""
        return sorted(self._directory.glob("*.sealed")) if self._directory.exists() else []

    def read(self, path: Path) -> Incoming:
        record = json.loads(self._unseal(path.read_bytes()))
        record["kind"] = IncomingKind(record["kind"])
        record["sent_at"] = datetime.fromisoformat(record["sent_at"])
        record["attachments"] = tuple(record["attachments"])
        return Incoming(**record)

    def drain(self, take: Callable[[Incoming], object]) -> int:
        """Hand every waiting message to `take`, oldest first, and remove it when `take` returned.
        What `take` raises ends the round, so that the order is kept. Returns how many went."""
        taken = 0
        for path in self.waiting():
            take(self.read(path))
            path.unlink()
            taken += 1
        return taken
