"""Versions on trial: confirm one, carry out what is over. Saving on trial is `providers.save(trial=…)`.

The deadline is in the store. Whoever opens the store after it carries it out, so it holds when the line drops and when
the process that saved is gone.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.failure import Failure
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.trial import Trial
from ftos_tui.domain.visible import visible
from ftos_tui.stores.protocol import NameTaken, NewVersion, StaleVersion
from ftos_tui.stores.trial_protocol import TrialEnd
from ftos_tui.studio.failures import NoTrial
from ftos_tui.studio.log import note
from ftos_tui.studio.reading import base_of, open_provider, running_trials, trial_of

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["Trial", "carry_out_expired", "confirm", "running_trials", "trial_of"]

REVERTED: Final = "trial_reverted"
CONFIRMED: Final = "trial_confirmed"
ENDED: Final = "trial_ended"


def confirm(session: "Session", *, name: str | None = None, provider_id: str | None = None) -> Trial:
    """Makes the version on trial stay.

    Args:
        session: The operator's session.
        name: The provider's Name; or give its id.
        provider_id: The provider's id.

    Returns:
        The trial that was confirmed.

    Raises:
        NotPermitted: The environment is read-only.
        NotFound: There is no such provider.
        NoTrial: It is not on trial, or the deadline has come; then it was reverted.
    """
    session.permit_change()
    version = open_provider(session, name=name, provider_id=provider_id)
    shown = visible(version.name)
    trial = session.store.trial(version.provider_id)
    if trial is None:
        raise NoTrial(f"{shown} is not on trial: nothing to confirm.")
    now = session.store.now(session.clock())
    if not trial.is_over(now):
        end = TrialEnd(trial.provider_id, trial.version, CONFIRMED, session.author, now)
        if session.store.end_trial(end, session.vault.sign):
            note(session, Level.SUCCESS, f"Confirmed {shown} version {trial.version}: it stays.", version.name)
            return trial
    carry_out_expired(session)
    raise NoTrial(
        f"Too late: the trial of {shown} version {trial.version} ended at {trial.deadline:%H:%M:%S} UTC or before. "
        "The status log says what became of it."
    )


def carry_out_expired(session: "Session") -> int:
    """Reverts every version whose trial is over; nothing where the operator may not.

    Any number of processes may do so at once: a revert is guarded by the version it takes back.

    Returns:
        How many providers this call reverted.

    Raises:
        Failure: The store does not answer; one trial that cannot be reverted is told in the status log instead.
    """
    _ = session.store
    if not session.may_revert:
        return 0
    reverted = 0
    for trial in session.store.due_trials(session.clock()):
        try:
            reverted += _carry_out(session, trial)
        except Failure as failure:
            name = visible(trial.name)
            _tell(session, Level.ERROR, trial, f"The trial of {name} is over but could not be reverted: {failure}")
    return reverted


def _tell(session: "Session", level: Level, trial: Trial, sentence: str) -> None:
    session.trial_news.append(sentence)
    note(session, level, sentence, trial.name)


def _carry_out(session: "Session", trial: Trial) -> bool:
    store, name = session.store, visible(trial.name)
    current = store.by_id(trial.provider_id)
    if current.number != trial.version:
        end = TrialEnd(trial.provider_id, trial.version, ENDED, session.author, session.clock())
        if store.end_trial(end, session.vault.sign):
            over = f"{visible(current.saved_by.user)} saved version {current.number} over it."
            sentence = f"The trial of {name} version {trial.version} ended without a revert: {over}"
            _tell(session, Level.WARNING, trial, sentence)
        return False
    try:
        version = _revert(session, trial, current)
    except StaleVersion:  # another process was quicker, and has said so
        return False
    sentence = (
        f"Reverted {visible(version.name)} to version {trial.back_to}, as version {version.number}: nobody confirmed "
        f"the trial of version {trial.version} by {trial.deadline:%H:%M:%S} UTC."
    )
    _tell(session, Level.WARNING, trial, sentence)
    return True


def _revert(session: "Session", trial: Trial, current: ProviderVersion) -> ProviderVersion:
    from ftos_tui.studio.providers import version_changes
    from ftos_tui.studio.session import new_id

    before = session.store.by_id(trial.provider_id, trial.back_to)
    new = NewVersion(
        provider_id=trial.provider_id,
        expected_version=trial.version,
        values=before.values,
        secret_versions={field_id: state.version for field_id, state in before.secrets.items()},
        new_secrets={},
        statuses=before.statuses,
        author=session.author,
        at=session.clock(),
        reason=f"Trial of version {trial.version} by {trial.started_by.user} was not confirmed by "
        f"{trial.deadline:%Y-%m-%d %H:%M:%S} UTC: as in version {trial.back_to}",
        action=REVERTED,
        acknowledged=(),
        operation_id=new_id(),
        changed=version_changes(base_of(current), before),
    )
    try:
        return session.store.write(new, session.vault.sign)
    except NameTaken:
        # Another provider took the old name while the trial had another one. The rest must not stay for that.
        kept = replace(
            new,
            values={**before.values, "name": current.values["name"]},
            reason=f"{new.reason}, but for the Name, which another provider bears now",
            changed=tuple(field_id for field_id in new.changed if field_id != "name"),
        )
        return session.store.write(kept, session.vault.sign)
