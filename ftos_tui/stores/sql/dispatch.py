"""Claims, marks, outcomes and leases in a relational store; see `DispatchStore` for what each promises."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, func, select, text, update

from ftos_tui.domain.delivery.outcome import OutcomeKind
from ftos_tui.domain.delivery.policy import CRASH_CAP
from ftos_tui.domain.delivery.states import Actor, Dispatch
from ftos_tui.stores.dispatch_protocol import (
    Body,
    Claimed,
    DueProvider,
    Lost,
    Mark,
    Planner,
    Recorded,
    Recovery,
    Step,
    StepPlan,
)
from ftos_tui.stores.sql import steps, tally
from ftos_tui.stores.sql.changes import Change, apply, locked, readable
from ftos_tui.stores.sql.dialects import among
from ftos_tui.stores.sql.instants import MICROS, from_micros, optional_micros, optional_time, store_now
from ftos_tui.stores.sql.message_events import settle
from ftos_tui.stores.sql.message_schema import IN_HAND_SQL, WAITING_SQL, message, message_body
from ftos_tui.stores.sql.tally import Tally

_M: Final = message.c
_REFUSALS: Final = frozenset(
    {
        OutcomeKind.REFUSED_TEMPORARY,
        OutcomeKind.REFUSED_PERMANENT,
        OutcomeKind.THROTTLED,
        OutcomeKind.PROVIDER_WIDE,
        OutcomeKind.IN_DOUBT,
    }
)

# The states stand in the text as they do in the index: a database sees only so that the index will do.
_WAITING: Final = text(f"message.{WAITING_SQL}")
_IN_HAND: Final = text(f"message.{IN_HAND_SQL}")

_DUE: Final = (
    select(
        _M.id,
        _M.state,
        _M.fence,
        _M.generation,
        _M.attempt,
        _M.throttled,
        _M.claims,
        _M.due,
        _M.not_after,
        _M.recipient,
        func.length(message_body.c.wire).label("size"),
    )
    .join_from(message, message_body, message_body.c.message_id == _M.id)
    .where(_M.provider_id == bindparam("of"), _WAITING, _M.due <= bindparam("clock", type_=BigInteger))
    .where(_M.not_after.is_(None) | (_M.not_after > bindparam("clock", type_=BigInteger)))
    .order_by(_M.due, _M.id)
    .limit(bindparam("most"))
    .with_for_update(of=message, skip_locked=True)
)
_CLAIM: Final = update(message).values(
    state=Dispatch.CLAIMED,
    fence=_M.fence + 1,
    worker=bindparam("by"),
    lease_until=bindparam("until"),
    changed_at=bindparam("clock"),
)
_MARK: Final = update(message).values(
    state=Dispatch.SENDING, attempt=_M.attempt + 1, claims=0, changed_at=bindparam("clock")
)


@cache
def _claim(dialect: str) -> Any:
    return _CLAIM.where(among(_M.id, dialect))


@cache
def _mark(dialect: str) -> Any:
    return _MARK.where(among(_M.id, dialect))


def claim_step(connection: Connection, provider_id: str, worker: str, lease_s: float, plan: Planner) -> Step:
    """Claims messages that are due; the provider's steps are locked meanwhile."""
    state = steps.locked(connection, provider_id)
    now = store_now(connection)
    planned = plan(state, from_micros(now))
    rows: Sequence[Any] = ()
    if planned.limit > 0:
        rows = connection.execute(_DUE, {"of": provider_id, "clock": now, "most": planned.limit}).all()
    if rows:
        until = now + round(lease_s * MICROS)
        own = {"ids": [row.id for row in rows], "by": worker, "until": until, "clock": now}
        connection.execute(_claim(connection.dialect.name), own)
        counted = Tally(now)
        for row in rows:
            counted.moved(provider_id, row.state, Dispatch.CLAIMED)
        counted.write(connection)
    after = steps.follow(connection, state, planned if rows else StepPlan(0, None, planned.breaker), len(rows), now)
    return Step(from_micros(now), after, tuple(map(_claimed, rows)))


@cache
def _bodies(dialect: str) -> Any:
    return select(message_body).where(among(message_body.c.message_id, dialect))


def bodies(connection: Connection, ids: Sequence[str]) -> dict[str, Body]:
    """What of messages goes out, by id."""
    rows = connection.execute(_bodies(connection.dialect.name), {"ids": list(ids)})
    return {row.message_id: Body(row.envelope, bytes(row.wire)) for row in rows}


def advance(connection: Connection, outcomes: Sequence[Recorded], marks: Sequence[Mark]) -> Lost:
    """Records outcomes and sets marks."""
    rows = locked(connection, [*(found.id for found in outcomes), *(mark.id for mark in marks)])
    now = store_now(connection)
    counted = Tally(now)
    held = {
        mark.id
        for mark in marks
        if (row := rows.get(mark.id)) is not None and row.fence == mark.fence and row.state == Dispatch.CLAIMED
    }
    marked = [message_id for message_id in held if rows[message_id].rank == 0]
    if marked:
        connection.execute(_mark(connection.dialect.name), {"ids": marked, "clock": now})
        for message_id in marked:
            counted.moved(rows[message_id].provider_id, Dispatch.CLAIMED, Dispatch.SENDING)
    # An event came between claim and mark: the provider has the message of an earlier try, and must not get it twice.
    changes = [
        Change(rows[message_id], Dispatch.QUEUED, Actor.WORKER, rows[message_id].worker or "", "proved")
        for message_id in held.difference(marked)
    ]
    lost = []
    for found in outcomes:
        row = rows.get(found.id)
        if row is not None and row.fence == found.fence and row.state == found.before:
            changes.append(_change(row, found))
        else:
            lost.append(found.id)
    apply(connection, changes, counted, now)
    _settle_proved(connection, changes, counted, now)
    counted.write(connection)
    return Lost(frozenset(mark.id for mark in marks).difference(marked), frozenset(lost))


def recover(connection: Connection, limit: int) -> Recovery:
    """Takes messages out of the hands of workers whose lease is over."""
    now = store_now(connection)
    over = readable().where(_IN_HAND, _M.lease_until <= now).limit(limit).with_for_update(skip_locked=True)
    changes = [_recovered(row) for row in connection.execute(over)]
    counted = Tally(now)
    apply(connection, changes, counted, now)
    _settle_proved(connection, changes, counted, now)
    counted.write(connection)
    ends = [change.after for change in changes]
    return Recovery(ends.count(Dispatch.QUEUED), ends.count(Dispatch.IN_DOUBT), ends.count(Dispatch.HELD))


def expire(connection: Connection, limit: int) -> int:
    """Expires waiting messages whose not-after time has passed."""
    now = store_now(connection)
    over = readable().where(_WAITING, _M.not_after.is_not(None), _M.not_after <= now)
    rows = connection.execute(over.limit(limit).with_for_update(skip_locked=True)).all()
    changes = [Change(row, Dispatch.EXPIRED, Actor.CLOCK, "clock", "expired") for row in rows]
    counted = Tally(now)
    apply(connection, changes, counted, now)
    counted.write(connection)
    return len(changes)


def due_providers(connection: Connection) -> Sequence[DueProvider]:
    """The providers with messages waiting, and when the first of each is due: one look into the index each."""
    found = []
    for provider_id, counts in tally.by_provider(connection).items():
        if counts.keys().isdisjoint((Dispatch.QUEUED, Dispatch.RETRY_WAIT)):
            continue
        first = select(func.min(_M.due)).where(_M.provider_id == provider_id, _WAITING)
        due = connection.execute(first).scalar()
        if due is not None:
            found.append(DueProvider(provider_id, from_micros(due)))
    return sorted(found, key=lambda provider: provider.due)


def _settle_proved(connection: Connection, changes: Sequence[Change], counted: Tally, now: int) -> None:
    """Takes what left a worker's hands, and what events prove accepted, to that state."""
    proved = [change.row.id for change in changes if change.row.rank > 0 and change.after is not Dispatch.ACCEPTED]
    if proved:
        settle(connection, proved, "clock", counted, now)


def _claimed(row: Any) -> Claimed:
    return Claimed(
        id=row.id,
        fence=row.fence + 1,
        generation=row.generation,
        attempt=row.attempt,
        throttled=row.throttled,
        crashes=row.claims,
        due=from_micros(row.due),
        not_after=optional_time(row.not_after),
        recipient=row.recipient,
        size=row.size,
    )


def _change(row: Any, found: Recorded) -> Change:
    outcome, after, note = found.outcome, found.after, found.reason
    if row.rank > 0 and found.before is Dispatch.SENDING and after is not Dispatch.ACCEPTED:
        after, note = Dispatch.ACCEPTED, "An event shows that the provider took it."
    return Change(
        row,
        after,
        Actor.WORKER,
        by=found.worker or row.worker or "",
        outcome=outcome.kind,
        due=optional_micros(found.due),
        reason="" if after is Dispatch.ACCEPTED else note,
        code=outcome.code,
        said=outcome.said,
        note=note,
        status_code=found.status_code,
        provider_version=found.provider_version,
        started_at=optional_micros(found.started_at),
        ended_at=optional_micros(found.ended_at),
        provider_message_id=outcome.provider_message_id,
        throttled=int(found.throttled),
        refused=outcome.kind in _REFUSALS,
    )


def _recovered(row: Any) -> Change:
    """What becomes of a message whose lease is over."""
    if row.state == Dispatch.SENDING:
        why = "Its worker was lost while it was being sent: nobody can tell whether the provider took it."
        return Change(row, Dispatch.IN_DOUBT, Actor.CLOCK, row.worker, "lease_lost", reason=why, note=why)
    if row.claims + 1 >= CRASH_CAP:
        why = f"{CRASH_CAP} workers were lost with it before anything was sent."
        return Change(row, Dispatch.HELD, Actor.CLOCK, row.worker, "lease_lost", reason=why, note=why, crashed=1)
    why = "Its worker was lost before anything was sent."
    return Change(row, Dispatch.QUEUED, Actor.CLOCK, row.worker, "lease_lost", note=why, crashed=1)
