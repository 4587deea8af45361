"""Where a message goes when the database cannot take it: one sealed file each, on disk.

The sweep puts spooled messages through intake again as soon as the database answers; intake is
idempotent, so a message that was stored after all is not doubled.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from handrail.domain.ids import new_id
from handrail.domain.message import Incoming, IncomingKind

Seal = Callable[[bytes], bytes]

STUCK_AT_MOST = 20
"""So many contacts' messages may fail in one round before it ends: the record itself is away."""


@dataclass(slots=True, kw_only=True)
class Drained:
    """What became of one round. taken: messages taken in. unreadable: files set aside, because
    nothing here can open them. failure: the first error of `take`, None when all went well."""

    taken: int = 0
    unreadable: int = 0
    failure: Exception | None = None


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

    def drain(self, take: Callable[[Incoming], object]) -> Drained:
        """Hand every waiting message to `take`, oldest first, and remove it when `take` returned.

        A message that fails stays, and so does what its contact wrote after it: the order of one
        contact is kept, and nobody waits for somebody else's. A file that cannot be opened is
        renamed to `.unreadable` and left for an operator.
        """
        done, stuck = Drained(), set[tuple[str, str]]()
        for path in self.waiting():
            incoming = self._opened(path)
            if incoming is None:
                done.unreadable += 1
                continue
            who = (incoming.platform, incoming.account)
            if who in stuck:
                continue
            try:
                take(incoming)
            except Exception as error:  # the caller raises or reports it
                done.failure = done.failure or error
                stuck.add(who)
                if len(stuck) >= STUCK_AT_MOST:
                    break
                continue
            path.unlink()
            done.taken += 1
        return done

    def _opened(self, path: Path) -> Incoming | None:
        """None, and the file set aside, when it was damaged or sealed with another key."""
        try:
            return self.read(path)
        except OSError:  # the disk, not the file: it may be there in the next round
            raise
        except Exception:
            path.rename(path.with_suffix(".unreadable"))
            return None
