"""The record: SQLAlchemy store, Alembic migrations, field encryption."""
