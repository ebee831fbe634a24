"""Fills a new store with the providers that FintechOS ships."""

import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import Author
from ftos_tui.domain.shipped import SHIPPED
from ftos_tui.stores.protocol import NameTaken, NewVersion, ProviderStore, StaleVersion
from ftos_tui.studio.log import note

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

_NAMESPACE = uuid.UUID("5f0c6f0e-7f55-5c33-8a58-0a3d5f7c2b11")


def tidy(path: Path) -> str:
    """A path as an operator writes it: the home folder as ~."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)


def ship_providers(session: "Session", store: ProviderStore) -> None:
    """Writes the shipped providers, once in a store's life.

    Their ids are the same in every store, so that two consoles that start at once write each of them only once.

    Raises:
        Failure: The store or its key is not to be had; nothing half-written is left as shipped.
    """
    vault = session.vault_for(store)
    author = Author(user="shipped", host=session.author.host)
    for shipped in SHIPPED:
        provider_id = uuid.uuid5(_NAMESPACE, str(shipped.values["name"])).hex
        version = NewVersion(
            provider_id=provider_id,
            expected_version=0,
            values=shipped.values,
            secret_versions=dict.fromkeys(SECRET_IDS, 0),
            new_secrets={},
            statuses=shipped.statuses,
            author=author,
            at=session.clock(),
            reason="Shipped with FintechOS, not yet configured",
            action="shipped",
            acknowledged=(),
            operation_id=uuid.uuid5(_NAMESPACE, f"ship {provider_id}").hex,
        )
        with suppress(StaleVersion, NameTaken):
            store.write(version, vault.sign)
    store.remember("shipped", session.clock().isoformat())
    where = session.environment.name if session.shared else tidy(session.store_path)
    note(session, Level.INFO, f"New store with the {len(SHIPPED)} shipped providers: {where}")
