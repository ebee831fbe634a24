"""Carries out a plan: all of it in one transaction, or nothing of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ftos_tui.domain.checks.secrets import fixed_secret
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.log import Level
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion, Values
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.protocol import NewVersion, SealedSecret
from ftos_tui.studio.failures import (
    FileProblem,
    NameTaken,
    NotFound,
    OutcomeUnknown,
    StaleVersion,
    counted,
    field_label,
)
from ftos_tui.studio.files.plan import Action, Content, Plan, PlanRow, values_of
from ftos_tui.studio.files.planning import BATCH, Progress
from ftos_tui.studio.log import note
from ftos_tui.studio.master_key import lasting_name, with_current_key
from ftos_tui.studio.outcome import Sought, find_out, outcome_of
from ftos_tui.studio.providers import version_changes
from ftos_tui.studio.reading import base_of
from ftos_tui.studio.reasons import reason_to_keep
from ftos_tui.studio.session import Session, new_id

_NAMED = 5
"""Providers that a sentence names before it only counts."""


class PlanRefused(FileProblem):
    """A plan cannot be applied: providers are refused, or warnings are not acknowledged.

    Attributes:
        open: The codes of the warnings to acknowledge.
    """

    def __init__(self, message: str, open: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.open = open


@dataclass(frozen=True, slots=True)
class Moved:
    """A target that is no longer as the plan found it.

    Attributes:
        name: The provider.
        planned: The version the plan found; 0 where there was none.
        now: The version there is; 0 where there is none any more.
        saved_by: Who saved that; empty where nobody did.
        changed: The ids of the fields in which the two differ.
    """

    name: str
    planned: int
    now: int
    saved_by: str = ""
    changed: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = shortened(self.name, 60)
        if not self.now:
            return f"{name} is not there any more"
        who = f"saved by {shortened(self.saved_by, 40)}"
        if not self.planned:
            return f"{name} is there by now, version {self.now} {who}"
        fields = ", ".join(map(field_label, self.changed)) or "nothing different"
        return f"{name} is at version {self.now} {who}, no longer at {self.planned} ({fields})"


class TargetsMoved(StaleVersion):
    """Somebody saved what a plan is about; nothing was applied.

    Attributes:
        moved: The targets, in the order of the plan.
    """

    def __init__(self, moved: Sequence[Moved]) -> None:
        named = "; ".join(map(str, moved[:_NAMED]))
        more = f"; and {len(moved) - _NAMED:,} more" if len(moved) > _NAMED else ""
        super().__init__(f"Not applied, make the plan again: {named}{more}.", None)
        self.moved = tuple(moved)


def apply_plan(
    session: Session,
    plan: Plan,
    *,
    acknowledged: Iterable[str] = (),
    reason: str = "",
    progress: Progress = lambda done: None,
) -> int:
    """Writes everything a plan would write, in one transaction with its audit entries, or nothing.

    Args:
        session: The operator's session.
        plan: The plan.
        acknowledged: Codes of the warnings the operator acknowledges.
        reason: Why; kept with every version. Empty for the file's name.
        progress: Told how many versions were written, now and then.

    Returns:
        How many providers were written.

    Raises:
        NotPermitted: The environment is read-only.
        PlanRefused: A provider is refused, or a warning is not acknowledged.
        TargetsMoved: A provider is no longer at the version the plan found.
        OutcomeUnknown: The line broke, and the store did not say in time whether it was written.
        Failure: The store or the vault did not do it; nothing was written.
    """
    session.permit_change()
    codes = frozenset(acknowledged)
    refuse_unready(plan, codes)
    moved = moved_targets(session, plan.rows)
    if moved:
        raise TargetsMoved(moved)
    if not plan.writes:
        return 0
    why = reason_to_keep(reason) or f"Imported from {plan.source}"
    try:
        written = _written(session, plan, codes, why, progress)
    except (StaleVersion, NameTaken, NotFound) as race:
        # Somebody was faster than the transaction; what is there now says who.
        moved = moved_targets(session, plan.rows)
        raise TargetsMoved(moved) if moved else race from race
    created = plan.counts[Action.CREATE]
    note(
        session,
        Level.SUCCESS,
        f"Applied {plan.source}: {counted(created, 'provider', 'providers')} created, "
        f"{written - created:,} changed (plan {plan.id})",
    )
    return written


def refuse_unready(plan: Plan, acknowledged: Iterable[str]) -> None:
    """Refuses a plan that must not be applied as it is.

    Raises:
        PlanRefused: A provider is refused, or a warning is not acknowledged.
    """
    refused = plan.counts[Action.REFUSED]
    if refused:
        number = counted(refused, "provider is", "providers are")
        raise PlanRefused(f"Not applied: {number} refused; correct the file, it is applied as a whole or not at all.")
    open_codes = plan.open_warnings(acknowledged)
    if open_codes:
        raise PlanRefused(f"Not applied: acknowledge {', '.join(open_codes)}.", open_codes)


def moved_targets(session: Session, rows: Sequence[PlanRow]) -> list[Moved]:
    """The providers that are no longer as a plan found them, those it leaves alone included."""
    moved: list[Moved] = []
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        current = session.store.by_names([row.name for row in batch])
        moved += (found for row in batch if (found := _moved(session, row, current.get(name_key(row.name)))))
    return moved


def _moved(session: Session, row: PlanRow, current: ProviderVersion | None) -> Moved | None:
    if current is None:
        return Moved(row.name, row.version, 0) if row.provider_id else None
    if (current.provider_id, current.number) == (row.provider_id, row.version):
        return None
    changed: tuple[str, ...] = ()
    if current.provider_id == row.provider_id:
        try:
            changed = version_changes(base_of(session.store.by_id(current.provider_id, row.version)), current)
        except NotFound:  # a plan that was altered
            changed = ()
    return Moved(row.name, row.version, current.number, current.saved_by.user, changed)


def _written(session: Session, plan: Plan, codes: frozenset[str], reason: str, progress: Progress) -> int:
    """Writes the versions; where the answer is lost, finds out what became of them, all being in one transaction."""
    last, ids = _last_secret_versions(session, plan), [new_id() for _ in range(plan.writes)]
    try:
        return with_current_key(
            session,
            lambda: session.store.write_many(
                _versions(session, plan, ids, codes, reason, last, progress), session.vault.sign, ids[0]
            ),
        )
    except OutcomeUnknown as unknown:
        what = f"{plan.source} with {counted(plan.writes, 'provider', 'providers')} was applied"
        later = f"Ask later: ftos-tui providers outcome {ids[0]}"
        sought = Sought(lambda: outcome_of(session, ids[0]), what, later, "Not applied", "Apply it again", "applying")
        find_out(session, unknown, sought)
        note(session, Level.SUCCESS, "The line dropped after it was applied.")
        return plan.writes


def _last_secret_versions(session: Session, plan: Plan) -> Mapping[tuple[str, str], int]:
    """Read before the transaction: within it nothing else may be asked of the store."""
    wanted = [row.provider_id for row, content in plan.written() if content.secrets and row.provider_id]
    last: dict[tuple[str, str], int] = {}
    for first in range(0, len(wanted), BATCH):
        last.update(session.store.last_secret_versions(wanted[first : first + BATCH]))
    return last


def _versions(
    session: Session,
    plan: Plan,
    ids: Sequence[str],
    codes: frozenset[str],
    reason: str,
    last: Mapping[tuple[str, str], int],
    progress: Progress,
) -> Iterator[NewVersion]:
    for number, (row, content) in enumerate(plan.written()):
        if number % BATCH == 0:
            progress(number)
        provider_id = row.provider_id or new_id()
        values = values_of(content)
        sealed = {
            field_id: _sealed(
                session, (provider_id, field_id, last.get((provider_id, field_id), 0) + 1), secret, values
            )
            for field_id, secret in content.secrets.items()
        }
        yield NewVersion(
            provider_id=provider_id,
            expected_version=row.version,
            values=values,
            secret_versions={**content.kept, **{field_id: each.version for field_id, each in sealed.items()}},
            new_secrets=sealed,
            statuses=content.statuses,
            author=session.author,
            at=session.clock(),
            reason=reason,
            action="import",
            acknowledged=tuple(sorted(codes.intersection(content.warnings))),
            operation_id=ids[number],
            changed=_changed(row, content),
        )


def _changed(row: PlanRow, content: Content) -> tuple[str, ...]:
    if row.provider_id:
        return tuple(change.field for change in row.changes)
    filled = [field_id for field_id, value in values_of(content).items() if value not in (None, "")]
    return (*filled, *content.secrets, "statuses")


def _sealed(session: Session, place: tuple[str, str, int], secret: Secret, values: Values) -> SealedSecret:
    from ftos_tui.vault.envelope import Binding

    vault, destination = session.vault, destination_of(values)
    sealed = vault.seal(fixed_secret(place[1], secret), Binding(lasting_name(session), *place, destination))
    return SealedSecret(place[2], sealed, vault.key_id, destination, session.clock(), session.author.user)
