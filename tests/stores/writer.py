"""A process of its own that writes to a SQLite store: `python -m tests.stores.writer MODE PATH [ARGUMENT]`."""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from ftos_tui.domain.record import ProviderVersion, values_model
from ftos_tui.stores.protocol import StaleVersion, StoreError
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.stores.sql.store import SqlStore
from tests.stores.making import new_version, next_version, sealed, sign


def open_and_write(path: Path, name: str) -> None:
    """Opens a store that may not be there yet, and writes one provider."""
    store = open_sqlite(path)
    print(store.remember("store_id", name), store.write(new_version(name), sign).number)
    store.close()


def increment(path: Path, times: str) -> None:
    """Adds one to Bulk No of the first provider so many times, whoever else does."""
    store = open_sqlite(path, busy_timeout_s=30)
    done = 0
    while done < int(times):
        current = store.by_name("Counter")
        try:
            store.write(next_version(current, values={"bulk_no": _bulk_no(current) + 1}), sign)
            done += 1
        except StaleVersion:
            continue
    store.close()


def endless(path: Path, name: str) -> None:
    """Saves one provider for ever, each time with a new secret; says each version once it is acknowledged."""
    store = open_sqlite(path)
    try:
        version = store.by_name(name)
    except StoreError:
        version = store.write(new_version(name), sign)
    while True:
        version = _save_with_secret(store, version, bytes(5000))
        print(version.number, version.operation_id, flush=True)


def full(path: Path, largest: str) -> None:
    """Saves until the system lets no file grow beyond so many bytes; then tells what it heard."""
    store = open_sqlite(path)
    version = store.write(new_version("Full"), sign)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest), unlimited[1]))
    try:
        while True:
            version = _save_with_secret(store, version, bytes(50_000))
    except StoreError as error:
        print(type(error).__name__, version.number, str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    store.close()


def unprivileged(path: Path, user: str) -> None:
    """Opens, reads and writes as another user; tells what it heard."""
    values_model()  # the other user may not be allowed to read Python's own files later
    os.setgid(int(user))
    os.setuid(int(user))
    try:
        store = open_sqlite(path)
        print(store.count())
        try:
            store.write(new_version("Mine"), sign)
        finally:
            store.close()
    except StoreError as error:
        print(type(error).__name__, str(error))


def _save_with_secret(store: SqlStore, version: ProviderVersion, content: bytes) -> ProviderVersion:
    number = store.last_secret_version(version.provider_id, "app_key") + 1
    return store.write(
        next_version(
            version,
            values={"bulk_no": version.number + 1},
            secret_versions={"app_key": number},
            new_secrets={"app_key": sealed(number, content)},
        ),
        sign,
    )


def _bulk_no(version: ProviderVersion) -> int:
    value = version.values["bulk_no"]
    if not isinstance(value, int):
        raise TypeError("Bulk No is no number")
    return value


MODES: dict[str, Callable[[Path, str], None]] = {
    function.__name__: function for function in (open_and_write, increment, endless, full, unprivileged)
}

if __name__ == "__main__":
    MODES[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
