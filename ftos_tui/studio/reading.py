"""Finds and opens providers. Apart from what checks and saves them, so that a look costs little."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.trial import Trial
from ftos_tui.stores.around_protocol import Around, Record
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
    return open_record(session, provider_id=provider_id, name=name).version


def open_record(
    session: "Session", *, provider_id: str | None, name: str | None = None, around: bool = False
) -> Record:
    """A provider's current version as `open_provider` gives it, with all that was read beside it in one round trip.

    Args:
        session: The operator's session.
        provider_id: The provider; None to go by its name.
        name: Its name.
        around: Whether what stands around it is wanted too.

    Raises:
        NotFound: There is no such provider.
    """
    store, sealed = session.store, session.may_unseal
    keys = sealed and not session.vault_is_open
    found = store.record(provider_id, name or "", sealed=sealed, keys=keys, around=around)
    if found.key_facts:
        session.key_facts = found.key_facts
    version = found.version
    if not sealed or not _has_key(session, [version]):
        return found  # whether a secret opens is not theirs to know
    opened = {place: _opened(session, place, found.sealed.get(place[1])) for place in _places([version])}
    return replace(found, version=marked([version], opened)[0])


def base_of(version: ProviderVersion) -> Base:
    """What an edit of this version starts from."""
    return Base(version.provider_id, version.number, version.values, version.secrets, version.statuses)


def around(session: "Session", draft: Draft) -> Around:
    """What stands around a draft's provider, and who bears its name."""
    name = draft.raw("name")
    asked = name if isinstance(name, str) and name.strip() else ""
    if draft.base.provider_id is None and not asked:
        return Around()  # nothing to ask: a form for a new provider opens though the store is away
    return session.store.around(draft.base.provider_id, asked)


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
    if not session.may_unseal or not _has_key(session, versions):
        return versions  # whether a secret opens is not theirs to know
    return marked(versions, opened_secrets(session, versions))


def _has_key(session: "Session", versions: Sequence[ProviderVersion]) -> bool:
    """Whether the master key is here, where it matters: who only reads a shared store has none."""
    if not session.shared or not any(state.is_set for version in versions for state in version.secrets.values()):
        return True
    from ftos_tui.vault.errors import KeyLost

    try:
        _ = session.vault
    except KeyLost:
        return False
    except Failure:
        return True  # a key that is wrong or unsafe is told of
    return True


def marked(
    versions: Sequence[ProviderVersion], opened: "Mapping[SecretPlace, Secret | None]"
) -> Sequence[ProviderVersion]:
    """Versions whose secrets are marked unreadable where they did not open.

    Args:
        versions: The versions.
        opened: What `opened_secrets` gave for them.
    """
    return [_marked(version, opened) for version in versions]


def opened_secrets(session: "Session", versions: Sequence[ProviderVersion]) -> "Mapping[SecretPlace, Secret | None]":
    """The secrets themselves of versions, at most 300: to be compared or wrapped for somebody, never shown.

    Returns:
        Secrets by their places; None for one that is gone or does not open.
    """
    places = _places(versions)
    if not places or not session.may_unseal:
        return dict.fromkeys(places)
    stored = session.store.sealed_secrets(places)
    return {place: _opened(session, place, stored.get(place)) for place in places}


def _places(versions: Sequence[ProviderVersion]) -> "list[SecretPlace]":
    return [
        (version.provider_id, field_id, state.version)
        for version in versions
        for field_id, state in version.secrets.items()
        if state.is_set
    ]


def opened_secret(session: "Session", version: ProviderVersion, field_id: str) -> "Secret | None":
    """One secret of a version; None where none is set, or it does not open."""
    place = (version.provider_id, field_id, version.secrets[field_id].version)
    return opened_secrets(session, [version]).get(place)


def _marked(version: ProviderVersion, opened: "Mapping[SecretPlace, Secret | None]") -> ProviderVersion:
    closed = {
        field_id: replace(state, readable=False)
        for field_id, state in version.secrets.items()
        if state.is_set and opened[(version.provider_id, field_id, state.version)] is None
    }
    return replace(version, secrets={**version.secrets, **closed}) if closed else version


def _opened(session: "Session", place: "SecretPlace", sealed: "SealedSecret | None") -> "Secret | None":
    from ftos_tui.studio.master_key import lasting_name, vault_opening
    from ftos_tui.vault.envelope import Binding

    if sealed is None:
        return None
    try:
        binding = Binding(lasting_name(session), *place, sealed.destination)
        return vault_opening(session, sealed.key_id).unseal(sealed.sealed, binding, sealed.key_id)
    except Failure:
        return None
