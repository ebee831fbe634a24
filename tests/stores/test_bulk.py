"""Many providers at once: what every store reads together, and writes together or not at all."""

from collections.abc import Iterator

import pytest

from ftos_tui.domain.names import name_key
from ftos_tui.stores.audit_chain import broken_link
from ftos_tui.stores.protocol import NameTaken, NewVersion, ProviderStore, StaleVersion, StoreReadOnly
from tests.stores.conftest import OpenStore
from tests.stores.making import new_version, next_version, sealed, sign


def with_secrets(name: str) -> NewVersion:
    return new_version(
        name,
        secret_versions={"app_key": 1, "app_password": 1},
        new_secrets={"app_key": sealed(), "app_password": sealed()},
    )


def test_versions_written_together_are_all_there_and_audited_in_order(store: ProviderStore) -> None:
    first = store.write(new_version("First"), sign)
    new = [new_version("Second"), next_version(first, values={"bulk_no": 9}), with_secrets("Third")]
    assert store.write_many(iter(new), sign) == 3
    assert store.by_name("First").values["bulk_no"] == 9
    assert store.by_name("third").secrets["app_key"].version == 1
    entries = store.audit_entries()
    assert [entry.provider_name for entry in entries] == ["First", "Second", "First", "Third"]
    assert broken_link(entries, sign) is None


def test_nothing_is_written_when_one_of_them_is_stale_or_its_name_taken(store: ProviderStore) -> None:
    first = store.write(new_version("First"), sign)
    store.write(next_version(first), sign)
    with pytest.raises(StaleVersion):
        store.write_many([new_version("Second"), next_version(first)], sign)
    with pytest.raises(NameTaken):
        store.write_many([new_version("Second"), new_version("FIRST")], sign)
    assert store.count() == 1
    assert len(store.audit_entries()) == 2


def test_nothing_is_written_when_whoever_makes_them_fails(store: ProviderStore) -> None:
    def failing() -> Iterator[NewVersion]:
        yield new_version("Second")
        raise KeyError("no more")

    with pytest.raises(KeyError):
        store.write_many(failing(), sign)
    assert store.count() == 0


def test_a_read_only_store_writes_none(store: ProviderStore, open_store: OpenStore) -> None:
    assert store.count() == 0
    with pytest.raises(StoreReadOnly):
        open_store(read_only=True).write_many([new_version()], sign)


def test_current_versions_are_found_by_their_names(store: ProviderStore) -> None:
    store.write_many([with_secrets("Straße"), new_version("Other"), new_version("Gone")], sign)
    store.write(next_version(store.by_name("Gone"), action="delete"), sign)
    store.write(next_version(store.by_name("Other"), values={"bulk_no": 8}), sign)
    found = store.by_names(["STRASSE", "other", "Gone", "nobody", "\ud800"])
    assert set(found) == {name_key("Straße"), "other"}
    assert found["other"] == store.by_name("Other")
    assert found[name_key("Straße")] == store.by_name("Straße")
    assert store.by_names([]) == {}


def test_sealed_secrets_and_their_last_versions_are_found_together(store: ProviderStore) -> None:
    one = store.write(with_secrets("One"), sign)
    changes = {"secret_versions": {"app_key": 0, "app_password": 2}, "new_secrets": {"app_password": sealed(2, b"new")}}
    store.write(next_version(one, **changes), sign)
    place = (one.provider_id, "app_password", 2)
    assert store.sealed_secrets([place, (one.provider_id, "app_key", 7)]) == {place: sealed(2, b"new")}
    assert store.sealed_secrets([]) == {}
    versions = store.last_secret_versions([one.provider_id, "nobody"])
    assert versions == {(one.provider_id, "app_key"): 1, (one.provider_id, "app_password"): 2}
