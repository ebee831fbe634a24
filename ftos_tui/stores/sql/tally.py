"""Counts of messages, kept with the changes they count: reading them costs the same however many messages there are."""

import os
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, func, select

from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.stores.sql.dialects import insert_of
from ftos_tui.stores.sql.instants import MICROS, from_micros
from ftos_tui.stores.sql.message_schema import message_count, message_hour
from ftos_tui.stores.sql.schema import status_count

_SHARDS: Final = 16
_HOUR: Final = 3600 * MICROS
_PASSING: Final = frozenset({Dispatch.QUEUED, Dispatch.CLAIMED, Dispatch.SENDING})


class Tally:
    """What one transaction changes of the counts; written at its end, in one order, so that no two wait crosswise.

    Args:
        now: The time of the transaction, in microseconds.
    """

    def __init__(self, now: int) -> None:
        self._hour = now // _HOUR * _HOUR
        self._states: Counter[tuple[str, str]] = Counter()
        self._codes: Counter[tuple[str, str]] = Counter()
        self._hours: Counter[tuple[str, str, str]] = Counter()

    def moved(self, provider_id: str, before: str | None, after: str, number: int = 1) -> None:
        """Counts messages that went from one state to another; `before` is None for new ones."""
        if before is not None:
            self._states[provider_id, before] -= number
        self._states[provider_id, after] += number
        if after not in _PASSING and before != after:
            self._hours[provider_id, "state", after] += number

    def coded(self, provider_id: str, code: str) -> None:
        """Counts a message that bears a code of the provider's status list for the first time."""
        self._codes[provider_id, code] += 1
        self._hours[provider_id, "code", code] += 1

    def write(self, connection: Connection) -> None:
        """Adds what was counted; right before the commit, for other transactions wait for these rows."""
        shard = 0 if connection.dialect.name == "sqlite" else os.getpid() % _SHARDS
        states = [
            {"provider_id": provider_id, "state": state, "shard": shard, "count": number}
            for (provider_id, state), number in sorted(self._states.items())
            if number
        ]
        hours = [
            {"provider_id": key[0], "hour": self._hour, "axis": key[1], "status": key[2], "shard": shard, "count": n}
            for key, n in sorted(self._hours.items())
        ]
        codes = [
            {"provider_id": provider_id, "code": code, "count": number}
            for (provider_id, code), number in sorted(self._codes.items())
        ]
        for table, rows in ((message_count, states), (message_hour, hours), (status_count, codes)):
            if rows:
                connection.execute(_adding(table, connection.dialect.name), rows)


def by_provider(connection: Connection) -> Mapping[str, Mapping[Dispatch, int]]:
    """How many messages of each provider are in each state."""
    found: dict[str, dict[Dispatch, int]] = {}
    for provider_id, state, number in connection.execute(_ALL):
        if number:
            found.setdefault(provider_id, {})[Dispatch(state)] = int(number)
    return found


def of_provider(connection: Connection, provider_id: str) -> Mapping[Dispatch, int]:
    """How many messages of one provider are in each state."""
    rows = connection.execute(_ONE, {"of": provider_id})
    return {Dispatch(state): int(number) for state, number in rows if number}


def of_all(connection: Connection) -> Mapping[Dispatch, int]:
    """How many messages are in each state."""
    total: Counter[Dispatch] = Counter()
    for counts in by_provider(connection).values():
        total.update(counts)
    return dict(total)


def hours(connection: Connection, provider_id: str, since: int) -> dict[tuple[str, str], dict[Any, int]]:
    """How many messages of a provider came to each status in each hour; see `MessageStore.hours`."""
    columns = message_hour.c
    rows = connection.execute(
        select(columns.axis, columns.status, columns.hour, func.sum(columns.count))
        .where(columns.provider_id == provider_id, columns.hour > since - _HOUR)
        .group_by(columns.axis, columns.status, columns.hour)
    )
    found: dict[tuple[str, str], dict[Any, int]] = {}
    for axis, status, hour, number in rows:
        found.setdefault((axis, status), {})[from_micros(hour)] = int(number)
    return found


_SUMMED: Final = func.sum(message_count.c.count)
_ALL: Final = select(message_count.c.provider_id, message_count.c.state, _SUMMED).group_by(
    message_count.c.provider_id, message_count.c.state
)


_ONE: Final = (
    select(message_count.c.state, _SUMMED)
    .where(message_count.c.provider_id == bindparam("of"))
    .group_by(message_count.c.state)
)


@cache
def _adding(table: Table, dialect: str) -> Any:
    """Adds to a count, or begins it."""
    new: Any = insert_of(dialect)(table)
    return new.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_={"count": table.c.count + new.excluded.count}
    )
