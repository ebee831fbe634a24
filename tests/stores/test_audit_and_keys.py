"""The contract of browsing the audit, of facts about keys and of wrapping secrets anew, on every store."""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from ftos_tui.domain.record import Author
from ftos_tui.stores.audit_chain import broken_link
from ftos_tui.stores.audit_protocol import AuditQuery
from ftos_tui.stores.key_protocol import FactsChange
from ftos_tui.stores.plain_json import time_from_text, time_to_text
from ftos_tui.stores.protocol import AuditEntry, ProviderStore, StaleKey, StoreReadOnly
from tests.stores.conftest import OpenStore
from tests.stores.making import ANA, AT, new_version, next_version, sealed, sign

ENTRY = AuditEntry(0, time_to_text(AT), ANA, "rotate_key", "", "", 0, '{"to":"b"}', "", "")


def sequences(entries: Sequence[AuditEntry]) -> list[int]:
    return [entry.sequence for entry in entries]


@pytest.fixture
def many(store: ProviderStore) -> ProviderStore:
    """A store with twelve entries: four providers, three versions each, an hour between the entries of one."""
    for number in range(4):
        version = store.write(new_version(f"P{number}", reason="100%"), sign)
        for hour in (1, 2):
            author = Author("ben", "jump1") if number == 3 else ANA
            version = store.write(next_version(version, author=author, at=AT + timedelta(hours=hour), reason=""), sign)
    return store


def test_pages_of_the_audit_go_both_ways(many: ProviderStore) -> None:
    assert sequences(many.audit_page(AuditQuery())) == list(range(12, 0, -1))
    assert sequences(many.audit_page(AuditQuery(limit=5))) == [12, 11, 10, 9, 8]
    assert sequences(many.audit_page(AuditQuery(limit=5, after=8))) == [7, 6, 5, 4, 3]
    assert sequences(many.audit_page(AuditQuery(limit=3, after=8, backwards=True))) == [11, 10, 9]
    assert sequences(many.audit_page(AuditQuery(limit=2, backwards=True))) == [2, 1]
    assert sequences(many.audit_page(AuditQuery(limit=0))) == [12]


def test_the_audit_is_filtered(many: ProviderStore) -> None:
    owner = many.name_owner("P1") or ""
    assert sequences(many.audit_page(AuditQuery(provider="P1"))) == [6, 5, 4]
    assert sequences(many.audit_page(AuditQuery(provider="P0", provider_id=owner))) == [6, 5, 4, 3, 2, 1]
    assert sequences(many.audit_page(AuditQuery(provider="gone"))) == []
    assert sequences(many.audit_page(AuditQuery(user="ben"))) == [12, 11]
    assert sequences(many.audit_page(AuditQuery(action="create"))) == [10, 7, 4, 1]
    times = {entry.sequence: time_from_text(entry.at) for entry in many.audit_entries()}
    late = [sequence for sequence in range(12, 0, -1) if times[sequence] >= times[6]]
    assert sequences(many.audit_page(AuditQuery(since=times[6]))) == late
    assert sequences(many.audit_page(AuditQuery(since=times[6], provider="P1"))) == [6]
    assert sequences(many.audit_page(AuditQuery(text="BEN"))) == [12, 11]
    assert sequences(many.audit_page(AuditQuery(text="0%"))) == [10, 7, 4, 1]
    assert sequences(many.audit_page(AuditQuery(text="p2"))) == [9, 8, 7]
    assert sequences(many.audit_page(AuditQuery(text="\ud800"))) == []


def test_facts_change_together_with_their_entry_or_not_at_all(store: ProviderStore) -> None:
    store.remember("key_id", "a")
    change = FactsChange({"key_id": "a", "retiring": None}, {"key_id": "b", "retiring": "a"}, ENTRY)
    assert store.change_facts(change, sign)
    assert (store.fact("key_id"), store.fact("retiring")) == ("b", "a")
    assert not store.change_facts(change, sign)
    assert store.change_facts(FactsChange({"retiring": "a"}, {"retiring": None}, ENTRY), sign)
    assert store.fact("retiring") is None
    entries = store.audit_entries()
    assert [(entry.sequence, entry.action, entry.detail) for entry in entries] == [
        (1, "rotate_key", '{"to":"b"}'),
        (2, "rotate_key", '{"to":"b"}'),
    ]
    assert broken_link(entries, sign) is None

    def refuse(message: bytes) -> bytes:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.change_facts(FactsChange({"key_id": "b"}, {"key_id": "c"}, ENTRY), refuse)
    assert store.fact("key_id") == "b"


def _two_secrets(store: ProviderStore, name: str) -> str:
    secrets = {"app_key": sealed(1, b"one"), "app_password": replace(sealed(1, b"two"), key_id="other")}
    return store.write(
        new_version(name, new_secrets=secrets, secret_versions=dict.fromkeys(secrets, 1)), sign
    ).provider_id


def test_secrets_are_paged_by_place_and_wrapped_anew_once(store: ProviderStore, open_store: OpenStore) -> None:
    assert store.secrets_page() == []
    assert store.secret_counts() == {}
    ids = sorted(_two_secrets(store, f"P{number}") for number in range(3))
    places = [(provider_id, field, 1) for provider_id in ids for field in ("app_key", "app_password")]
    assert [place for place, _ in store.secrets_page()] == places
    assert [place for place, _ in store.secrets_page(places[1], 2)] == places[2:4]
    assert [place for place, _ in store.secrets_page(not_under="other")] == places[::2]
    assert store.secrets_page(places[-1]) == []
    mine = sealed().key_id
    assert store.secret_counts() == {mine: 3, "other": 3}
    assert not store.rewrap_secret(places[1], b"not this", b"new", mine)
    assert store.rewrap_secret(places[1], b"two", b"new", mine)
    assert not store.rewrap_secret(places[1], b"two", b"newer", mine)
    assert store.secret_counts() == {mine: 4, "other": 2}
    assert dict(store.secrets_page())[places[1]].sealed == b"new"
    with pytest.raises(StoreReadOnly):
        open_store(read_only=True).rewrap_secret(places[0], b"one", b"new", mine)


def test_a_secret_under_another_key_than_the_stores_is_refused(store: ProviderStore) -> None:
    store.remember("key_id", "the key")
    with pytest.raises(StaleKey, match="Nothing was saved"):
        _two_secrets(store, "P")
    assert store.count() == 0
    assert store.write(new_version("P"), sign).number == 1, "without a secret it does not matter"


def test_a_chain_signed_otherwise_is_broken_at_its_first_link(many: ProviderStore) -> None:
    entries = many.audit_entries()
    other = broken_link(entries, lambda message: hmac.digest(b"another key", message, "sha256"))
    assert other == entries[0]
