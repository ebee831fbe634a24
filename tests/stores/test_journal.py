"""The status log's file: every line whole, private, rotated, and no trouble for who writes it."""

import fcntl
import os
import random
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.domain.log import Level, LogEntry
from ftos_tui.domain.visible import is_safe
from ftos_tui.stores.journal import Journal, Position

AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def entry(number: int, level: Level = Level.INFO, message: str = "") -> LogEntry:
    return LogEntry(AT + timedelta(seconds=number), level, message or f"line {number}", "local", "ana", "FTOS")


def messages(entries: object) -> list[str]:
    assert isinstance(entries, list)
    return [each.message for each in entries]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A log with nothing in it, that rotates after about five lines."""
    return Journal(tmp_path / "state" / "status.log", max_bytes=700, keep=3)


def test_levels_are_in_the_order_of_their_gravity() -> None:
    assert Level.ERROR.at_least(Level.WARNING)
    assert Level.INFO.at_least(Level.INFO)
    assert not Level.SUCCESS.at_least(Level.WARNING)


def test_a_log_that_is_not_there_is_empty(journal: Journal) -> None:
    assert journal.tail(10) == []
    assert journal.end() == Position()
    assert journal.read_from(Position()) == ([], Position())


def test_lines_are_read_back_as_they_were_written(journal: Journal) -> None:
    entries = [entry(number, level) for number, level in enumerate(Level)]
    assert all(journal.append(each) for each in entries)
    assert journal.tail(10) == entries
    assert journal.tail(2) == entries[2:]
    assert journal.tail(0) == []
    assert journal.tail(10, Level.WARNING) == entries[2:]
    assert journal.tail(1, Level.SUCCESS) == entries[3:]


@given(st.text(st.characters()))
def test_any_text_is_one_line_that_is_safe_to_show(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    journal = Journal(tmp_path_factory.mktemp("log") / "status.log")
    assert journal.append(LogEntry(AT, Level.INFO, text, text, text, text))
    content = journal.path.read_text("utf-8")
    assert content.count("\n") == 1
    assert is_safe(content[:-1])
    (found,) = journal.tail(2)
    assert len(found.message) == len(text)


def test_what_somebody_else_wrote_into_the_file_is_made_safe_too(journal: Journal) -> None:
    journal.append(entry(1))
    line = journal.path.read_text().replace("line 1", "\\u001b]52;c;eA==\\u0007")
    journal.path.write_text(line)
    assert messages(journal.tail(1)) == ["␛]52;c;eA==␇"]


def test_the_files_are_private(journal: Journal) -> None:
    before = os.umask(0)
    try:
        for number in range(20):
            journal.append(entry(number))
    finally:
        os.umask(before)
    folder = journal.path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_it_rotates_and_keeps_so_many_files(journal: Journal) -> None:
    for number in range(100):
        assert journal.append(entry(number))
    names = sorted(file.name for file in journal.path.parent.iterdir())
    assert names == ["status.log", "status.log.1", "status.log.2", "status.log.3", "status.log.lock"]
    assert all(file.stat().st_size <= 700 for file in journal.path.parent.iterdir())
    kept = messages(journal.tail(1000))
    assert kept == [f"line {number}" for number in range(100 - len(kept), 100)]
    assert len(kept) > 12
    assert messages(journal.tail(8)) == kept[-8:]


def test_lines_longer_than_a_block_are_read_from_the_end(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "status.log", max_bytes=10_000_000)
    dice = random.Random(3)
    entries = [entry(number, message="漢x"[number % 2] * dice.randrange(1, 4000)) for number in range(300)]
    for each in entries:
        journal.append(each)
    assert journal.path.stat().st_size > 65_536 * 3
    assert journal.tail(1000) == entries


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff\xfe", b"[]", b'"x"', b"{}", b"[" * 100_000, b'{"at":"2026","level":"info"}', b'{"at":1}'],
)
def test_damaged_lines_are_skipped(journal: Journal, damage: bytes) -> None:
    journal.append(entry(1))
    with journal.path.open("ab") as file:
        file.write(damage)
    Journal(journal.path).append(entry(2))
    assert messages(journal.tail(10)) == ["line 1", "line 2"]
    assert messages(list(journal.read_from(Position())[0])) == ["line 1", "line 2"]


def test_a_line_of_an_unknown_level_is_skipped(journal: Journal) -> None:
    journal.append(entry(1))
    journal.path.write_text(journal.path.read_text() + journal.path.read_text().replace('"info"', '"fatal"'))
    assert len(journal.tail(10)) == 1


def test_a_follower_reads_each_line_once_also_across_rotations(journal: Journal) -> None:
    dice = random.Random(5)
    journal.append(entry(0))
    position = journal.end()
    seen: list[str] = []
    for number in range(1, 200):
        journal.append(entry(number))
        if number % 10 == 0 or dice.random() < 0.3:
            entries, position = journal.read_from(position)
            seen += messages(list(entries))
    entries, position = journal.read_from(position)
    seen += messages(list(entries))
    assert seen == [f"line {number}" for number in range(1, 200)]
    assert journal.read_from(position) == ([], position)


def test_a_follower_waits_for_the_end_of_a_line(journal: Journal) -> None:
    journal.append(entry(1))
    position = journal.end()
    journal.append(entry(2))
    line = journal.path.read_bytes().splitlines(keepends=True)[1]
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[: -len(line) // 2])
    entries, halfway = journal.read_from(position)
    assert (list(entries), halfway) == ([], position)
    journal.path.write_bytes(whole)
    assert messages(list(journal.read_from(halfway)[0])) == ["line 2"]


def test_a_follower_left_behind_by_all_rotations_reads_what_is_left(journal: Journal) -> None:
    position = Position(inode=1, offset=10)
    for number in range(3):
        journal.append(entry(number))
    assert messages(list(journal.read_from(position)[0])) == ["line 0", "line 1", "line 2"]
    shorter = Position(journal.end().inode, 1_000_000)
    assert len(journal.read_from(shorter)[0]) == 3


def test_a_log_that_cannot_be_written_is_no_trouble(tmp_path: Path, journal: Journal) -> None:
    (tmp_path / "file").touch()
    assert not Journal(tmp_path / "file" / "status.log").append(entry(1))
    journal.path.parent.mkdir()
    journal.path.symlink_to(tmp_path / "elsewhere")
    assert not journal.append(entry(1))
    assert not (tmp_path / "elsewhere").exists()
    assert Journal(tmp_path).tail(3) == []


def test_a_full_disk_is_no_trouble_and_cuts_no_later_line(tmp_path: Path) -> None:
    path = tmp_path / "status.log"
    program = (
        "import resource, sys; from tests.stores.test_journal import *; journal = Journal(Path(sys.argv[1]));"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, -1)); took = [journal.append(entry(n)) for n in range(4)];"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1)); print(took, journal.append(entry(9)))"
    )
    done = subprocess.run([sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[True, False, False, False] True\n"
    assert messages(Journal(path).tail(10)) == ["line 0", "line 9"]


def test_a_rotation_under_way_elsewhere_is_not_waited_for(journal: Journal) -> None:
    with (journal.path.parent.parent / "lock").open("wb") as held:
        journal.append(entry(0))
        os.link(held.name, f"{journal.path}.lock")
        fcntl.flock(held, fcntl.LOCK_EX)
        for number in range(1, 20):
            assert journal.append(entry(number))
        assert len(journal.tail(100)) == 20
        assert not journal.path.with_name("status.log.1").exists()


def test_who_rotates_second_finds_it_done(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        journal.append(entry(number))
    answers = iter([True, False])
    monkeypatch.setattr(journal, "_too_big", lambda coming: next(answers))
    assert journal.append(entry(5))
    assert not journal.path.with_name("status.log.1").exists()


def test_processes_that_write_at_once_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "status.log"
    program = (
        "import sys; from tests.stores.test_journal import *; journal = Journal(Path(sys.argv[1]), 20_000, 50);"
        "print(all(journal.append(entry(n, message=sys.argv[2] * 300)) for n in range(200)))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, path, letter], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for letter in "abc"
    ]
    assert [process.communicate(timeout=60)[0] for process in processes] == ["True\n"] * 3
    found = messages(Journal(path, keep=50).tail(10_000))
    assert sorted(found) == sorted([letter * 300 for letter in "abc" for _ in range(200)])
