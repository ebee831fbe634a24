"""Finds and opens providers. Apart from what checks and saves them, so that a look costs little."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ftos_tui.domain.draft import Base
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.record import ProviderVersion, SecretState
from ftos_tui.stores.protocol import Cursor, ListQuery, ProviderSummary, SortColumn

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Cursor", "ListQuery", "ProviderSummary", "SortColumn"]


def list_providers(session: "Session", query: ListQuery) -> Sequence[ProviderSummary]:
    """One page of the list of providers."""
    return session.store.list_page(query)


def count_providers(session: "Session", filter: str = "") -> int:
    """How many providers match the filter."""
    return session.store.count(filter)


def open_provider(session: "Session", *, name: str | None = None, provider_id: str | None = None) -> ProviderVersion:
    """A provider's current version, by Name or by id, its secrets marked unreadable where they do not decrypt.

    Raises:
        NotFound: There is no such provider.
    """
    store = session.store
    version = store.by_name(name or "") if provider_id is None else store.by_id(provider_id)
    return with_readability(session, version)


def base_of(version: ProviderVersion) -> Base:
    """What an edit of this version starts from."""
    return Base(version.provider_id, version.number, version.values, version.secrets, version.statuses)


def status_counts(session: "Session", provider_id: str) -> Mapping[str, int]:
    """How many messages of a provider bear each status code."""
    return session.store.status_counts(provider_id)


def with_readability(session: "Session", version: ProviderVersion) -> ProviderVersion:
    """The version with its secrets tried: one that does not decrypt is marked, and kept."""
    if not any(state.is_set for state in version.secrets.values()):
        return version
    from ftos_tui.studio.master_key import vault_opening
    from ftos_tui.vault.envelope import Binding, Unreadable

    states: dict[str, SecretState] = {}
    for field_id, state in version.secrets.items():
        states[field_id] = state
        if not state.is_set:
            continue
        sealed = session.store.sealed_secret(version.provider_id, field_id, state.version)
        try:
            if sealed is None:
                raise Unreadable("The sealed secret is gone.")
            binding = Binding(
                session.environment.name, version.provider_id, field_id, state.version, sealed.destination
            )
            vault_opening(session, sealed.key_id).unseal(sealed.sealed, binding, sealed.key_id)
        except Failure:
            states[field_id] = replace(state, readable=False)
    return replace(version, secrets=states)
