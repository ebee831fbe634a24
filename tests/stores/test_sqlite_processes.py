"""SQLite between processes: races, kills, a full disk and missing permissions, all for real."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ftos_tui.stores.audit_chain import broken_link
from ftos_tui.stores.sql.sqlite import open_sqlite
from tests.processes import unmeasured
from tests.stores.making import new_version, sign

ROOT = Path(__file__).parents[2]


def start(mode: str, path: Path, argument: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "tests.stores.writer", mode, str(path), argument]
    return subprocess.Popen(command, cwd=ROOT, env=unmeasured(), stdout=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def test_processes_that_make_the_store_at_once_make_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "local.sqlite3"
    outputs = [finished(process) for process in [start("open_and_write", path, f"P{i}") for i in range(4)]]
    assert len({output.split()[0] for output in outputs}) == 1
    assert {output.split()[1] for output in outputs} == {"1"}
    with closing(open_sqlite(path)) as store:
        assert store.count() == 4
        assert broken_link(store.audit_entries(), sign) is None


def test_processes_that_save_at_once_lose_no_update(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    with closing(open_sqlite(path)) as store:
        first = store.write(new_version("Counter", values={"bulk_no": 1}), sign)
        for process in [start("increment", path, "25") for _ in range(2)]:
            finished(process)
        last = store.by_id(first.provider_id)
        assert (last.number, last.values["bulk_no"]) == (51, 51)
        assert [store.by_id(first.provider_id, n).values["bulk_no"] for n in range(1, 52)] == list(range(1, 52))
        assert broken_link(store.audit_entries(), sign) is None


def test_a_killed_writer_leaves_every_acknowledged_save_and_no_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    dice = random.Random(7)
    acknowledged: dict[int, str] = {}
    for _ in range(6):
        process = start("endless", path, "Killed")
        assert process.stdout is not None
        for _ in range(dice.randrange(1, 30)):
            said, operation_id = process.stdout.readline().split()
            acknowledged[int(said)] = operation_id
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=60)
        for line in rest.splitlines(keepends=True):
            if line.endswith("\n"):
                acknowledged[int(line.split()[0])] = line.split()[1]
        assert process.returncode == -signal.SIGKILL
        assert integrity(path) == "ok"
    with closing(open_sqlite(path)) as store:
        last = store.by_name("Killed")
        assert last.number >= max(acknowledged)
        for number in range(2, last.number + 1):
            version = store.by_id(last.provider_id, number)
            assert version.values["bulk_no"] == number
            assert acknowledged.get(number, version.operation_id) == version.operation_id
            sealed = store.sealed_secret(last.provider_id, "app_key", version.secrets["app_key"].version)
            assert sealed is not None
            assert sealed.sealed == bytes(5000)
        entries = store.audit_entries(limit=100_000)
        assert [entry.version for entry in entries] == list(range(1, last.number + 1))
        assert broken_link(entries, sign) is None


def test_a_full_disk_refuses_the_save_and_keeps_the_store(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    kind, number, *sentence = finished(start("full", path, "400000")).split()
    assert kind == "StoreFull"
    assert str(path) in " ".join(sentence)
    assert integrity(path) == "ok"
    with closing(open_sqlite(path)) as store:
        last = store.by_name("Full")
        assert last.number == int(number) > 2
        assert len(store.audit_entries()) == last.number


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
class TestAsAnotherUser:
    """What a user hears whom the file system refuses."""

    def test_a_store_that_may_only_be_read_is_read(self, folder: Path) -> None:
        path = self._made(folder, mode=0o755, file_mode=0o644)
        count, kind, sentence = finished(start("unprivileged", path, "65534")).replace("\n", " ").split(" ", 2)
        assert (count, kind) == ("1", "StoreReadOnly")
        assert str(path) in sentence

    @pytest.mark.parametrize(("mode", "file_mode"), [(0o755, 0o600), (0o700, 0o644)])
    def test_a_store_that_may_not_be_read_says_so(self, folder: Path, mode: int, file_mode: int) -> None:
        path = self._made(folder, mode=mode, file_mode=file_mode)
        kind, sentence = finished(start("unprivileged", path, "65534")).split(" ", 1)
        assert kind == "StoreUnreachable"
        assert f"{path} cannot be opened (Permission denied)" in sentence

    def test_a_folder_that_may_not_be_written_takes_no_new_store(self, folder: Path) -> None:
        self._made(folder, mode=0o755, file_mode=0o644)
        output = finished(start("unprivileged", folder / "data" / "new.sqlite3", "65534"))
        assert output.startswith("StoreUnreachable ")
        assert not (folder / "data" / "new.sqlite3").exists()

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        """A folder that others may enter, unlike those above `tmp_path`."""
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o755)
            yield Path(name)

    @staticmethod
    def _made(folder: Path, *, mode: int, file_mode: int) -> Path:
        path = folder / "data" / "s.sqlite3"
        with closing(open_sqlite(path)) as store:
            store.write(new_version("Theirs"), sign)
        path.chmod(file_mode)
        path.parent.chmod(mode)
        return path
