"""The audit is browsed and verified on a real store; whoever tampers with its rows is told where."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.stores.protocol import StoreDamaged, StoreReadOnly, StoreUnreachable
from ftos_tui.studio.audit import VerifyReport, checkpoint, detail_of, in_words, list_entries, store_id, verify
from ftos_tui.studio.providers import base_of, delete, open_provider, save
from ftos_tui.studio.session import Session
from tests.studio.conftest import OpenSession
from tests.studio.making import NOON, saved


@pytest.fixture
def ten(session: Session) -> Session:
    """A session on a store of ten entries: six shipped providers, four versions of one."""
    version = saved(session)
    for number in ("60", "70", "80"):
        version = save(session, Draft(base_of(version)).with_text("bulk_no", number))
    return session


def tamper(session: Session, *statements: str) -> None:
    """Changes the store as somebody with access to its file would."""
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def found(report: VerifyReport) -> tuple[str, int, int]:
    assert report.problem is not None
    assert report.sentence == report.problem.message
    assert report.sentence.isprintable()
    return report.problem.kind, report.problem.sequence, report.checked


def test_a_whole_chain_is_told_with_its_head(ten: Session) -> None:
    told: list[tuple[int, int]] = []

    def tell(checked: int, total: int) -> bool:
        told.append((checked, total))
        return True

    report = verify(ten, progress=tell)
    assert (report.checked, report.problem, report.complete) == (10, None, True)
    head = list_entries(ten, limit=1)[0].mac
    assert report.head == head
    assert report.sentence == f"The audit is whole: 10 entries, head {head[:16]}."
    assert told == [], "nothing to tell of ten entries"


def test_entries_are_found_by_provider_user_action_time_and_text(ten: Session, open_session: OpenSession) -> None:
    version = open_provider(ten, name="Gateway")
    other = open_session(user="ben", clock=NOON + timedelta(days=1))
    renamed = save(other, Draft(base_of(version)).with_text("name", "Renamed"), acknowledged=["name_renamed"])
    assert [entry.sequence for entry in list_entries(ten, provider="Renamed")] == [11, 10, 9, 8, 7]
    assert [entry.sequence for entry in list_entries(ten, provider="Gateway")] == [10, 9, 8, 7]
    delete(other, renamed, "Renamed")
    assert [entry.sequence for entry in list_entries(ten, provider="Renamed")] == [12, 11]
    assert [entry.sequence for entry in list_entries(ten, user="ben")] == [12, 11]
    assert [entry.sequence for entry in list_entries(ten, action="create")] == [7]
    assert [entry.sequence for entry in list_entries(ten, since=NOON + timedelta(hours=1))] == [12, 11]
    assert [entry.sequence for entry in list_entries(ten, text="BULK_no", after=10)] == [9, 8]
    assert [entry.sequence for entry in list_entries(ten, after=10, backwards=True)] == [12, 11]


def test_an_entry_is_told_in_words(ten: Session) -> None:
    newest, *_, first = list_entries(ten)
    assert in_words(newest) == "changed Bulk No"
    assert in_words(first) == "reason Shipped with FintechOS, not yet configured"
    tamper(
        ten, "UPDATE audit SET detail = '[' WHERE sequence = 10", "UPDATE audit SET detail = '[]' WHERE sequence = 9"
    )
    assert [detail_of(entry) for entry in list_entries(ten, limit=2)] == [{}, {}]
    assert in_words(list_entries(ten, limit=1)[0]) == ""


@pytest.mark.parametrize(
    ("statements", "expected", "words"),
    [
        (
            ["UPDATE audit SET user = 'eve' WHERE sequence = 5"],
            ("altered", 5, 4),
            "Entry 5 (2026-01-02T12:00:00Z) was altered",
        ),
        (["UPDATE audit SET detail = '{}' WHERE sequence = 10"], ("altered", 10, 9), "altered"),
        (["UPDATE audit SET mac = '' WHERE sequence = 1"], ("altered", 1, 0), "altered"),
        (["DELETE FROM audit WHERE sequence = 5"], ("missing", 5, 4), "Entry 5 is missing."),
        (["DELETE FROM audit WHERE sequence <= 3"], ("missing", 1, 0), "Entries 1 to 3 are missing."),
        (["DELETE FROM audit WHERE sequence BETWEEN 5 AND 8"], ("missing", 5, 4), "Entries 5 to 8 are missing."),
        (
            ["DELETE FROM provider_version WHERE number = 2"],
            ("missing", 8, 7),
            "Gateway version 2, of which entry 8 tells",
        ),
        (
            ["UPDATE provider_version SET \"values\" = replace(\"values\", ':60', ':61') WHERE number = 2"],
            ("altered", 8, 7),
            "Gateway version 2 is not what was saved at entry 8: it was altered.",
        ),
        (
            [
                "UPDATE audit SET sequence = -sequence WHERE sequence IN (4, 7)",
                "UPDATE audit SET sequence = 11 + sequence WHERE sequence < 0",
            ],
            ("moved", 4, 3),
            "was entry 7: the order was changed.",
        ),
        (
            ["DELETE FROM audit WHERE sequence = 5", "UPDATE audit SET sequence = sequence - 1 WHERE sequence > 5"],
            ("moved", 5, 4),
            "was entry 6",
        ),
    ],
)
def test_tampering_shows_where(ten: Session, statements: list[str], expected: tuple[str, int, int], words: str) -> None:
    tamper(ten, *statements)
    report = verify(ten)
    assert found(report) == expected
    assert words in report.sentence


def test_an_entry_put_in_from_a_copy_of_the_store_shows(ten: Session, open_session: OpenSession) -> None:
    """Two histories under one key: what was signed in one does not follow in the other."""
    copy = ten.store_path.with_name("copy")
    ten.close()
    copy.write_bytes(ten.store_path.read_bytes())
    for session, number in ((open_session(store=str(copy)), "90"), (open_session(), "100")):
        session.environ = {}
        version = open_provider(session, name="Gateway")
        for step in (number, f"{number}1"[:3]):
            version = save(session, Draft(base_of(version)).with_text("bulk_no", step))
    tamper(
        ten,
        f"ATTACH '{copy}' AS other",
        "DELETE FROM main.audit WHERE sequence = 12",
        "INSERT INTO main.audit SELECT * FROM other.audit WHERE sequence = 12",
    )
    report = verify(open_session())
    assert found(report) == ("inserted", 12, 11)
    assert "does not follow" in report.sentence


def test_a_cut_tail_shows_by_what_was_saved_after_it(ten: Session, open_session: OpenSession) -> None:
    later = open_session(clock=NOON + timedelta(minutes=1))
    save(later, Draft(base_of(open_provider(later, name="Gateway"))).with_text("bulk_no", "90"))
    tamper(ten, "DELETE FROM audit WHERE sequence = 11")
    report = verify(ten)
    assert found(report) == ("cut", 11, 10)
    assert "Gateway version 5 (2026-01-02T12:01:00Z)" in report.sentence


def test_a_cut_tail_shows_by_a_checkpoint(ten: Session, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints"
    taken = checkpoint(ten, path)
    assert (taken.sequence, taken.environment, taken.who) == (10, "local", "ana@jump1 from 192.0.2.7")
    assert taken.store_id == store_id(ten)
    assert json.loads(path.read_text())["sequence"] == 10
    assert verify(ten, checkpoints=path).sentence.endswith(", 1 checkpoint agrees.")
    tamper(ten, "DELETE FROM audit WHERE sequence = 10")
    assert verify(ten).problem is None, "the chain itself does not tell"
    report = verify(ten, checkpoints=path)
    assert found(report) == ("cut", 10, 9)
    assert "Entry 10 is missing at the end: the checkpoint of 2026-01-02T12:00:00Z was taken at entry 10." in (
        report.sentence
    )
    tamper(ten, "DELETE FROM audit WHERE sequence > 7")
    assert "Entries 8 to 10 are missing at the end" in verify(ten, checkpoints=path).sentence


def test_a_history_written_anew_with_the_right_key_shows_by_a_checkpoint(
    ten: Session, tmp_path: Path, open_session: OpenSession
) -> None:
    ten.close()
    before = ten.store_path.read_bytes()
    version = open_provider(ten, name="Gateway")
    save(ten, Draft(base_of(version)).with_text("bulk_no", "90"))
    path = tmp_path / "checkpoints"
    checkpoint(ten, path)
    own = store_id(ten)
    ten.close()
    for journal in ten.store_path.parent.glob("*-*"):
        journal.unlink()
    ten.store_path.write_bytes(before)
    again = open_session()
    again.store.remember("store_id", own)
    version = open_provider(again, name="Gateway")
    save(again, Draft(base_of(version)).with_text("bulk_no", "91"))
    assert verify(again).problem is None
    report = verify(again, checkpoints=path)
    assert found(report) == ("replaced", 11, 10)
    checkpoint(again, path)
    assert found(verify(again, checkpoints=path)) == ("replaced", 11, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda line: line.replace('"sequence":10', '"sequence":9'), "line 1 of"),
        (lambda line: line.replace('"who":"ana', '"who":"eve'), "was altered"),
        (lambda line: line[: len(line) // 2], "is damaged"),
        (lambda line: "nothing of the kind\n", "holds no checkpoint of this store"),
        (lambda line: "", "holds no checkpoint of this store"),
    ],
)
def test_checkpoints_that_were_tampered_with_show(
    ten: Session, tmp_path: Path, change: Callable[[str], str], words: str
) -> None:
    path = tmp_path / "checkpoints"
    checkpoint(ten, path)
    path.write_text(change(path.read_text()))
    report = verify(ten, checkpoints=path)
    assert found(report)[0] == "checkpoint"
    assert words in report.sentence


def test_checkpoints_of_other_stores_do_not_count(ten: Session, tmp_path: Path, open_session: OpenSession) -> None:
    path = tmp_path / "checkpoints"
    other = open_session(store=str(tmp_path / "other.sqlite3"), key_file=str(tmp_path / "other.key"))
    checkpoint(other, path)
    assert "no checkpoint of this store" in verify(ten, checkpoints=path).sentence
    checkpoint(ten, path)
    assert verify(ten, checkpoints=path).checkpoints == 1
    with pytest.raises(StoreUnreachable, match="cannot be read"):
        verify(ten, checkpoints=tmp_path / "nowhere")


def test_an_altered_head_is_not_pinned(ten: Session, tmp_path: Path) -> None:
    tamper(ten, "UPDATE audit SET user = 'eve' WHERE sequence = 10")
    with pytest.raises(StoreDamaged, match="Entry 10 of the audit was altered"):
        checkpoint(ten, tmp_path / "checkpoints")
    assert not (tmp_path / "checkpoints").exists()


def test_an_empty_audit_is_pinned_too(ten: Session, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints"
    tamper(ten, "DELETE FROM audit")
    assert checkpoint(ten, path).sequence == 0
    assert found(verify(ten, checkpoints=path)) == ("cut", 1, 0)
    tamper(ten, "DELETE FROM provider")
    assert verify(ten, checkpoints=path).sentence == "The audit is whole: 0 entries, 1 checkpoint agrees."


def test_a_store_that_takes_no_changes_has_a_checkpoint_once_it_has_an_id(
    ten: Session, tmp_path: Path, open_session: OpenSession
) -> None:
    read_only = open_session(read_only=True)
    with pytest.raises(StoreReadOnly):
        checkpoint(read_only, tmp_path / "checkpoints")
    store_id(ten)
    assert checkpoint(read_only, tmp_path / "checkpoints").sequence == 10
    assert verify(read_only, checkpoints=tmp_path / "checkpoints").problem is None


def test_a_long_verification_tells_how_far_it_is_and_can_be_stopped(
    ten: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftos_tui.studio.audit._TELL_EVERY", 3)
    monkeypatch.setattr("ftos_tui.studio.audit._PAGE", 4)
    told: list[tuple[int, int]] = []

    def twice(checked: int, total: int) -> bool:
        told.append((checked, total))
        return len(told) < 2

    report = verify(ten, progress=twice)
    assert told == [(3, 10), (6, 10)]
    assert (report.checked, report.complete, report.problem) == (6, False, None)
    assert report.sentence == "Stopped after 6 entries; so far the audit is whole."
