"""What is said on the line to PostgreSQL, and what is made of a line that breaks."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from ftos_tui.stores.postgres_target import PostgresTarget
from ftos_tui.stores.protocol import (
    Cursor,
    ListQuery,
    OperationVoid,
    OutcomeUnknown,
    SortColumn,
    StoreUnreachable,
)
from ftos_tui.stores.sql.postgres import open_postgres
from ftos_tui.stores.sql.store import SqlStore
from tests.line import Line
from tests.postgres import PostgresServer
from tests.stores.making import new_version, next_version, sealed, sign


@pytest.fixture
def target(postgres_server: PostgresServer) -> PostgresTarget:
    """A store of the test's own, reached directly."""
    return postgres_server.target(postgres_server.new_database())


@pytest.fixture
def line(postgres_server: PostgresServer) -> Iterator[Line]:
    """The line to the server."""
    with Line(postgres_server.host, postgres_server.port) as line:
        yield line


@pytest.fixture
def store(target: PostgresTarget, line: Line) -> Iterator[SqlStore]:
    """The store over the line, its connection made."""
    with closing(open_postgres(_over(target, line))) as store:
        yield store


def _over(target: PostgresTarget, line: Line) -> PostgresTarget:
    return replace(target, ports=(line.port,))


def test_pages_records_and_saves_cost_few_round_trips(store: SqlStore, line: Line) -> None:
    changes = {"secret_versions": {"app_key": 1}, "new_secrets": {"app_key": sealed()}}

    def trips() -> int:
        spent, line.trips = line.trips, 0
        return spent

    trips()
    first = store.write(new_version("Gateway"), sign)
    assert trips() == 2
    for _ in range(8):  # psycopg prepares a statement the fifth time
        second = store.write(next_version(store.by_id(first.provider_id)), sign)
    trips()
    third = store.write(next_version(second, **changes), sign)
    assert trips() == 2
    for sort in SortColumn:
        cursor: Cursor = (1 if sort in (SortColumn.BULK, SortColumn.READINESS) else "x", "0")
        for after in (None, cursor):
            store.list_page(ListQuery(sort, filter="gate", after=after))
            assert trips() == 1, sort
    assert store.by_id(first.provider_id) == third
    assert trips() == 1
    assert store.by_name("gateway") == third
    assert trips() == 1
    assert len(store.versions(first.provider_id)) == 10
    assert trips() == 1
    assert store.count() == 1
    assert trips() == 1
    assert store.outcome(third.operation_id) == third
    assert trips() == 1
    store.now()
    assert trips() == 1


def test_a_dead_connection_is_replaced_before_a_read_or_a_change(store: SqlStore, line: Line) -> None:
    first = store.write(new_version(), sign)
    line.cut()
    assert store.by_id(first.provider_id) == first
    line.cut()
    assert store.facts().providers == 1
    line.cut()
    second = store.write(next_version(first), sign)
    line.cut()
    store.remember("store_id", "x")
    assert store.by_id(first.provider_id) == second


def test_an_answer_to_a_commit_that_is_lost_is_settled_as_done(
    store: SqlStore, target: PostgresTarget, line: Line
) -> None:
    first = store.write(new_version(), sign)
    new = next_version(first, values={"bulk_no": 7})

    def losing(message: bytes) -> bytes:
        line.losing = True  # what is decided here goes out with the commit
        return sign(message)

    with pytest.raises(OutcomeUnknown, match="may be made or not") as unknown:
        store.write(new, losing)
    assert unknown.value.operation_id == new.operation_id
    line.losing = False
    done = store.settle(new.operation_id)
    assert done is not None
    assert (done.number, done.values["bulk_no"]) == (2, 7)
    assert store.write(new, sign) == done, "the same save again is the same version"


def test_a_save_cut_off_before_its_commit_arrived_is_settled_as_not_done(
    store: SqlStore, target: PostgresTarget, line: Line
) -> None:
    first = store.write(new_version(), sign)
    new = next_version(first, values={"bulk_no": 7})
    line.cut_at = b"COMMIT\0"
    real = open_postgres(target)
    with pytest.raises(OutcomeUnknown):
        store.write(new, sign)
    line.cut_at = b""
    assert store.settle(new.operation_id) is None
    with pytest.raises(OperationVoid):
        real.write(new, sign)
    assert real.by_id(first.provider_id) == first
    real.close()


def test_a_save_cut_off_while_it_looks_is_plainly_not_done(store: SqlStore, line: Line) -> None:
    first = store.write(new_version(), sign)
    line.losing = True
    with pytest.raises(StoreUnreachable) as broken:
        store.write(next_version(first), sign)
    assert not isinstance(broken.value, OutcomeUnknown)
    line.losing = False
    assert store.by_id(first.provider_id) == first


def test_a_change_without_an_id_whose_commit_is_cut_off_says_so(store: SqlStore, line: Line) -> None:
    line.cut_at = b"COMMIT\0"
    with pytest.raises(OutcomeUnknown) as unknown, store.database.writing():
        pass
    assert unknown.value.operation_id == ""


def test_a_frozen_server_is_not_waited_for_longer_than_a_statement_may_take(
    target: PostgresTarget, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftos_tui.stores.sql.postgres_engine._BEYOND_STATEMENT_S", 0.2)
    with closing(open_postgres(replace(_over(target, line), statement_timeout_s=0.2))) as store:
        line.frozen = True
        with pytest.raises(StoreUnreachable, match="does not answer in time"):
            store.count()
        line.frozen = False
        line.cut()
        assert store.count() == 0


def test_two_savers_wait_for_each_other_and_not_for_ever(target: PostgresTarget) -> None:
    with closing(open_postgres(target)) as one, closing(open_postgres(replace(target, lock_timeout_s=0.2))) as other:
        first = one.write(new_version(), sign)
        holds, release = threading.Event(), threading.Event()

        def slow(message: bytes) -> bytes:
            holds.set()
            release.wait(60)
            return sign(message)

        saving = threading.Thread(target=one.write, args=(next_version(first), slow))
        saving.start()
        assert holds.wait(60)
        with pytest.raises(StoreUnreachable, match="another program for too long"):
            other.write(new_version("Other"), sign)
        with pytest.raises(StoreUnreachable, match="another program for too long"):
            other.settle("0" * 32)
        assert other.by_id(first.provider_id) == first, "reading waits for nobody"
        release.set()
        saving.join()
        assert other.write(new_version("Other"), sign).number == 1
