"""The relational store: one schema on SQLAlchemy Core, migrated by Alembic."""
