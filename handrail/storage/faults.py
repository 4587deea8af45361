"""Database errors in the house's own words.

Neither statement nor values cross the border: a driver's text may quote a row.
"""

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from handrail.domain.errors import Conflict, StorageError

_TRY_AGAIN = {
    "40001": "serialization failure",
    "40P01": "deadlock",
    "55P03": "lock not available",
}


def translate(error: SQLAlchemyError) -> StorageError:
    """Conflict where reading again and deciding again can help, StorageError otherwise."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    name = f"{type(cause or error).__name__}{f' {code}' if code else ''}"
    if isinstance(error, IntegrityError):
        return Conflict(f"the database refused a row that clashes with another ({name})")
    if code in _TRY_AGAIN:
        return Conflict(f"two transactions met: {_TRY_AGAIN[code]} ({name})")
    return StorageError(f"the database refused or could not be reached ({name})")
