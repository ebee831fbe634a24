"""What is read in the order of an index in a large store, as the server's planner decides by its own statistics."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from ftos_tui.stores.protocol import ListQuery, SortColumn
from ftos_tui.stores.sql import audit, history, listing, reads, trials
from ftos_tui.stores.sql.postgres import open_postgres
from ftos_tui.stores.sql.schema import SORT_COLUMNS
from ftos_tui.stores.sql.statements import Query
from ftos_tui.stores.sql.store import SqlStore
from tests.postgres import PostgresServer
from tests.stores.making import AT

_FILL = """
SET session_replication_role = replica;
ALTER TABLE provider_version DISABLE TRIGGER USER;
ALTER TABLE audit DISABLE TRIGGER USER;
INSERT INTO provider_version SELECT 'p' || p, v, '{}', '[]', '{"app_key":1,"app_password":0}',
    '2026-01-01T00:00:00.000000+00:00', 'ana', 'h', NULL, '', 'save', '[]', p || '/' || v, false
    FROM generate_series(1, 20000) p, generate_series(1, 2) v;
INSERT INTO provider_version SELECT 'p1', v, '{}', '[]', '{"app_key":1,"app_password":0}',
    '2026-01-01T00:00:00.000000+00:00', 'ana', 'h', NULL, '', 'save', '[]', '1/' || v, false
    FROM generate_series(3, 10000) v;
INSERT INTO provider SELECT 'p' || p, 2, 'Name ' || p, 'name ' || p,
    CASE p % 3 WHEN 1 THEN 'email' WHEN 2 THEN 'sms' END,
    CASE WHEN p % 4 > 0 THEN 'SendGrid' || p % 4 END, CASE WHEN p % 4 > 0 THEN 'sendgrid' || p % 4 END,
    CASE WHEN p % 5 > 0 THEN '0' || p % 5 || ':00:00' END, NULL, CASE WHEN p % 7 > 0 THEN p % 7 END, '', p % 4,
    'user' || p % 5, '2026-01-0' || p % 9 + 1 || 'T00:00:00.000000+00:00', 'name ' || p || chr(10) || 'email' || chr(10)
    FROM generate_series(1, 20000) p;
INSERT INTO secret SELECT 'p' || p, 'app_key', v, '', 'k', '', '2026-01-01T00:00:00.000000+00:00', 'ana'
    FROM generate_series(1, 20000) p, generate_series(1, 2) v;
INSERT INTO audit SELECT s, '2026-01-01T00:00:00.000000+00:00', 'ana', 'h', NULL, 'save', 'p' || s % 20000, 'Name', 1,
    '{}', '', '' FROM generate_series(1, 50000) s;
INSERT INTO trial SELECT 'p' || p, 2, 1, '2026-01-0' || p % 9 + 1 || 'T00:00:00.000000+00:00',
    '2026-01-01T00:00:00.000000+00:00', 'ana', 'h', NULL FROM generate_series(1, 5000) p;
ANALYZE;
"""


@pytest.fixture(scope="module")
def full(postgres_server: PostgresServer) -> Iterator[SqlStore]:
    """A store of 20,000 providers and 50,000 versions."""
    name = postgres_server.new_database()
    postgres_server.execute(_FILL, database=name)
    with closing(open_postgres(postgres_server.target(name))) as store:
        yield store


def _nodes(store: SqlStore, query: Query) -> list[dict[str, Any]]:
    """The steps of a plan."""
    found: list[dict[str, Any]] = []
    with store.database.reading() as connection:
        compiled = query.statement.compile(connection)  # type: ignore[attr-defined]
        text = f"EXPLAIN (FORMAT JSON, ANALYZE, TIMING OFF) {compiled}"
        driver = connection.connection.driver_connection
        assert driver is not None
        [[[plan]]] = driver.execute(text, compiled.construct_params(dict(query.values))).fetchall()

    def walk(node: dict[str, Any]) -> None:
        found.append(node)
        for each in node.get("Plans", ()):
            walk(each)

    walk(plan["Plan"])
    return found


def _by_index(store: SqlStore, query: Query, largest: int) -> set[str]:
    """The indexes a statement uses; it may neither read a table whole nor touch many rows."""
    nodes = _nodes(store, query)
    for node in nodes:
        assert node["Node Type"] not in ("Seq Scan", "Sort"), node
        touched = node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
        assert touched <= largest, {
            k: v for k, v in node.items() if "ows" in k or "ond" in k or "ilter" in k or "Index" in k
        }
    return {node["Index Name"] for node in nodes if "Index Name" in node}


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sort", list(SortColumn))
def test_every_page_is_read_in_the_order_of_an_index(full: SqlStore, sort: SortColumn, backwards: bool) -> None:
    field = SORT_COLUMNS[sort].name
    middle = full.list_page(ListQuery(sort, limit=1000))[-1].cursor
    last = full.list_page(ListQuery(sort, backwards=True, limit=1000))[0].cursor
    for after in (None, middle, last):
        for query in listing.segments(ListQuery(sort, after=after, backwards=backwards), 100):
            used = _by_index(full, query, 200)
            assert used <= {f"provider_by_{field}", "provider_name_key_key"}
            assert used


def test_records_history_trials_and_the_audits_end_are_found_by_index(full: SqlStore) -> None:
    of = {"of": "p1"}
    queries = [
        Query(reads.row_of(reads.CURRENT), of),
        Query(reads.secrets_of(reads.CURRENT), of),
        reads.owner_query("name 77"),
        reads.outcome_query("77/2"),
        Query(history._page(behind=True), {**of, "before": 5000, "most": 100}),
        Query(history._secrets(behind=True), {**of, "before": 5000, "most": 100}),
        Query(trials._due(full.database.clock.statement), {"now": AT.isoformat(), "most": 100}),
        trials.running("p1"),
        audit.LAST,
    ]
    for query in queries:
        assert _by_index(full, query, 1000), str(query.statement)


def test_a_filter_finds_what_it_should_in_a_large_store(full: SqlStore) -> None:
    assert full.count("name 1999") == 11
    assert [row.name for row in full.list_page(ListQuery(filter="NAME 19999"))] == ["Name 19999"]
