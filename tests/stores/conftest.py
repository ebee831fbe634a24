"""The stores that the contract is tested against: each in a file or database of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from ftos_tui.stores.protocol import ProviderStore
from ftos_tui.stores.sql.sqlite import open_sqlite
from tests.postgres import PostgresServer


class OpenStore(Protocol):
    """Opens the test's store once more."""

    def __call__(self, *, read_only: bool = False) -> ProviderStore: ...


def _sqlite(request: pytest.FixtureRequest) -> OpenStore:
    path: Path = request.getfixturevalue("tmp_path")

    def open_store(*, read_only: bool = False) -> ProviderStore:
        return open_sqlite(path / "data" / "local.sqlite3", read_only=read_only)

    return open_store


def _postgres(request: pytest.FixtureRequest) -> OpenStore:
    from ftos_tui.stores.sql.postgres import open_postgres

    server: PostgresServer = request.getfixturevalue("postgres_server")
    target = server.target(server.new_database())

    def open_store(*, read_only: bool = False) -> ProviderStore:
        return open_postgres(target, read_only=read_only)

    return open_store


FACTORIES: dict[str, Callable[[pytest.FixtureRequest], OpenStore]] = {"sqlite": _sqlite, "postgres": _postgres}


@pytest.fixture(params=FACTORIES)
def open_store(request: pytest.FixtureRequest) -> Iterator[OpenStore]:
    """Opens the store of this test, as often as it is called; all are closed in the end."""
    opened: list[ProviderStore] = []
    factory = FACTORIES[request.param](request)

    def open_once(*, read_only: bool = False) -> ProviderStore:
        opened.append(factory(read_only=read_only))
        return opened[-1]

    yield open_once
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> ProviderStore:
    """The store of this test, empty."""
    return open_store()
