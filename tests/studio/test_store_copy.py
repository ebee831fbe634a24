"""A whole store is carried into another one: local to shared and back, whatever happens meanwhile."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.channel_protocol import NewChannel
from ftos_tui.stores.protocol import ListQuery
from ftos_tui.stores.sql import copying
from ftos_tui.studio.audit import list_entries, verify
from ftos_tui.studio.failures import CopyRefused, NotPermitted, StoreForbidden, VaultError
from ftos_tui.studio.providers import base_of, delete, open_provider, save
from ftos_tui.studio.rotation import key_status, rotate_key
from ftos_tui.studio.session import Session
from ftos_tui.studio.store_admin import initialise, status
from ftos_tui.studio.store_copy import copy_store, in_words
from tests.postgres import PostgresServer
from tests.stores.queueing import queue
from tests.studio.copier import session_of
from tests.studio.making import NOON, saved
from tests.studio.test_rotation import secret_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, postgres_server: PostgresServer) -> Path:
    """A folder with settings for `local`, `other` and `team`, which is an empty database."""
    database = postgres_server.new_database(None)
    (tmp_path / "config.toml").write_text(
        "[environments.other]\n[environments.closed]\nread_only = true\n[environments.team.postgresql]\n"
        f'host = "{postgres_server.host}"\nport = {postgres_server.port}\n'
        f'database = "{database}"\nuser = "postgres"\nsslmode = "disable"\n'
    )
    return tmp_path


@pytest.fixture
def sessions(folder: Path) -> "Iterator[Sessions]":
    """Opens sessions by the name of their environment; all are closed in the end."""
    made = Sessions(folder)
    yield made
    made.close()


class Sessions:
    """Sessions in the environments of a folder, each opened once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[str, Session] = {}

    def __getitem__(self, name: str) -> Session:
        if name not in self._opened:
            self._opened[name] = session_of(self._folder, name)
        return self._opened[name]

    def close(self) -> None:
        """Closes them all; they may be opened anew."""
        for session in self._opened.values():
            session.close()
        self._opened.clear()


def filled_store(session: Session) -> None:
    """Providers with several versions and keys, a deleted one, a channel, counts, a key that was rotated."""
    first = saved(session, name="Gateway \u00e4\u4f60")
    changed = Draft(base_of(first)).with_text("bulk_no", "7").with_secret("app_key", Secret("another"))
    save(session, changed, reason="why")
    rotate_key(session)
    gone = saved(session, name="Gone")
    delete(session, gone, "Gone")
    channel = NewChannel("c" * 32, 0, "BANK", "Bank", "email", "email", first.provider_id, session.author, NOON)
    session.store.write_channel(channel, session.vault.sign)
    session.store.count_status(first.provider_id, "250", 3)


def assert_same(one: Session, other: Session, extra: int = 1) -> None:
    """Both stores tell the same, but for keys and `extra` audit entries; both audits are whole."""
    for session in (one, other):
        report = verify(session)
        assert report.problem is None
        status_of_keys = key_status(session)
        assert (status_of_keys.waiting, status_of_keys.lost) == (0, ())
    names = [row.name for row in one.store.list_page(ListQuery(limit=1000))]
    assert names == [row.name for row in other.store.list_page(ListQuery(limit=1000))]
    for name in names:
        version = open_provider(one, name=name)
        assert list(one.store.versions(version.provider_id)) == list(other.store.versions(version.provider_id))
        for field_id, state in version.secrets.items():
            if state.is_set:
                assert secret_of(one, version, field_id) == secret_of(other, version, field_id)
    mine, theirs = one.store.audit_entries(), other.store.audit_entries()
    assert len(theirs) == len(mine) + extra
    for entry, copied in zip(mine, theirs, strict=False):
        assert replace(entry, previous="", mac="") == replace(copied, previous="", mac="")
        assert entry.mac != copied.mac
    assert one.store.fact("store_id") != other.store.fact("store_id")
    assert one.vault.key_id != other.vault.key_id


@pytest.mark.parametrize("initialised", [False, True])
def test_a_local_store_goes_to_a_shared_one_and_back(sessions: Sessions, initialised: bool) -> None:
    local, team, other = sessions["local"], sessions["team"], sessions["other"]
    filled_store(local)
    if initialised:
        initialise(team)
    told: list[tuple[int, int]] = []
    done = copy_store(local, team, progress=lambda now, total: told.append((now, total)))
    assert (done.resumed, done.unreadable) == (False, 0)
    assert [(row.table, row.source) for row in done.tables] == [(row.table, row.target) for row in done.tables]
    assert told[0] == (0, told[-1][1])
    assert told[-1][0] == told[-1][1]
    assert_same(local, team)
    assert team.store.status_counts(open_provider(team, name="Gateway \u00e4\u4f60").provider_id) == {"250": 3}
    assert team.store.channel_by_code("BANK") == local.store.channel_by_code("BANK")
    last = team.store.audit_entries()[-1]
    assert last.action == "store_copied"
    assert local.store.audit_entries()[-1].mac in last.detail
    assert str(local.store.fact("store_id")) in last.detail
    saved(team, name="Saved after the copy")
    copy_store(team, other)
    assert_same(team, other)
    assert in_words(done).startswith("Copied local to team: ")
    assert len(list_entries(other)) > 0


@pytest.mark.parametrize(
    ("target", "name", "call"),
    [
        ("team", "begin", 1),
        ("team", "_keep", 2),
        ("team", "_keep", 6),
        ("team", "digest", 4),
        ("other", "_keep", 6),
    ],
)
def test_a_copy_that_was_killed_goes_on(sessions: Sessions, folder: Path, target: str, name: str, call: int) -> None:
    filled_store(sessions["local"])
    sessions.close()
    command = [sys.executable, "-m", "tests.studio.copier", str(folder), "local", target, name, str(call)]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    seen = status(sessions[target])
    assert seen.copying
    done = copy_store(sessions["local"], sessions[target])
    assert done.resumed
    assert_same(sessions["local"], sessions[target])
    assert not status(sessions[target]).copying


def test_a_copy_whose_source_was_changed_begins_anew(sessions: Sessions, folder: Path) -> None:
    filled_store(sessions["local"])
    command = [sys.executable, "-m", "tests.studio.copier", str(folder), "local", "team", "carry", "5"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    saved(sessions["local"], name="Meanwhile")
    assert not copy_store(sessions["local"], sessions["team"]).resumed
    assert_same(sessions["local"], sessions["team"])


def test_a_store_with_changes_of_its_own_is_not_overwritten(sessions: Sessions) -> None:
    local, team = sessions["local"], sessions["team"]
    filled_store(local)
    initialise(team)
    saved(team, name="Theirs")
    before = list(team.store.audit_entries())
    with pytest.raises(CopyRefused, match="team holds changes of its own"):
        copy_store(local, team)
    assert list(team.store.audit_entries()) == before
    assert open_provider(team, name="Theirs").number == 1


def test_what_is_written_into_half_a_copy_is_not_lost(sessions: Sessions, folder: Path) -> None:
    filled_store(sessions["local"])
    command = [sys.executable, "-m", "tests.studio.copier", str(folder), "local", "other", "carry", "4"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    saved(sessions["other"], name="Impatient")
    with pytest.raises(CopyRefused, match="changed the store of other while it was filled"):
        copy_store(sessions["local"], sessions["other"])
    saved(sessions["local"], name="Meanwhile")
    with pytest.raises(CopyRefused, match="changes of its own"):
        copy_store(sessions["local"], sessions["other"])
    assert open_provider(sessions["other"], name="Impatient").number == 1


def test_a_source_that_is_changed_while_it_is_copied_is_told(sessions: Sessions) -> None:
    local, team = sessions["local"], sessions["team"]
    filled_store(local)

    def meanwhile(done: int, total: int) -> None:
        if done * 2 > total:
            local.store.count_status("p", "250", 1)

    with pytest.raises(CopyRefused, match="local was changed while it was copied"):
        copy_store(local, team, progress=meanwhile)
    assert verify(local).problem is None


def test_the_target_written_to_while_it_is_filled_is_told(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    local, other = sessions["local"], sessions["other"]
    filled_store(local)
    finish: Any = copying.finish

    def late(database: Any, *arguments: Any) -> bool:
        saved(other, name="Late")
        return bool(finish(database, *arguments))

    monkeypatch.setattr(copying, "finish", late)
    with pytest.raises(CopyRefused, match="changed the store of other"):
        copy_store(local, other)


def test_a_source_that_is_not_whole_is_not_copied(sessions: Sessions, folder: Path) -> None:
    local = sessions["local"]
    filled_store(local)
    path = local.store_path
    sessions.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE provider_version SET reason = 'another' WHERE number = 2")
    with pytest.raises(CopyRefused, match="The audit of local is not whole, so it is not copied: Gateway"):
        copy_store(sessions["local"], sessions["team"])
    assert status(sessions["team"]).schema is None


def test_a_source_with_a_trial_is_not_copied(sessions: Sessions) -> None:
    from datetime import timedelta

    local = sessions["local"]
    version = saved(local)
    save(local, Draft(base_of(version)).with_text("bulk_no", "9"), trial=timedelta(minutes=10))
    with pytest.raises(CopyRefused, match="Gateway is on trial in local"):
        copy_store(local, sessions["team"])


def test_a_wrong_key_stops_a_copy_before_anything_is_written(sessions: Sessions, folder: Path) -> None:
    filled_store(sessions["local"])
    initialise(sessions["team"])
    sessions.close()
    key = folder / "data" / "team.key"
    key.write_text("A" * 43 + "=")
    with pytest.raises(VaultError, match="not the one"):
        copy_store(sessions["local"], sessions["team"])
    key.unlink()
    sessions.close()
    with pytest.raises(VaultError, match="There is no master key of team"):
        copy_store(sessions["local"], sessions["team"])
    assert status(sessions["team"]).counts["secrets"] == 0


def test_a_secret_that_does_not_open_is_carried_as_it_is(sessions: Sessions) -> None:
    local, team = sessions["local"], sessions["team"]
    version = saved(local)
    place = (version.provider_id, "app_key", 1)
    stored = local.store.sealed_secrets([place])[place]
    local.store.rewrap_secret(place, stored.sealed, stored.sealed[:-1] + b"?", "0" * 16)
    done = copy_store(local, team)
    assert done.unreadable == 1
    assert in_words(done).endswith("1 secret opens with no key and stayed as they are.")
    assert team.store.sealed_secrets([place])[place].sealed == stored.sealed[:-1] + b"?"
    assert secret_of(team, open_provider(team, name="Gateway"), "app_password")


def test_messages_that_stay_behind_are_told(sessions: Sessions) -> None:
    local, other = sessions["local"], sessions["other"]
    queue(local.store, saved(local).provider_id, 2)
    done = copy_store(local, other)
    assert in_words(done).endswith("The message queue stays in local, with 2 messages that are not at the end.")
    assert other.store.messages.counts() == {}


def test_only_the_owner_fills_a_store_and_only_one_that_takes_changes(
    sessions: Sessions, folder: Path, postgres_server: PostgresServer
) -> None:
    initialise(sessions["team"])
    name = f"stranger_{folder.name.replace('-', '_').lower()}"
    postgres_server.execute(f'CREATE ROLE "{name}" LOGIN')
    team = sessions["team"].environment
    assert team.postgresql is not None
    sessions.close()
    stranger = sessions["team"]
    stranger.environment = replace(team, postgresql=replace(team.postgresql, user=name))
    with pytest.raises(StoreForbidden):
        copy_store(sessions["local"], stranger)
    with pytest.raises(NotPermitted, match="closed is read-only"):
        copy_store(sessions["local"], sessions["closed"])


def test_a_store_is_not_copied_into_itself_nor_half_a_copy_further(sessions: Sessions, folder: Path) -> None:
    filled_store(sessions["local"])
    twin = sessions["other"]
    twin.environment = replace(sessions["local"].environment, name="local")
    with pytest.raises(CopyRefused, match="the same store"):
        copy_store(sessions["local"], twin)
    sessions.close()
    command = [sys.executable, "-m", "tests.studio.copier", str(folder), "local", "other", "carry", "4"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    with pytest.raises(CopyRefused, match="itself half a copy"):
        copy_store(sessions["other"], sessions["team"])
