"""The error tree. Each docstring says what happened and what to do.

HandrailError
├── ConfigError              a setting is missing, unknown or contradictory
├── KeyFileError             the master key file is missing, unreadable or open to others
├── StorageError             the database refused or could not be reached
│   ├── Conflict             somebody changed the row first: read it again
│   └── Erased               the contact's key was destroyed: its text can never be read again
├── PlaybookError            a playbook, flow or helpline file is missing or fails its check
├── TriageError              triage could not finish; the caller degrades to the fail-up level
│   └── ClassifierUnavailable  the model is missing, corrupt, slow or answered nonsense
├── DeskError                a volunteer's action is not possible now
│   ├── NotAllowed           the referral's state or the person's role forbids it
│   └── LeaseLost            the claim ended: somebody else may hold the referral
├── QueueUnavailable         Redis did not answer; the sweep will carry the work later
└── DeliveryError            a platform refused a message (`permanent`, `retry_after`)
"""

from datetime import timedelta


class HandrailError(Exception):
    """Root of all errors Handrail raises on purpose."""


class ConfigError(HandrailError):
    """A setting is missing, unknown or contradictory. Correct the named key and start again."""


class KeyFileError(HandrailError):
    """The master key file is missing, unreadable or open to others.

    Restore it from its backup: without it no stored text can ever be read again.
    """


class StorageError(HandrailError):
    """The database refused or could not be reached. `handrail doctor` says which and why."""


class Conflict(StorageError):
    """Somebody changed the row first. Read it again and decide again."""


class Erased(StorageError):
    """The contact asked for deletion and the key was destroyed. Nothing can bring the text back."""


class PlaybookError(HandrailError):
    """A playbook, flow or helpline file is missing or fails its check.

    Run `handrail playbooks check`; it names the file, the line and what to write instead.
    """


class TriageError(HandrailError):
    """Triage could not finish. The caller answers at the fail-up level and asks for a review."""


class ClassifierUnavailable(TriageError):
    """The model is missing, corrupt, slow or answered nonsense. Rules alone decide; alert."""


class DeskError(HandrailError):
    """A volunteer's action is not possible now. Reload the referral."""


class NotAllowed(DeskError):
    """The referral's state or the person's role forbids the action."""


class LeaseLost(DeskError):
    """The claim ended and somebody else may hold the referral. Press *Next* for new work."""


class QueueUnavailable(HandrailError):
    """Redis did not answer. Nothing is lost: the sweep finds the work in the database."""


class DeliveryError(HandrailError):
    """A platform refused a message.

    Attributes:
        permanent: True when trying again can never help (blocked, account gone).
        retry_after: how long the platform asks us to wait; None when it did not say.
    """

    def __init__(
        self, reason: str, *, permanent: bool, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.retry_after = retry_after
