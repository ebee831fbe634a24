"""Finds and opens providers. Apart from what checks and saves them, so that a look costs little."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ftos_tui.domain.draft import Base
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.record import ProviderVersion, SecretState
from ftos_tui.domain.trial import Trial
from ftos_tui.stores.protocol import Cursor, ListQuery, ProviderSummary, SortColumn

if TYPE_CHECKING:
    from ftos_tui.domain.secret import Secret
    from ftos_tui.stores.key_protocol import SecretPlace
    from ftos_tui.stores.protocol import SealedSecret
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


def running_trials(session: "Session") -> Sequence[Trial]:
    """The trials that run, the earliest deadline first."""
    return session.store.trials()


def trial_of(session: "Session", provider_id: str) -> Trial | None:
    """The trial of a provider, or None."""
    return session.store.trial(provider_id)


def with_readability(session: "Session", version: ProviderVersion) -> ProviderVersion:
    """The version with its secrets tried: one that does not decrypt is marked, and kept."""
    return all_with_readability(session, [version])[0]


def all_with_readability(session: "Session", versions: Sequence[ProviderVersion]) -> Sequence[ProviderVersion]:
    """Versions, at most 300, with their secrets tried, which costs one query for all of them."""
    places = [
        (version.provider_id, field_id, state.version)
        for version in versions
        for field_id, state in version.secrets.items()
        if state.is_set
    ]
    if not places:
        return versions
    sealed = session.store.sealed_secrets(places)
    return [replace(version, secrets=_tried(session, version, sealed)) for version in versions]


def _tried(
    session: "Session", version: ProviderVersion, stored: "Mapping[SecretPlace, SealedSecret]"
) -> Mapping[str, SecretState]:
    states: dict[str, SecretState] = {}
    for field_id, state in version.secrets.items():
        place = (version.provider_id, field_id, state.version)
        unreadable = state.is_set and _secret_at(session, place, stored) is None
        states[field_id] = replace(state, readable=False) if unreadable else state
    return states


def _secret_at(
    session: "Session", place: "SecretPlace", stored: "Mapping[SecretPlace, SealedSecret]"
) -> "Secret | None":
    """The secret kept in a place; None where it is gone or does not open."""
    from ftos_tui.studio.master_key import vault_opening
    from ftos_tui.vault.envelope import Binding

    sealed = stored.get(place)
    if sealed is None:
        return None
    try:
        binding = Binding(session.environment.name, *place, sealed.destination)
        return vault_opening(session, sealed.key_id).unseal(sealed.sealed, binding, sealed.key_id)
    except Failure:
        return None


def opened_secret(session: "Session", version: ProviderVersion, field_id: str) -> "Secret | None":
    """A version's secret itself, to be compared or wrapped for somebody, never shown; None where there is none.

    Args:
        session: The operator's session.
        version: The version.
        field_id: `app_password` or `app_key`.
    """
    state = version.secrets[field_id]
    if not state.is_set:
        return None
    place = (version.provider_id, field_id, state.version)
    return _secret_at(session, place, session.store.sealed_secrets([place]))
