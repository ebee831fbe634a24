"""How the schema came to be: one module a revision, run by Alembic when a store is not at the last one."""
