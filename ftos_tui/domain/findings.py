"""What a check has to say: findings with a severity, and the verdict they add up to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How grave a finding is."""

    REFUSE = "refuse"
    """Cannot be saved."""
    WARN = "warn"
    """Saved only when the operator acknowledges this warning by its code."""
    FIX = "fix"
    """Put right by the check itself; the value shown is the one that will be saved."""


_GRAVITY = {Severity.REFUSE: 2, Severity.WARN: 1, Severity.FIX: 0}


class Verdict(StrEnum):
    """The worst of the findings, or accept."""

    REFUSE = "refuse"
    WARN = "warn"
    FIX = "fix"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about one field.

    Attributes:
        field: The field's id, `statuses` for the list of statuses, or `record` for the whole.
        severity: How grave it is.
        code: A stable name in snake_case; a warning is acknowledged by it.
        message: One sentence that says what to do. Never quotes a secret; other values only made visible.
    """

    field: str
    severity: Severity
    code: str
    message: str


def refuse(field: str, code: str, message: str) -> Finding:
    """A finding that keeps the record from being saved."""
    return Finding(field, Severity.REFUSE, code, message)


def warn(field: str, code: str, message: str) -> Finding:
    """A finding to be acknowledged by name before the record is saved."""
    return Finding(field, Severity.WARN, code, message)


def fix(field: str, code: str, message: str) -> Finding:
    """A finding that reports what the check put right."""
    return Finding(field, Severity.FIX, code, message)


def verdict(findings: Iterable[Finding]) -> Verdict:
    """The worst of the findings; `Verdict.ACCEPT` when there are none."""
    worst = max(findings, key=lambda finding: _GRAVITY[finding.severity], default=None)
    return Verdict(worst.severity.value) if worst else Verdict.ACCEPT
