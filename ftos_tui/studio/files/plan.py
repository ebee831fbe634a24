"""What applying a document would do: create, change, leave or refuse each provider. Stores nothing."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ftos_tui.domain.findings import Finding
from ftos_tui.domain.record import Values
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.statuses import StatusRow


class Action(StrEnum):
    """What a plan does with one provider."""

    CREATE = "create"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Located:
    """A finding and the line of the file that it is about."""

    line: int
    finding: Finding


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that a plan changes; of a secret only where the new one comes from.

    Attributes:
        field: The field's id, or `statuses`.
        before: What is saved, as text.
        after: What would be saved, as text.
    """

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be written of one provider.

    Attributes:
        values: Canonical plain values, in the order of `PLAIN_IDS`.
        statuses: The list of statuses.
        secrets: Secrets to be sealed, by field id.
        kept: The versions of all secrets as they are now, by field id.
        references: What the secrets came from, as the file writes it.
        warnings: The codes of the warnings to be acknowledged.
    """

    values: tuple[Any, ...]
    statuses: tuple[StatusRow, ...]
    secrets: Mapping[str, Secret]
    kept: Mapping[str, int]
    references: Mapping[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One provider of a plan.

    Attributes:
        line: Where the file has it.
        name: Its Name, or what stands in its place.
        action: What would be done.
        provider_id: The provider in the store; None for one to be created.
        version: The version it has there; 0 for none.
        changes: What would change, for a provider that is there.
        findings: What the check says, each with its line.
        content: What would be written; None where nothing is.
    """

    line: int
    name: str
    action: Action
    provider_id: str | None = None
    version: int = 0
    changes: tuple[FieldChange, ...] = ()
    findings: tuple[Located, ...] = ()
    content: Content | None = None


@dataclass(slots=True)
class Plan:
    """What applying a document would do.

    Attributes:
        environment: Of which environment.
        source: The file's name.
        origin: The environment the document says it came from; empty where it does not say.
        digest: SHA-256 of the file, hex.
        rows: All providers, in the order of the file.
        counts: How many providers each action has.
        warnings: How many providers each warning concerns, by code.
        cut: Whether reading ended early because too much was refused.
        not_allowed: The references that are refused because the operator has not allowed them, as the file writes them.
    """

    environment: str
    source: str
    origin: str = ""
    digest: str = ""
    rows: list[PlanRow] = field(default_factory=list)
    counts: Counter[Action] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    cut: bool = False
    not_allowed: tuple[str, ...] = ()
    _hash: Any = field(default_factory=hashlib.sha256, repr=False)

    @property
    def id(self) -> str:
        """What the plan is known by: a digest of what it does to which versions, 16 hex digits."""
        return str(self._hash.hexdigest())[:16]

    @property
    def writes(self) -> int:
        """How many providers would be written."""
        return self.counts[Action.CREATE] + self.counts[Action.CHANGE]

    def add(self, row: PlanRow) -> None:
        """Takes in the next row."""
        self.rows.append(row)
        self.counts[row.action] += 1
        if row.content is not None:
            self.warnings.update(row.content.warnings)
        self._hash.update(_digest_text(self.environment, row).encode())

    def written(self) -> Iterator[tuple[PlanRow, Content]]:
        """The rows that would be written, with what."""
        return ((row, row.content) for row in self.rows if row.content is not None)

    def open_warnings(self, acknowledged: Iterable[str]) -> tuple[str, ...]:
        """The codes of warnings that are not among the acknowledged ones."""
        return tuple(sorted(set(self.warnings) - set(acknowledged)))


def _digest_text(environment: str, row: PlanRow) -> str:
    parts: list[Any] = [environment, row.name, row.action, row.provider_id, row.version]
    if row.content is not None:
        content = row.content
        statuses = [(s.code, s.label, s.canonical, s.terminal, s.retryable) for s in content.statuses]
        parts += [content.values, statuses, sorted(content.references.items())]
    return json.dumps(parts)


def values_of(content: Content) -> Values:
    """The plain values of a row by field id."""
    from ftos_tui.domain.fields import PLAIN_IDS

    return dict(zip(PLAIN_IDS, content.values, strict=True))
