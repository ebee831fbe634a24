"""Vault and store together: no secret in any byte on disk, no ciphertext that opens in another place."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.protocol import SealedSecret
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.stores.sql.store import SqlStore
from ftos_tui.vault import Binding, Unreadable, Vault, open_vault
from tests.stores.making import AT, new_version, next_version

CANARY = "SG.canary-6d1f0b"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault with a key file of its own."""
    return open_vault(
        environment="local", key_file=tmp_path / "key" / "local.key", expected_key_id=None, may_create=True, environ={}
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store."""
    with closing(open_sqlite(tmp_path / "data" / "s.sqlite3")) as store:
        yield store


def seal(vault: Vault, provider_id: str, field_id: str, version: int, destination: str = "d") -> SealedSecret:
    binding = Binding("local", provider_id, field_id, version, destination)
    return SealedSecret(version, vault.seal(Secret(CANARY), binding), vault.key_id, destination, AT, "ana")


def unseal(store: SqlStore, vault: Vault, provider_id: str, field_id: str, version: int) -> Secret:
    found = store.sealed_secret(provider_id, field_id, version)
    assert found is not None
    return vault.unseal(found.sealed, Binding("local", provider_id, field_id, version, found.destination))


def with_secrets(store: SqlStore, vault: Vault, name: str) -> ProviderVersion:
    new = new_version(name)
    sealed = {field_id: seal(vault, new.provider_id, field_id, 1) for field_id in ("app_key", "app_password")}
    first = store.write(
        new_version(name, provider_id=new.provider_id, new_secrets=sealed, secret_versions=dict.fromkeys(sealed, 1)),
        vault.sign,
    )
    second = {"app_key": seal(vault, new.provider_id, "app_key", 2)}
    return store.write(next_version(first, new_secrets=second, secret_versions={"app_key": 2}), vault.sign)


def test_no_byte_on_disk_holds_the_secret_even_amid_a_transaction(
    store: SqlStore, vault: Vault, tmp_path: Path
) -> None:
    with_secrets(store, vault, "One")
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE secret SET sealed = sealed || 'x'")
        contents = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
        assert len(contents) == 3  # the key, the store and its journal
        for content in contents:
            assert CANARY.encode() not in content
            assert CANARY.encode("utf-16-le") not in content


def test_what_was_stored_opens(store: SqlStore, vault: Vault) -> None:
    provider_id = with_secrets(store, vault, "One").provider_id
    assert unseal(store, vault, provider_id, "app_key", 2) == Secret(CANARY)


@pytest.mark.parametrize(
    ("statement", "field_id", "version"),
    [
        ("UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE provider_id = :other)", "app_key", 1),
        ("UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE field = 'app_password')", "app_key", 1),
        (
            "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE version = 1 AND field = 'app_key')",
            "app_key",
            2,
        ),
        ("UPDATE secret SET destination = 'https://evil.example.com'", "app_key", 2),
    ],
)
def test_what_was_moved_does_not_open(
    store: SqlStore, vault: Vault, tmp_path: Path, statement: str, field_id: str, version: int
) -> None:
    provider_id = with_secrets(store, vault, "One").provider_id
    other = with_secrets(store, vault, "Other").provider_id
    with closing(sqlite3.connect(tmp_path / "data" / "s.sqlite3")) as connection:
        connection.execute(statement, {"other": other} if ":other" in statement else {})
        connection.commit()
    with pytest.raises(Unreadable):
        unseal(store, vault, provider_id, field_id, version)
