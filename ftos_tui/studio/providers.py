"""Check, save, duplicate and delete channel providers; finding and opening them is in `reading`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ftos_tui.domain.checks.context import CheckContext, Checked
from ftos_tui.domain.checks.draft import check_draft
from ftos_tui.domain.checks.secrets import fixed_secret
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.log import Level
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import NEW_VALUES, ProviderVersion, Value
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.trial import Trial, trial_in_words
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.stores.around_protocol import Around
from ftos_tui.stores.protocol import NewVersion, NotFound, SealedSecret, StoreError
from ftos_tui.studio.failures import (
    NotPermitted,
    NoTrial,
    Refused,
    StaleVersion,
    WarningsOpen,
    WrongConfirmation,
    counted,
    field_label,
)
from ftos_tui.studio.log import note
from ftos_tui.studio.master_key import lasting_name, with_current_key
from ftos_tui.studio.outcome import PATIENCE_S, written
from ftos_tui.studio.reading import (
    Cursor,
    ListQuery,
    ProviderSummary,
    SortColumn,
    around,
    base_of,
    count_providers,
    list_providers,
    open_provider,
    status_counts,
    with_readability,
)
from ftos_tui.studio.reasons import reason_to_keep
from ftos_tui.studio.session import Session, new_id

__all__ = [
    "Cursor",
    "ListQuery",
    "ProviderSummary",
    "SortColumn",
    "base_of",
    "count_providers",
    "list_providers",
    "open_provider",
    "status_counts",
]


def new_draft(channel: str = "email") -> Draft:
    """A draft of a new provider, with what can safely be proposed."""
    values = {**NEW_VALUES, "communication_channel": channel}
    return Draft(Base(None, 0, values))  # the check proposes the statuses that fit the provider as it is named


def duplicate_draft(version: ProviderVersion) -> Draft:
    """A draft of a new provider with another one's values; its secrets and its name do not come along."""
    draft = Draft(Base(None, 0, {**version.values, "name": None}, statuses=version.statuses))
    return draft.with_text("name", f"{version.name}-copy"[:100])


def check_context(
    session: Session, draft: Draft, now: datetime | None = None, *, ask_store: bool = True, seen: Around | None = None
) -> CheckContext:
    """What the check has to know of the world for this draft: settings, time, and whether the name is taken.

    Args:
        session: The operator's session.
        draft: What is to be checked.
        now: The time to judge by, UTC; None for the session's clock.
        ask_store: Whether the store is asked who bears the name; not where it is not to be had.
        seen: What the store said already.
    """
    environment = session.environment
    seen = seen or (around(session, draft) if ask_store else Around())
    taken = seen.name_owner not in (None, draft.base.provider_id)
    return CheckContext(
        now=now or session.clock(),
        allowed_hosts=environment.allowed_hosts,
        allow_http=environment.allow_http,
        test=environment.test,
        taken_names=frozenset({name_key(str(draft.raw("name")))} if taken else ()),
        waiting=seen.waiting,
        serves=seen.serves,
        serves_count=seen.serves_count,
    )


def form_context(session: Session, draft: Draft) -> tuple[CheckContext, dict[str, int]]:
    """What a form of this draft has to know: the world of its check, and how many messages bear each status.

    Who may not change the shared store is told so in the status log.
    """
    seen = around(session, draft)
    counts, context = dict(seen.status_counts or {}), check_context(session, draft, seen=seen)
    if session.shared and not session.may_change:
        try:
            session.permit_change()
        except NotPermitted as barred:
            note(session, Level.WARNING, str(barred))
    return context, counts


def check(session: Session, draft: Draft, seen: Around | None = None) -> Checked:
    """The verdict on a draft, the same for every way in; stores nothing. `seen` is as for `check_context`."""
    return check_draft(draft, check_context(session, draft, seen=seen))


def check_live(context: CheckContext, draft: Draft) -> Checked:
    """The verdict on a draft while it is typed: asks no store, so it is fit for every key press.

    Args:
        context: The world as `check_context` last told it.
        draft: What the form holds.
    """
    return check_draft(draft, context)


def save(
    session: Session,
    draft: Draft,
    *,
    acknowledged: Iterable[str] = (),
    reason: str = "",
    operation_id: str | None = None,
    trial: timedelta | None = None,
    action: str = "save",
    patience_s: float = PATIENCE_S,
) -> ProviderVersion:
    """Writes a draft as a new version, after the same check that every way in goes through.

    Args:
        session: The operator's session.
        draft: The edit and the version it started from.
        acknowledged: Codes of the warnings the operator acknowledges.
        reason: Why, in the operator's words.
        operation_id: The caller's id of this save: the same save tried again gives back what it wrote before.
        trial: How long the version is live before it reverts unless confirmed; None where it stays.
        action: What the version says was done; a new provider's is `create` whatever it is.
        patience_s: Seconds in which to find out what became of the save when its answer is lost; 0 for a caller that
            finds out by itself.

    Returns:
        The saved version; the unchanged current one when the draft holds no change.

    Raises:
        NotPermitted: The environment is read-only.
        Refused: The check refuses the record.
        WarningsOpen: A warning was not acknowledged.
        StaleVersion: Somebody saved in between; nothing was written.
        NoTrial: A new provider cannot be on trial: there is nothing to go back to.
        OutcomeUnknown: The answer was lost: it may be written or not.
        Failure: The store or the vault did not do it; nothing was written.
    """
    session.permit_change()
    if trial is not None and draft.base.provider_id is None:
        raise NoTrial("A new provider has no version to go back to: save it without a trial.")
    seen = around(session, draft, current=True)
    checked = check(session, draft, seen)
    codes = frozenset(acknowledged)
    try:
        current = _current(draft, seen.current)
        _permit(checked, codes)
    except (Refused, WarningsOpen, StaleVersion):
        # The same save tried again meets its own version and its own name.
        done = session.store.outcome(operation_id) if operation_id else None
        if done is None:
            raise
        return with_readability(session, done)
    changed = changed_fields(draft, checked)
    if current is not None and not changed:
        return current
    ended = seen.trial

    def write() -> ProviderVersion:
        new = _new_version(session, draft, checked, changed, codes, reason, operation_id)
        if new.expected_version:
            new = replace(new, action=action)
        if trial is not None:
            new = replace(new, trial_until=new.at + trial)
        return written(session, new, patience_s)

    version = with_current_key(session, write)
    note(
        session,
        Level.SUCCESS,
        f"Saved {visible(version.name)} version {version.number} ({counted(len(changed), 'field', 'fields')})",
        version.name,
    )
    _tell_trial(session, version, ended, None if trial is None else version.saved_at + trial)
    return saved_version(session, version)


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


def _permit(checked: Checked, acknowledged: frozenset[str]) -> None:
    """Raises `Refused` or `WarningsOpen` where a verdict does not let the record be saved."""
    if any(finding.severity is Severity.REFUSE for finding in checked.findings):
        raise Refused(checked)
    if open_warnings := checked.unacknowledged(acknowledged):
        raise WarningsOpen(checked, open_warnings)


def _tell_trial(session: Session, version: ProviderVersion, ended: Trial | None, until: datetime | None) -> None:
    """Says that a version is on trial, or that it ended one."""
    name = visible(version.name)
    if until is not None:
        back_to = ended.back_to if ended else version.number - 1
        words = trial_in_words(back_to, until)
        note(session, Level.WARNING, f"{name} version {version.number}. {words}.", version.name)
    elif ended is not None:
        told = f"The trial of {name} version {ended.version} ended with this save: nothing reverts by itself any more."
        note(session, Level.WARNING, told, version.name)


def changed_fields(draft: Draft, checked: Checked) -> tuple[str, ...]:
    """The ids of what a save would change: a different canonical value, a secret entered anew, the statuses."""
    base = draft.base
    changed = [field_id for field_id, value in checked.values.items() if not _same(value, base.values.get(field_id))]
    changed += [field_id for field_id in SECRET_IDS if draft.secrets.get(field_id)]
    if checked.statuses != base.statuses:
        changed.append("statuses")
    return tuple(changed)


def version_changes(base: Base, version: ProviderVersion) -> tuple[str, ...]:
    """The ids of the fields in which a version differs from the one an edit started from."""
    changed = [field_id for field_id, value in version.values.items() if not _same(value, base.values.get(field_id))]
    changed += [
        field_id for field_id in SECRET_IDS if version.secrets[field_id].version != base.secrets[field_id].version
    ]
    if version.statuses != base.statuses:
        changed.append("statuses")
    return tuple(changed)


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
    _tell_trial(session, saved, ended, None)
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


def _same(one: Value, other: Value) -> bool:
    return one == other and type(one) is type(other)


def _current(draft: Draft, current: ProviderVersion | None) -> ProviderVersion | None:
    """The stored version the draft claims to start from; raises StaleVersion when it has moved on."""
    if draft.base.provider_id is None:
        return None
    if current is None:
        raise NotFound(f"There is no provider {shortened(draft.base.provider_id, 40)}: refresh the list.")
    if current.deleted:
        raise StaleVersion(f"{visible(current.name)} was deleted by {current.saved_by.user}: nothing was saved.", None)
    if current.number != draft.base.version:
        changes = ", ".join(field_label(field_id) for field_id in version_changes(draft.base, current)) or "nothing"
        raise StaleVersion(
            f"{current.saved_by.user} saved version {current.number} meanwhile ({changes}): nothing was saved.", current
        )
    return current


def _new_version(
    session: Session,
    draft: Draft,
    checked: Checked,
    changed: tuple[str, ...],
    codes: frozenset[str],
    reason: str,
    operation_id: str | None,
) -> NewVersion:
    provider_id = draft.base.provider_id or new_id()
    now = session.clock()
    destination = destination_of(checked.values)
    new_secrets = {
        field_id: _sealed(session, provider_id, field_id, secret, destination, now)
        for field_id, secret in draft.secrets.items()
        if secret
    }
    return NewVersion(
        provider_id=provider_id,
        expected_version=draft.base.version,
        values=checked.values,
        secret_versions={
            field_id: new_secrets[field_id].version if field_id in new_secrets else state.version
            for field_id, state in draft.base.secrets.items()
        },
        new_secrets=new_secrets,
        statuses=checked.statuses,
        author=session.author,
        at=now,
        reason=reason_to_keep(reason),
        action="save" if draft.base.provider_id else "create",
        acknowledged=tuple(sorted({f.code for f in checked.findings if f.severity is Severity.WARN} & codes)),
        operation_id=operation_id or new_id(),
        changed=changed,
    )


def _sealed(
    session: Session, provider_id: str, field_id: str, secret: Secret, destination: str, now: datetime
) -> SealedSecret:
    from ftos_tui.vault.envelope import Binding

    number = session.store.last_secret_version(provider_id, field_id) + 1
    binding = Binding(lasting_name(session), provider_id, field_id, number, destination)
    vault = session.vault
    sealed = vault.seal(fixed_secret(field_id, secret), binding)
    return SealedSecret(number, sealed, vault.key_id, destination, now, session.author.user)


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
