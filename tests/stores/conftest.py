"""The stores that the contract is tested against."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from ftos_tui.stores.protocol import ProviderStore
from ftos_tui.stores.sql.sqlite import open_sqlite


class OpenStore(Protocol):
    """Opens the test's store once more."""

    def __call__(self, *, read_only: bool = False) -> ProviderStore: ...


def _sqlite(tmp_path: Path) -> OpenStore:
    def open_store(*, read_only: bool = False) -> ProviderStore:
        return open_sqlite(tmp_path / "data" / "local.sqlite3", read_only=read_only)

    return open_store


FACTORIES: dict[str, Callable[[Path], OpenStore]] = {"sqlite": _sqlite}


@pytest.fixture(params=FACTORIES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the store of this test, as often as it is called; all are closed in the end."""
    opened: list[ProviderStore] = []
    factory = FACTORIES[request.param](tmp_path)

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
