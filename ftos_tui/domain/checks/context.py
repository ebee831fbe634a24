"""What a check is told about the world, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ftos_tui.domain.channel import serves_in_words
from ftos_tui.domain.findings import Finding, Verdict, verdict
from ftos_tui.domain.record import Values
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.domain.visible import shortened


@dataclass(frozen=True, slots=True)
class CheckContext:
    """The world around a record while it is checked. The domain asks nobody: it is told.

    Attributes:
        now: The time by which windows are judged, UTC.
        allowed_hosts: The hosts the environment allows in Service Url; empty for any.
        allow_http: Whether the environment permits http:// to other hosts than loopback (then a warning).
        test: Whether this is a test environment, where a@localhost is an address.
        taken_names: Keys (`checks.name.name_key`) of names that other providers bear.
        waiting: Messages waiting in the queue for this provider.
        serves: Codes of communication channels that send through this provider, the first of them.
        serves_count: How many there are.
    """

    now: datetime = field(default_factory=lambda: datetime(1970, 1, 1, tzinfo=UTC))
    allowed_hosts: frozenset[str] = frozenset()
    allow_http: bool = False
    test: bool = False
    taken_names: frozenset[str] = frozenset()
    waiting: int = 0
    serves: tuple[str, ...] = ()
    serves_count: int = 0

    @property
    def serves_words(self) -> str:
        """Which channels the provider serves: `serves 3 channels: A, B, C`; empty for none."""
        return serves_in_words(self.serves_count, tuple(shortened(code, 40) for code in self.serves))


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check_draft` gives back.

    Attributes:
        values: The plain values in canonical form; a refused field keeps what was typed as text, or None.
        statuses: The list of statuses as it would be saved.
        findings: In the record's order, the gravest first within a field.
    """

    values: Values
    statuses: tuple[StatusRow, ...]
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        return verdict(self.findings)

    def of(self, field_id: str) -> tuple[Finding, ...]:
        """The findings at one field."""
        return tuple(finding for finding in self.findings if finding.field == field_id)

    def unacknowledged(
        self, codes: Mapping[str, object] | frozenset[str] | set[str] | tuple[str, ...]
    ) -> tuple[Finding, ...]:
        """The warnings whose codes are not among the acknowledged ones."""
        return tuple(finding for finding in self.findings if finding.severity == "warn" and finding.code not in codes)
