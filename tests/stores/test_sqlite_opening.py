"""Opening a SQLite file: made private, migrated, and refused in words when it is not to be used."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ftos_tui.stores.protocol import (
    ListQuery,
    StoreDamaged,
    StoreFull,
    StoreNewer,
    StoreReadOnly,
    StoreUnreachable,
)
from ftos_tui.stores.sql import sqlite, writes
from ftos_tui.stores.sql.message_schema import message
from ftos_tui.stores.sql.schema import HEAD, REVISIONS, metadata
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.stores.sql.store import SqlStore
from tests.stores.making import new_version, next_version, sealed, sign


def run_sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one provider and one secret."""
    path = tmp_path / "data" / "s.sqlite3"
    with closing(open_sqlite(path)) as store:
        store.write(new_version("One", secret_versions={"app_key": 1}, new_secrets={"app_key": sealed()}), sign)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    """The same store, opened."""
    with closing(open_sqlite(path)) as store:
        yield store


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_folder_and_files_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    if umask == 0o777 and os.geteuid() != 0:
        pytest.skip("only root can enter the folder it just made so")
    path = tmp_path / "a" / "b" / "s.sqlite3"
    before = os.umask(umask)
    try:
        with closing(open_sqlite(path)) as store, store.database.writing() as connection:
            connection.exec_driver_sql("INSERT INTO fact VALUES ('a', 'b')")
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"s.sqlite3": 0o600, "s.sqlite3-journal": 0o600}
    if umask != 0o777:
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)} == {0o700}


def test_every_connection_is_durable_and_keeps_references(store: SqlStore) -> None:
    with store.database.reading() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")]
    assert pragmas == [2, 1]


def test_a_store_at_head_is_opened_without_what_it_does_not_need(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ftos_tui.stores.sql.sqlite import open_sqlite;"
        f"open_sqlite(Path({str(path)!r})).list_page(__import__('ftos_tui.stores.protocol').stores.protocol.ListQuery());"
        "print([name for name in ('alembic', 'pydantic', 'sqlalchemy.orm', 'sqlalchemy.dialects.postgresql',"
        "'psycopg', 'ftos_tui.stores.message_protocol') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_message_queue_of_a_file_does_without_the_other_databases_dialect(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ftos_tui.stores.sql.sqlite import open_sqlite;"
        f"print(open_sqlite(Path({str(path)!r})).messages.counts_by_provider(),"
        "[name for name in ('sqlalchemy.dialects.postgresql', 'psycopg', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "{} []\n"


def test_the_migrations_lead_to_the_tables_the_code_uses(store: SqlStore) -> None:
    with store.database.reading() as connection:
        assert message.metadata is metadata
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_known_revisions_are_those_there_are() -> None:
    config = Config()
    config.set_main_option("script_location", "ftos_tui.stores.sql:migrations")
    config.set_main_option("path_separator", "os")
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == REVISIONS


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.sqlite3"

    def half_done(connection: Any) -> None:
        connection.exec_driver_sql("CREATE TABLE provider (id TEXT)")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("ftos_tui.stores.sql.migrate.run_migrations", half_done)
        with pytest.raises(KeyboardInterrupt):
            open_sqlite(path)
    with closing(open_sqlite(path)) as store:
        assert store.facts().schema == HEAD


def test_a_newer_store_is_left_alone(path: Path) -> None:
    run_sql(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(StoreNewer, match=r"made by a newer ftos-tui \(schema 9999"):
        open_sqlite(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE theirs (a)",),
        ("CREATE TABLE alembic_version (version_num)",),
        ("CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES (1), (2)"),
    ],
)
def test_somebody_elses_database_is_left_alone(tmp_path: Path, statements: tuple[str, ...]) -> None:
    path = tmp_path / "other.sqlite3"
    run_sql(path, *statements)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="no ftos-tui store"):
        open_sqlite(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"name = value\n" * 1000, bytes(100_000), b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.sqlite3"
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="Nothing was overwritten") as refused:
        open_sqlite(path)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("part", [0.02, 0.3, 0.7])
def test_a_truncated_store_is_damaged_and_left_alone(path: Path, part: float) -> None:
    content = path.read_bytes()
    cut = content[: int(len(content) * part)]
    path.write_bytes(cut)

    def use() -> None:
        with closing(open_sqlite(path)) as store:
            store.by_name("One")
            store.audit_entries()
            store.write(new_version("Two"), sign)

    with pytest.raises(StoreDamaged):
        use()
    assert path.read_bytes() == cut


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE provider_version SET \"values\" = '{'",
        'UPDATE provider_version SET "values" = \'{"bulk_no": "50"}\'',
        "UPDATE provider_version SET statuses = '{}'",
        "UPDATE provider_version SET statuses = '[{\"code\": 1}]'",
        "UPDATE provider_version SET secret_versions = '[]'",
        'UPDATE provider_version SET secret_versions = \'{"app_key": "x"}\'',
        "UPDATE provider_version SET saved_at = '2026-01-01'",
        "UPDATE provider_version SET reason = CAST(x'ff' AS TEXT)",
        "UPDATE secret SET set_at = 'yesterday'",
        "DELETE FROM secret",
        "DROP TABLE secret",
    ],
)
def test_a_record_that_does_not_load_is_damaged(path: Path, store: SqlStore, statement: str) -> None:
    run_sql(path, statement)
    with pytest.raises(StoreDamaged, match="Nothing was overwritten"):
        store.by_name("One")


def test_a_list_row_and_a_sealed_secret_that_do_not_load_are_damaged(path: Path, store: SqlStore) -> None:
    provider_id = store.by_name("One").provider_id
    run_sql(path, "UPDATE provider SET saved_at = ''", "UPDATE secret SET sealed = 'text'")
    with pytest.raises(StoreDamaged):
        store.list_page(ListQuery())
    with pytest.raises(StoreDamaged):
        store.sealed_secret(provider_id, "app_key", 1)


def test_what_has_to_be_made_is_not_made_read_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "s.sqlite3"
    with pytest.raises(StoreUnreachable, match="There is no store at"):
        open_sqlite(path, read_only=True)
    assert not path.parent.exists()
    path.parent.mkdir()
    path.touch()
    with pytest.raises(StoreReadOnly, match="without read_only"):
        open_sqlite(path, read_only=True)
    assert path.stat().st_size == 0


def test_read_only_holds_below_the_operations_too(path: Path) -> None:
    with closing(open_sqlite(path, read_only=True)) as store, store.database.engine.connect() as connection:
        with pytest.raises(Exception, match="readonly"):
            connection.exec_driver_sql("DELETE FROM provider")
        assert store.by_name("One").number == 1


def test_a_folder_in_the_files_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="cannot be opened"):
        open_sqlite(tmp_path)


def test_no_room_for_the_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sqlite, "make_private_file", no_room)
    with pytest.raises(StoreFull, match="make room"):
        open_sqlite(tmp_path / "s.sqlite3")


def test_a_store_that_another_program_holds_says_so(path: Path) -> None:
    with closing(open_sqlite(path, busy_timeout_s=0.02)) as store:
        version = store.by_name("One")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreUnreachable, match="in use by another program"):
                store.write(next_version(version), sign)
            with pytest.raises(StoreUnreachable, match="in use by another program"):
                store.by_name("One")
            with pytest.raises(StoreUnreachable):
                open_sqlite(path, busy_timeout_s=0.02)
            other.execute("ROLLBACK")
        assert store.write(next_version(version), sign).number == 2


def test_a_full_disk_within_a_save_refuses_it_whole(store: SqlStore) -> None:
    engine = store.database.engine
    engine.dispose()

    @event.listens_for(engine, "connect")
    def no_more_pages(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # SQLite makes it as many as there are

    version = store.by_name("One")
    big = next_version(version, secret_versions={"app_key": 2}, new_secrets={"app_key": sealed(2, bytes(200_000))})
    with pytest.raises(StoreFull, match="make room"):
        store.write(big, sign)
    assert store.by_name("One") == version
    assert store.last_secret_version(version.provider_id, "app_key") == 1
    assert len(store.audit_entries()) == 1


def test_a_file_that_turns_read_only_refuses_the_save_whole(path: Path, store: SqlStore) -> None:
    engine = store.database.engine
    engine.dispose()

    @event.listens_for(engine, "connect")
    def only_read(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    version = store.by_name("One")
    with pytest.raises(StoreReadOnly, match=f"{path} may not be written"):
        store.write(next_version(version), sign)
    assert store.by_name("One") == version


def test_a_fact_that_another_remembered_meanwhile_is_kept(store: SqlStore) -> None:
    with store.database.changing() as change:
        assert writes.remember(change, "key_id", "a") == "a"
        assert writes.remember(change, "key_id", "b") == "a"


def test_a_failing_disk_is_said(path: Path, store: SqlStore) -> None:
    class Failing(sqlite3.OperationalError):
        sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        sqlite_errorname = "SQLITE_IOERR_READ"

    from sqlalchemy.exc import OperationalError

    said = store.database.backend.translate(OperationalError("SELECT", {}, Failing("disk I/O error")), writing=False)
    assert isinstance(said, StoreUnreachable)
    assert "SQLITE_IOERR_READ" in str(said)
    assert str(path) in str(said)


def test_too_many_threads_at_once_are_said(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_connection() -> None:
        raise PoolTimeout("QueuePool limit")

    monkeypatch.setattr(store.database.engine, "connect", no_connection)
    with pytest.raises(StoreUnreachable, match="too busy"):
        store.count()


def test_the_log_is_written_ahead_only_where_sqlite_is_safe_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.sqlite3"
    monkeypatch.setattr(sqlite, "_SAFE_WAL", (99,))
    with closing(open_sqlite(path)) as store:
        assert store.facts().details["journal"] == "delete"
    monkeypatch.setattr(sqlite, "_SAFE_WAL", (3, 0, 0))
    with closing(open_sqlite(path)) as store:
        store.write(new_version("One"), sign)
        assert store.facts().details == {"journal": "wal", "mode": "0600", "bytes": str(path.stat().st_size)}
        assert stat.S_IMODE(path.with_name("s.sqlite3-wal").stat().st_mode) == 0o600
    monkeypatch.setattr(sqlite, "_SAFE_WAL", (99,))
    with closing(open_sqlite(path)) as store:
        assert store.facts().details["journal"] == "delete"
        assert store.by_name("One").number == 1


@pytest.mark.parametrize(
    "name", ["with space ?#%20.sqlite3", "漢字.sqlite3", os.fsdecode(b"caf\xe9.sqlite3"), ":memory:"]
)
def test_any_file_name_is_a_file(tmp_path: Path, name: str) -> None:
    with closing(open_sqlite(tmp_path / name)) as store:
        store.write(new_version("One"), sign)
    assert name in {file.name for file in tmp_path.iterdir()}
