"""The only door to the checks: form, command line, files, rollback and promotion come in here."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.app_config import check_app_config
from ftos_tui.domain.checks.context import CheckContext, Checked
from ftos_tui.domain.checks.from_address import check_from_address
from ftos_tui.domain.checks.numbers import check_whole
from ftos_tui.domain.checks.record import Judged, check_record
from ftos_tui.domain.checks.rules import Outcome
from ftos_tui.domain.checks.secrets import check_secrets
from ftos_tui.domain.checks.service_url import check_service_url
from ftos_tui.domain.checks.statuses import check_statuses
from ftos_tui.domain.checks.text import (
    LONGEST_CACHED,
    cached,
    check_bool,
    check_option,
    check_plain,
    check_user,
    without_keys,
)
from ftos_tui.domain.checks.times import check_time
from ftos_tui.domain.draft import Draft, Raw
from ftos_tui.domain.fields import FIELD_BY_ID, FIELD_IDS, FIELDS, PLAIN_IDS, SECRET_IDS, DataType, FieldSpec
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.provider_kind import provider_kind
from ftos_tui.domain.record import Value
from ftos_tui.domain.status_presets import preset_for
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.domain.visible import shortened

_PLACE: Final = {field_id: place for place, field_id in enumerate((*FIELD_IDS, "statuses", "record"))}
_GRAVITY: Final = {Severity.REFUSE: 0, Severity.WARN: 1, Severity.FIX: 2}
_MOST_UNKNOWN: Final = 20


def check_draft(draft: Draft, context: CheckContext) -> Checked:
    """Judges the record as it would be saved.

    Args:
        draft: What was edited, from which version; texts as typed or any JSON type.
        context: The world around it.

    Returns:
        Canonical values with every fix applied, the list of statuses, and the findings in the record's order, the
        gravest first within a field. Any value whatever gives findings, never an exception.
    """
    outcomes = {field_id: _judge(FIELD_BY_ID[field_id], draft.raw(field_id), context) for field_id in PLAIN_IDS}
    values: dict[str, Value] = {field_id: outcome.value for field_id, outcome in outcomes.items()}
    refused = frozenset(field_id for field_id, outcome in outcomes.items() if outcome.refused)
    findings = [finding for outcome in outcomes.values() for finding in outcome.findings]
    for of_secret in check_secrets(draft.secrets, draft.base.secrets).values():
        findings += of_secret
    findings += _unknown(draft)
    rows, of_statuses = check_statuses(_statuses(draft, values))
    findings += of_statuses
    findings += check_record(Judged(draft, context, values, refused))
    return Checked(values, rows, in_order(findings))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in the record's order, the gravest first within a field."""
    last = len(_PLACE)
    return tuple(
        sorted(
            findings,
            key=lambda finding: (_PLACE.get(finding.field, last), _GRAVITY[finding.severity]),
        )
    )


@cached
def _by_itself(spec: FieldSpec, raw: Raw) -> Outcome:
    return _CHECKS[spec.data_type](spec, raw)


_CHECKS: Final[Mapping[DataType, Callable[[FieldSpec, Raw], Outcome]]] = {
    DataType.OPTION: check_option,
    DataType.TEXT: lambda spec, raw: (check_user if spec.id == "app_user" else check_plain)(spec, raw),
    DataType.JSON: lambda _, raw: check_app_config(raw),
    DataType.WHOLE: check_whole,
    DataType.TIME: check_time,
    DataType.BOOL: check_bool,
}

_url_by_itself = lru_cache(256)(check_service_url)
_address_by_itself = lru_cache(256)(check_from_address)


def _judge(spec: FieldSpec, raw: Raw, context: CheckContext) -> Outcome:
    """The outcome of one plain field, out of the cache where it was judged before."""
    if spec.id not in ("service_url", "from_address"):
        return _by_itself(spec, raw)
    if not isinstance(raw, str) or len(raw) > LONGEST_CACHED:
        if spec.id == "service_url":
            return check_service_url(raw, context.allowed_hosts, context.allow_http)
        return check_from_address(raw, context.test)
    if spec.id == "service_url":
        return _url_by_itself(raw, context.allowed_hosts, context.allow_http)
    return _address_by_itself(raw, context.test)


def _statuses(draft: Draft, values: Mapping[str, Value]) -> tuple[StatusRow, ...]:
    """The list to judge: the edited one, the saved one, or for a new provider without any the preset of its kind."""
    if draft.statuses is not None:
        return draft.statuses
    if draft.base.statuses or draft.base.version:
        return draft.base.statuses
    name, channel = values["provider_name"], values["communication_channel"]
    return preset_for(
        provider_kind(name if isinstance(name, str) else None, channel if isinstance(channel, str) else None)
    )


def _unknown(draft: Draft) -> Iterator[Finding]:
    """Names that are no plain field of a provider: misspelt ones, and secrets that came in among the values."""
    for field_id in SECRET_IDS:
        if draft.edits.get(field_id) not in (None, ""):
            message = f"Enter {FIELD_BY_ID[field_id].label} as a secret: among the plain values it would be shown."
            yield rules.SECRET_MISPLACED(field_id, message)
    unknown = [name for name in draft.edits if name not in FIELD_BY_ID]
    unknown += [name for name in draft.secrets if name not in SECRET_IDS]
    for name in unknown[:_MOST_UNKNOWN]:
        shown = shortened(without_keys(str(name)), 40)
        yield rules.UNKNOWN_FIELD(shown, f"Correct or remove {shown}: a provider has no such field{_nearest(shown)}.")
    if len(unknown) > _MOST_UNKNOWN:
        message = f"Remove {len(unknown) - _MOST_UNKNOWN:,} further fields that a provider does not have."
        yield rules.UNKNOWN_FIELD("record", message)


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    labels = {spec.label.casefold(): spec.id for spec in FIELDS} | {field_id: field_id for field_id in FIELD_IDS}
    near = get_close_matches(name.casefold().replace("-", "_"), labels, 1)
    return f", perhaps {labels[near[0]]}" if near else ""
