"""What operators do to messages: rows, history, counts and audit in one transaction that nobody else writes beside."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from ftos_tui.domain.delivery.breaker import closed_by_operator
from ftos_tui.domain.delivery.states import TERMINAL, Actor, Dispatch, transition
from ftos_tui.domain.record import Author
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.audit_chain import unchained
from ftos_tui.stores.dispatch_protocol import StepState
from ftos_tui.stores.message_protocol import MessageMove, Moved
from ftos_tui.stores.protocol import AuditEntry, ProviderInUse, Sign
from ftos_tui.stores.sql import audit, steps, tally
from ftos_tui.stores.sql.changes import Change, apply, locked
from ftos_tui.stores.sql.instants import from_micros, optional_micros, store_now
from ftos_tui.stores.sql.message_schema import message_body
from ftos_tui.stores.sql.schema import provider
from ftos_tui.stores.sql.tally import Tally


def move(connection: Connection, wanted: MessageMove, sign: Sign) -> Moved:
    """Moves messages as an operator says; see `MessageStore.move`."""
    for before in wanted.before:
        transition(before, wanted.after, Actor.OPERATOR)
    rows = locked(connection, wanted.ids)
    now = store_now(connection)
    due = optional_micros(wanted.due)
    if due is None and wanted.action == "retry":
        due = now
    fitting = [rows[message_id] for message_id in dict.fromkeys(wanted.ids) if _fits(rows.get(message_id), wanted)]
    counted = Tally(now)
    changes = [
        Change(
            row,
            wanted.after,
            Actor.OPERATOR,
            wanted.author.user,
            wanted.action,
            due=due,
            reason=wanted.reason if wanted.after is Dispatch.HELD else "",
            note=wanted.reason,
            anew=wanted.anew,
        )
        for row in fitting
    ]
    apply(connection, changes, counted, now)
    _audit(connection, wanted, fitting, now, sign)
    counted.write(connection)
    done = tuple(row.id for row in fitting)
    refused = {row.id: Dispatch(row.state) for row in rows.values() if row.id not in done}
    return Moved(done, refused, tuple(message_id for message_id in dict.fromkeys(wanted.ids) if message_id not in rows))


def pause(connection: Connection, provider_id: str, why: str, author: Author, sign: Sign) -> StepState:
    """Pauses a provider, or lets it go on; see `DispatchStore.change_pause`."""
    state = steps.pause(connection, provider_id, why)
    action = "delivery_pause" if why else "delivery_resume"
    entry = audit_entry(connection, action, provider_id, author, store_now(connection), {"reason": why})
    audit.append(connection, entry, sign)
    return state


def close_breaker(connection: Connection, provider_id: str, author: Author, sign: Sign) -> StepState:
    """Closes the breaker of a provider by an operator's word; see `DispatchStore.close_breaker`."""
    before = ""

    def closed(stored: str, now: datetime) -> str:
        nonlocal before
        before = stored
        return closed_by_operator().to_json()

    state = steps.change_breaker(connection, provider_id, closed)
    detail = {"reason": "", "breaker": before}
    entry = audit_entry(connection, "breaker_close", provider_id, author, store_now(connection), detail)
    audit.append(connection, entry, sign)
    return state


def refuse_undelivered(connection: Connection, provider_id: str, name: str) -> None:
    """Keeps a provider from being deleted while a message of it is not at its end.

    Raises:
        ProviderInUse: There are such messages.
    """
    # Whoever queues a message holds the provider's row meanwhile: wait for them before counting.
    connection.execute(select(provider.c.id).where(provider.c.id == provider_id).with_for_update())
    counts = tally.of_provider(connection, provider_id)
    waiting = sum(number for state, number in counts.items() if state not in TERMINAL)
    if waiting:
        one = waiting == 1
        held_by = (
            "1 message that is not at its end: wait for it or cancel it"
            if one
            else (f"{waiting:,} messages that are not at their end: wait for them or cancel them")
        )
        raise ProviderInUse(f"{shortened(name, 60)} has {held_by} before it is deleted. Nothing was changed.")


def audit_entry(
    connection: Connection, action: str, provider_id: str, author: Author, now: int, detail: Mapping[str, Any]
) -> AuditEntry:
    """An entry about a provider's messages, to be chained."""
    name = connection.execute(select(provider.c.name).where(provider.c.id == provider_id)).scalar()
    return unchained(from_micros(now), author, action, detail, provider_id=provider_id, provider_name=str(name or ""))


def audit_entries(
    connection: Connection, action: str, rows: Iterable[Any], author: Author, now: int, detail: Mapping[str, Any]
) -> Sequence[AuditEntry]:
    """One entry for each provider whose messages were changed, with their ids."""
    by_provider: dict[str, list[str]] = {}
    for row in rows:
        by_provider.setdefault(row.provider_id, []).append(row.id)
    return [
        audit_entry(connection, action, provider_id, author, now, {**detail, "messages": ids})
        for provider_id, ids in sorted(by_provider.items())
    ]


def keep_rendered(connection: Connection, message_id: str, envelope: str, wire: bytes) -> None:
    """Keeps a message that was rendered anew."""
    here = message_body.c.message_id == message_id
    connection.execute(update(message_body).where(here).values(envelope=envelope, wire=wire))


def _fits(row: Any, wanted: MessageMove) -> bool:
    return row is not None and row.state in wanted.before


def _audit(connection: Connection, wanted: MessageMove, rows: Sequence[Any], now: int, sign: Sign) -> None:
    detail = {"after": wanted.after, "reason": wanted.reason}
    entries = audit_entries(connection, f"message_{wanted.action}", rows, wanted.author, now, detail)
    if entries:
        audit.append_all(connection, entries, sign)
