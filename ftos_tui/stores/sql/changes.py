"""The one way in which messages change their state, but for claim and mark: row, history and counts together."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)

from ftos_tui.domain.delivery.states import Actor, Dispatch, Tries, transition
from ftos_tui.stores.sql.dialects import among
from ftos_tui.stores.sql.message_schema import attempt, message
from ftos_tui.stores.sql.tally import Tally

_WORTHWHILE: Final = 4
"""From how many messages that change alike on one statement takes less than one each."""

_COLUMNS: Final = message.c
_READ: Final = (
    _COLUMNS.id,
    _COLUMNS.provider_id,
    _COLUMNS.state,
    _COLUMNS.generation,
    _COLUMNS.attempt,
    _COLUMNS.throttled,
    _COLUMNS.claims,
    _COLUMNS.fence,
    _COLUMNS.due,
    _COLUMNS.reason,
    _COLUMNS.code,
    _COLUMNS.said,
    _COLUMNS.codes,
    _COLUMNS.rank,
    _COLUMNS.reported,
    _COLUMNS.conflict,
    _COLUMNS.recipient,
    _COLUMNS.worker,
)


@cache
def _by_id(dialect: str) -> Any:
    return select(*_READ).where(among(_COLUMNS.id, dialect)).order_by(_COLUMNS.id).with_for_update()


def locked(connection: Connection, ids: Iterable[str]) -> dict[str, Any]:
    """The messages of these ids, held for this transaction; always in one order, so that no two wait crosswise."""
    wanted = sorted(set(ids))
    rows: dict[str, Any] = {}
    chosen = _by_id(connection.dialect.name)
    for start in range(0, len(wanted), 1000):
        for row in connection.execute(chosen, {"ids": wanted[start : start + 1000]}):
            rows[row.id] = row
    return rows


def readable() -> Select[Any]:
    """A SELECT of what `Change` needs of messages."""
    return select(*_READ)


@dataclass(slots=True)
class Change:
    """A change of one message's state, and what its history says of it.

    Attributes:
        row: The message as it is, held for this transaction.
        after: The new state.
        actor: Who may do so, for the table of states.
        by: The worker, or who acted.
        outcome: What it came to.
        due: The new due time in microseconds; None to keep it.
        reason: Why it is in the new state; empty for none.
        code: The provider's code.
        said: What the provider said.
        note: What the history says where the provider said nothing.
        status_code: The row of the status list to count it under; empty for none.
        provider_version: Of the try.
        started_at: When the try began.
        ended_at: When it was over; None for now.
        provider_message_id: The provider's id of the message.
        anew: Whether a new generation begins.
        throttled: Added to that count.
        crashed: Added to the count of lost workers.
        refused: Whether it is the message's last refusal, and listed among its provider's.
    """

    row: Any
    after: Dispatch
    actor: Actor
    by: str
    outcome: str
    due: int | None = None
    reason: str = ""
    code: str = ""
    said: str = ""
    note: str = ""
    status_code: str = ""
    provider_version: int = 0
    started_at: int | None = None
    ended_at: int | None = None
    provider_message_id: str | None = None
    anew: bool = False
    throttled: int = 0
    crashed: int = 0
    refused: bool = False


_SET: Final = (
    "state",
    "generation",
    "attempt",
    "throttled",
    "claims",
    "reason",
    "code",
    "said",
    "codes",
    "due",
)
_CHANGED: Final = update(message).values(
    {name: bindparam(f"new_{name}") for name in _SET}
    | {
        "due": func.coalesce(bindparam("new_due", type_=BigInteger), _COLUMNS.due),
        "fence": _COLUMNS.fence + 1,
        "changed_at": bindparam("new_changed_at"),
        "worker": None,
        "lease_until": None,
    }
)
_ONE: Final = _CHANGED.where(_COLUMNS.id == bindparam("one"))
_HISTORY: Final = insert(attempt)


@cache
def _alike(dialect: str) -> Any:
    return _CHANGED.where(among(_COLUMNS.id, dialect))


@cache
def _history_at_once() -> Any:
    """The same for PostgreSQL, all rows as one text: one statement, and next to nothing to do for the driver."""
    own = [column(name, kind.type) for name, kind in attempt.c.items()]
    rows = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON)).table_valued(*own, name="line")
    return insert(attempt).from_select(attempt.c.keys(), select(rows.render_derived(with_types=True)))


def apply(connection: Connection, changes: Sequence[Change], tally: Tally, now: int) -> None:
    """Writes changes of state with their history, and counts them.

    Raises:
        IllegalTransition: The table of states has no such way for that actor; nothing may be committed then.
    """
    if not changes:
        return
    groups: dict[tuple[Any, ...], list[str]] = {}
    history = []
    for change in changes:
        values = _values(change, tally)
        groups.setdefault(values, []).append(change.row.id)
        history.append(_line(change, values, now))
    single = []
    for values, ids in groups.items():
        parameters: dict[str, Any] = {f"new_{name}": value for name, value in zip(_SET, values, strict=True)}
        parameters["new_changed_at"] = now
        if len(ids) < _WORTHWHILE:
            single += [{**parameters, "one": message_id} for message_id in ids]
        else:
            connection.execute(_alike(connection.dialect.name), {**parameters, "ids": ids})
    if single:
        connection.execute(_ONE, single)
    if connection.dialect.name == "postgresql":
        connection.execute(_history_at_once(), {"rows": json.dumps(history, ensure_ascii=False)})
    else:
        connection.execute(_HISTORY, history)


def _values(change: Change, tally: Tally) -> tuple[Any, ...]:
    """The new values of the columns `_SET`; no due time where it stays, so that many messages change alike."""
    row, after = change.row, change.after
    way = transition(Dispatch(row.state), after, change.actor)
    tally.moved(row.provider_id, row.state, after)
    codes = row.codes
    if change.status_code and change.status_code not in codes.split("\n"):
        tally.coded(row.provider_id, change.status_code)
        codes = f"{codes}\n{change.status_code}" if codes else change.status_code
    anew = change.anew or way.tries is Tries.ANEW
    tries = 0 if anew else max(0, row.attempt - (way.tries is Tries.REFUNDED))
    code, said = (change.code, change.said) if change.refused else (row.code, row.said)
    if after is Dispatch.ACCEPTED:
        code = said = ""
    return (
        after,
        row.generation + anew,
        tries,
        0 if anew else row.throttled + change.throttled,
        0 if anew or change.actor is Actor.OPERATOR else row.claims + change.crashed,
        change.reason,
        code,
        said,
        codes,
        change.due,
    )


def _line(change: Change, values: tuple[Any, ...], now: int) -> dict[str, Any]:
    """The row of history. It bears the fence that the change ends, so that each has at most one."""
    row = change.row
    return {
        "message_id": row.id,
        "fence": row.fence,
        "generation": row.generation,
        "number": row.attempt,
        "provider_id": row.provider_id,
        "provider_version": change.provider_version,
        "by": change.by,
        "started_at": change.started_at,
        "ended_at": now if change.ended_at is None else change.ended_at,
        "before": row.state,
        "after": change.after,
        "outcome": change.outcome,
        "code": change.code,
        "said": change.said or change.note,
        "provider_message_id": change.provider_message_id,
        "refused": change.refused,
    }
