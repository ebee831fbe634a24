"""Paging by key: every order, both ways, with and without a filter, against a plain sort of the same rows."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, insert, text

from ftos_tui.domain.names import name_key
from ftos_tui.stores.protocol import Cursor, ListQuery, ProviderSummary, SortColumn
from ftos_tui.stores.sql import listing
from ftos_tui.stores.sql.schema import provider, provider_version
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.stores.sql.statements import InTurn
from ftos_tui.stores.sql.store import SqlStore

COUNT = 10_000
FIELDS = {
    SortColumn.NAME: "name_key",
    SortColumn.CHANNEL: "communication_channel",
    SortColumn.PROVIDER: "provider_key",
    SortColumn.WINDOW: "interval_min",
    SortColumn.BULK: "bulk_no",
    SortColumn.READINESS: "missing_count",
    SortColumn.SAVED_BY: "saved_by",
    SortColumn.SAVED_AT: "saved_at",
}


def provider_rows(count: int) -> list[dict[str, Any]]:
    """Rows of the list as saves would write them, with many ties and blanks."""
    dice = random.Random(1)
    rows = []
    for number in range(count):
        name = f"{dice.choice(('Gateway', 'gateway', 'Ärger', '漢字', '100%_'))} {number}"
        kind = dice.choice((None, "SendGrid", "sendgrid", "SMTP"))
        channel = dice.choice((None, "email", "sms"))
        rows.append(
            {
                "id": f"{dice.getrandbits(128):032x}",
                "version": 1,
                "name": name,
                "name_key": name_key(name),
                "communication_channel": channel,
                "provider_name": kind,
                "provider_key": kind and name_key(kind),
                "interval_min": dice.choice((None, "09:00:00", "10:00:00")),
                "interval_max": None,
                "bulk_no": dice.choice((None, 1, 2, 10, 1000)),
                "missing": "",
                "missing_count": dice.randrange(4),
                "saved_by": dice.choice(("ana", "bo")),
                "saved_at": f"2026-01-0{dice.randrange(1, 9)}T00:00:00.000000+00:00",
                "search": "\n".join(name_key(part or "") for part in (name, channel, kind)),
            }
        )
    return rows


def insert_providers(store: SqlStore, rows: list[dict[str, Any]]) -> None:
    """Puts rows into the list at once, each with an empty version behind it."""
    blank = dict.fromkeys(("values", "statuses", "secret_versions", "user", "host", "reason", "action"), "")
    blank |= dict.fromkeys(("acknowledged", "saved_at"), "")
    with store.database.writing() as connection:
        versions = [
            {**blank, "provider_id": row["id"], "number": 1, "operation_id": row["id"], "deleted": False}
            for row in rows
        ]
        connection.execute(insert(provider_version), versions)
        connection.execute(insert(provider), rows)


ROWS = provider_rows(COUNT)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """A store with many providers."""
    store = open_sqlite(tmp_path_factory.mktemp("paging") / "s.sqlite3")
    insert_providers(store, ROWS)
    yield store
    store.close()


def expected(sort: SortColumn, filter: str, *, descending: bool) -> list[Cursor]:
    field, wanted = FIELDS[sort], name_key(filter)
    keys: list[Cursor] = [(row[field], row["id"]) for row in ROWS if wanted in row["search"]]
    return sorted(keys, key=lambda key: (key[0] is not None, key[0] or 0, key[1]), reverse=descending)


def all_pages(store: SqlStore, query: ListQuery, limit: int) -> list[Cursor]:
    found: list[Cursor] = []
    after: Cursor | None = None
    while True:
        page = store.list_page(
            ListQuery(query.sort, query.descending, query.filter, after, query.backwards, limit=limit)
        )
        assert len(page) <= limit
        cursors = [row.cursor for row in page]
        found = cursors + found if query.backwards else found + cursors
        if not page:
            return found
        after = cursors[0] if query.backwards else cursors[-1]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", list(SortColumn))
def test_pages_put_together_are_the_sorted_list(full: SqlStore, sort: SortColumn, descending: bool) -> None:
    wanted = expected(sort, "", descending=descending)
    for backwards in (False, True):
        query = ListQuery(sort, descending, backwards=backwards)
        assert all_pages(full, query, 997) == wanted


@settings(max_examples=150, deadline=None)
@given(
    sort=st.sampled_from(list(SortColumn)),
    descending=st.booleans(),
    backwards=st.booleans(),
    filter=st.sampled_from(("", "GATEWAY 99", "sms", "smtp", "100%_ 1", "ärger", "字 7", "nothing")),
    limit=st.integers(1, 60),
    start=st.none() | st.integers(0, COUNT - 1),
)
def test_any_page_is_the_slice_of_the_sorted_list_behind_its_cursor(
    full: SqlStore, sort: SortColumn, descending: bool, backwards: bool, filter: str, limit: int, start: int | None
) -> None:
    wanted = expected(sort, filter, descending=descending)
    if not wanted:
        assert full.list_page(ListQuery(sort, descending, filter)) == []
        return
    at = None if start is None else start % len(wanted)
    page = full.list_page(
        ListQuery(sort, descending, filter, None if at is None else wanted[at], backwards, limit=limit)
    )
    if backwards:
        end = len(wanted) if at is None else at
        slice_ = wanted[max(0, end - limit) : end]
    else:
        begin = 0 if at is None else at + 1
        slice_ = wanted[begin : begin + limit]
    assert [row.cursor for row in page] == slice_


@pytest.mark.parametrize("filter", ["", "SendGrid", "100%_", "漢", "nothing"])
def test_count_agrees_with_the_list(full: SqlStore, filter: str) -> None:
    assert full.count(filter) == len(expected(SortColumn.NAME, filter, descending=False))


def test_a_cursor_whose_row_is_gone_still_tells_where_to_go_on(full: SqlStore) -> None:
    wanted = expected(SortColumn.NAME, "", descending=False)
    value, identity = wanted[500]
    page = full.list_page(ListQuery(after=(f"{value}", identity[:-1]), limit=1))
    assert page[0].cursor == wanted[500]


def test_the_limit_is_kept_within_bounds(full: SqlStore) -> None:
    assert len(full.list_page(ListQuery(limit=0))) == 1
    assert len(full.list_page(ListQuery(limit=1_000_000))) == 1000


def _plans(store: SqlStore, query: ListQuery) -> list[str]:
    """How SQLite reads each part of a page."""
    with store.database.reading() as connection:
        steps: list[str] = []
        for segment in listing.segments(query, 100):
            assert isinstance(segment.statement, Select)
            bound = segment.statement.params(segment.values)
            statement = bound.compile(connection, compile_kwargs={"literal_binds": True})
            steps += [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}"))]
    return steps


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sort", list(SortColumn))
def test_every_page_is_read_in_the_order_of_an_index(full: SqlStore, sort: SortColumn, backwards: bool) -> None:
    field = FIELDS[sort]
    blank = [(None, "7")] if provider.c[field].nullable else []
    filled: Cursor = (next(row[field] for row in ROWS if row[field]), "7")
    for after in (None, filled, *blank):
        for filter in ("", "x"):
            for step in _plans(full, ListQuery(sort, filter=filter, after=after, backwards=backwards)):
                assert "TEMP B-TREE" not in step
                assert f"USING INDEX provider_by_{field}" in step or "sqlite_autoindex_provider" in step, step


def test_a_page_costs_the_same_among_many_as_among_few(full: SqlStore, tmp_path: Path) -> None:
    def steps(store: SqlStore, query: ListQuery) -> int:
        """How many instructions of its virtual machine SQLite spends: unlike a time, the same in every run."""
        spent = 0

        def tick() -> int:
            nonlocal spent
            spent += 1
            return 0

        with store.database.reading() as connection:
            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(tick, 1)
            rows: list[ProviderSummary] = list(listing.list_page(InTurn(connection), query))
            driver.set_progress_handler(None, 1)
        assert len(rows) == 100
        return spent

    few = open_sqlite(tmp_path / "few.sqlite3")
    insert_providers(few, provider_rows(200))
    for sort in SortColumn:
        for backwards in (False, True):
            query = ListQuery(sort, backwards=backwards)
            assert steps(full, query) <= steps(few, query) * 1.2, sort
    few.close()
