"""Versions on trial: live at once, gone at the deadline whoever opens the store, kept when confirmed."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.audit_chain import broken_link
from ftos_tui.stores.trial_protocol import TrialEnd
from ftos_tui.studio.failures import NotPermitted, NoTrial, StaleVersion, StoreUnreachable
from ftos_tui.studio.log import read_log
from ftos_tui.studio.providers import base_of, clear_secret, delete, new_draft, open_provider, save
from ftos_tui.studio.session import Session
from ftos_tui.studio.trial import carry_out_expired, confirm, running_trials, trial_of
from tests.studio.conftest import OpenSession
from tests.studio.making import NOON, filled, saved
from tests.studio.test_providers import edit

TEN = timedelta(minutes=10)
LATER = NOON + TEN


def on_trial(session: Session, version: ProviderVersion | None = None, **changed: str) -> ProviderVersion:
    """A version saved on trial for ten minutes."""
    version = version or saved(session)
    return save(session, edit(version, **(changed or {"bulk_no": "500"})), reason="more", trial=TEN)


def logged(session: Session) -> list[str]:
    return [entry.message for entry in read_log(session)]


def test_a_version_on_trial_is_live_at_once_and_says_until_when(session: Session) -> None:
    tried = on_trial(session)
    assert open_provider(session, name="Gateway").values["bulk_no"] == 500
    trial = trial_of(session, tried.provider_id)
    assert trial is not None
    assert (trial.version, trial.back_to, trial.deadline, trial.started_by.user) == (2, 1, LATER, "ana")
    assert running_trials(session) == [trial]
    assert logged(session)[-1] == (
        "Gateway version 2. On trial: reverts to version 1 at 12:10:00 UTC unless confirmed."
    )
    entry = session.store.audit_entries()[-1]
    assert json.loads(entry.detail)["trial_until"].startswith("2026-01-02T12:10:00")


def test_whoever_opens_the_store_after_the_deadline_reverts(session: Session, open_session: OpenSession) -> None:
    tried = on_trial(session, from_display_name="Trial")
    session.close()
    early = open_session(user="bob", clock=LATER - timedelta(seconds=1))
    assert open_provider(early, name="Gateway").number == 2
    late = open_session(user="bob", clock=LATER)
    back = open_provider(late, name="Gateway")
    assert (back.number, back.action, back.saved_by.user) == (3, "trial_reverted", "bob")
    first = late.store.by_id(tried.provider_id, 1)
    assert (back.values, back.statuses, back.missing) == (first.values, first.statuses, ())
    assert back.reason.startswith("Trial of version 2 by ana was not confirmed by 2026-01-02 12:10:00 UTC")
    assert running_trials(late) == []
    assert logged(late)[-1] == (
        "Reverted Gateway to version 1, as version 3: nobody confirmed the trial of version 2 by 12:10:00 UTC."
    )
    entries = late.store.audit_entries()
    assert broken_link(entries, late.vault.sign) is None
    detail = json.loads(entries[-1].detail)
    assert (entries[-1].action, detail["ended_trial"], detail["changed"]) == (
        "trial_reverted",
        2,
        ["from_display_name"],
    )


def test_a_confirmed_trial_stays(session: Session, open_session: OpenSession) -> None:
    tried = on_trial(session)
    other = open_session(user="bob", clock=LATER - timedelta(seconds=1))
    assert confirm(other, name="gateway").version == 2
    assert trial_of(other, tried.provider_id) is None
    assert logged(other)[-1] == "Confirmed Gateway version 2: it stays."
    entry = other.store.audit_entries()[-1]
    assert (entry.action, entry.provider_name, entry.author.user) == ("trial_confirmed", "Gateway", "bob")
    assert carry_out_expired(open_session(clock=LATER)) == 0
    assert open_provider(other, name="Gateway").values["bulk_no"] == 500
    with pytest.raises(NoTrial, match="Gateway is not on trial"):
        confirm(other, name="Gateway")


def test_after_the_deadline_it_is_too_late_to_confirm(session: Session) -> None:
    tried = on_trial(session)
    session.clock = lambda: LATER
    with pytest.raises(NoTrial, match="Too late: the trial of Gateway version 2 ended at 12:10:00 UTC"):
        confirm(session, provider_id=tried.provider_id)
    assert open_provider(session, name="Gateway").action == "trial_reverted"


def test_a_confirmation_that_comes_second_says_so(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    on_trial(session)
    trial = running_trials(session)[0]
    end = TrialEnd(trial.provider_id, 2, "trial_confirmed", session.author, NOON)
    assert session.store.end_trial(end, session.vault.sign)
    assert not session.store.end_trial(end, session.vault.sign)
    monkeypatch.setattr(type(session.store), "trial", lambda *_: trial)  # as it was read a moment before
    with pytest.raises(NoTrial, match="Too late"):
        confirm(session, name="Gateway")


def test_saving_over_a_trial_ends_it_without_a_revert(session: Session, open_session: OpenSession) -> None:
    tried = on_trial(session)
    save(open_session(user="bob"), edit(tried, bulk_no="60"))
    assert running_trials(session) == []
    assert "The trial of Gateway version 2 ended with this save" in logged(session)[-1]
    assert json.loads(session.store.audit_entries()[-1].detail)["ended_trial"] == 2
    late = open_session(clock=LATER)
    assert open_provider(late, name="Gateway").values["bulk_no"] == 60


def test_a_trial_over_a_trial_goes_back_to_what_was_confirmed(session: Session, open_session: OpenSession) -> None:
    first = on_trial(session)
    save(session, edit(first, retry_max_attempt="5"), trial=timedelta(minutes=20))
    [trial] = running_trials(session)
    assert (trial.version, trial.back_to) == (3, 1)
    assert "reverts to version 1 at 12:20:00" in logged(session)[-1]
    back = open_provider(open_session(clock=LATER + TEN), name="Gateway")
    assert (back.values["bulk_no"], back.values["retry_max_attempt"]) == (50, 3)


def test_deleting_and_clearing_end_a_trial(session: Session, open_session: OpenSession) -> None:
    cleared = clear_secret(session, on_trial(session), "app_key")
    assert running_trials(session) == []
    assert "ended with this save" in logged(session)[-1]
    delete(session, on_trial(session, save_again(session, cleared)), "Gateway")
    assert running_trials(session) == []
    assert open_session(clock=LATER).store.count() == 6


def save_again(session: Session, version: ProviderVersion) -> ProviderVersion:
    return save(session, Draft(base_of(version)).with_secret("app_key", Secret("another-key")))


def test_the_revert_brings_the_secrets_of_before_back(session: Session, open_session: OpenSession) -> None:
    version = saved(session)
    draft = edit(version, service_url="https://other.example.com")
    draft = draft.with_secret("app_password", Secret("new-pw")).with_secret("app_key", Secret("new-key"))
    save(session, draft, trial=TEN)
    back = open_provider(open_session(clock=LATER), name="Gateway")
    assert {field_id: state.version for field_id, state in back.secrets.items()} == {"app_password": 1, "app_key": 1}
    assert all(state.readable for state in back.secrets.values())
    assert back.secrets == version.secrets


def test_a_name_taken_meanwhile_keeps_only_the_name_from_reverting(session: Session, open_session: OpenSession) -> None:
    version = saved(session)
    save(session, edit(version, name="Renamed", bulk_no="500"), acknowledged=["name_renamed"], trial=TEN)
    saved(session)  # another one now bears the old name
    back = open_provider(open_session(clock=LATER), name="Renamed")
    assert (back.action, back.values["bulk_no"], back.values["name"]) == ("trial_reverted", 50, "Renamed")
    assert "but for the Name" in back.reason


def test_a_trial_of_nothing_is_none(session: Session) -> None:
    with pytest.raises(NoTrial, match="A new provider has no version to go back to"):
        save(session, filled(new_draft()), trial=TEN)
    version = saved(session)
    assert save(session, edit(version, bulk_no="50"), trial=TEN).number == 1
    assert running_trials(session) == []


def test_a_read_only_environment_reverts_nothing(session: Session, open_session: OpenSession) -> None:
    on_trial(session)
    reader = open_session(clock=LATER, read_only=True)
    assert open_provider(reader, name="Gateway").number == 2
    assert carry_out_expired(reader) == 0
    with pytest.raises(NotPermitted):
        confirm(reader, name="Gateway")
    assert [trial.version for trial in running_trials(reader)] == [2]


def test_a_version_found_over_the_trial_ends_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store takes trials away with every version; one that is left all the same must not undo a later save."""
    tried = on_trial(session)
    [trial] = running_trials(session)
    newer = save(session, edit(tried, bulk_no="60"))
    store = type(session.store)
    monkeypatch.setattr(store, "due_trials", lambda *_, **__: [trial])
    assert carry_out_expired(session) == 0
    assert open_provider(session, name="Gateway").number == newer.number
    ended: list[TrialEnd] = []

    def end_trial(_store: object, end: TrialEnd, _sign: object) -> bool:
        ended.append(end)
        return True

    monkeypatch.setattr(store, "end_trial", end_trial)
    assert carry_out_expired(session) == 0
    assert [end.action for end in ended] == ["trial_ended"]
    assert "ended without a revert: ana saved version 3 over it" in logged(session)[-1]


def test_two_that_revert_at_once_revert_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    on_trial(session)
    [trial] = running_trials(session)
    session.clock = lambda: LATER
    assert carry_out_expired(session) == 1
    before = session.store.by_id(trial.provider_id, 2)
    store = type(session.store)
    monkeypatch.setattr(store, "due_trials", lambda *_, **__: [trial])
    real = store.by_id
    monkeypatch.setattr(
        store, "by_id", lambda self, key, number=None: before if number is None else real(self, key, number)
    )
    assert carry_out_expired(session) == 0
    monkeypatch.undo()
    assert open_provider(session, name="Gateway").number == 3


PROCESS = """
import sys
from datetime import timedelta
from pathlib import Path
from tests.studio.making import NOON, session_in
session = session_in(Path(sys.argv[1]), clock=NOON + timedelta(minutes=10))
print("ready", flush=True)
sys.stdin.readline()
print(session.store.by_name("Gateway").number)
session.close()
"""


def test_processes_that_open_the_store_at_once_revert_once(session: Session, tmp_path: Path) -> None:
    tried = on_trial(session)
    session.close()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in processes] == ["3\n"] * 3
    assert session.store.by_id(tried.provider_id).number == 3
    assert [entry.action for entry in session.store.audit_entries()].count("trial_reverted") == 1


def test_one_that_cannot_be_reverted_does_not_keep_the_store_shut(
    session: Session, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_trial(session)
    session.close()
    session.key_path.unlink()
    keyless = open_session(clock=LATER)
    assert keyless.store.by_name("Gateway").number == 2
    assert "The trial of Gateway is over but could not be reverted:" in logged(keyless)[-1]

    def unreachable(*_: object, **__: object) -> None:
        raise StoreUnreachable("It does not answer.")

    monkeypatch.setattr(type(keyless.store), "due_trials", unreachable)
    assert open_session(clock=LATER).store.count() == 7
    assert logged(keyless)[-1] == "Trials that are over could not be looked for: It does not answer."


def test_a_stale_save_on_trial_begins_none(session: Session, open_session: OpenSession) -> None:
    version = saved(session)
    save(open_session(user="bob"), edit(version, bulk_no="60"))
    with pytest.raises(StaleVersion):
        on_trial(session, version)
    assert running_trials(session) == []


def run_sql(session: Session, statement: str) -> None:
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("moment", ["audit", "trial"])
def test_a_trial_is_written_with_its_version_or_neither_is(session: Session, moment: str) -> None:
    version = saved(session)
    run_sql(session, f"CREATE TRIGGER stop BEFORE INSERT ON {moment} BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(Exception, match=r"."):
        on_trial(session, version)
    assert open_provider(session, name="Gateway").number == 1
    assert running_trials(session) == []


def test_a_session_keeps_its_own_clock(session: Session) -> None:
    moment: datetime = replace_clock(session)
    on_trial(session)
    assert running_trials(session)[0].deadline == moment + TEN


def replace_clock(session: Session) -> datetime:
    moment = NOON + timedelta(hours=1)
    session.clock = lambda: moment
    session.author = replace(session.author, user="carl")
    return moment
