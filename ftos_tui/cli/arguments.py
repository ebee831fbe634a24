"""What operators write as arguments: assignments, names of fields, status rows. No message repeats a value."""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ftos_tui.cli.exits import UsageProblem
from ftos_tui.domain.fields import FIELD_BY_ID, PLAIN_IDS, SECRET_IDS
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.domain.visible import visible

# Anything else may be a value, or a secret, that was put in the wrong place: it is not repeated.
_LIKE_AN_ID = re.compile(r"[A-Za-z][A-Za-z_ -]{0,30}")
_LARGEST_FILE: Final = 1024 * 1024
_STATUS_TEXTS: Final = ("code", "label", "canonical")
_STATUS_FLAGS: Final = ("terminal", "retryable")
_FLAG_WORDS: Final[Mapping[str, bool]] = {"": True, "true": True, "yes": True, "false": False, "no": False}


def assignments(written: Sequence[str]) -> dict[str, str]:
    """The fields and texts of `id=value` arguments; `app_config=@path` takes the file's text.

    Raises:
        UsageProblem: One is no assignment, names no field, a secret, or a field twice.
    """
    found: dict[str, str] = {}
    for position, argument in enumerate(written, 1):
        field_id, sign, value = argument.partition("=")
        if not sign:
            raise UsageProblem(
                f"Argument {position} behind the name is no assignment: write id=value, for example bulk_no=50."
            )
        if field_id in SECRET_IDS:
            raise UsageProblem(f"{field_id} is a secret and never an argument: use --secret {field_id} instead.")
        if field_id not in PLAIN_IDS:
            raise UsageProblem(unknown_field(field_id, position))
        if field_id in found:
            raise UsageProblem(f"{field_id} is given twice: leave one out.")
        found[field_id] = _file_text(value[1:]) if field_id == "app_config" and value.startswith("@") else value
    return found


def unknown_field(written: str, position: int = 0) -> str:
    """The sentence about a field that does not exist, with the nearest one.

    Args:
        written: What was written in its place; repeated only where it looks like a field's id.
        position: Which argument it was, from 1 on; 0 for none to name.
    """
    from ftos_tui.config.settings_file import nearest

    if not _LIKE_AN_ID.fullmatch(written):
        where = f"Argument {position} behind the name" if position else "What was given"
        return f"{where} names no field: `ftos-tui providers fields` lists them."
    return f"There is no field {written}{nearest(written, FIELD_BY_ID)}"


def secret_ids(written: Sequence[str]) -> tuple[str, ...]:
    """The ids that `--secret` named.

    Raises:
        UsageProblem: One is no secret field, or is named twice.
    """
    for field_id in written:
        if field_id in PLAIN_IDS:
            raise UsageProblem(f"{field_id} is no secret: write {field_id}=value.")
        if field_id not in SECRET_IDS:
            choice = " or ".join(SECRET_IDS)
            raise UsageProblem(f"The option --secret takes {choice}; the secret itself is asked for, or read.")
    if len(set(written)) < len(written):
        raise UsageProblem("A secret is named twice: leave one --secret out.")
    return tuple(written)


def status_row(written: str) -> StatusRow:
    """The row of `code=250,label=Accepted,canonical=accepted,terminal`; quote a part that holds a comma.

    Raises:
        UsageProblem: A part is unknown, twice there, or missing.
    """
    from ftos_tui.config.settings_file import nearest

    texts: dict[str, str] = {}
    flags: dict[str, bool] = {}
    for part in next(csv.reader([written.replace("\n", " ").replace("\r", " ")], skipinitialspace=True), []):
        key, _, value = part.partition("=")
        key = key.strip()
        if key in texts or key in flags:
            raise UsageProblem(f"{key} stands twice in a status: leave one out.")
        if key in _STATUS_TEXTS:
            texts[key] = value
        elif key in _STATUS_FLAGS and value.strip().lower() in _FLAG_WORDS:
            flags[key] = _FLAG_WORDS[value.strip().lower()]
        else:
            raise UsageProblem(f"A status has no {visible(part)[:60]}{nearest(key, (*_STATUS_TEXTS, *_STATUS_FLAGS))}")
    if len(texts) < len(_STATUS_TEXTS):
        missing = ", ".join(key for key in _STATUS_TEXTS if key not in texts)
        raise UsageProblem(f"A status needs {missing}: write code=250,label=Accepted,canonical=accepted.")
    return StatusRow(**texts, **flags)  # type: ignore[arg-type]


def file_bytes(path: str) -> bytes:
    """The bytes of a file, or of standard input for `-`; reading ends soon after the largest file taken.

    Raises:
        UsageProblem: It cannot be read.
    """
    import sys

    from ftos_tui.studio.validate import LARGEST_FILE

    if path == "-":
        return sys.stdin.buffer.read(LARGEST_FILE + 1)
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _file_text(path: str) -> str:
    try:
        with Path(path).expanduser().open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if len(data) > _LARGEST_FILE:
        raise UsageProblem(f"The file {visible(path)} is larger than 1 MiB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageProblem(f"The file {visible(path)} is not UTF-8 text.") from error


def _unreadable(path: str, error: Exception) -> UsageProblem:
    reason = getattr(error, "strerror", None) or "this is not a file's name"
    return UsageProblem(f"The file {visible(path)} cannot be read: {reason}.")
