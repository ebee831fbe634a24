"""Unsaved edits on disk, one JSON file a draft; never the value of a secret."""

import errno
import json
import os
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.stores.plain_json import statuses_from_json, statuses_to_json, time_from_text, time_to_text
from ftos_tui.stores.private import make_private_folder
from ftos_tui.stores.process import process_started, still_runs
from ftos_tui.stores.protocol import StoreError, StoreFull, StoreReadOnly, StoreUnreachable

_KEY: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SUFFIX: Final = ".draft.json"
_FULL_ERRNOS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY_ERRNOS: Final = (errno.EROFS, errno.EACCES, errno.EPERM)

Edit = str | int | bool | None


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft as it is kept.

    Attributes:
        key: The draft's id, a UUID as 32 hex digits; names the file.
        environment: The environment it belongs to.
        provider_id: The id of the provider, or of what else the form edits; None for a new one.
        provider_name: What the form showed as Name, or names what else it edits.
        base_version: The version the edit started from; 0 for a new provider.
        edits: Plain fields only: what was typed, by field id.
        statuses: The edited list of statuses; None when it was not touched.
        secrets_entered: Ids of the secret fields that had been entered, to be entered again.
        kept_at: When, UTC.
        user: Who was editing.
        pid: The process that was editing.
        started: When that process started; filled in when the draft is kept.
        operation_id: The id of the save that was under way; empty for none.
        typed_since: Ids of what was edited after that save was sent.
        form: Which form it is of: `channel` or `message`; empty for a provider's.
    """

    key: str
    environment: str
    provider_id: str | None
    provider_name: str
    base_version: int
    edits: Mapping[str, Edit]
    statuses: tuple[StatusRow, ...] | None
    secrets_entered: tuple[str, ...]
    kept_at: datetime
    user: str
    pid: int
    started: str = ""
    operation_id: str = ""
    typed_since: tuple[str, ...] = ()
    form: str = ""

    @property
    def alive(self) -> bool:
        """Whether the process that was editing still runs."""
        return still_runs(self.pid, self.started)


class DraftFiles:
    """The drafts of one operator, in a folder of their own.

    Args:
        folder: Made 0700 with the first draft.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # A timer's thread and the handler of a hang-up may keep the same draft at once: the older text must not win.
        self._lock = threading.RLock()
        self._latest: dict[str, datetime] = {}
        self._started = ""
        self.damaged: tuple[Path, ...] = ()
        """The files that `list` set aside because they hold no draft."""

    def keep(self, draft: KeptDraft) -> None:
        """Writes a draft in place of what was kept under its key; a kill leaves the one or the other, whole.

        It is not synced: a kill or a dropped line loses nothing, and a form is kept twice a second.

        Args:
            draft: What to keep. One older than what this object kept last under the key is dropped.

        Raises:
            ValueError: The key is no UUID.
            StoreFull, StoreReadOnly, StoreUnreachable: The edits are not on disk.
        """
        path = self._path(draft.key)
        with self._lock:
            if draft.key in self._latest and draft.kept_at < self._latest[draft.key]:
                return
            if draft.pid == os.getpid() and not draft.started:
                self._started = self._started or process_started(draft.pid)
                draft = replace(draft, started=self._started)
            interim = path.with_name(f".{draft.key}.{secrets.token_hex(4)}.tmp")
            try:
                make_private_folder(self._folder)
                try:
                    _write_new(interim, _to_json(draft))
                    interim.replace(path)
                finally:
                    interim.unlink(missing_ok=True)
            except OSError as error:
                raise self._refused(error) from error
            self._latest[draft.key] = draft.kept_at

    def list(self) -> tuple[KeptDraft, ...]:
        """All drafts, newest first. A file that holds none is set aside as `.damaged` and told of in `damaged`.

        Raises:
            StoreUnreachable: The folder cannot be read.
        """
        found: list[KeptDraft] = []
        try:
            paths = sorted(self._folder.glob(f"*{_SUFFIX}")) if self._folder.is_dir() else []
            for path in paths:
                draft = self._load(path)
                if draft is not None:
                    found.append(draft)
        except OSError as error:
            raise StoreUnreachable(
                f"The drafts in {self._folder} cannot be read ({error.strerror}): correct the folder's permissions."
            ) from error
        return tuple(sorted(found, key=lambda draft: draft.kept_at, reverse=True))

    def get(self, key: str) -> KeptDraft | None:
        """The draft kept under a key; None when there is none or it is damaged.

        Raises:
            ValueError: The key is no UUID.
            StoreUnreachable: The file cannot be read.
        """
        try:
            return self._load(self._path(key))
        except OSError as error:
            raise StoreUnreachable(
                f"The draft {self._path(key)} cannot be read ({error.strerror}): correct its permissions."
            ) from error

    def discard(self, key: str) -> None:
        """Takes a draft off the disk, and what a kill left of one being kept; none there is no error.

        Raises:
            ValueError: The key is no UUID.
            StoreReadOnly, StoreUnreachable: It is still there.
        """
        path = self._path(key)
        with self._lock:
            self._latest.pop(key, None)
            try:
                path.unlink(missing_ok=True)
                for interim in self._folder.glob(f".{key}.*.tmp"):
                    interim.unlink(missing_ok=True)
            except OSError as error:
                raise self._refused(error) from error

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError("a draft's key has 32 hex digits")
        return self._folder / f"{key}{_SUFFIX}"

    def _load(self, path: Path) -> KeptDraft | None:
        try:
            draft = _from_json(path.read_bytes())
            if path.name != f"{draft.key}{_SUFFIX}":
                raise ValueError("another draft's file")
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            aside = path.with_name(f"{path.name}.damaged")
            path.replace(aside)
            self.damaged = (*self.damaged, aside)
            return None
        return draft

    def _refused(self, error: OSError) -> StoreError:
        if error.errno in _FULL_ERRNOS:
            return StoreFull(f"The disk or the quota under {self._folder} is full: your edits are only in memory.")
        if error.errno in _READ_ONLY_ERRNOS:
            return StoreReadOnly(
                f"Drafts may not be written to {self._folder} ({error.strerror}): your edits are only in memory."
            )
        return StoreUnreachable(
            f"Drafts cannot be written to {self._folder} ({error.strerror}): your edits are only in memory."
        )


def _write_new(path: Path, text: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor, for its mode)
        os.fchmod(descriptor, 0o600)
        file.write(text)


def _to_json(draft: KeptDraft) -> bytes:
    entered = {*draft.secrets_entered, *(field_id for field_id in draft.edits if field_id in SECRET_IDS)}
    return json.dumps(
        {
            "key": draft.key,
            "environment": draft.environment,
            "provider_id": draft.provider_id,
            "provider_name": draft.provider_name,
            "base_version": draft.base_version,
            "edits": {field_id: value for field_id, value in draft.edits.items() if field_id not in SECRET_IDS},
            "statuses": None if draft.statuses is None else statuses_to_json(draft.statuses),
            "secrets_entered": [field_id for field_id in SECRET_IDS if field_id in entered],
            "kept_at": time_to_text(draft.kept_at),
            "user": draft.user,
            "pid": draft.pid,
            "started": draft.started,
            "operation_id": draft.operation_id,
            "typed_since": draft.typed_since,
            "form": draft.form,
        }
    ).encode("ascii")


def _from_json(text: bytes) -> KeptDraft:
    data: dict[str, Any] = json.loads(text)
    types = {"key": str, "environment": str, "provider_name": str, "user": str, "started": str}
    wrong = [name for name, kind in {**types, "base_version": int, "pid": int}.items() if type(data[name]) is not kind]
    if wrong or not isinstance(data["provider_id"], str | None):
        raise ValueError("a draft's values have other types")
    if not all(isinstance(value, str | int | bool | None) for value in data["edits"].values()):
        raise ValueError("an edit is no plain value")
    operation_id = data.get("operation_id", "")  # an older ftos-tui kept none
    if type(operation_id) is not str or not re.fullmatch(r"[0-9a-f]{32}|", operation_id, re.ASCII):
        raise ValueError("a save's id has 32 hex digits")
    return KeptDraft(
        key=data["key"],
        environment=data["environment"],
        provider_id=data["provider_id"],
        provider_name=data["provider_name"],
        base_version=data["base_version"],
        edits={field_id: value for field_id, value in data["edits"].items() if field_id not in SECRET_IDS},
        statuses=None if data["statuses"] is None else statuses_from_json(data["statuses"]),
        secrets_entered=tuple(field_id for field_id in SECRET_IDS if field_id in data["secrets_entered"]),
        kept_at=time_from_text(data["kept_at"]),
        user=data["user"],
        pid=data["pid"],
        started=data["started"],
        operation_id=operation_id,
        typed_since=tuple(str(field_id) for field_id in data.get("typed_since", ())),
        form=str(data.get("form", "")),
    )
