"""Versions read page by page, and deleted providers found by name."""

import pytest
from sqlalchemy import text

from ftos_tui.stores.protocol import ProviderStore, StoreDamaged
from ftos_tui.stores.sql.store import SqlStore
from tests.stores.making import new_version, next_version, sealed, sign


def test_versions_come_newest_first_page_by_page(store: ProviderStore) -> None:
    made = [store.write(new_version(), sign)]
    made.append(
        store.write(next_version(made[-1], secret_versions={"app_key": 1}, new_secrets={"app_key": sealed()}), sign)
    )
    made.append(store.write(next_version(made[-1], values={"bulk_no": 9}), sign))
    made.append(store.write(next_version(made[-1], secret_versions={"app_key": 0}), sign))
    other = store.write(new_version("Other"), sign)
    provider_id = made[0].provider_id
    assert list(store.versions(provider_id)) == made[::-1]
    assert [version.number for version in store.versions(provider_id, limit=2)] == [4, 3]
    assert [version.number for version in store.versions(provider_id, before=3, limit=2)] == [2, 1]
    assert list(store.versions(provider_id, before=1)) == []
    assert list(store.versions("nobody")) == []
    assert list(store.versions(other.provider_id, limit=0)) == [other]


def test_a_deleted_provider_is_found_by_its_name(store: ProviderStore) -> None:
    ids = []
    for _ in range(2):
        first = store.write(new_version("Gate\u0301way"), sign)
        store.write(next_version(first, action="delete"), sign)
        ids.append(first.provider_id)
    store.write(next_version(store.write(new_version("Other"), sign), action="delete"), sign)
    there = store.write(new_version("There"), sign)
    assert store.last_deleted(" GATE\u0301WAY ") in ids
    assert store.last_deleted("There") is None
    assert store.last_deleted("\ud800") is None
    assert there.number == 1
    assert [version.deleted for version in store.versions(ids[0])] == [True, False]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE provider_version SET \"values\" = '[' WHERE deleted",
        "UPDATE provider_version SET secret_versions = '[]'",
        "DELETE FROM secret",
    ],
)
def test_what_a_save_did_not_write_is_damage(store: ProviderStore, damage: str) -> None:
    assert isinstance(store, SqlStore)
    new = new_version(secret_versions={"app_key": 1}, new_secrets={"app_key": sealed()})
    first = store.write(new, sign)
    store.write(next_version(first, action="delete"), sign)
    with store.database.writing() as connection:
        if connection.dialect.name == "postgresql":  # only its owner can do this to a shared store
            connection.execute(text("ALTER TABLE provider_version DISABLE TRIGGER only_grows"))
        connection.execute(text(damage))
    with pytest.raises(StoreDamaged):
        store.versions(first.provider_id)
    if "values" in damage:
        with pytest.raises(StoreDamaged):
            store.last_deleted("x")
