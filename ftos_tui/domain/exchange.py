"""The file in which providers travel between stores: its shape, its JSON schema, and what may stand for a secret.

A document is `{"ftos_tui": 1, "environment": …, "providers": [{field id: value, …, "statuses": […], "secrets": {…}}]}`.
A secret is in it only as a reference: `env:NAME`, `file:/path` or `age:` with an armored age file.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from ftos_tui.domain.checks.numbers import RANGES
from ftos_tui.domain.checks.statuses import LONGEST_CODE, LONGEST_LABEL, MOST_ROWS
from ftos_tui.domain.fields import FIELDS, SECRET_IDS, DataType, FieldSpec
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.statuses import Canonical, StatusRow

FORMAT: Final = 1
"""The number of this format; a file with a greater one was made by a newer program."""

MARK: Final = "ftos_tui"
"""The key whose value is the number of the format: by it a file is known."""

STATUS_COLUMNS: Final = ("code", "label", "canonical", "terminal", "retryable")


class ReferenceKind(StrEnum):
    """Where a referenced secret is looked for."""

    ENV = "env"
    """A variable of the importing process's environment."""
    FILE = "file"
    """A file on the importing machine that only its owner may read."""
    AGE = "age"
    """The secret itself, encrypted for a recipient's public key (age-encryption.org/v1)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What stands for a secret.

    Attributes:
        kind: Where it is looked for.
        target: The variable's name, the absolute path, or the armored age file.
    """

    kind: ReferenceKind
    target: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.target}"

    @property
    def shown(self) -> str:
        """The reference for a plan: an age file is not repeated."""
        return "age: (encrypted)" if self.kind is ReferenceKind.AGE else str(self)


_TARGETS: Final[Mapping[ReferenceKind, re.Pattern[str]]] = {
    ReferenceKind.ENV: re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}"),
    ReferenceKind.FILE: re.compile(r"/[^\x00]{1,4095}"),
    ReferenceKind.AGE: re.compile(
        r"\s*-----BEGIN AGE ENCRYPTED FILE-----\s.{1,65536}-----END AGE ENCRYPTED FILE-----\s*", re.S
    ),
}


def reference_in(text: str) -> Reference | None:
    """The reference that a text is.

    Args:
        text: What stands in a file in place of a secret.

    Returns:
        None where it is no reference; the text may then be a secret and must not be repeated.
    """
    kind, colon, target = text.partition(":")
    if not colon or kind not in ReferenceKind.__members__.values():
        return None
    found = ReferenceKind(kind)
    return Reference(found, target) if _TARGETS[found].fullmatch(target) else None


def provider_object(version: ProviderVersion, references: Mapping[str, Reference]) -> dict[str, Any]:
    """One provider of a document.

    Args:
        version: What is saved.
        references: What stands for its secrets, by field id; one that is left out keeps what the target has.

    Returns:
        Name, the other plain values in the record's order with their JSON types, then `statuses` and, where there are
        references, `secrets`.
    """
    found: dict[str, Any] = {"name": version.values.get("name")}
    found |= {spec.id: version.values.get(spec.id) for spec in FIELDS if not spec.secret}
    found["statuses"] = [asdict(row) for row in version.statuses]
    if references:
        found["secrets"] = {field_id: str(reference) for field_id, reference in references.items()}
    return found


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a document, made from `FIELDS`.

    It says how a document is written; whether its values are accepted is for the check to say.
    """
    plain = [spec for spec in FIELDS if not spec.secret]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Channel providers of FintechOS, as ftos-tui exports and imports them",
        "type": "object",
        "required": [MARK, "providers"],
        "additionalProperties": False,
        "properties": {
            MARK: {"const": FORMAT, "description": "The number of the format."},
            "environment": {"type": "string", "description": "The environment it was exported from."},
            "providers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": [spec.id for spec in plain if spec.mandatory],
                    "additionalProperties": False,
                    "properties": {
                        **{spec.id: _field_schema(spec) for spec in plain},
                        "statuses": _statuses_schema(),
                        "secrets": _secrets_schema(),
                    },
                },
            },
        },
    }


def _field_schema(spec: FieldSpec) -> dict[str, Any]:
    found: dict[str, Any] = {"title": spec.label, "description": spec.help}
    if spec.data_type is DataType.OPTION:
        return {**found, "enum": [*spec.options, None]}
    if spec.data_type is DataType.BOOL:
        return {**found, "anyOf": [{"type": "boolean"}, {"enum": ["on", "off", "true", "false", "yes", "no", None]}]}
    if spec.data_type is DataType.WHOLE:
        least, greatest, _ = RANGES[spec.id]
        number = {"type": "integer", "minimum": least, "maximum": greatest}
        return {**found, "anyOf": [number, {"type": "string", "pattern": "^[0-9]+$"}, {"type": "null"}]}
    if spec.data_type is DataType.TIME:
        pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
        return {**found, "type": ["string", "null"], "pattern": pattern}
    if spec.data_type is DataType.JSON:
        return {**found, "type": ["string", "object", "null"], "maxLength": spec.max_length}
    return {**found, "type": ["string", "null"], "maxLength": spec.max_length}


def _statuses_schema() -> dict[str, Any]:
    flag = {"type": "boolean", "default": False}
    return {
        "title": "Channel provider statuses",
        "description": "Left out, the list stays as it is; a new provider gets the preset of its kind.",
        "type": "array",
        "maxItems": MOST_ROWS,
        "items": {
            "type": "object",
            "required": ["code", "label", "canonical"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string", "minLength": 1, "maxLength": LONGEST_CODE},
                "label": {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL},
                "canonical": {"enum": [value.value for value in Canonical]},
                "terminal": flag,
                "retryable": flag,
            },
        },
    }


def _secrets_schema() -> dict[str, Any]:
    reference = {
        "type": ["string", "null"],
        "pattern": r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+|age:\s*-----BEGIN AGE ENCRYPTED FILE-----[\s\S]*)?$",
    }
    return {
        "title": "Secrets",
        "description": "References only: env:NAME, file:/path or age:…; left out or blank keeps what is stored.",
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(SECRET_IDS, reference),
    }


def status_row(written: Mapping[str, Any]) -> StatusRow:
    """The row that a document's status makes; the check judges types and values.

    Args:
        written: Its columns; `terminal` and `retryable` may be left out, or be written as words like a switch.
    """
    flags = {column: _flag(written.get(column, False)) for column in ("terminal", "retryable")}
    return StatusRow(written.get("code", ""), written.get("label", ""), written.get("canonical", ""), **flags)


_FLAG_WORDS: Final = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


def _flag(raw: Any) -> Any:
    return _FLAG_WORDS.get(raw.casefold(), raw) if isinstance(raw, str) else raw
