"""Points in time as whole microseconds since 1970-01-01 UTC, and what time it is by the store's clock."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, cast, extract, func, select

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

MICROS: Final = 1_000_000
"""Microseconds of a second."""


def to_micros(at: datetime) -> int:
    """The microseconds since 1970.

    Raises:
        TypeError: The time has no zone.
    """
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The time, UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def optional_micros(at: datetime | None) -> int | None:
    """The microseconds since 1970, or None."""
    return None if at is None else to_micros(at)


def optional_time(micros: int | None) -> datetime | None:
    """The time, UTC, or None."""
    return None if micros is None else from_micros(micros)


_SERVER_CLOCK: Final = select(cast(extract("epoch", func.clock_timestamp()) * MICROS, BigInteger))


def store_now(connection: Connection) -> int:
    """What time it is by the store's clock, in microseconds: the server's on PostgreSQL, this process's on SQLite."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(_SERVER_CLOCK).scalar_one())
    return to_micros(datetime.now(UTC))
