"""Carries a whole store into another one: a local store to a shared one, and back.

The source's audit is verified first. Versions keep their numbers, authors, times and reasons; secrets are sealed anew
under the target's master key; audit entries keep what they say and are chained anew under the target's audit key, with
a last one that tells of the copy. Each batch is one transaction and tells how far the copy is, so that one that was
killed goes on where it stopped. In the end a digest over all rows of each table has to be the same on both sides.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table

from ftos_tui.domain.delivery.states import TERMINAL
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.stores.audit_chain import unchained
from ftos_tui.stores.protocol import AuditEntry, ProviderStore
from ftos_tui.stores.sql import copying
from ftos_tui.stores.sql.copying import COPIED, Mark, Rows
from ftos_tui.stores.sql.database import Database
from ftos_tui.stores.sql.store import SqlStore
from ftos_tui.studio.audit import store_id, verify
from ftos_tui.studio.failures import CopyRefused, counted
from ftos_tui.studio.log import note
from ftos_tui.studio.master_key import lasting_name
from ftos_tui.studio.session import Session
from ftos_tui.studio.store_admin import open_to_fill, refuse_read_only
from ftos_tui.vault.envelope import Binding, Unreadable
from ftos_tui.vault.vault import Vault

Progress = Callable[[int, int], object]
"""Told how many rows were carried or compared, and how many there are to be."""

ACTION: Final = "store_copied"
"""What the target's audit says of a copy."""

_NAMES: Final = {
    "secret": "secrets",
    "provider_version": "versions",
    "audit": "audit entries",
    "provider": "providers",
    "communication_channel": "channels",
    "status_count": "status counts",
}


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """What became of one table.

    Attributes:
        table: Its name.
        rows: How many rows both sides have.
        source: The digest over all rows there.
        target: The same over all rows here.
    """

    table: str
    rows: int
    source: str
    target: str

    @property
    def name(self) -> str:
        """What its rows are, in words."""
        return _NAMES[self.table]


@dataclass(frozen=True, slots=True)
class StoreCopied:
    """What a copy did.

    Attributes:
        source: The environment it came from.
        target: The environment it went to.
        tables: What was carried and compared.
        resumed: Whether it went on where another one had stopped.
        unreadable: How many secrets no key opened; they were carried as they are.
        undelivered: How many messages that are not at their end stay behind: the queue is not carried.
    """

    source: str
    target: str
    tables: tuple[CopiedTable, ...]
    resumed: bool
    unreadable: int
    undelivered: int = 0


@dataclass(frozen=True)
class _Side:
    """One of the two stores."""

    session: Session
    store: ProviderStore
    database: Database
    vault: Vault
    name: str

    def binding(self, row: Mapping[str, Any]) -> Binding:
        return Binding(self.name, row["provider_id"], row["field"], row["version"], row["destination"])

    def reveal(self, row: Mapping[str, Any]) -> bytes:
        """What a secret's row stands for; what does not open stands for itself."""
        try:
            secret = self.vault.unseal(row["sealed"], self.binding(row), row["key_id"])
        except Unreadable:
            return bytes(row["sealed"])
        return secret.reveal().encode("utf-8", "surrogatepass")


def copy_store(source: Session, target: Session, *, progress: Progress | None = None) -> StoreCopied:
    """Copies a store into an empty one, or goes on with a copy that was stopped.

    Args:
        source: A session in the environment to copy; nothing should be changed there meanwhile.
        target: A session in the environment to fill: its store is made where it is missing, and may hold nothing but
            shipped providers that nobody changed.
        progress: Told how far it is.

    Raises:
        NotPermitted: The target is read-only, or not the signed-in user's to fill.
        CopyRefused: The source's audit is broken, a version is on trial there, the target holds changes of its own, or
            one of the two was changed meanwhile; the text says which, and what to do.
        Failure: A store or a key is not to be had; a further copy goes on where this one stopped.
    """
    refuse_read_only(target)
    here = _side(source, source.store)
    head = _refuse_unfit(here)
    there_store = open_to_fill(target)
    try:
        there = _side(target, there_store)
        return _copied(here, there, head, progress or (lambda done, total: None))
    finally:
        there_store.close()


def in_words(done: StoreCopied) -> str:
    """What a copy did, in one sentence or two."""
    carried = ", ".join(f"{row.rows:,} {row.name}" for row in done.tables if row.rows)
    lost = (
        f" {counted(done.unreadable, 'secret opens', 'secrets open')} with no key and stayed as they are."
        if done.unreadable
        else ""
    )
    queued = counted(done.undelivered, "message that is", "messages that are")
    left = f" The message queue stays in {done.source}, with {queued} not at the end." if done.undelivered else ""
    return f"Copied {done.source} to {done.target}: {carried or 'nothing'}; both sides are the same.{lost}{left}"


def _side(session: Session, store: ProviderStore) -> _Side:
    if not isinstance(store, SqlStore):
        raise CopyRefused(f"The store of {session.environment.name} cannot be copied.")
    vault = session.vault_for(store)
    return _Side(session, store, store.database, vault, lasting_name(session, store))


def _refuse_unfit(here: _Side) -> tuple[int, str]:
    """Refuses a source that must not be copied; gives back its last audit entry's number and MAC."""
    name = here.session.environment.name
    if copying.mark(here.database) is not None:
        raise CopyRefused(f"The store of {name} is itself half a copy: finish that one first.")
    trials = here.store.trials(limit=1)
    if trials:
        raise CopyRefused(
            f"{visible(trials[0].name)} is on trial in {name}: confirm it, or let the trial end, then copy. "
            "Nothing was copied."
        )
    head = copying.head(here.database)
    problem = verify(here.session).problem
    if problem is not None:
        raise CopyRefused(f"The audit of {name} is not whole, so it is not copied: {problem.message}")
    return head


def _copied(here: _Side, there: _Side, head: tuple[int, str], progress: Progress) -> StoreCopied:
    name = there.session.environment.name
    own = store_id(here.session)
    if there.store.fact("store_id") == own:
        raise CopyRefused(f"{here.session.environment.name} and {name} are the same store: nothing was copied.")
    at = copying.mark(there.database)
    resumed = at is not None and (at.source, at.sequence, at.head) == (own, *head)
    if at is None or not resumed:
        at = Mark(own, head[1], head[0])
        if not copying.begin(there.database, at, there.session.clock().isoformat()):
            raise CopyRefused(
                f"The store of {name} holds changes of its own: copy into an empty one. Nothing was copied."
            )
    total = sum(copying.counts(here.database).values()) * 3
    done = sum(at.done.values())

    def tell(number: int) -> None:
        nonlocal done
        done += number
        progress(done, total)

    tell(0)
    for table in COPIED:
        at = _carried(here, there, table, at, tell)
    tables, unreadable = _compared(here, there, head, tell)
    entry = _entry(here, there, at, tables)
    if not copying.finish(there.database, at, entry, there.vault.sign):
        raise _changed_meanwhile(name)
    waiting = sum(number for state, number in here.store.messages.counts().items() if state not in TERMINAL)
    done_copy = StoreCopied(here.session.environment.name, name, tables, resumed, unreadable, waiting)
    note(there.session, Level.SUCCESS, in_words(done_copy))
    return done_copy


def _carried(here: _Side, there: _Side, table: Table, at: Mark, tell: Callable[[int], None]) -> Mark:
    change: copying.Carry = lambda batch: batch  # noqa: E731 (two others follow)
    if table.name == "secret":
        change = _sealing(here, there)
    elif table.name == "audit":
        change = copying.chaining(there.database, there.vault.sign)
    while True:
        then = copying.carry(here.database, there.database, table, at, change)
        if then is None:
            raise _changed_meanwhile(there.session.environment.name)
        if then is at:
            return at
        tell(then.done[table.name] - at.done.get(table.name, 0))
        at = then


def _sealing(here: _Side, there: _Side) -> copying.Carry:
    """Seals secrets anew for the target; what does not open is carried as it is."""

    def seal(batch: Rows) -> Rows:
        sealed = []
        for row in batch:
            try:
                secret = here.vault.unseal(row["sealed"], here.binding(row), row["key_id"])
            except Unreadable:
                sealed.append(row)
                continue
            sealed.append({**row, "sealed": there.vault.seal(secret, there.binding(row)), "key_id": there.vault.key_id})
        return sealed

    return seal


def _compared(
    here: _Side, there: _Side, head: tuple[int, str], tell: Callable[[int], None]
) -> tuple[tuple[CopiedTable, ...], int]:
    """Counts and digests of both sides, table by table."""
    key = secrets.token_bytes(32)
    found = []
    for table in COPIED:
        one = copying.digest(here.database, table, key, here.reveal, tell)
        other = copying.digest(there.database, table, key, there.reveal, tell)
        found.append((table.name, one, other))
    if copying.head(here.database) != head or any(one != other for _, one, other in found):
        raise CopyRefused(
            f"{here.session.environment.name} was changed while it was copied: copy again when nobody works there; "
            "the copy then begins anew."
        )
    unreadable = sum(number for key_id, number in there.store.secret_counts().items() if key_id != there.vault.key_id)
    return tuple(CopiedTable(name, one[0], one[1], other[1]) for name, one, other in found), unreadable


def _entry(here: _Side, there: _Side, at: Mark, tables: tuple[CopiedTable, ...]) -> AuditEntry:
    detail = {
        "environment": here.session.environment.name,
        "store_id": at.source,
        "entry": at.sequence,
        "mac": at.head,
        "rows": [f"{row.rows} {row.name}" for row in tables],
    }
    return unchained(there.session.clock(), there.session.author, ACTION, detail)


def _changed_meanwhile(name: str) -> CopyRefused:
    return CopyRefused(
        f"Somebody changed the store of {name} while it was filled: empty it and copy again when nobody works there."
    )
