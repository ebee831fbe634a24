"""Drafts on disk: whole, private, without secrets, and offered only when nobody edits them."""

import json
import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.statuses import StatusRow
from ftos_tui.stores import drafts, process
from ftos_tui.stores.drafts import DraftFiles, KeptDraft
from ftos_tui.stores.process import process_started, still_runs
from ftos_tui.stores.protocol import StoreFull, StoreReadOnly, StoreUnreachable

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def kept(number: int = 1, **changes: Any) -> KeptDraft:
    given: dict[str, Any] = {
        "key": f"{number:032x}",
        "environment": "local",
        "provider_id": "p1",
        "provider_name": "FTOS\x1b[31m",
        "base_version": 3,
        "edits": {"bulk_no": "5x", "name": "a\ud800b", "open_setting": True, "interval_min": None, "bulk": 7},
        "statuses": (StatusRow("250", "OK", "accepted", terminal=True),),
        "secrets_entered": ("app_key",),
        "kept_at": AT + timedelta(seconds=number),
        "user": "ana",
        "pid": os.getpid(),
    }
    return KeptDraft(**{**given, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where drafts are kept; not made yet."""
    return tmp_path / "data" / "drafts"


@pytest.fixture
def files(folder: Path) -> DraftFiles:
    """The drafts."""
    return DraftFiles(folder)


def test_a_draft_is_read_back_as_it_was_kept(files: DraftFiles, folder: Path) -> None:
    files.keep(kept())
    found = DraftFiles(folder).get(kept().key)
    assert found == replace(kept(), started=process_started(os.getpid()))
    assert found is not None
    assert found.alive
    files.keep(kept(2, provider_id=None, statuses=None, secrets_entered=()))
    assert files.list() == (files.get(kept(2).key), found)


def test_a_draft_that_another_process_was_editing_stays_its_own(files: DraftFiles) -> None:
    files.keep(kept(pid=1, started="another boot/7"))
    found = files.get(kept().key)
    assert found is not None
    assert (found.pid, found.started, found.alive) == (1, "another boot/7", False)


def test_files_and_folder_are_private(files: DraftFiles, folder: Path) -> None:
    before = os.umask(0)
    try:
        files.keep(kept())
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, *folder.iterdir())] == [
        0o700,
        0o700,
        0o600,
    ]


def test_the_value_of_a_secret_never_reaches_the_disk(files: DraftFiles, folder: Path) -> None:
    files.keep(kept(edits={"app_password": "canary-1", "bulk_no": "5"}))
    (path,) = folder.iterdir()
    assert "canary" not in path.read_text()
    found = files.get(kept().key)
    assert found is not None
    assert (found.edits, found.secrets_entered) == ({"bulk_no": "5"}, ("app_password", "app_key"))
    path.write_text(path.read_text().replace('"bulk_no": "5"', '"app_key": "canary-2"'))
    assert "canary" not in repr(files.list())


def test_a_discarded_draft_is_gone_with_what_a_kill_left_of_it(files: DraftFiles, folder: Path) -> None:
    files.discard(kept().key)
    files.keep(kept())
    (folder / f".{kept().key}.0badcafe.tmp").write_bytes(b"{")
    files.discard(kept().key)
    assert list(folder.iterdir()) == []
    assert files.list() == ()
    assert files.get(kept().key) is None
    files.keep(kept())
    assert files.get(kept().key) is not None


def test_an_older_text_does_not_replace_a_newer_one(files: DraftFiles) -> None:
    files.keep(kept(edits={"bulk_no": "new"}))
    files.keep(kept(edits={"bulk_no": "old"}, kept_at=AT))
    found = files.get(kept().key)
    assert found is not None
    assert found.edits == {"bulk_no": "new"}


def test_threads_that_keep_at_once_leave_one_whole_draft(files: DraftFiles, folder: Path) -> None:
    def keep(number: int) -> None:
        for step in range(20):
            files.keep(kept(edits={"name": f"{number}" * 5000}, kept_at=AT + timedelta(milliseconds=step)))

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = files.get(kept().key)
    assert found is not None
    assert len(set(str(found.edits["name"]))) == 1
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 32, "1" * 31, "1" * 32 + "\n"])
def test_only_a_uuid_names_a_file(files: DraftFiles, key: str) -> None:
    with pytest.raises(ValueError, match="hex digits"):
        files.keep(kept(key=key))
    with pytest.raises(ValueError, match="hex digits"):
        files.get(key)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: None,
        lambda data: [],
        lambda data: {**data, "key": "f" * 32},
        lambda data: {**data, "pid": "1"},
        lambda data: {**data, "pid": True},
        lambda data: {**data, "provider_id": 1},
        lambda data: {**data, "edits": {"bulk_no": []}},
        lambda data: {**data, "edits": []},
        lambda data: {**data, "statuses": [{"code": "1"}]},
        lambda data: {**data, "kept_at": "2026-01-01"},
        lambda data: {**data, "secrets_entered": None},
        lambda data: {key: value for key, value in data.items() if key != "user"},
    ],
)
def test_a_damaged_draft_is_set_aside_and_told_of(files: DraftFiles, folder: Path, damage: Any) -> None:
    files.keep(kept(1))
    files.keep(kept(2))
    path = folder / f"{kept(1).key}.draft.json"
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    content = path.read_bytes()
    assert [draft.key for draft in files.list()] == [kept(2).key]
    (aside,) = files.damaged
    assert aside.read_bytes() == content
    assert not path.exists()
    assert len(files.list()) == 1


@pytest.mark.parametrize("content", [b"", b"\xff", b"{", b"[" * 100_000])
def test_what_is_no_json_is_set_aside(files: DraftFiles, folder: Path, content: bytes) -> None:
    files.keep(kept())
    (folder / f"{kept().key}.draft.json").write_bytes(content)
    assert files.get(kept().key) is None
    assert len(files.damaged) == 1


@pytest.mark.parametrize(
    ("number", "kind"),
    [(28, StoreFull), (122, StoreFull), (30, StoreReadOnly), (13, StoreReadOnly), (5, StoreUnreachable)],
)
def test_a_refusing_disk_is_said_and_keeps_the_last_draft(
    files: DraftFiles, folder: Path, number: int, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    files.keep(kept())
    write = drafts._write_new

    def refuse(path: Path, text: bytes) -> None:
        write(path, text[:10])
        raise OSError(number, "said the system")

    monkeypatch.setattr(drafts, "_write_new", refuse)
    with pytest.raises(kind, match="your edits are only in memory"):
        files.keep(kept(edits={}, kept_at=AT + timedelta(hours=1)))
    found = files.get(kept().key)
    assert found is not None
    assert found.edits == kept().edits
    assert len(list(folder.iterdir())) == 1


def test_a_file_in_the_folders_place_is_said(folder: Path, files: DraftFiles) -> None:
    folder.parent.mkdir()
    folder.touch()
    assert files.list() == ()
    with pytest.raises(StoreUnreachable):
        files.keep(kept())
    with pytest.raises(StoreUnreachable):
        files.get(kept().key)
    with pytest.raises(StoreUnreachable):
        files.discard(kept().key)


def test_a_draft_that_cannot_be_read_is_said(files: DraftFiles, folder: Path) -> None:
    files.keep(kept())
    (folder / f"{kept(2).key}.draft.json").mkdir()
    with pytest.raises(StoreUnreachable, match="cannot be read"):
        files.list()


def test_a_real_limit_on_file_size_is_said(folder: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path; from ftos_tui.stores.protocol import StoreFull;"
        "from tests.stores.test_drafts import *; files = DraftFiles(Path(sys.argv[1])); files.keep(kept());"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, -1))\n"
        "try: files.keep(kept(edits={'name': 'x' * 5000}, kept_at=AT + timedelta(hours=1)))\n"
        "except StoreFull as error: print(error)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program, folder], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("The disk or the quota under")
    (draft,) = DraftFiles(folder).list()
    assert draft.edits == kept().edits
    assert not draft.alive


def test_a_process_is_told_by_its_id_and_its_start() -> None:
    own = process_started(os.getpid())
    assert own
    assert still_runs(os.getpid(), own)
    assert not still_runs(os.getpid(), own + "0")
    assert not still_runs(0, "")
    assert not still_runs(-1, "")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    started = process_started(ended.pid)
    ended.wait()
    assert not still_runs(ended.pid, started)
    assert not still_runs(ended.pid, "")


def test_where_the_system_does_not_tell_a_start_the_id_must_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "Path", lambda name: Path("/nowhere") / name.lstrip("/"))
    assert process_started(os.getpid()) == ""
    assert still_runs(os.getpid(), "")

    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert still_runs(1, "")
