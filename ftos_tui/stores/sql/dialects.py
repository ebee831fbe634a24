"""What only the dialects of SQLAlchemy know; the one of a database that is not used is not imported."""

from functools import cache
from importlib import import_module
from typing import Any


@cache
def insert_of(dialect: str) -> Any:
    """The INSERT that knows ON CONFLICT.

    Args:
        dialect: Its name: `postgresql` or `sqlite`.
    """
    return import_module(f"sqlalchemy.dialects.{dialect}").insert
