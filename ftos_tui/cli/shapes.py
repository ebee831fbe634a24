"""The JSON shapes that commands print. Other programs read them: a change here is a change of the interface."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ftos_tui.domain.fields import FIELDS, FieldSpec
from ftos_tui.domain.findings import Finding
from ftos_tui.domain.record import ProviderVersion, SecretState, Values
from ftos_tui.domain.statuses import StatusRow

if TYPE_CHECKING:
    from ftos_tui.domain.channel import Channel
    from ftos_tui.domain.log import LogEntry
    from ftos_tui.domain.trial import Trial
    from ftos_tui.studio.audit import AuditEntry, Checkpoint, VerifyReport
    from ftos_tui.studio.providers import ProviderSummary
    from ftos_tui.studio.rotation import KeyStatus, Rotated

Shape = dict[str, Any]


def summary_shape(summary: "ProviderSummary") -> Shape:
    """One provider of `providers list`."""
    return {
        "name": summary.name,
        "communication_channel": summary.communication_channel,
        "provider_name": summary.provider_name,
        "version": summary.version,
        "ready": summary.ready,
        "missing": list(summary.missing),
    }


def version_shape(version: ProviderVersion, trial: "Trial | None" = None) -> Shape:
    """What `providers show` prints; `trial` is null where the version is not on trial."""
    return {
        "name": version.name,
        "version": version.number,
        "saved_at": time_text(version.saved_at),
        "saved_by": version.saved_by.user,
        "ready": version.ready,
        "missing": list(version.missing),
        "values": values_shape(version.values, version.secrets),
        "trial": None if trial is None else {"version": trial.version, "deadline": time_text(trial.deadline)},
    }


def channel_shape(channel: "Channel") -> Shape:
    """One communication channel."""
    return {
        **channel.values,
        "version": channel.version,
        "saved_at": time_text(channel.saved_at),
        "saved_by": channel.saved_by.user,
    }


def verdict_shape(verdict: str, findings: Iterable[Finding], values: Shape) -> Shape:
    """What `providers validate` prints, and `providers set` when it is refused."""
    return {"verdict": str(verdict), "findings": [finding_shape(finding) for finding in findings], "values": values}


def finding_shape(finding: Finding) -> Shape:
    """One finding."""
    return {
        "field": finding.field,
        "severity": str(finding.severity),
        "code": finding.code,
        "message": finding.message,
    }


def values_shape(values: Values, secrets: Mapping[str, SecretState], entered: Collection[str] = ()) -> Shape:
    """All fields in the record's order; of a secret only whether it is set and its stored version, 0 for none.

    Args:
        values: The plain values.
        secrets: What is stored of the secrets.
        entered: The ids of secrets that were given with this command.
    """
    return {
        spec.id: secret_shape(secrets[spec.id], spec.id in entered) if spec.secret else values.get(spec.id)
        for spec in FIELDS
        if spec.id in (secrets if spec.secret else values)
    }


def secret_shape(state: SecretState, entered: bool = False) -> Shape:
    """What may be told of a secret; `readable` only where it is not."""
    shape: Shape = {"set": state.is_set or entered, "version": state.version}
    return shape if state.readable else {**shape, "readable": False}


def status_shape(row: StatusRow, count: int) -> Shape:
    """One row of `providers statuses`."""
    return {
        "code": row.code,
        "label": row.label,
        "canonical": row.canonical,
        "terminal": row.terminal,
        "retryable": row.retryable,
        "count": count,
    }


def field_shape(spec: FieldSpec) -> Shape:
    """One row of `providers fields`."""
    return {
        "id": spec.id,
        "label": spec.label,
        "data_type": str(spec.data_type),
        "group": str(spec.group),
        "mandatory": spec.mandatory,
        "secret": spec.secret,
        "options": list(spec.options),
        "destination": spec.destination,
        "environment_owned": spec.environment_owned,
        "max_length": spec.max_length,
        "example": spec.example,
        "help": spec.help,
    }


def log_shape(entry: "LogEntry") -> Shape:
    """One line of `log`."""
    return {
        "at": time_text(entry.at),
        "level": str(entry.level),
        "message": entry.message,
        "environment": entry.environment,
        "user": entry.user,
        "provider": entry.provider,
    }


def audit_shape(entry: "AuditEntry") -> Shape:
    """One entry of `audit list`."""
    from ftos_tui.studio.audit import detail_of

    return {
        "sequence": entry.sequence,
        "at": entry.at,
        "user": entry.author.user,
        "host": entry.author.host,
        "ssh_client": entry.author.ssh_client,
        "action": entry.action,
        "provider": entry.provider_name or None,
        "provider_id": entry.provider_id or None,
        "version": entry.version or None,
        "detail": dict(detail_of(entry)),
        "mac": entry.mac,
    }


def verify_shape(report: "VerifyReport") -> Shape:
    """What `audit verify` prints."""
    problem = report.problem
    return {
        "whole": problem is None,
        "checked": report.checked,
        "head": report.head or None,
        "checkpoints": report.checkpoints,
        "problem": problem and {"sequence": problem.sequence, "kind": problem.kind, "message": problem.message},
    }


def checkpoint_shape(checkpoint: "Checkpoint") -> Shape:
    """What `audit checkpoint` prints."""
    return asdict(checkpoint)


def keys_shape(status: "KeyStatus") -> Shape:
    """What `secrets status` prints."""
    return {
        "key_id": status.key_id,
        "source": status.source,
        "warning": status.warning,
        "secrets": dict(status.counts),
        "waiting": status.waiting,
        "retiring": status.retiring,
        "unreadable": [asdict(lost) for lost in status.lost],
    }


def rotated_shape(done: "Rotated") -> Shape:
    """What `secrets rotate-key` prints."""
    return {**asdict(done), "kept": None if done.kept is None else str(done.kept)}


def time_text(at: datetime) -> str:
    """A time in UTC as ISO 8601 to the second, for example 2026-01-02T10:41:07Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
