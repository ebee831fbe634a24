"""The channel provider record: values by field id, who saved them, and what is set of its secrets.

Secrets are not among the values. A record says of each only whether it is set, which version and for which
destination.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from ftos_tui.domain.fields import FIELDS, PLAIN_IDS, SECRET_IDS, DataType
from ftos_tui.domain.statuses import StatusRow

if TYPE_CHECKING:
    from pydantic import BaseModel

Value = str | int | bool | None
"""A plain field's value in canonical form; None where a shipped record has nothing yet."""

Values = Mapping[str, Value]

EMPTY_VALUES: Values = dict.fromkeys(PLAIN_IDS)

NEW_VALUES: Values = {
    **EMPTY_VALUES,
    "communication_channel": "email",
    "app_config": "{}",
    "bulk_no": 50,
    "retry_max_attempt": 3,
    "pool_time_retry": "00:05:00",
    "open_setting": False,
    "click_setting": False,
}
"""What the form proposes for a new provider. Nothing that names a place, a person or a time of day is proposed."""

_PYTHON_TYPES: dict[DataType, type] = {DataType.WHOLE: int, DataType.BOOL: bool}


@cache
def values_model() -> "type[BaseModel]":
    """The strict pydantic model of the plain values, made from `FIELDS`; imported late, the first frame needs none."""
    from pydantic import ConfigDict, create_model

    definitions: dict[str, Any] = {
        spec.id: (_PYTHON_TYPES.get(spec.data_type, str) | None, None) for spec in FIELDS if not spec.secret
    }
    return create_model(
        "ProviderValues", __config__=ConfigDict(strict=True, extra="forbid", frozen=True), **definitions
    )


def values_from_json(text: str | bytes) -> Values:
    """The plain values out of their stored JSON.

    Raises:
        pydantic.ValidationError: The stored text is not what a save wrote.
    """
    return dict(values_model().model_validate_json(text))


@dataclass(frozen=True, slots=True)
class Author:
    """Who, from where: the operating-system user, the host, and the SSH client's address where there is one."""

    user: str
    host: str
    ssh_client: str | None = None

    def __str__(self) -> str:
        return f"{self.user}@{self.host}" + (f" from {self.ssh_client}" if self.ssh_client else "")


@dataclass(frozen=True, slots=True)
class SecretState:
    """What may be known of a stored secret.

    Attributes:
        version: The number of the secret's own version, 1 for the first; 0 when none is set.
        set_at: When it was entered, UTC.
        set_by: The user who entered it.
        destination: Where it may be sent, as `destination.destination_of` wrote it when the secret was entered.
        readable: False when it does not decrypt (wrong key, moved row): then it is kept, shown as unreadable.
    """

    version: int = 0
    set_at: datetime | None = None
    set_by: str = ""
    destination: str = ""
    readable: bool = True

    @property
    def is_set(self) -> bool:
        """Whether a secret is stored."""
        return self.version > 0


NO_SECRETS: Mapping[str, SecretState] = {field_id: SecretState() for field_id in SECRET_IDS}


@dataclass(frozen=True, slots=True)
class ProviderVersion:
    """One immutable version of a channel provider.

    Attributes:
        provider_id: The store's own id; a rename keeps it.
        number: 1 for the first version.
        values: The plain values by field id.
        secrets: What is set, by secret field id.
        statuses: The provider's list of statuses.
        saved_at: When, UTC, by the store's clock.
        saved_by: Who, from where.
        reason: Why, in the author's words.
        action: What was done: shipped, create, save, rollback, clear_secret, delete, trial_reverted.
        acknowledged: The codes of the warnings that were acknowledged.
        missing: The ids of mandatory fields that hold nothing.
        operation_id: The caller's own id of the save, by which its outcome can be looked up.
        deleted: Whether this version is the tombstone of a deleted provider.
    """

    provider_id: str
    number: int
    values: Values
    secrets: Mapping[str, SecretState]
    statuses: tuple[StatusRow, ...]
    saved_at: datetime
    saved_by: Author
    reason: str
    action: str
    acknowledged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    operation_id: str = ""
    deleted: bool = field(default=False)

    @property
    def name(self) -> str:
        """The provider's Name."""
        return str(self.values["name"] or "")

    @property
    def ready(self) -> bool:
        """Whether every mandatory field holds a value: nothing is missing."""
        return not self.missing


def missing_fields(values: Values, secrets: Mapping[str, SecretState]) -> tuple[str, ...]:
    """The ids of the mandatory fields that hold nothing, in the record's order."""
    return tuple(
        spec.id
        for spec in FIELDS
        if spec.mandatory and (not secrets[spec.id].is_set if spec.secret else values.get(spec.id) in (None, ""))
    )
