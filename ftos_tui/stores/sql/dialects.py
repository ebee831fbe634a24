"""What only the dialects of SQLAlchemy know; the one of a database that is not used is not imported."""

from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import ColumnElement, Text, any_, bindparam


@cache
def insert_of(dialect: str) -> Any:
    """The INSERT that knows ON CONFLICT.

    Args:
        dialect: Its name: `postgresql` or `sqlite`.
    """
    return import_module(f"sqlalchemy.dialects.{dialect}").insert


def among(column: ColumnElement[str], dialect: str) -> ColumnElement[bool]:
    """That a column is one of the texts of the parameter `ids`.

    On PostgreSQL they are one list, so that the statement stays the same however many there are, and is prepared.

    Args:
        column: The column.
        dialect: SQLAlchemy's name of the database system.
    """
    if dialect != "postgresql":
        return column.in_(bindparam("ids", expanding=True))
    from sqlalchemy.dialects.postgresql import ARRAY  # SQLite does without it

    return column == any_(bindparam("ids", type_=ARRAY(Text)))
