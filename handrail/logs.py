"""What is logged, and what never is."""

import logging

_LOUD = (
    "httpx", "httpcore",  # print addresses with tokens in them
    "slack_bolt", "discord",  # print bodies
    "alembic", "rq.worker", "uvicorn.access", "uvicorn.error",  # print what nobody asked for
)  # fmt: skip


def set_up_logging(level: str) -> None:
    """Log to standard error from `level` on, with the loggers of libraries at WARNING: measured,
    see docs/decisions/0006-what-is-logged.md."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    quiet_loggers()


def quiet_loggers() -> None:
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
