"""Statements that are built once and run together: where the database is far away, a round trip costs more than they.

A `Query` names its parameters, so that its statement can be compiled once and kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection, Executable

Rows = Sequence[Any]
"""Rows whose values go by position and by the column's name, as SQLAlchemy's `Row` or as a named tuple."""


@dataclass(frozen=True, slots=True)
class Query:
    """A statement and the values of its parameters.

    Attributes:
        statement: Built once for all calls, its parameters named; kept for as long as the program runs.
        values: The parameters; for an INSERT every column of its table.
    """

    statement: Executable
    values: Mapping[str, Any] = field(default_factory=dict)


class Runs(Protocol):
    """Runs statements, all of those given in one call together."""

    def run(self, *queries: Query) -> list[Rows]:
        """The rows of each statement; none for one that gives back no rows."""
        ...

    def each(self, *queries: Query) -> Iterator[Rows]:
        """The rows of each statement in turn; where that costs less, a statement is run when its rows are asked for."""
        ...


class Transaction(Runs, Protocol):
    """A transaction beside which nobody else writes."""

    @property
    def connection(self) -> Connection:
        """Its connection, for statements that depend on each other."""
        ...

    def finish(self, *queries: Query) -> None:
        """Runs the last statements and commits; nothing may follow."""
        ...


class InTurn:
    """Runs statements on a connection one after another: right for a database in the same process.

    Args:
        connection: A connection in a transaction, which whoever opened it commits.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def run(self, *queries: Query) -> list[Rows]:
        """The rows of each statement."""
        return list(self.each(*queries))

    def each(self, *queries: Query) -> Iterator[Rows]:
        """The rows of each statement, run when they are asked for."""
        for query in queries:
            result = self.connection.execute(query.statement, query.values)
            yield result.all() if result.returns_rows else ()

    def finish(self, *queries: Query) -> None:
        """Runs the last statements; the commit follows at the end of the transaction's block."""
        self.run(*queries)
