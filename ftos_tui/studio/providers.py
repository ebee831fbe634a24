"""Check, save, duplicate and delete channel providers; finding and opening them is in `reading`."""

from collections.abc import Mapping

from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import NEW_VALUES, ProviderVersion
from ftos_tui.domain.visible import visible
from ftos_tui.stores.protocol import NewVersion, StoreError
from ftos_tui.studio.checking import FormStart, check, check_context, check_live, form_start, opened_form
from ftos_tui.studio.failures import WrongConfirmation, field_label
from ftos_tui.studio.log import note
from ftos_tui.studio.outcome import written
from ftos_tui.studio.reading import (
    Cursor,
    ListQuery,
    ProviderSummary,
    SortColumn,
    base_of,
    count_providers,
    list_providers,
    open_provider,
    status_counts,
    with_readability,
)
from ftos_tui.studio.reasons import reason_to_keep
from ftos_tui.studio.saving import Saved, changed_fields, save, save_draft, tell_trial, version_changes
from ftos_tui.studio.session import Session, new_id

__all__ = [
    "Cursor",
    "FormStart",
    "ListQuery",
    "ProviderSummary",
    "Saved",
    "SortColumn",
    "base_of",
    "changed_fields",
    "check",
    "check_context",
    "check_live",
    "count_providers",
    "form_start",
    "list_providers",
    "open_provider",
    "opened_form",
    "save",
    "save_draft",
    "status_counts",
    "version_changes",
]


def new_draft(channel: str = "email") -> Draft:
    """A draft of a new provider, with what can safely be proposed."""
    values = {**NEW_VALUES, "communication_channel": channel}
    return Draft(Base(None, 0, values))  # the check proposes the statuses that fit the provider as it is named


def duplicate_draft(version: ProviderVersion) -> Draft:
    """A draft of a new provider with another one's values; its secrets and its name do not come along."""
    draft = Draft(Base(None, 0, {**version.values, "name": None}, statuses=version.statuses))
    return draft.with_text("name", f"{version.name}-copy"[:100])


def saved_version(session: Session, version: ProviderVersion) -> ProviderVersion:
    """A version that was just written, as `with_readability` gives it; what was saved is saved, though the store goes.

    Args:
        session: The operator's session.
        version: The version.
    """
    try:
        return with_readability(session, version)
    except StoreError:
        return version


def clear_secret(session: Session, version: ProviderVersion, field_id: str, reason: str = "") -> ProviderVersion:
    """Removes a stored secret, as an act of its own; the provider is then not ready until one is entered.

    Raises:
        NotPermitted: The environment is read-only.
        StaleVersion: Somebody saved in between.
        WrongConfirmation: No secret is stored there.
    """
    session.permit_change()
    if not version.secrets[field_id].is_set:
        raise WrongConfirmation(f"{field_label(field_id)} holds nothing, so there is nothing to clear.")
    versions = {other: state.version for other, state in version.secrets.items()} | {field_id: 0}
    ended = session.store.trial(version.provider_id)
    saved = _write_as_it_is(session, version, "clear_secret", reason, versions, (field_id,))
    note(session, Level.WARNING, f"Cleared {field_label(field_id)} of {saved.name}: enter a new one", saved.name)
    tell_trial(session, saved, ended, None)
    return saved


def delete(session: Session, version: ProviderVersion, typed_name: str, reason: str = "") -> None:
    """Takes a provider off the list after its name was typed; its versions stay.

    Raises:
        NotPermitted: The environment is read-only.
        WrongConfirmation: The typed name is not the provider's.
        ProviderInUse: Communication channels send through it.
        StaleVersion: Somebody saved in between.
    """
    session.permit_change()
    if typed_name != version.name and visible(typed_name) != visible(version.name):
        raise WrongConfirmation(f"Not deleted: type {visible(version.name)} to confirm.")
    versions = {field_id: state.version for field_id, state in version.secrets.items()}
    _write_as_it_is(session, version, "delete", reason, versions, ())
    note(
        session,
        Level.WARNING,
        f"Deleted {version.name} after version {version.number}; its versions stay",
        version.name,
    )


def _write_as_it_is(
    session: Session,
    version: ProviderVersion,
    action: str,
    reason: str,
    secret_versions: Mapping[str, int],
    changed: tuple[str, ...],
) -> ProviderVersion:
    new = NewVersion(
        provider_id=version.provider_id,
        expected_version=version.number,
        values=version.values,
        secret_versions=secret_versions,
        new_secrets={},
        statuses=version.statuses,
        author=session.author,
        at=session.clock(),
        reason=reason_to_keep(reason),
        action=action,
        acknowledged=(),
        operation_id=new_id(),
        changed=changed,
    )
    return written(session, new, ended=action == "delete")
