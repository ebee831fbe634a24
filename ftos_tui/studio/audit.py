"""The audit: browse it, prove that nobody changed it, pin its head outside the store."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ftos_tui.domain.visible import visible
from ftos_tui.stores.audit_chain import follows, is_genuine, true_sequence
from ftos_tui.stores.audit_protocol import AuditQuery
from ftos_tui.stores.checkpoints import (
    Checkpoint,
    append_checkpoint,
    checkpoint_in,
    checkpoint_lines,
    send_checkpoint,
)
from ftos_tui.stores.plain_json import time_to_text
from ftos_tui.stores.protocol import AuditEntry, ListQuery, ProviderSummary, Sign, SortColumn, StoreDamaged
from ftos_tui.studio.failures import NotPermitted, counted, field_label
from ftos_tui.studio.session import new_id

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = ["AuditEntry", "AuditQuery", "Checkpoint", "Problem", "VerifyReport"]

Progress = Callable[[int, int], bool]
"""Told how many entries were checked and how many there are; says whether to go on."""

_PAGE: Final = 2000
_TELL_EVERY: Final = 10_000
_DIGEST: Final = '"digest":"'


@dataclass(frozen=True, slots=True)
class Problem:
    """Where the chain is broken.

    Attributes:
        sequence: The entry where it shows; 0 where it is about the checkpoints as a whole.
        kind: altered, missing, moved, inserted, cut, replaced (other than at a checkpoint) or checkpoint (one of them
            was altered, or none is of this store).
        message: One sentence that says so.
    """

    sequence: int
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found.

    Attributes:
        checked: How many entries are whole, from the first on.
        head: The MAC of the last of them, hex; empty for none.
        checkpoints: With how many checkpoints they were compared.
        problem: Where it is broken; None when it is whole.
        complete: Whether it went to the end; it may be stopped.
    """

    checked: int
    head: str
    checkpoints: int = 0
    problem: Problem | None = None
    complete: bool = True

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        if self.problem is not None:
            return self.problem.message
        if not self.complete:
            return f"Stopped after {counted(self.checked, 'entry', 'entries')}; so far the audit is whole."
        pinned = f", {counted(self.checkpoints, 'checkpoint agrees', 'checkpoints agree')}" if self.checkpoints else ""
        head = f", head {self.head[:16]}" if self.head else ""
        return f"The audit is whole: {counted(self.checked, 'entry', 'entries')}{head}{pinned}."


def list_entries(
    session: "Session",
    *,
    provider: str = "",
    user: str = "",
    action: str = "",
    since: datetime | None = None,
    text: str = "",
    after: int | None = None,
    backwards: bool = False,
    limit: int = 100,
) -> Sequence[AuditEntry]:
    """One page of the audit, newest first.

    Args:
        session: The operator's session.
        provider: Only entries of the provider of this name, those under its former names too; empty for all.
        user: Only what this user did.
        action: Only this: create, save, clear_secret, delete, rotate_key, …
        since: Only from this time on, UTC.
        text: Only where provider, user, action or detail contains it.
        after: The sequence to start behind; None for the newest.
        backwards: Whether to read towards the newest.
        limit: Most entries, 1 to 1000.

    Raises:
        NotPermitted: The one who is signed in may not read the audit of the shared store.
        Failure: The store is not to be had.
    """
    _permit(session)
    store = session.store
    owner = store.name_owner(provider) if provider else None
    query = AuditQuery(provider, owner or "", user, action, since, text, after, backwards, limit)
    return store.audit_page(query)


def detail_of(entry: AuditEntry) -> Mapping[str, Any]:
    """What an entry's detail holds, by name; empty where it is not what was written."""
    try:
        detail = json.loads(entry.detail)
    except ValueError:
        return {}
    return detail if isinstance(detail, dict) else {}


def in_words(entry: AuditEntry) -> str:
    """What an entry's detail says, on one visible line."""
    told: list[str] = []
    for name, value in detail_of(entry).items():
        if isinstance(value, list):
            value = ", ".join(field_label(str(each)) if name == "changed" else str(each) for each in value)
        if value not in ("", None) and name not in ("digest", "operation"):
            told.append(f"{name} {value}")
    return visible("; ".join(told))


def store_id(session: "Session") -> str:
    """The store's lasting id; made on first use.

    Raises:
        StoreReadOnly: It has none yet, and takes no changes.
    """
    return session.store.fact("store_id") or session.store.remember("store_id", new_id())


def verify(session: "Session", *, checkpoints: Path | None = None, progress: Progress | None = None) -> VerifyReport:
    """Goes along the whole chain and says where it is broken, if it is. Memory does not grow with the chain.

    Args:
        session: The operator's session.
        checkpoints: A file of checkpoints to compare with; lines of another store do not count.
        progress: Told how far it is.

    Raises:
        NotPermitted: The one who is signed in may not read the audit of the shared store.
        Failure: Store, vault or checkpoints are not to be had.
    """
    _permit(session)
    sign = session.vault.sign
    pins = _pins(session, checkpoints, sign) if checkpoints is not None else {}
    if isinstance(pins, Problem):
        return VerifyReport(0, "", problem=pins)
    saved = session.store.list_page(ListQuery(sort=SortColumn.SAVED_AT, descending=True, limit=1))
    newest = session.store.audit_page(AuditQuery(limit=1))
    total = newest[0].sequence if newest else 0
    last: AuditEntry | None = None
    checked = compared = 0
    latest = ""
    for entry, version in _entries(session):
        problem = _unlike(entry, version) if follows(entry, last, sign) else _break(entry, last, sign)
        pin = pins.pop(entry.sequence, None) if problem is None else None
        if pin is not None and pin.mac != entry.mac:
            problem = _replaced(entry, pin)
        if problem is not None:
            return VerifyReport(checked, last.mac if last else "", compared, problem)
        compared += pin is not None
        last, checked, latest = entry, checked + 1, max(latest, entry.at)
        if progress is not None and checked % _TELL_EVERY == 0 and not progress(checked, max(total, checked)):
            return VerifyReport(checked, entry.mac, compared, complete=False)
    beyond = [pin for sequence, pin in pins.items() if sequence > checked]
    cut = _cut(checked, max(beyond, key=lambda pin: pin.sequence)) if beyond else None
    if cut is None and saved and time_to_text(saved[0].saved_at) > latest:
        cut = _untold(checked, saved[0])
    return VerifyReport(checked, last.mac if last else "", compared + (0 in pins), cut)


def checkpoint(session: "Session", *targets: Path | str) -> Checkpoint:
    """Signs how far the chain goes, and keeps that outside the store.

    Args:
        session: The operator's session.
        targets: Where to: a file to add a line to; or, as text, the system log's socket or HOST:PORT.

    Raises:
        NotPermitted: The one who is signed in may not read the audit of the shared store.
        StoreDamaged: The last entry was altered: there is nothing to pin.
        StoreUnreachable: The file or the log takes nothing.
        ValueError: A text is no address.
    """
    _permit(session)
    vault = session.vault
    newest = session.store.audit_page(AuditQuery(limit=1))
    head = newest[0] if newest else None
    if head is not None and not is_genuine(head, vault.sign):
        raise StoreDamaged(
            f"Entry {head.sequence} of the audit was altered, so no checkpoint was taken: "
            "`ftos-tui audit verify` says more."
        )
    taken = Checkpoint(
        store_id=store_id(session),
        environment=session.environment.name,
        sequence=head.sequence if head else 0,
        mac=head.mac if head else "",
        at=time_to_text(session.clock()),
        who=str(session.author),
    ).signed(vault.sign)
    for target in targets:
        if isinstance(target, Path):
            append_checkpoint(target, taken)
        else:
            send_checkpoint(target, taken)
    return taken


def _permit(session: "Session") -> None:
    """Refuses whom the shared store lets read no audit."""
    _ = session.store
    if session.rights is not None and "audit" not in session.rights:
        raise NotPermitted(
            f"{visible(session.author.user)} may not read the audit: ask who keeps the store for the role auditor."
        )


def _entries(session: "Session") -> Iterator[tuple[AuditEntry, str]]:
    """The entries in their order, each with the digest of the version it tells of as that is stored now."""
    after = 0
    while page := session.store.audit_entries(after, _PAGE):
        told = any(_DIGEST in entry.detail for entry in page)
        stored = session.store.version_digests(page[0].sequence, page[-1].sequence) if told else {}
        for entry in page:
            yield entry, stored.get((entry.provider_id, entry.version), "")
        after = page[-1].sequence


def _unlike(entry: AuditEntry, stored: str) -> Problem | None:
    """What is wrong with the version that a genuine entry tells of."""
    if _DIGEST not in entry.detail or (told := detail_of(entry).get("digest")) is None or told == stored:
        return None
    name = f"{visible(entry.provider_name)} version {entry.version}"
    if not stored:
        return Problem(entry.sequence, "missing", f"{name}, of which entry {entry.sequence} tells, is missing.")
    return Problem(
        entry.sequence, "altered", f"{name} is not what was saved at entry {entry.sequence}: it was altered."
    )


def _pins(session: "Session", path: Path, sign: Sign) -> dict[int, Checkpoint] | Problem:
    """The checkpoints of this store by the entry they pin, or what is wrong with one of them."""
    own = store_id(session)
    pins: dict[int, Checkpoint] = {}
    for number, line in checkpoint_lines(path):
        where = f"The checkpoint on line {number} of {visible(str(path))}"
        try:
            pin = checkpoint_in(line)
        except (ValueError, RecursionError):
            return Problem(0, "checkpoint", f"{where} is damaged.")
        if pin.store_id != own:
            continue
        if not pin.is_genuine(sign):
            return Problem(pin.sequence, "checkpoint", f"{where} was altered.")
        other = pins.setdefault(pin.sequence, pin)
        if other.mac != pin.mac:
            message = f"{where} and one before it tell of two different entries {pin.sequence}: the audit was replaced."
            return Problem(pin.sequence, "replaced", message)
    if not pins:
        return Problem(0, "checkpoint", f"{visible(str(path))} holds no checkpoint of this store.")
    return pins


def _break(entry: AuditEntry, last: AuditEntry | None, sign: Sign) -> Problem:
    """Why an entry does not follow from the one before it."""
    expected = last.sequence + 1 if last else 1
    here = f"Entry {entry.sequence} ({visible(entry.at[:19])}Z)"
    if not is_genuine(entry, sign):
        moved = true_sequence(entry, sign)
        if moved is None:
            return Problem(entry.sequence, "altered", f"{here} was altered, or was signed with another key.")
        return Problem(entry.sequence, "moved", f"{here} was entry {moved}: the order was changed.")
    if entry.sequence > expected:
        missing = (
            f"Entry {expected} is"
            if entry.sequence == expected + 1
            else f"Entries {expected} to {entry.sequence - 1} are"
        )
        return Problem(expected, "missing", f"{missing} missing.")
    message = f"{here} does not follow from the one before it: one of the two was put in from elsewhere."
    return Problem(entry.sequence, "inserted", message)


def _replaced(entry: AuditEntry, pin: Checkpoint) -> Problem:
    message = (
        f"Entry {entry.sequence} is not the one that the checkpoint of {visible(pin.at[:19])}Z tells of: "
        "the audit was written anew up to there."
    )
    return Problem(entry.sequence, "replaced", message)


def _cut(checked: int, pin: Checkpoint) -> Problem:
    lost = f"Entry {pin.sequence} is" if pin.sequence == checked + 1 else f"Entries {checked + 1} to {pin.sequence} are"
    message = f"{lost} missing at the end: the checkpoint of {visible(pin.at[:19])}Z was taken at entry {pin.sequence}."
    return Problem(checked + 1, "cut", message)


def _untold(checked: int, saved: ProviderSummary) -> Problem:
    message = (
        f"{visible(saved.name)} version {saved.version} ({saved.saved_at:%Y-%m-%dT%H:%M:%S}Z) was saved later than any "
        f"entry says: what followed entry {checked} is missing."
    )
    return Problem(checked + 1, "cut", message)
