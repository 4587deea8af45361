"""Alembic runs this file for every command. `handrail.storage.migrate` hands it a connection."""

from alembic import context

from handrail.storage.schema import metadata


def _run() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        # SQLite cannot alter most things in place: batch mode copies the table.
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_run()
