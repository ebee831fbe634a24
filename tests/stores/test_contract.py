"""What every store of providers does."""

import json
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.record import Author, SecretState
from ftos_tui.stores.around_protocol import Around
from ftos_tui.stores.audit_chain import broken_link
from ftos_tui.stores.plain_json import time_to_text
from ftos_tui.stores.protocol import (
    ListQuery,
    NameTaken,
    NotFound,
    OperationVoid,
    ProviderStore,
    StaleVersion,
    StoreReadOnly,
)
from tests.stores.conftest import OpenStore
from tests.stores.making import ANA, AT, ROWS, new_version, next_version, sealed, sign


def names(store: ProviderStore, **query: object) -> list[str]:
    return [row.name for row in store.list_page(ListQuery(**query))]  # type: ignore[arg-type]


def test_an_empty_store_has_nothing(store: ProviderStore) -> None:
    assert store.list_page(ListQuery()) == []
    assert store.count() == 0
    assert store.name_owner("x") is None
    assert store.outcome("x") is None
    assert store.sealed_secret("x", "app_key", 1) is None
    assert store.last_secret_version("x", "app_key") == 0
    assert store.status_counts("x") == {}
    assert store.audit_entries() == []
    assert store.fact("store_id") is None


def test_what_was_written_is_read_back_whole(store: ProviderStore, open_store: OpenStore) -> None:
    new = new_version(values={"bulk_no": 7, "open_setting": True, "app_config": '{"ü": "漢\\u0000"}'})
    before = store.now()
    written = store.write(new, sign)
    assert (written.number, written.values, written.statuses) == (1, new.values, ROWS)
    assert (written.saved_by, written.reason) == (ANA, "first")
    assert written.saved_at == AT or before <= written.saved_at <= store.now()
    assert (written.action, written.acknowledged, written.deleted) == ("create", ("window_always",), False)
    assert written.operation_id == new.operation_id
    assert "service_url" in written.missing
    assert not written.ready
    other = open_store()
    assert other.by_id(new.provider_id) == written
    assert other.by_id(new.provider_id, 1) == written
    assert other.by_name(" ftosEMAILgateway ") == written
    assert other.name_owner("FTOSEMAILGATEWAY") == new.provider_id
    assert other.outcome(new.operation_id) == written


def test_every_save_is_a_version_that_stays(store: ProviderStore) -> None:
    first = store.write(new_version(), sign)
    second = store.write(next_version(first, values={"bulk_no": 99}), sign)
    assert (second.number, second.values["bulk_no"]) == (2, 99)
    assert store.by_id(first.provider_id) == second
    assert store.by_id(first.provider_id, 1) == first
    assert store.list_page(ListQuery())[0].version == 2


def test_a_save_on_a_stale_version_is_refused_and_writes_nothing(store: ProviderStore) -> None:
    first = store.write(new_version(), sign)
    second = store.write(next_version(first), sign)
    for stale in (next_version(first), replace(next_version(first), expected_version=0)):
        with pytest.raises(StaleVersion) as refused:
            store.write(stale, sign)
        assert refused.value.current == second
    with pytest.raises(StaleVersion) as refused:
        store.write(new_version(expected_version=3), sign)
    assert refused.value.current is None
    assert len(store.audit_entries()) == 2


def test_a_delete_on_a_stale_version_is_refused(store: ProviderStore) -> None:
    first = store.write(new_version(), sign)
    second = store.write(next_version(first), sign)
    with pytest.raises(StaleVersion):
        store.write(next_version(first, action="delete"), sign)
    assert store.by_name(first.name) == second


def test_a_name_belongs_to_one_provider(store: ProviderStore) -> None:
    first = store.write(new_version("Straße"), sign)
    other = store.write(new_version("Other"), sign)
    with pytest.raises(NameTaken, match="STRASSE"):
        store.write(new_version("STRASSE"), sign)
    with pytest.raises(NameTaken):
        store.write(next_version(other, values={"name": "ＳTRASSE"}), sign)
    assert store.write(next_version(first, values={"name": "STRASSE"}), sign).name == "STRASSE"
    assert store.count() == 2


def test_a_rename_frees_the_old_name(store: ProviderStore) -> None:
    first = store.write(new_version("Old"), sign)
    store.write(next_version(first, values={"name": "New"}), sign)
    with pytest.raises(NotFound, match="Old"):
        store.by_name("Old")
    assert store.write(new_version("Old"), sign).number == 1


def test_a_deleted_provider_leaves_the_list_and_keeps_its_versions(store: ProviderStore) -> None:
    first = store.write(new_version("Gone"), sign)
    gone = store.write(next_version(first, action="delete"), sign)
    assert (gone.number, gone.deleted) == (2, True)
    assert names(store) == []
    assert store.count() == 0
    assert store.name_owner("Gone") is None
    assert store.by_id(first.provider_id) == gone
    assert store.by_id(first.provider_id, 1) == first
    for expected in (1, 2):
        with pytest.raises(StaleVersion, match="deleted by ana") as refused:
            store.write(replace(next_version(gone), expected_version=expected), sign)
        assert refused.value.current == gone
    assert store.write(new_version("Gone"), sign).number == 1
    with pytest.raises(NotFound):
        store.write(new_version("Never", action="delete"), sign)


def test_the_same_operation_is_done_once(store: ProviderStore) -> None:
    first = store.write(new_version(), sign)
    again = next_version(first, values={"bulk_no": 9})
    second = store.write(again, sign)
    store.write(next_version(second, values={"bulk_no": 10}), sign)
    assert store.write(again, sign) == second
    assert len(store.audit_entries()) == 3


def test_a_save_that_was_settled_as_not_done_is_never_done(store: ProviderStore) -> None:
    first = store.write(new_version(), sign)
    late = next_version(first, values={"bulk_no": 9})
    assert store.settle(first.operation_id) == first
    assert store.settle(late.operation_id) is None
    assert store.settle(late.operation_id) is None
    for attempt in (lambda: store.write(late, sign), lambda: store.write_many([late], sign)):
        with pytest.raises(OperationVoid):
            attempt()
    lost = new_version("Lost")
    store.settle(lost.operation_id)
    with pytest.raises(OperationVoid):
        store.write_many([lost, new_version("Other")], sign)
    assert store.by_id(first.provider_id) == first
    assert store.count() == 1
    again = store.write(next_version(first, values={"bulk_no": 9}), sign)
    assert (again.number, store.outcome(again.operation_id)) == (2, again)


def test_settling_needs_a_store_that_takes_changes(store: ProviderStore, open_store: OpenStore) -> None:
    assert store.count() == 0
    with pytest.raises(StoreReadOnly):
        open_store(read_only=True).settle("0" * 32)


def test_secrets_have_versions_of_their_own(store: ProviderStore) -> None:
    first = store.write(new_version(secret_versions={"app_key": 1}, new_secrets={"app_key": sealed()}), sign)
    assert first.secrets["app_key"] == SecretState(1, AT, "ana", "https://api.example.com")
    assert first.secrets["app_password"] == SecretState()
    assert "app_key" not in first.missing
    assert "app_password" in first.missing
    cleared = store.write(next_version(first, secret_versions=dict.fromkeys(SECRET_IDS, 0)), sign)
    assert not cleared.secrets["app_key"].is_set
    assert store.last_secret_version(first.provider_id, "app_key") == 1
    again = next_version(cleared, secret_versions={"app_key": 2}, new_secrets={"app_key": sealed(2, b"two")})
    assert store.write(again, sign).secrets["app_key"].version == 2
    assert store.by_id(first.provider_id, 1).secrets["app_key"].version == 1
    assert store.sealed_secret(first.provider_id, "app_key", 1) == sealed()
    assert store.sealed_secret(first.provider_id, "app_key", 2) == sealed(2, b"two")
    assert store.sealed_secret(first.provider_id, "app_password", 1) is None


def test_a_version_with_secrets_that_do_not_fit_is_refused_whole(store: ProviderStore) -> None:
    for new in (
        new_version(secret_versions={"app_key": 1}),
        new_version(secret_versions={"app_key": 2}, new_secrets={"app_key": sealed(2)}),
    ):
        with pytest.raises(ValueError, match="app_key"):
            store.write(new, sign)
    assert store.count() == 0
    assert store.audit_entries() == []


def test_values_that_would_not_load_again_are_refused(store: ProviderStore) -> None:
    for values in ({"bulk_no": "50"}, {"no_field": 1}, {"name": "\ud800"}):
        with pytest.raises(ValueError):
            store.write(new_version(values=values), sign)
    with pytest.raises(ValueError, match="zone"):
        store.write(new_version(at=datetime(2026, 1, 1)), sign)
    assert store.count() == 0


def test_each_save_has_its_link_in_the_audit_chain(store: ProviderStore) -> None:
    first = store.write(new_version(), sign)
    store.write(
        next_version(first, author=Author("bo", "h"), reason="why", acknowledged=(), changed=("bulk_no",)), sign
    )
    entries = store.audit_entries()
    assert [entry.sequence for entry in entries] == [1, 2]
    assert (entries[0].previous, entries[1].previous) == ("", entries[0].mac)
    assert entries[0].at == time_to_text(first.saved_at)
    assert (entries[1].author, entries[1].action, entries[1].version) == (Author("bo", "h"), "save", 2)
    assert (entries[1].provider_id, entries[1].provider_name) == (first.provider_id, first.name)
    detail = json.loads(entries[1].detail)
    assert store.version_digests(2, 9) == {(first.provider_id, 2): detail.pop("digest")}
    assert [number for _, number in store.version_digests(1, 2)] == [1, 2]
    assert detail == {"changed": ["bulk_no"], "acknowledged": [], "reason": "why"}
    assert broken_link(entries, sign) is None
    assert broken_link(store.audit_entries(after=1), sign, after=entries[0]) is None
    assert list(store.audit_entries(limit=1)) == [entries[0]]


def test_a_change_that_cannot_be_audited_is_not_made(store: ProviderStore) -> None:
    def refuse(message: bytes) -> bytes:
        raise PermissionError("no key")

    with pytest.raises(PermissionError):
        store.write(new_version(), refuse)
    assert store.count() == 0
    assert store.write(new_version(), sign).number == 1


def test_filter_finds_text_in_name_channel_and_provider_whatever_its_case(store: ProviderStore) -> None:
    store.write(new_version("Straße_1", values={"provider_name": "SendGrid"}), sign)
    store.write(new_version("100%", values={"communication_channel": "sms"}), sign)
    for filter, found in {
        "STRASSE": ["Straße_1"],
        "_": ["Straße_1"],
        "%": ["100%"],
        "/": [],
        "\\": [],
        "sendgrid": ["Straße_1"],
        "SMS": ["100%"],
        "email": ["Straße_1"],
        "  ": ["100%", "Straße_1"],
        "\ud800": [],
        "s\0": [],
        "x" * 100_000: [],
    }.items():
        assert names(store, filter=filter) == found, filter[:20]
        assert store.count(filter) == len(found), filter[:20]


def test_no_name_that_cannot_be_stored_is_found(store: ProviderStore) -> None:
    assert store.name_owner("\ud800") is None
    with pytest.raises(NotFound):
        store.by_name("\ud800\x1b[2J")


def test_what_is_not_there_is_not_found_and_the_sentence_is_safe(store: ProviderStore) -> None:
    first = store.write(new_version(), sign)
    with pytest.raises(NotFound) as missing:
        store.by_name("\x1b[31mx")
    assert "\x1b" not in str(missing.value)
    with pytest.raises(NotFound):
        store.by_id("nobody")
    with pytest.raises(NotFound, match="version 2"):
        store.by_id(first.provider_id, 2)


def test_status_counts_add_up(store: ProviderStore) -> None:
    store.count_status("p", "250")
    store.count_status("p", "250", 4)
    store.count_status("p", "550", 2)
    store.count_status("p", "550", -2)
    store.count_status("q", "250")
    assert store.status_counts("p") == {"250": 5}


def test_what_stands_around_a_provider_is_told_at_once(store: ProviderStore) -> None:
    first = store.write(new_version("Gateway"), sign)
    until = store.now(AT) + timedelta(minutes=10)
    store.write(next_version(first, trial_until=until), sign)
    store.count_status(first.provider_id, "250", 3)
    found = store.around(first.provider_id, "GATEWAY")
    assert (found.name_owner, found.current, found.trial) == (first.provider_id, None, store.trial(first.provider_id))
    assert (found.status_counts, found.waiting, found.serves_count, found.serves) == ({"250": 3}, 0, 0, ())
    assert found.trial is not None
    free = store.around(first.provider_id, "Other")
    assert free.name_owner is None
    assert store.around(None, "gateway") == Around(first.provider_id)
    for name in ("", "\ud800", "\0"):
        assert store.around(None, name) == Around()
    assert store.around("nobody", "gateway") == Around(first.provider_id, status_counts={})


def test_a_fact_is_kept_as_it_was_remembered_first(store: ProviderStore, open_store: OpenStore) -> None:
    assert store.remember("key_id", "a") == "a"
    assert open_store().remember("key_id", "b") == "a"
    assert store.fact("key_id") == "a"


def test_facts_say_what_the_store_is(store: ProviderStore) -> None:
    store.write(new_version(), sign)
    facts = store.facts()
    assert facts.providers == 1
    assert facts.location
    assert facts.backend
    assert facts.schema


def test_a_store_opened_read_only_reads_and_takes_no_change(store: ProviderStore, open_store: OpenStore) -> None:
    first = store.write(new_version(), sign)
    store.remember("key_id", "a")
    reader = open_store(read_only=True)
    assert reader.by_id(first.provider_id) == first
    assert reader.remember("key_id", "b") == "a"
    with pytest.raises(StoreReadOnly):
        reader.write(next_version(first), sign)
    with pytest.raises(StoreReadOnly):
        reader.count_status("p", "250")
    with pytest.raises(StoreReadOnly):
        reader.remember("store_id", "x")
    assert store.by_id(first.provider_id) == first


def test_threads_that_race_lose_no_update(store: ProviderStore) -> None:
    provider = store.write(new_version(values={"bulk_no": 1}), sign)
    wrong: list[BaseException] = []

    def add_ten() -> None:
        try:
            done = 0
            while done < 10:
                current = store.by_id(provider.provider_id)
                bulk_no = current.values["bulk_no"]
                assert isinstance(bulk_no, int)
                try:
                    store.write(next_version(current, values={"bulk_no": bulk_no + 1}), sign)
                    done += 1
                except StaleVersion:
                    continue
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    last = store.by_id(provider.provider_id)
    assert (last.number, last.values["bulk_no"]) == (41, 41)
    assert broken_link(store.audit_entries(), sign) is None
