"""Trials and communication channels, as every store keeps them."""

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

from ftos_tui.domain.record import ProviderVersion
from ftos_tui.stores.audit_chain import broken_link
from ftos_tui.stores.channel_protocol import ChannelEnd, ChannelQuery, NewChannel
from ftos_tui.stores.plain_json import time_to_text
from ftos_tui.stores.protocol import (
    ListQuery,
    NameTaken,
    NotFound,
    ProviderInUse,
    ProviderStore,
    StaleVersion,
    StoreDamaged,
    StoreReadOnly,
)
from ftos_tui.stores.sql import migrate
from ftos_tui.stores.sql.schema import HEAD
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.stores.trial_protocol import TrialEnd
from tests.stores.conftest import OpenStore
from tests.stores.making import ANA, AT, new_version, next_version, sign

UNTIL = AT + timedelta(minutes=10)


def tried(store: ProviderStore, name: str = "A", minutes: int = 10) -> ProviderVersion:
    """A provider whose second version is on trial."""
    first = store.write(new_version(name), sign)
    return store.write(next_version(first, trial_until=AT + timedelta(minutes=minutes)), sign)


def channel_of(provider: ProviderVersion, code: str = "EMAIL", **changes: Any) -> NewChannel:
    """A new channel that sends through a provider."""
    new = NewChannel(f"id-{code}", 0, code, f"Name of {code}", "email", "email", provider.provider_id, ANA, AT)
    return replace(new, **changes)


def detail(store: ProviderStore) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(store.audit_entries()[-1].detail)
    return result


def test_a_trial_is_kept_with_its_version(store: ProviderStore, open_store: OpenStore) -> None:
    version = tried(store)
    trial = open_store().trial(version.provider_id)
    assert trial is not None
    assert (trial.name, trial.version, trial.back_to) == ("A", 2, 1)
    until = version.saved_at + timedelta(minutes=10)
    assert (trial.deadline, trial.started_at, trial.started_by) == (until, version.saved_at, ANA)
    assert detail(store)["trial_until"] == time_to_text(until)
    assert store.trial("nobody") is None


def test_trials_come_by_deadline(store: ProviderStore) -> None:
    for name, minutes in (("A", 20), ("B", 10), ("C", 30)):
        tried(store, name, minutes)
    assert [trial.name for trial in store.trials()] == ["B", "A", "C"]
    assert [trial.name for trial in store.trials(limit=1)] == ["B"]
    assert [trial.name for trial in store.trials(due_by=store.trials()[1].deadline)] == ["B", "A"]
    assert store.trials(due_by=AT) == []
    over = [trial.name for trial in store.due_trials(AT + timedelta(minutes=20))]
    assert over == ([] if store.now(AT) > AT + timedelta(days=1) else ["B", "A"]), "by the store's own clock"


def test_every_further_version_ends_the_trial(store: ProviderStore) -> None:
    for name, action in (("A", "save"), ("B", "trial_reverted"), ("C", "delete")):
        version = tried(store, name)
        store.write(next_version(version, action=action), sign)
        assert store.trial(version.provider_id) is None
        assert detail(store)["ended_trial"] == 2


def test_a_trial_on_a_trial_goes_back_to_the_first(store: ProviderStore) -> None:
    version = tried(store)
    third = store.write(next_version(version, trial_until=UNTIL + timedelta(hours=1)), sign)
    trial = store.trial(version.provider_id)
    assert trial is not None
    assert (trial.version, trial.back_to, trial.deadline) == (3, 1, third.saved_at + timedelta(minutes=70))


def test_a_refused_write_leaves_the_trial(store: ProviderStore) -> None:
    version = tried(store)
    with pytest.raises(StaleVersion):
        store.write(next_version(version, expected_version=1), sign)
    store.write(new_version("Other"), sign)
    with pytest.raises(NameTaken):
        store.write(next_version(version, values={"name": "Other"}), sign)
    assert store.trial(version.provider_id) is not None


def test_a_trial_ends_once_with_an_audit_entry(store: ProviderStore) -> None:
    version = tried(store)
    end = TrialEnd(version.provider_id, 2, "trial_confirmed", ANA, UNTIL)
    assert not store.end_trial(replace(end, version=1), sign)
    assert store.end_trial(end, sign)
    assert not store.end_trial(end, sign)
    last = store.audit_entries()[-1]
    assert (last.action, last.provider_id, last.provider_name, last.version) == (
        "trial_confirmed",
        version.provider_id,
        "A",
        0,
    )
    assert json.loads(last.detail) == {
        "trial": 2,
        "deadline": time_to_text(version.saved_at + timedelta(minutes=10)),
        "back_to": 1,
    }
    assert [entry.action for entry in store.audit_entries()] == ["create", "save", "trial_confirmed"]
    assert broken_link(store.audit_entries(), sign) is None


def test_a_channel_is_read_back_whole(store: ProviderStore, open_store: OpenStore) -> None:
    provider = store.write(new_version("Gateway"), sign)
    new = channel_of(provider, reason="first", acknowledged=("provider_not_ready",), changed=("code",))
    before = store.now()
    written = store.write_channel(new, sign)
    assert (written.version, written.provider, written.saved_by) == (1, "Gateway", ANA)
    assert written.saved_at == AT or before <= written.saved_at <= store.now()
    assert written.values == {
        "code": "EMAIL",
        "name": "Name of EMAIL",
        "default_action_type": "email",
        "communication_channel": "email",
        "provider": "Gateway",
    }
    other = open_store()
    assert other.channel(new.channel_id) == other.channel_by_code(" email ") == written
    assert other.channel_by_code("SMS") is other.channel_by_code("\ud800") is None
    last = other.audit_entries()[-1]
    assert (last.action, last.provider_id, last.provider_name) == ("channel_create", provider.provider_id, "Gateway")
    assert json.loads(last.detail) == {
        "channel": dict(written.values),
        "before": None,
        "channel_version": 1,
        "changed": ["code"],
        "acknowledged": ["provider_not_ready"],
        "reason": "first",
    }


def test_a_channels_change_is_found_by_its_id(store: ProviderStore) -> None:
    provider = store.write(new_version("Gateway"), sign)
    store.write_channel(channel_of(provider, operation_id="a" * 32, reason=f'"operation":"{"d" * 32}"'), sign)
    store.delete_channel(ChannelEnd("id-EMAIL", 1, ANA, AT, "over", "b" * 32), sign)
    store.write_channel(channel_of(provider), sign)
    assert [store.audited(letter * 32) for letter in "abcd"] == [True, True, False, False]
    assert "operation" not in detail(store)


def test_a_channel_follows_its_providers_name(store: ProviderStore) -> None:
    provider = store.write(new_version("Gateway"), sign)
    store.write_channel(channel_of(provider), sign)
    store.write(next_version(provider, values={"name": "Renamed"}), sign)
    assert [channel.provider for channel in store.channels(ChannelQuery())] == ["Renamed"]
    assert store.count_channels("rename") == 1


def test_channels_are_paged_by_code(store: ProviderStore) -> None:
    one, two = store.write(new_version("One"), sign), store.write(new_version("Two"), sign)
    for number, code in enumerate("dBaC"):
        store.write_channel(channel_of(two if number % 2 else one, code), sign)

    def codes(**query: Any) -> list[str]:
        return [channel.code for channel in store.channels(ChannelQuery(**query))]

    assert codes() == ["a", "B", "C", "d"]
    assert codes(limit=2) == ["a", "B"]
    assert codes(limit=2, after="b") == ["C", "d"]
    assert codes(limit=2, backwards=True) == ["C", "d"]
    assert codes(limit=2, backwards=True, after="c") == ["a", "B"]
    assert codes(filter="TWO") == codes(provider_id=two.provider_id) == ["B", "C"]
    assert codes(filter="name of a") == ["a"]
    assert codes(filter="\ud800") == codes(filter="%") == []
    counts = (store.count_channels(), store.count_channels("two"), store.count_channels("\0"))
    assert counts == (4, 2, 0)
    assert store.count_channels(provider_id=one.provider_id) == 2


def test_a_stale_or_taken_channel_is_refused(store: ProviderStore) -> None:
    provider = store.write(new_version("Gateway"), sign)
    new = channel_of(provider)
    store.write_channel(new, sign)
    with pytest.raises(NameTaken, match="Another channel has the code email"):
        store.write_channel(channel_of(provider, "email", channel_id="other"), sign)
    with pytest.raises(StaleVersion, match=r"saved by ana meanwhile \(version 1, no longer 0\)"):
        store.write_channel(new, sign)
    second = store.write_channel(replace(new, expected_version=1, name="Other"), sign)
    assert (second.version, second.name) == (2, "Other")
    assert detail(store)["before"]["name"] == "Name of EMAIL"
    with pytest.raises(StaleVersion, match="deleted meanwhile"):
        store.write_channel(channel_of(provider, "GONE", expected_version=3), sign)


def test_a_channel_needs_a_provider_that_serves_it(store: ProviderStore) -> None:
    provider = store.write(new_version("Gateway"), sign)
    with pytest.raises(NotFound, match="The provider of this channel is not there any more"):
        store.write_channel(channel_of(provider, provider_id="gone"), sign)
    with pytest.raises(StaleVersion, match="Gateway does not serve sms any more"):
        store.write_channel(channel_of(provider, communication_channel="sms"), sign)
    assert store.count_channels() == 0


def test_a_provider_in_use_is_not_deleted(store: ProviderStore) -> None:
    provider = store.write(new_version("Gateway"), sign)
    for number in range(7):
        store.write_channel(channel_of(provider, f"C{number}"), sign)
    deletion = next_version(provider, action="delete")
    with pytest.raises(ProviderInUse, match="Gateway serves 7 channels: C0, C1, C2, C3, C4 and 2 more"):
        store.write(deletion, sign)
    assert not store.by_id(provider.provider_id).deleted
    for number in range(7):
        store.delete_channel(ChannelEnd(f"id-C{number}", 1, ANA, AT, "over"), sign)
    assert detail(store)["reason"] == "over"
    assert store.audit_entries()[-1].action == "channel_delete"
    assert store.write(deletion, sign).deleted


def test_a_channel_is_deleted_at_the_version_that_was_seen(store: ProviderStore) -> None:
    provider = store.write(new_version("Gateway"), sign)
    channel = store.write_channel(channel_of(provider), sign)
    with pytest.raises(StaleVersion):
        store.delete_channel(ChannelEnd(channel.channel_id, 2, ANA, AT), sign)
    store.delete_channel(ChannelEnd(channel.channel_id, 1, ANA, AT), sign)
    with pytest.raises(StaleVersion, match="deleted meanwhile"):
        store.delete_channel(ChannelEnd(channel.channel_id, 1, ANA, AT), sign)
    with pytest.raises(NotFound, match="no such channel"):
        store.delete_channel(ChannelEnd(channel.channel_id, 0, ANA, AT), sign)
    with pytest.raises(NotFound, match="no such channel"):
        store.channel(channel.channel_id)


def test_of_a_deletion_and_a_new_channel_at_once_one_wins(store: ProviderStore) -> None:
    """Whichever comes first, no channel is left without its provider."""
    provider = store.write(new_version("Gateway"), sign)
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def attempt(what: str) -> None:
        gate.wait()
        try:
            if what == "delete":
                store.write(next_version(provider, action="delete"), sign)
            else:
                store.write_channel(channel_of(provider), sign)
            outcomes.append(what)
        except (ProviderInUse, NotFound):
            pass

    threads = [threading.Thread(target=attempt, args=(what,)) for what in ("delete", "channel")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 1
    assert store.count_channels() == (outcomes == ["channel"])


def test_a_read_only_store_takes_neither(store: ProviderStore, open_store: OpenStore) -> None:
    version = tried(store)
    reader = open_store(read_only=True)
    with pytest.raises(StoreReadOnly):
        reader.end_trial(TrialEnd(version.provider_id, 2, "trial_confirmed", ANA, AT), sign)
    with pytest.raises(StoreReadOnly):
        reader.write_channel(channel_of(version), sign)
    with pytest.raises(StoreReadOnly):
        reader.delete_channel(ChannelEnd("x", 1, ANA, AT), sign)


def test_rows_that_no_save_wrote_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    with closing(open_sqlite(path)) as store:
        version = tried(store)
        store.write_channel(channel_of(version), sign)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE trial SET deadline = 'soon'")
            connection.execute("UPDATE communication_channel SET saved_at = 'once'")
        with pytest.raises(StoreDamaged, match="the trial of"):
            store.trials()
        with pytest.raises(StoreDamaged, match="the channel id-EMAIL"):
            store.channels(ChannelQuery())


def test_a_store_of_the_first_schema_is_upgraded_with_all_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.sqlite3"

    def first_only(connection: Any) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "ftos_tui.stores.sql:migrations")
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "0001")

    with monkeypatch.context() as patched:
        patched.setattr(migrate, "run_migrations", first_only)
        open_sqlite(path).close()
    row = ("p1", 1, "{}", "[]", "{}", "2026-01-02T03:04:05.000000+00:00", "ana", "jump1", "", "create", "[]", "op", 0)
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        connection.execute(
            'INSERT INTO provider_version (provider_id, number, "values", statuses, secret_versions, saved_at, '
            '"user", host, reason, action, acknowledged, operation_id, deleted) '
            f"VALUES ({', '.join('?' * len(row))})",
            row,
        )
        connection.execute(
            "INSERT INTO provider (id, version, name, name_key, missing, missing_count, saved_by, saved_at, search) "
            "VALUES ('p1', 1, 'Old', 'old', '', 0, 'ana', '2026-01-02T03:04:05.000000+00:00', 'old')"
        )
    with closing(open_sqlite(path)) as store:
        assert store.facts().schema == HEAD
        assert [row.name for row in store.list_page(ListQuery())] == ["Old"]
        assert store.trials() == []
        assert store.channels(ChannelQuery()) == []
