"""Many providers at once: what every store reads together, and writes together or not at all."""

import json
from collections.abc import Iterator

import pytest

from ftos_tui.domain.names import name_key
from ftos_tui.stores.audit_chain import broken_link
from ftos_tui.stores.protocol import (
    ListQuery,
    NameTaken,
    NewVersion,
    ProviderStore,
    StaleKey,
    StaleVersion,
    StoreReadOnly,
)
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


def test_many_new_providers_are_written_as_one_by_one_would(store: ProviderStore) -> None:
    new = [with_secrets(f"P{number}") if number % 3 else new_version(f"P{number}") for number in range(600)]
    assert store.write_many(new, sign) == 600
    for each in new:
        found = store.by_id(each.provider_id)
        assert (found.number, found.values, found.statuses, found.operation_id) == (
            1,
            each.values,
            each.statuses,
            each.operation_id,
        )
        assert {f: state.version for f, state in found.secrets.items() if state.is_set} == dict(each.secret_versions)
        assert store.outcome(each.operation_id) == found
    entries = store.audit_entries(limit=1000)
    assert [entry.provider_id for entry in entries] == [each.provider_id for each in new]
    assert broken_link(entries, sign) is None
    one = store.write(new_version("One"), sign)
    together, alone = (json.loads(entry.detail) for entry in (entries[-1], store.audit_entries(600)[0]))
    assert set(together) == set(alone)
    assert [row.name for row in store.list_page(ListQuery(filter="one"))] == [one.name]
    assert store.count("p59") == 11


@pytest.mark.parametrize("at", [0, 130, 299])
def test_one_name_taken_among_many_new_ones_keeps_all_out(store: ProviderStore, at: int) -> None:
    store.write(new_version("Taken"), sign)
    new = [new_version(f"P{number}") for number in range(300)]
    new[at] = new_version("TAKEN")
    with pytest.raises(NameTaken):
        store.write_many(new, sign)
    new[at] = new_version("P1" if at != 1 else "P2")
    with pytest.raises(NameTaken):
        store.write_many(new, sign)
    assert store.count() == 1


def test_a_write_tried_again_is_not_done_twice(store: ProviderStore) -> None:
    new = [new_version(f"P{number}") for number in range(3)]
    assert store.write_many(new, sign) == 3
    assert store.write_many(new, sign) == 3
    assert store.count() == 3
    assert len(store.audit_entries()) == 3


def test_a_secret_under_another_key_or_out_of_turn_is_refused(store: ProviderStore) -> None:
    store.remember("key_id", "another")
    with pytest.raises(StaleKey):
        store.write_many([new_version("A"), with_secrets("B")], sign)
    wrong = new_version("C", secret_versions={"app_key": 2}, new_secrets={"app_key": sealed(2)})
    with pytest.raises((ValueError, StaleKey)):
        store.write_many([wrong], sign)
    assert store.count() == 0
