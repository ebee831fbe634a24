"""Where each provider stands with its steps, and which workers there are."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, or_, select, text, update

from ftos_tui.stores.dispatch_protocol import StepPlan, StepState, WorkerState
from ftos_tui.stores.sql.dialects import insert_of
from ftos_tui.stores.sql.instants import MICROS, from_micros, optional_micros, optional_time, store_now
from ftos_tui.stores.sql.message_schema import IN_HAND_SQL, message, step_state, worker

_S: Final = step_state.c
_ROW: Final = select(step_state).where(_S.provider_id == bindparam("of"))
_LOCKED: Final = _ROW.with_for_update()
_INFLIGHT: Final = (
    select(func.count())
    .select_from(message)
    .where(message.c.provider_id == bindparam("of"), text(f"message.{IN_HAND_SQL}"))
)
_FOLLOWED: Final = ("fence", "started_at", "next_step_at", "breaker", "changed_at")
_FOLLOW: Final = (
    update(step_state)
    .where(_S.provider_id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in _FOLLOWED})
)


def load(connection: Connection, provider_id: str) -> StepState:
    """Where a provider stands; a new one where nothing is known."""
    row = connection.execute(_ROW, {"of": provider_id}).one_or_none()
    return _state(connection, provider_id, row)


def marked(connection: Connection, provider_ids: Sequence[str]) -> frozenset[str]:
    """Which of these providers are paused or have anything noted of their breaker."""
    noted = select(_S.provider_id).where(_S.provider_id.in_(provider_ids), or_(_S.paused != "", _S.breaker != ""))
    return frozenset(connection.execute(noted).scalars())


def locked(connection: Connection, provider_id: str) -> StepState:
    """Where a provider stands, held for this transaction."""
    row = connection.execute(_LOCKED, {"of": provider_id}).one_or_none()
    if row is None:
        new = {"provider_id": provider_id, "fence": 0, "breaker": "", "paused": "", "changed_at": 0}
        connection.execute(_unless_there(connection.dialect.name), new)
        row = connection.execute(_LOCKED, {"of": provider_id}).one()
    return _state(connection, provider_id, row)


def follow(connection: Connection, state: StepState, plan: StepPlan, claimed: int, now: int) -> StepState:
    """Writes where a provider stands after a step, or after none: then only what became of its breaker."""
    breaker = state.breaker if plan.breaker is None else plan.breaker
    after = StepState(
        provider_id=state.provider_id,
        inflight=state.inflight + claimed,
        fence=state.fence + (claimed > 0),
        started_at=from_micros(now) if claimed else state.started_at,
        next_step_at=plan.next_step_at if claimed else state.next_step_at,
        breaker=breaker,
        paused=state.paused,
    )
    if claimed or breaker != state.breaker:
        connection.execute(
            _FOLLOW,
            {
                "of": state.provider_id,
                "new_fence": after.fence,
                "new_started_at": optional_micros(after.started_at),
                "new_next_step_at": optional_micros(after.next_step_at),
                "new_breaker": breaker,
                "new_changed_at": now,
            },
        )
    return after


def change_breaker(
    connection: Connection, provider_id: str, change: Callable[[str, datetime], str | None]
) -> StepState:
    """Changes a provider's breaker; see `DispatchStore.change_breaker`."""
    state = locked(connection, provider_id)
    now = store_now(connection)
    return follow(connection, state, StepPlan(0, None, change(state.breaker, from_micros(now))), 0, now)


def pause(connection: Connection, provider_id: str, why: str) -> StepState:
    """Writes why a provider is paused; empty for not."""
    locked(connection, provider_id)
    changed = update(step_state).where(_S.provider_id == provider_id)
    connection.execute(changed.values(paused=why, changed_at=store_now(connection)))
    return load(connection, provider_id)


def heartbeat(connection: Connection, state: WorkerState, lease_s: float) -> int:
    """Says that a worker lives and renews its leases; gives back how many messages it has in hand."""
    now = store_now(connection)
    row = {
        "id": state.id,
        "host": state.host,
        "pid": state.pid,
        "started_at": optional_micros(state.started_at),
        "seen_at": now,
        "detail": state.detail,
    }
    connection.execute(_told(connection.dialect.name), row)
    renewed = connection.execute(
        update(message)
        .where(message.c.worker == state.id, text(f"message.{IN_HAND_SQL}"))
        .values(lease_until=now + round(lease_s * MICROS))
    )
    return int(renewed.rowcount)


def workers(connection: Connection) -> Sequence[WorkerState]:
    """The workers that told of themselves."""
    return [
        WorkerState(row.id, row.host, row.pid, from_micros(row.started_at), from_micros(row.seen_at), row.detail)
        for row in connection.execute(select(worker).order_by(worker.c.id))
    ]


def forget_worker(connection: Connection, worker_id: str) -> None:
    """Takes a worker off; its leases are over."""
    connection.execute(delete(worker).where(worker.c.id == worker_id))
    connection.execute(
        update(message).where(message.c.worker == worker_id, text(f"message.{IN_HAND_SQL}")).values(lease_until=0)
    )


def _state(connection: Connection, provider_id: str, row: Any) -> StepState:
    inflight = int(connection.execute(_INFLIGHT, {"of": provider_id}).scalar_one())
    if row is None:
        return StepState(provider_id, inflight)
    return StepState(
        provider_id=provider_id,
        inflight=inflight,
        fence=row.fence,
        started_at=optional_time(row.started_at),
        next_step_at=optional_time(row.next_step_at),
        breaker=row.breaker,
        paused=row.paused,
    )


@cache
def _unless_there(dialect: str) -> Any:
    return insert_of(dialect)(step_state).on_conflict_do_nothing()


@cache
def _told(dialect: str) -> Any:
    new: Any = insert_of(dialect)(worker)
    kept = {name: new.excluded[name] for name in ("host", "pid", "started_at", "seen_at", "detail")}
    return new.on_conflict_do_update(index_elements=[worker.c.id], set_=kept)
