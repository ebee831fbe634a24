"""A draft: the version an edit started from, and what was edited. Every way in makes one.

The form puts each changed text into one, the command line its arguments, a file its object.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ftos_tui.domain.fields import FIELD_BY_ID, DataType
from ftos_tui.domain.record import NO_SECRETS, SecretState, Value, Values
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.statuses import StatusRow

Raw = Any
"""A value as it came in: typed text, or any JSON type out of a file."""


@dataclass(frozen=True, slots=True)
class Base:
    """What an edit starts from: a saved version, or nothing yet.

    Attributes:
        provider_id: The store's id; None for a new provider.
        version: The number of the saved version; 0 for a new provider.
        values: The saved plain values, or the proposals for a new provider.
        secrets: What is set of the secrets.
        statuses: The saved list of statuses.
    """

    provider_id: str | None
    version: int
    values: Values
    secrets: Mapping[str, SecretState] = field(default_factory=lambda: NO_SECRETS)
    statuses: tuple[StatusRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An edit under way.

    Attributes:
        base: What it started from.
        edits: Plain fields only: what was typed, by field id. A field whose text equals the saved one is left out.
        secrets: Secrets entered anew, by field id; blank keeps the stored one.
        statuses: The edited list of statuses; None when it was not touched.
    """

    base: Base
    edits: Mapping[str, Raw] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    statuses: tuple[StatusRow, ...] | None = None

    def raw(self, field_id: str) -> Raw:
        """A plain field's value as it now stands: the edit if there is one, else the saved value."""
        return self.edits[field_id] if field_id in self.edits else self.base.values.get(field_id)

    def text(self, field_id: str) -> str:
        """A plain field's value as the form shows it."""
        raw = self.raw(field_id)
        return raw if isinstance(raw, str) else text_of(field_id, raw)

    def with_text(self, field_id: str, text: str) -> "Draft":
        """The draft after a plain field was typed into; typing the saved text again undoes the edit."""
        edits = dict(self.edits)
        if text == text_of(field_id, self.base.values.get(field_id)):
            edits.pop(field_id, None)
        else:
            edits[field_id] = text
        return replace(self, edits=edits)

    def with_secret(self, field_id: str, secret: Secret) -> "Draft":
        """The draft after a secret was typed; a blank one goes back to keeping what is stored."""
        secrets = {other: value for other, value in self.secrets.items() if other != field_id}
        if secret:
            secrets[field_id] = secret
        return replace(self, secrets=secrets)

    def with_statuses(self, statuses: tuple[StatusRow, ...]) -> "Draft":
        """The draft after the list of statuses was edited."""
        return replace(self, statuses=None if statuses == self.base.statuses else statuses)

    @property
    def changed(self) -> tuple[str, ...]:
        """The ids of what differs from the saved version, in the record's order; `statuses` last."""
        changed = tuple(field_id for field_id in FIELD_BY_ID if field_id in self.edits or field_id in self.secrets)
        return changed if self.statuses is None else (*changed, "statuses")


def text_of(field_id: str, value: Value) -> str:
    """A canonical value as the form, the command line and a diff write it; empty for None."""
    if value is None:
        return ""
    if FIELD_BY_ID[field_id].data_type is DataType.BOOL:
        return "on" if value else "off"
    return str(value)
