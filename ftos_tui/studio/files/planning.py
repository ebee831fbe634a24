"""Makes the plan of a document: every provider through the same check as the form, held against what is saved."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from ftos_tui.domain.checks.context import CheckContext, Checked
from ftos_tui.domain.checks.draft import check_draft
from ftos_tui.domain.checks.secrets import fixed_secret
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.draft import Base, Draft, text_of
from ftos_tui.domain.fields import FIELD_BY_ID, PLAIN_IDS, SECRET_IDS
from ftos_tui.domain.findings import Finding, Severity, refuse
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import EMPTY_VALUES, ProviderVersion, Value
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import visible
from ftos_tui.stores.key_protocol import SecretPlace
from ftos_tui.studio.failures import FileProblem, counted
from ftos_tui.studio.files.entries import Document, Entry
from ftos_tui.studio.files.plan import Action, Content, FieldChange, Located, Plan, PlanRow
from ftos_tui.studio.files.records import Incoming, incoming
from ftos_tui.studio.files.references import NOT_ALLOWED, Resolved, Resolver
from ftos_tui.studio.providers import changed_fields, check_context
from ftos_tui.studio.reading import base_of, marked, opened_secrets
from ftos_tui.studio.session import Session

BATCH: Final = 250
"""Providers looked up in the store at once."""

MOST_REFUSED: Final = 1000
"""Refused providers after which reading on would help nobody."""

Progress = Callable[[int], None]
"""Told how many providers were dealt with so far."""


def make_plan(
    session: Session,
    document: Document,
    name: str,
    resolver: Resolver,
    *,
    planned: Callable[[PlanRow], None] | None = None,
    progress: Progress = lambda done: None,
) -> Plan:
    """The plan of a document for the session's store.

    Args:
        session: The operator's session.
        document: The document, at its start.
        name: The file's name, for the plan to be known by.
        resolver: Where references to secrets are looked up.
        planned: For a document that is a plan: told of each provider as the plan found it.
        progress: Told after each batch.

    Raises:
        FileRefused: The file cannot be read.
        Failure: The store does not answer.
    """
    plan = Plan(session.environment.name, visible(name))
    planner = _Planner(session, resolver)
    entries = iter(document)
    while batch := list(islice(entries, BATCH)):
        if planned is None and "plan" in document.header.values:
            raise FileProblem("This file is a plan: apply it with --plan.")
        for row in planner.rows(batch, planned):
            plan.add(row)
        progress(len(plan.rows))
        if plan.counts[Action.REFUSED] >= MOST_REFUSED:
            plan.cut = True
            break
    plan.origin = visible(document.header.environment)
    plan.not_allowed = tuple(planner.not_allowed)
    return plan


class _Planner:
    """Judges providers against the store, batch by batch."""

    def __init__(self, session: Session, resolver: Resolver) -> None:
        self._session = session
        self._resolver = resolver
        # Names are looked up by batches, so the check need not ask for each.
        self._context = check_context(session, Draft(Base(None, 0, EMPTY_VALUES)), ask_store=False)
        self._lines: dict[str, int] = {}
        self._shared: dict[Any, Any] = {}
        self._opened: Mapping[SecretPlace, Secret | None] = {}
        self.not_allowed: dict[str, None] = {}
        """The references that the operator has not allowed, in the order of the file."""

    def rows(self, batch: list[Entry], planned: Callable[[PlanRow], None] | None) -> Iterator[PlanRow]:
        """The rows of the next providers of the file."""
        taken = [incoming(entry, planned=planned is not None) for entry in batch]
        found = self._session.store.by_names([each.name for each in taken if each.name])
        stored = list(found.values())
        self._opened = opened_secrets(self._session, stored)
        targets = {name_key(version.name): version for version in marked(stored, self._opened)}
        for each in taken:
            key = name_key(each.name)
            if planned is not None:
                planned(_as_planned(each))
            if each.name and key in self._lines:
                message = f"Keep one of the two: line {self._lines[key]:,} has a provider of this name."
                each.findings.append(refuse("name", "file_duplicate_name", message))
            self._lines.setdefault(key, each.line)
            yield self._row(each, targets.get(key) if each.name else None)

    def _row(self, each: Incoming, target: ProviderVersion | None) -> PlanRow:
        base = base_of(target) if target else Base(None, 0, EMPTY_VALUES)
        resolved, findings = self._resolved(each)
        if target is not None and not findings and (each.untouched or _as_saved(each, base)):
            destination = destination_of(target.values)
            if all(self._is_kept(target, field_id, outcome, destination) for field_id, outcome in resolved.items()):
                return PlanRow(each.line, target.name, Action.UNCHANGED, target.provider_id, target.number)
        draft = Draft(base, each.edits, {f: r.secret for f, r in resolved.items()}, each.statuses)
        checked = self._checked(draft, target)
        findings += [*_misplaced(resolved, checked), *checked.findings]
        if any(finding.severity is Severity.REFUSE for finding in findings):
            name = visible(each.name) or "(no name)"
            return self._to_row(each, target, Action.REFUSED, findings, name=name)
        if target is not None:
            draft = self._without_kept(draft, resolved, target, checked)
        changed = changed_fields(draft, checked)
        if target is not None and not changed:
            return PlanRow(each.line, target.name, Action.UNCHANGED, target.provider_id, target.number)
        content = self._content(draft, checked, each)
        changes = tuple(_change(field_id, draft, checked, each) for field_id in changed) if target else ()
        action = Action.CHANGE if target else Action.CREATE
        return self._to_row(
            each, target, action, findings, name=str(checked.values["name"]), changes=changes, content=content
        )

    def _checked(self, draft: Draft, target: ProviderVersion | None) -> Checked:
        checked = check_draft(draft, self._context)
        if target is None:
            return checked
        moved = any(checked.values[f] != target.values[f] for f in ("name", "communication_channel"))
        # What depends on a provider is asked for only where it matters.
        return check_draft(draft, self._full_context(draft)) if moved else checked

    def _full_context(self, draft: Draft) -> CheckContext:
        return check_context(self._session, draft, self._context.now)

    def _resolved(self, each: Incoming) -> tuple[dict[str, Resolved], list[Finding]]:
        resolved: dict[str, Resolved] = {}
        findings = list(each.findings)
        for field_id, reference in each.references.items():
            outcome = self._resolver.resolve(each.name, field_id, reference)
            if isinstance(outcome, Resolved):
                resolved[field_id] = outcome
                continue
            findings.append(outcome)
            if outcome.code == NOT_ALLOWED:
                self.not_allowed[str(reference)] = None
        return resolved, findings

    def _without_kept(
        self, draft: Draft, resolved: Mapping[str, Resolved], target: ProviderVersion, checked: Checked
    ) -> Draft:
        """The draft without the secrets that are stored already: the same file applied twice changes nothing."""
        destination = destination_of(checked.values)
        for field_id, outcome in resolved.items():
            if self._is_kept(target, field_id, outcome, destination):
                draft = draft.with_secret(field_id, Secret(""))
        return draft

    def _is_kept(self, target: ProviderVersion, field_id: str, outcome: Resolved, destination: str) -> bool:
        """Whether a secret is the stored one, for the same destination."""
        state = target.secrets[field_id]
        if not state.is_set or state.destination != destination or outcome.destination not in (None, destination):
            return False
        stored = self._opened[(target.provider_id, field_id, state.version)]
        return stored == fixed_secret(field_id, outcome.secret)

    def _content(self, draft: Draft, checked: Checked, each: Incoming) -> Content:
        values = tuple(self._share(checked.values[field_id]) for field_id in PLAIN_IDS)
        warnings = {f.code for f in checked.findings if f.severity is Severity.WARN}
        return Content(
            values=values,
            statuses=self._share(checked.statuses),
            secrets=dict(draft.secrets),
            kept={field_id: state.version for field_id, state in draft.base.secrets.items()},
            references={field_id: str(reference) for field_id, reference in each.references.items()},
            warnings=self._share(tuple(sorted(warnings))),
        )

    def _share(self, value: Any) -> Any:
        """The same value, one object for all that are equal: a file repeats itself."""
        return self._shared.setdefault((type(value), value), value)

    def _to_row(
        self,
        each: Incoming,
        target: ProviderVersion | None,
        action: Action,
        findings: list[Finding],
        *,
        name: str,
        changes: tuple[FieldChange, ...] = (),
        content: Content | None = None,
    ) -> PlanRow:
        located = tuple(Located(_line(each, finding), finding) for finding in findings)
        identity, number = (target.provider_id, target.number) if target else (None, 0)
        return PlanRow(each.line, name, action, identity, number, changes, located, content)


def _as_planned(each: Incoming) -> PlanRow:
    """The provider as the plan that is being read found it."""
    provider_id, _, version = each.based_on.partition("/")
    number = int(version) if version.isdecimal() and len(version) < 10 else 0
    return PlanRow(each.line, each.name, Action.UNCHANGED, provider_id or None, number)


def _as_saved(each: Incoming, base: Base) -> bool:
    """Whether a file says of a provider exactly what is saved, its secrets left aside, so that nothing is to check."""
    if each.statuses is not None and each.statuses != base.statuses:
        return False
    return all(f in FIELD_BY_ID and _same_text(f, raw, base.values.get(f)) for f, raw in each.edits.items())


def _same_text(field_id: str, raw: Any, saved: Value) -> bool:
    if raw is None or raw == "":
        return saved is None
    if isinstance(saved, bool) and isinstance(raw, str):
        return raw in (text_of(field_id, saved), str(saved).lower())
    if isinstance(raw, str):
        return raw == text_of(field_id, saved)
    return raw == saved and type(raw) is type(saved)


def _misplaced(resolved: Mapping[str, Resolved], checked: Checked) -> Iterator[Finding]:
    """Refuses a wrapped secret that was meant for another destination than the one it comes with."""
    destination = destination_of(checked.values)
    for field_id, outcome in resolved.items():
        if outcome.destination is not None and outcome.destination != destination:
            label = FIELD_BY_ID[field_id].label
            message = f"Enter {label} anew: the encrypted one was meant for another Service Url, user or appConfig."
            yield refuse(field_id, "reference_destination", message)


def _change(field_id: str, draft: Draft, checked: Checked, each: Incoming) -> FieldChange:
    if field_id == "statuses":
        before, after = draft.base.statuses, checked.statuses
        others = sum(row not in before for row in after)
        number = counted(len(after), "row", "rows")
        return FieldChange(field_id, counted(len(before), "row", "rows"), f"{number}, {others} of them new or changed")
    if field_id in each.references:
        stored = draft.base.secrets[field_id]
        before_text = f"set, version {stored.version}" if stored.is_set else "not set"
        return FieldChange(field_id, before_text, f"from {visible(each.references[field_id].shown)}")
    before_value, after_value = draft.base.values.get(field_id), checked.values[field_id]
    return FieldChange(field_id, visible(text_of(field_id, before_value)), visible(text_of(field_id, after_value)))


def _line(each: Incoming, finding: Finding) -> int:
    line = each.line_of(finding.field)
    # A secret stands inside `secrets`; where the field itself has no line, that one is the nearest.
    return each.line_of("secrets") if line == each.line and finding.field in SECRET_IDS else line
