"""Takes a provider record out of a file and tells what a save of it would say. Stores nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ftos_tui.domain.checks.draft import check_draft
from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.fields import FIELD_BY_ID, PLAIN_IDS, SECRET_IDS
from ftos_tui.domain.findings import Finding, Verdict, refuse, verdict
from ftos_tui.domain.provider_kind import provider_kind
from ftos_tui.domain.record import EMPTY_VALUES, SecretState, Values
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.status_presets import preset_for
from ftos_tui.domain.visible import shortened
from ftos_tui.studio.failures import Failure, NotFound
from ftos_tui.studio.files.records import statuses_in
from ftos_tui.studio.providers import base_of, check_context, open_provider
from ftos_tui.studio.session import Session

LARGEST_FILE: Final = 4 * 1024 * 1024
"""The largest file taken, in bytes; every field filled to its limit is far below."""


@dataclass(frozen=True, slots=True)
class Validated:
    """What there is to say about a file.

    Attributes:
        findings: The file's own, then the record's in its order.
        values: The plain values in canonical form; a refused field keeps what was given, as text. Empty when the
            file holds no record.
        secrets: What would be set of the secrets.
        entered: The ids of the secrets that the file brings.
        note: Why the store could not be asked; empty when it could.
    """

    findings: tuple[Finding, ...]
    values: Values
    secrets: Mapping[str, SecretState]
    entered: frozenset[str] = frozenset()
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        return verdict(self.findings)


def validate(session: Session, data: bytes) -> Validated:
    """Checks a record out of a file: as an edit of the provider that bears its Name, else as a new one.

    Fields that the file leaves out count as empty, secrets that it leaves out or leaves blank as kept. When the store
    cannot be opened the record is checked as a new one, and the outcome says so.

    Args:
        session: The operator's session.
        data: The file's bytes: a JSON object of field ids, UTF-8.
    """
    record, findings = record_in(data)
    if record is None:
        return Validated(findings, {}, {})
    base, note = _base_for(session, record)
    draft, secret_findings = draft_of(record, base)
    checked = check_draft(draft, check_context(session, draft, ask_store=not note and session.store_made))
    return Validated(
        (*findings, *secret_findings, *checked.findings),
        checked.values,
        draft.base.secrets,
        frozenset(draft.secrets),
        note,
    )


def record_in(data: bytes) -> tuple[dict[str, Any] | None, tuple[Finding, ...]]:
    """The JSON object in a file, or the finding that says why there is none."""
    if len(data) > LARGEST_FILE:
        return None, (refuse("record", "file_too_large", "The file is larger than 4 MiB: a record is far smaller."),)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, (refuse("record", "file_not_utf8", f"Line {line} is not UTF-8: save the file as UTF-8 text."),)
    try:
        record = json.loads(text, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        return None, (refuse("record", "file_not_json", f"Not JSON at {place}: {error.msg}."),)
    except _DuplicateKey as error:
        message = f"The key {shortened(error.key, 60)} stands twice in one object: leave one out."
        return None, (refuse("record", "file_duplicate_key", message),)
    except RecursionError:
        return None, (refuse("record", "file_too_deep", "The JSON nests too deeply: a record has at most 64 levels."),)
    except ValueError:  # the interpreter's limit on the digits of a whole number
        return None, (refuse("record", "file_number", "A number in the file has too many digits."),)
    if not isinstance(record, dict):
        message = 'The file holds no object of field ids: write {"name": "…", …}.'
        return None, (refuse("record", "file_no_object", message),)
    return record, ()


def draft_of(record: Mapping[str, Any], base: Base) -> tuple[Draft, tuple[Finding, ...]]:
    """The draft that a file's record makes of a base, and what there is to say of its secrets.

    Args:
        record: Values by field id, as typed or as JSON types. Secrets may stand in it; null, an empty text or what
            `show --json` prints of a secret keeps the stored one.
        base: What the record is to be an edit of. Where the file leaves `statuses` out, its list stays.
    """
    secrets: dict[str, Secret] = {}
    findings: list[Finding] = []
    for field_id in SECRET_IDS:
        given = record.get(field_id)
        if isinstance(given, str):
            if given:
                secrets[field_id] = Secret(given)
        elif given is not None and not _is_secret_state(given):
            label = FIELD_BY_ID[field_id].label
            findings.append(refuse(field_id, "value_type", f"{label} is a text in quotes, or null to keep it."))
    edits = {field_id: record.get(field_id) for field_id in PLAIN_IDS}
    edits |= {key: value for key, value in record.items() if key not in FIELD_BY_ID and key != "statuses"}
    statuses, of_statuses = statuses_in(record.get("statuses"))
    return Draft(base, edits, secrets, statuses), (*findings, *of_statuses)


def _base_for(session: Session, record: Mapping[str, Any]) -> tuple[Base, str]:
    """The stored version the record is an edit of, or a new one; and why the store could not be asked."""
    name, provider, channel = (record.get(key) for key in ("name", "provider_name", "communication_channel"))
    kind = provider_kind(provider if isinstance(provider, str) else "", channel if isinstance(channel, str) else None)
    new = Base(None, 0, EMPTY_VALUES, statuses=preset_for(kind))
    if not session.store_made:  # a check makes no store
        return new, ""
    try:
        if isinstance(name, str) and name:
            return base_of(open_provider(session, name=name)), ""
        session.store.fact("store_id")
    except NotFound:
        pass
    except Failure as failure:
        return new, f"Checked without the store, as a new provider: {failure}"
    return new, ""


def _is_secret_state(given: object) -> bool:
    return isinstance(given, dict) and "set" in given and set(given) <= {"set", "version", "readable"}


class _DuplicateKey(Exception):
    def __init__(self, key: str) -> None:
        self.key = key


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKey(key)
        found[key] = value
    return found
