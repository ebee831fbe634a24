"""Plans carried out: all or nothing, guarded by the versions they found, also across processes and kills."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.audit_chain import broken_link
from ftos_tui.studio.failures import NotPermitted, StaleVersion, StoreError
from ftos_tui.studio.files import applying
from ftos_tui.studio.files.applying import PlanRefused, TargetsMoved, apply_plan, moved_targets
from ftos_tui.studio.files.plan import Plan
from ftos_tui.studio.files.plan_file import read_plan, write_plan
from ftos_tui.studio.files.reading import document_in
from ftos_tui.studio.files.source import FileRefused
from ftos_tui.studio.log import read_log
from ftos_tui.studio.providers import base_of, delete, open_provider, save
from ftos_tui.studio.reading import opened_secret
from ftos_tui.studio.session import Session
from tests.processes import unmeasured
from tests.studio.conftest import OpenSession
from tests.studio.files.making import ENVIRON, actions, applied, document, planned, provider, resolver, source_of
from tests.studio.making import KEY, PASSWORD, saved, session_in

ROOT = Path(__file__).parents[3]


def edit(session: Session, name: str = "Gateway", **texts: str) -> None:
    """Somebody saves a provider."""
    draft = Draft(base_of(open_provider(session, name=name)))
    for field_id, text in texts.items():
        draft = draft.with_text(field_id, text)
    save(session, draft)


def test_everything_is_written_audited_and_logged(session: Session) -> None:
    saved(session)
    told: list[int] = []
    environ = {**ENVIRON, "THE_KEY": "a-newer-key-42"}
    text = document(provider(bulk_no=70), provider("New", pool_time_retry="00:00:30"))
    plan = planned(session, text, environ)
    assert apply_plan(session, plan, acknowledged=["pool_short", "x"], reason="go\nlive", progress=told.append) == 2
    changed, new = open_provider(session, name="Gateway"), open_provider(session, name="New")
    assert (changed.number, changed.values["bulk_no"], changed.reason) == (2, 70, "go␊live")
    assert (new.number, new.action, new.acknowledged) == (1, "import", ("pool_short",))
    assert changed.acknowledged == ()
    assert changed.secrets["app_key"].version == 2
    assert changed.secrets["app_password"].version == 1
    assert opened_secret(session, changed, "app_key") == Secret("a-newer-key-42")
    assert opened_secret(session, new, "app_password") == Secret(PASSWORD)
    entries = session.store.audit_entries()
    assert [entry.action for entry in entries[-2:]] == ["import", "import"]
    assert '"changed":["bulk_no","app_key"]' in entries[-2].detail
    assert broken_link(entries, session.vault.sign) is None
    assert read_log(session)[-1].message == f"Applied gateways.json: 1 provider created, 1 changed (plan {plan.id})"
    assert told


def test_nothing_to_do_writes_nothing(session: Session) -> None:
    saved(session)
    before = len(session.store.audit_entries())
    plan = planned(session, document(provider()))
    assert apply_plan(session, plan) == 0
    assert len(session.store.audit_entries()) == before


def test_one_refused_provider_keeps_all_from_being_written(session: Session) -> None:
    plan = planned(session, document(provider(), provider("B", bulk_no="many")))
    with pytest.raises(PlanRefused, match="1 provider is refused"):
        apply_plan(session, plan)
    assert session.store.name_owner("Gateway") is None


def test_a_warning_waits_to_be_acknowledged(session: Session) -> None:
    plan = planned(session, document(provider(pool_time_retry="00:00:30")))
    with pytest.raises(PlanRefused, match="acknowledge pool_short") as refused:
        apply_plan(session, plan)
    assert refused.value.open == ("pool_short",)
    assert session.store.name_owner("Gateway") is None


def test_a_read_only_environment_takes_a_plan_and_no_change(open_session: OpenSession) -> None:
    open_session().store.count()
    session = open_session(read_only=True)
    plan = planned(session, document(provider()))
    assert actions(plan) == {"create": 1}
    with pytest.raises(NotPermitted):
        apply_plan(session, plan)


def test_a_target_that_moved_is_named_with_what_changed(open_session: OpenSession) -> None:
    session, bob = open_session(), open_session(user="bob")
    for name in ("Gateway", "Untouched", "Deleted"):
        saved(session, name=name)
    text = document(provider(bulk_no=70), provider("Untouched"), provider("Deleted", bulk_no=7), provider("Made"))
    plan = planned(session, text)
    edit(bob, interval_max="19:00:00")
    edit(bob, "Untouched", bulk_no="8")
    delete(bob, open_provider(bob, name="Deleted"), "Deleted")
    saved(bob, name="Made")
    with pytest.raises(TargetsMoved) as stale:
        apply_plan(session, plan)
    assert isinstance(stale.value, StaleVersion)
    assert list(map(str, stale.value.moved)) == [
        "Gateway is at version 2 saved by bob, no longer at 1 (Interval Max)",
        "Untouched is at version 2 saved by bob, no longer at 1 (Bulk No)",
        "Deleted is not there any more",
        "Made is there by now, version 1 saved by bob",
    ]
    assert open_provider(session, name="Gateway").values["bulk_no"] == 50


def test_a_provider_deleted_and_made_again_has_moved(session: Session) -> None:
    saved(session)
    plan = planned(session, document(provider(bulk_no=70)))
    delete(session, open_provider(session, name="Gateway"), "Gateway")
    saved(session)
    assert [str(moved) for moved in moved_targets(session, plan.rows)] == [
        "Gateway is at version 1 saved by ana, no longer at 1 (nothing different)"
    ]


def test_many_that_moved_are_named_in_part(session: Session) -> None:
    text = document(*(provider(f"P{number}") for number in range(8)))
    plan = planned(session, text)
    applied(session, text)
    with pytest.raises(TargetsMoved, match=r"P4 .*; and 3 more\."):
        apply_plan(session, plan)


def after_check(session: Session, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Lets somebody act once the targets were looked at and before they are written."""
    acted: list[bool] = []
    looked = applying.moved_targets

    def look(*arguments: object) -> object:
        found = looked(*arguments)  # type: ignore[arg-type]
        if not acted:
            acted.append(True)
            act()
        return found

    monkeypatch.setattr(applying, "moved_targets", look)


def test_a_race_lost_within_the_transaction_is_told_alike(
    open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, bob = open_session(), open_session(user="bob")
    saved(session)
    plan = planned(session, document(provider("New"), provider(bulk_no=70)))
    after_check(session, monkeypatch, lambda: edit(bob, bulk_no="9"))
    with pytest.raises(TargetsMoved, match="Gateway is at version 2 saved by bob"):
        apply_plan(session, plan)
    assert session.store.name_owner("New") is None


def test_a_failing_store_leaves_nothing_behind(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(session, document(provider("A"), provider("B")))
    with session.store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.provider_name = 'B' "
            "BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(StoreError):
        apply_plan(session, plan)
    assert session.store.name_owner("A") is None


# A plan in a file


def write(session: Session, text: str, path: Path, acknowledged: tuple[str, ...] = ()) -> Plan:
    plan = planned(session, text)
    write_plan(session, plan, acknowledged, str(path))
    return plan


def read(session: Session, path: Path) -> tuple[Plan, tuple[str, ...]]:
    return read_plan(session, document_in(source_of(path.read_bytes())), resolver())


def test_a_plan_is_applied_later_from_its_file(open_session: OpenSession, tmp_path: Path) -> None:
    session = open_session()
    saved(session)
    path = tmp_path / "plan.json"
    text = document(
        provider(bulk_no=70), provider("Same"), provider("New", pool_time_retry="00:00:30"), environment="test"
    )
    saved(session, name="Same")
    plan = write(session, text, path, ("pool_short",))
    assert path.stat().st_mode & 0o777 == 0o600
    assert KEY not in path.read_text()
    assert PASSWORD not in path.read_text()
    again, acknowledged = read(open_session(user="bob"), path)
    assert (again.id, again.source, again.origin, acknowledged) == (plan.id, plan.source, "test", ("pool_short",))
    assert actions(again) == {"create": 1, "change": 1, "unchanged": 1}
    assert apply_plan(session, again, acknowledged=acknowledged) == 2
    with pytest.raises(TargetsMoved, match=r"Gateway is at version 2 .*New is there by now"):
        read(session, path)


def test_a_plan_whose_untouched_target_moved_or_went_is_refused(session: Session, tmp_path: Path) -> None:
    saved(session)
    path = tmp_path / "plan.json"
    write(session, document(provider(), provider("New")), path)
    edit(session, bulk_no="9")
    with pytest.raises(TargetsMoved, match="Gateway is at version 2"):
        read(session, path)
    delete(session, open_provider(session, name="Gateway"), "Gateway")
    with pytest.raises(TargetsMoved, match="Gateway is not there any more"):
        read(session, path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"bulk_no": 70', '"bulk_no": 71'),
        ("env:THE_KEY", "env:OTHER"),
        ('"provider_name": "SendGrid"', '"provider_name": "Sendgrid"'),
        ('"id": "', '"id": "0'),
        ('"acknowledged": []', '"acknowledged": ["pool_short"]'),
        ('"acknowledged": []', '"acknowledged": [], "more": 1'),
        ('"source": "gateways', '"source": "others'),
        ('"checksum": "', '"checksum": "0'),
        ('"checksum"', '"was"'),
    ],
)
def test_a_plan_that_was_altered_is_refused(session: Session, tmp_path: Path, before: str, after: str) -> None:
    saved(session)
    path = tmp_path / "plan.json"
    write(session, document(provider(bulk_no=70)), path)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    every = resolver({**ENVIRON, "OTHER": KEY})
    with pytest.raises(PlanRefused, match="changed after it was made"):
        read_plan(session, document_in(source_of(path.read_bytes())), every)


def test_a_plan_based_on_what_never_was_has_moved(session: Session, tmp_path: Path) -> None:
    version = saved(session)
    path = tmp_path / "plan.json"
    write(session, document(provider(bulk_no=70)), path)
    for based_on in (f"{version.provider_id}/77", f"{version.provider_id}/-1", "nobody/1", "", "x"):
        altered = path.read_text().replace(f"{version.provider_id}/1", based_on)
        with pytest.raises(TargetsMoved):
            read_plan(session, document_in(source_of(altered)), resolver())


def test_what_is_no_plan_or_another_environments_is_refused(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(document(provider()))
    with pytest.raises(PlanRefused, match="no plan"):
        read(session, path)
    write(session, document(provider()), path)
    path.write_text(
        path.read_text()
        .replace('"id"', '"was"')
        .replace('"environment": "local", "source"', '"environment": "x", "source"')
    )
    with pytest.raises(PlanRefused, match="another environment"):
        read(session, path)
    path.write_text("nonsense")
    with pytest.raises(FileRefused):
        read(session, path)


def test_a_plan_that_refuses_is_not_written(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    with pytest.raises(PlanRefused, match="No plan was written"):
        write(session, document({}), path)
    assert not path.exists()


def test_a_plan_from_its_file_that_refuses_by_now_is_shown(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write(session, document(provider()), path)
    plan, _ = read_plan(session, document_in(source_of(path.read_bytes())), resolver({}))
    assert actions(plan) == {"refused": 1}


# Processes


def test_kill_9_while_a_plan_is_applied_leaves_all_or_nothing(tmp_path: Path) -> None:
    """A process applies the next plan over and over; whenever it dies, every provider is of one generation."""
    number = 60
    session = session_in(tmp_path)
    applied(session, document(*(provider(f"P{each}", bulk_no=1) for each in range(number))))
    session.close()
    chance = random.Random(4711)
    for _ in range(4):
        command = [sys.executable, "-W", "error", "-m", "tests.studio.files.applier", str(tmp_path), str(number)]
        process = subprocess.Popen(command, cwd=ROOT, env=unmeasured(), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().startswith("applying")
        for _ in range(chance.randrange(3)):
            process.stdout.readline()
        # The line says that writing begins: some way into it, by a count of what else is done meanwhile.
        sum(range(chance.randrange(3_000_000)))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        session = session_in(tmp_path)
        generations = {open_provider(session, name=f"P{each}").values["bulk_no"] for each in range(number)}
        assert len(generations) == 1
        assert broken_link(session.store.audit_entries(limit=100_000), session.vault.sign) is None
        session.close()
