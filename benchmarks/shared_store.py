"""What the shared store costs: beside hand-written psycopg, over a long line, and with a hundred thousand providers."""

import hmac
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import repeat
from typing import Final

import psycopg

from benchmarks.by_hand import ByHand
from benchmarks.distance import Distance
from benchmarks.figures import Figure
from benchmarks.shared_places import VERSIONS_EACH, new_shared_store, next_version
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.stores.protocol import ListQuery, SortColumn
from ftos_tui.stores.sql.postgres import open_postgres
from ftos_tui.stores.sql.store import SqlStore
from tests.postgres import PostgresServer

FEW: Final = 200
MOST: Final = 100_000

ROUND_TRIP_S: Final = 0.1
"""How far away the server is where that is measured, in seconds there and back."""

_TIMES: Final = 300
_TIMES_AFAR: Final = 9
_LIMIT: Final = 100
_SHOWN: Final = "Benchmark-000107"
"""A provider that every store has."""

Operation = Callable[[], object]


def store_figures(server: PostgresServer, few: str, most: str) -> list[Figure]:
    """Pages, opening and saving: against psycopg, over a long line, and in a large store against a small one.

    Args:
        server: The server.
        few: The database with `FEW` providers.
        most: The one with `MOST`.
    """
    with closing(open_postgres(server.target(few))) as small, closing(open_postgres(server.target(most))) as large:
        figures = _beside_psycopg(server, few, small)
        figures += _afar(server, few)
        figures += _flat(small, large)
    return figures


def shared_stores(server: PostgresServer) -> tuple[str, str]:
    """Makes a store with `FEW` providers and one with `MOST`; their databases."""
    return new_shared_store(server, FEW), new_shared_store(server, MOST)


def _beside_psycopg(server: PostgresServer, database: str, store: SqlStore) -> list[Figure]:
    conninfo = f"host={server.host} port={server.port} user=postgres dbname={database}"
    with closing(ByHand(conninfo)) as hand, closing(ByHand(conninfo, pipeline=False)) as waiting:
        cursor = store.list_page(ListQuery(limit=FEW // 2))[-1].cursor
        provider_id = store.by_name(_SHOWN).provider_id
        first, behind = ListQuery(limit=_LIMIT), ListQuery(limit=_LIMIT, after=cursor)
        filtered = ListQuery(limit=_LIMIT, filter="mark-0001")
        saved = [store.by_id(row.provider_id) for row in store.list_page(ListQuery(limit=3))]

        def saving(number: int, save: Callable[[ProviderVersion], ProviderVersion]) -> Operation:
            def once() -> None:
                saved[number] = save(saved[number])

            return once

        def by(client: ByHand) -> Callable[[ProviderVersion], ProviderVersion]:
            return lambda version: client.save(version, 1 + version.number % 1000, uuid.uuid4().hex)

        name_key, last = str(cursor[0]), cursor[1]
        compared: dict[str, tuple[Operation, Operation, Operation]] = {
            f"list of {_LIMIT}": (
                lambda: store.list_page(first),
                lambda: hand.first_page(_LIMIT),
                lambda: waiting.first_page(_LIMIT),
            ),
            f"list of {_LIMIT} behind a cursor": (
                lambda: store.list_page(behind),
                lambda: hand.page_behind(name_key, last, _LIMIT),
                lambda: waiting.page_behind(name_key, last, _LIMIT),
            ),
            f"list of {_LIMIT}, filtered": (
                lambda: store.list_page(filtered),
                lambda: hand.filtered_page("mark-0001", _LIMIT),
                lambda: waiting.filtered_page("mark-0001", _LIMIT),
            ),
            "open": (
                lambda: store.by_id(provider_id),
                lambda: hand.current(provider_id),
                lambda: waiting.current(provider_id),
            ),
            "save": (
                saving(0, lambda version: store.write(next_version(version), _sign)),
                saving(1, by(hand)),
                saving(2, by(waiting)),
            ),
        }
        figures = []
        for measure, operations in compared.items():
            ours, together, one_by_one = _medians_ms(operations)
            note = f"median of {_TIMES}, psycopg; in a pipeline {together:.2f} ms, without {one_by_one:.2f} ms"
            figures.append(Figure(f"shared store: {measure}", ours, "ms", 1.5, min(together, one_by_one), note=note))
    return figures


def _afar(server: PostgresServer, database: str) -> list[Figure]:
    with (
        Distance(server.host, server.port, ROUND_TRIP_S) as line,
        closing(open_postgres(server.target(database, ports=(line.port,)))) as store,
        psycopg.connect(f"host=127.0.0.1 port={line.port} user=postgres dbname={database}", autocommit=True) as bare,
    ):
        saved = [store.by_name(_SHOWN)]

        def save() -> None:
            saved[0] = store.write(next_version(saved[0]), _sign)

        operations: dict[str, tuple[Operation, float]] = {
            "list": (lambda: store.list_page(ListQuery(limit=_LIMIT)), 1.2),
            "open": (lambda: store.by_name(_SHOWN), 1.2),
            "save": (save, 2.2),
        }
        asked = [lambda: bare.execute("SELECT 1").fetchall(), *(operation for operation, _ in operations.values())]
        trip, *taken = _medians_ms(asked, _TIMES_AFAR)
    note = f"median of {_TIMES_AFAR}, one SELECT 1; {ROUND_TRIP_S * 1000:.0f} ms there and back"
    return [
        Figure(f"far shared store: {name}", ours, "ms", most, trip, note=note)
        for ours, (name, (_, most)) in zip(taken, operations.items(), strict=True)
    ]


def _flat(small: SqlStore, large: SqlStore) -> list[Figure]:
    """What a large store costs against a small one."""
    pages = {
        f"page by {column.name.lower()}{' descending' if descending else ''}": ListQuery(column, descending, limit=30)
        for column in SortColumn
        for descending in (False, True)
    }
    by_name, *others = ((name, *_both_ms(small, large, _page(query))) for name, query in pages.items())
    column, reference, ours = max(others, key=lambda other: other[2] / other[1])
    figures = [
        _of_many("page, by name", by_name[2], by_name[1]),
        _of_many("page, worst column", ours, reference, column),
        _of_many("page behind a cursor in the middle", *_both_ms(small, large, _deep)[::-1]),
        _of_many("open", *_both_ms(small, large, lambda store: lambda: store.by_name(_SHOWN))[::-1]),
        _of_many("save", *_both_ms(small, large, _save)[::-1]),
        _of_many(f"history of {VERSIONS_EACH}", *_both_ms(small, large, _history)[::-1]),
    ]
    rare = ListQuery(filter="mark-000107", limit=30)
    few_ms, most_ms = _both_ms(small, large, _page(rare), times=30)
    counting = _both_ms(small, large, lambda store: lambda: store.count("mark-000107"), times=30)[1]
    note = f"median of 30, {FEW} providers; contains, so all rows are read; counting them {counting:.0f} ms"
    return [*figures, Figure(f"{MOST:,} shared: a filter that one row fits", most_ms, "ms", None, few_ms, note=note)]


def _page(query: ListQuery) -> Callable[[SqlStore], Operation]:
    return lambda store: lambda: store.list_page(query)


def _deep(store: SqlStore) -> Operation:
    middle = ListQuery(after=(f"benchmark-{store.count() // 2:06}", ""), limit=30)
    return lambda: store.list_page(middle)


def _save(store: SqlStore) -> Operation:
    saved = [store.by_name("Benchmark-000042")]

    def once() -> None:
        saved[0] = store.write(next_version(saved[0]), _sign)

    return once


def _history(store: SqlStore) -> Operation:
    provider_id = store.by_name("Benchmark-000111").provider_id
    return lambda: store.versions(provider_id)


def _of_many(measure: str, ours: float, reference: float, what: str = "") -> Figure:
    note = f"median of {_TIMES}, {FEW} providers" + (f", {what}" if what else "")
    return Figure(f"{MOST:,} shared: {measure}", ours, "ms", 1.2, reference, note=note)


def _both_ms(
    small: SqlStore, large: SqlStore, of: Callable[[SqlStore], Operation], times: int = _TIMES
) -> tuple[float, float]:
    few, most = _medians_ms([of(small), of(large)], times)
    return few, most


def _medians_ms(operations: Sequence[Operation], times: int = _TIMES) -> list[float]:
    """Does operations in turns, after a few that are not counted: statements are prepared the fifth time."""
    taken: list[list[float]] = [[] for _ in operations]
    for operation in operations:
        for _ in repeat(None, min(times, 20)):
            operation()
    for _ in repeat(None, times):
        for operation, mine in zip(operations, taken, strict=True):
            before = time.perf_counter()
            operation()
            mine.append(time.perf_counter() - before)
    return [statistics.median(mine) * 1000 for mine in taken]


def _sign(message: bytes) -> bytes:
    """Signs as the vault would, which costs the same with any store; the program by hand does so too."""
    return hmac.digest(b"audit key of a benchmark", message, "sha256")
