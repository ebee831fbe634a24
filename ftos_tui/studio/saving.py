"""Saves a draft: decided by what the store tells in the very transaction that writes, so that nothing moves between."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.checks.secrets import fixed_secret
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion, Value
from ftos_tui.domain.trial import Trial, trial_in_words
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.stores.around_protocol import Around, SaveRequest
from ftos_tui.stores.protocol import NewVersion, NotFound, OutcomeUnknown, SealedSecret
from ftos_tui.studio.checking import check
from ftos_tui.studio.failures import (
    NoTrial,
    Refused,
    StaleVersion,
    WarningsOpen,
    counted,
    field_label,
)
from ftos_tui.studio.log import note
from ftos_tui.studio.master_key import lasting_name, with_current_key
from ftos_tui.studio.outcome import PATIENCE_S, found_out
from ftos_tui.studio.reading import trial_of, with_readability
from ftos_tui.studio.reasons import reason_to_keep
from ftos_tui.studio.session import Session, new_id

if TYPE_CHECKING:
    from ftos_tui.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of a save.

    Attributes:
        version: The saved version; the unchanged current one where the draft held no change.
        checked: The verdict it was saved with.
        changed: The ids of what it changed.
        trial: The trial it is on, if any.
    """

    version: ProviderVersion
    checked: Checked
    changed: tuple[str, ...]
    trial: Trial | None


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
    """Writes a draft as a new version, after the same check that every way in goes through; see `save_draft`.

    Returns:
        The saved version; the unchanged current one when the draft holds no change.
    """
    return save_draft(
        session,
        draft,
        acknowledged=acknowledged,
        reason=reason,
        operation_id=operation_id,
        trial=trial,
        action=action,
        patience_s=patience_s,
    ).version


def save_draft(
    session: Session,
    draft: Draft,
    *,
    acknowledged: Iterable[str] = (),
    reason: str = "",
    operation_id: str | None = None,
    trial: timedelta | None = None,
    action: str = "save",
    patience_s: float = PATIENCE_S,
) -> Saved:
    """Writes a draft as a new version, after the same check that every way in goes through.

    On a shared store that is two round trips: the first locks it and brings all that the check depends on, the second
    writes.

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
    asked = _Asked(draft, frozenset(acknowledged), reason, operation_id or new_id(), trial, action)
    decision, version = _written(session, asked, patience_s)
    if decision.checked is None:  # the same save tried again: the store gave back what it wrote then
        still = trial_of(session, version.provider_id)
        return Saved(with_readability(session, version), check(session, draft), (), still)
    if not decision.changed and draft.base.provider_id is not None:
        return Saved(version, decision.checked, (), decision.ended)
    number = counted(len(decision.changed), "field", "fields")
    told = f"Saved {visible(version.name)} version {version.number} ({number})"
    note(session, Level.SUCCESS, told, version.name)
    on_trial = None if trial is None else _trial_of(version, decision.ended, trial)
    tell_trial(session, version, decision.ended, on_trial)
    return Saved(_as_known(version, draft), decision.checked, decision.changed, on_trial)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the operator asked for."""

    draft: Draft
    acknowledged: frozenset[str]
    reason: str
    operation_id: str
    trial: timedelta | None
    action: str


class _Decision:
    """What is decided of a save, once the store has told what stands around the provider.

    Args:
        session: The operator's session.
        asked: What was asked for.
        provider_id: Of which provider; the id that a new one is to have.
        vault: Gives the vault, or raises why there is none.
    """

    def __init__(self, session: Session, asked: _Asked, provider_id: str, vault: "Callable[[], Vault]") -> None:
        self._session = session
        self._asked = asked
        self.vault = vault
        self.checked: Checked | None = None
        self.changed: tuple[str, ...] = ()
        self.ended: Trial | None = None
        secrets = {field_id: state.version for field_id, state in asked.draft.base.secrets.items()}
        typed = asked.draft.raw("name")
        name = typed if isinstance(typed, str) else ""
        self.request = SaveRequest(provider_id, name, asked.operation_id, secrets)

    def decide(self, seen: Around) -> NewVersion | ProviderVersion:
        """The version to be written; the current one where nothing changes. Does not use the store.

        Raises:
            Failure: Nothing is to be written, see `save_draft`.
        """
        draft = self._asked.draft
        self.ended = seen.trial
        checked = check(self._session, draft, seen)
        current = _current(draft, seen.current)
        _permit(checked, self._asked.acknowledged)
        self.checked, self.changed = checked, changed_fields(draft, checked)
        if current is not None and not self.changed:
            return current
        vault = self.vault()
        return self._new_version(checked, self._sealed(vault, checked, seen))

    def sign(self, entry: bytes) -> bytes:
        """Signs the audit entry of the version."""
        return self.vault().sign(entry)

    def _sealed(self, vault: "Vault", checked: Checked, seen: Around) -> dict[str, SealedSecret]:
        """The secrets that were entered, sealed for the numbers that follow the last ones."""
        from ftos_tui.vault.envelope import Binding

        session, provider_id = self._session, self.request.provider_id
        now, destination = session.clock(), destination_of(checked.values)
        sealed = {}
        for field_id, secret in self._asked.draft.secrets.items():
            if secret:
                number = seen.secret_numbers.get(field_id, 0) + 1
                binding = Binding(lasting_name(session), provider_id, field_id, number, destination)
                text = vault.seal(fixed_secret(field_id, secret), binding)
                sealed[field_id] = SealedSecret(number, text, vault.key_id, destination, now, session.author.user)
        return sealed

    def _new_version(self, checked: Checked, sealed: dict[str, SealedSecret]) -> NewVersion:
        asked, base, now = self._asked, self._asked.draft.base, self._session.clock()
        warned = {finding.code for finding in checked.findings if finding.severity is Severity.WARN}
        return NewVersion(
            provider_id=self.request.provider_id,
            expected_version=base.version,
            values=checked.values,
            secret_versions={
                field_id: sealed[field_id].version if field_id in sealed else state.version
                for field_id, state in base.secrets.items()
            },
            new_secrets=sealed,
            statuses=checked.statuses,
            author=self._session.author,
            at=now,
            reason=reason_to_keep(asked.reason),
            action=asked.action if base.version else "create",
            acknowledged=tuple(sorted(warned & asked.acknowledged)),
            operation_id=asked.operation_id,
            changed=self.changed,
            trial_until=None if asked.trial is None else now + asked.trial,
        )


def _written(session: Session, asked: _Asked, patience_s: float) -> tuple[_Decision, ProviderVersion]:
    """Has the store decide and write, once more where the master key was replaced meanwhile."""
    draft = asked.draft
    provider_id = draft.base.provider_id or new_id()

    def write() -> tuple[_Decision, ProviderVersion]:
        decision = _Decision(session, asked, provider_id, _vault_at_hand(session))
        try:
            return decision, session.store.save(decision.request, decision.decide, decision.sign)
        except OutcomeUnknown as unknown:
            name = visible(draft.text("name")) or "the provider"
            return decision, found_out(session, unknown, f"{name} version {draft.base.version + 1}", patience_s)

    return with_current_key(session, write)


def _vault_at_hand(session: Session) -> "Callable[[], Vault]":
    """Gives the vault when it is needed. Of a shared store, which is locked then, it is opened beforehand."""
    if not session.shared:
        return lambda: session.vault
    try:
        vault = session.vault
    except Failure as failure:
        lost = failure

        def refuse() -> "Vault":
            raise lost

        return refuse
    return lambda: vault


def _as_known(version: ProviderVersion, draft: Draft) -> ProviderVersion:
    """A version that was just written; a secret that did not open before does not now, one just sealed does."""
    closed = {
        field_id: replace(state, readable=False)
        for field_id, state in version.secrets.items()
        if state.is_set and not draft.secrets.get(field_id) and not draft.base.secrets[field_id].readable
    }
    return replace(version, secrets={**version.secrets, **closed}) if closed else version


def _trial_of(version: ProviderVersion, ended: Trial | None, length: timedelta) -> Trial:
    """The trial that a version was just saved on, as the store gives it."""
    return Trial(
        provider_id=version.provider_id,
        name=version.name,
        version=version.number,
        back_to=ended.back_to if ended else version.number - 1,
        deadline=version.saved_at + length,
        started_at=version.saved_at,
        started_by=version.saved_by,
    )


def _permit(checked: Checked, acknowledged: frozenset[str]) -> None:
    """Raises `Refused` or `WarningsOpen` where a verdict does not let the record be saved."""
    if any(finding.severity is Severity.REFUSE for finding in checked.findings):
        raise Refused(checked)
    if open_warnings := checked.unacknowledged(acknowledged):
        raise WarningsOpen(checked, open_warnings)


def tell_trial(session: Session, version: ProviderVersion, ended: Trial | None, begun: Trial | None) -> None:
    """Says that a version is on trial, or that it ended one.

    Args:
        session: The operator's session.
        version: The version.
        ended: The trial that ran before.
        begun: The one it is on.
    """
    name = visible(version.name)
    if begun is not None:
        words = trial_in_words(begun.back_to, begun.deadline)
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
