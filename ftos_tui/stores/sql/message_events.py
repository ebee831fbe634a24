"""The events of providers: kept once each, found their messages, and folded in."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, bindparam, insert, null, select, update

from ftos_tui.domain.delivery.events import ProviderEvent
from ftos_tui.domain.delivery.fold import Reported, is_conflict, settlement
from ftos_tui.domain.delivery.fold import apply as applied
from ftos_tui.domain.delivery.states import Actor, Dispatch
from ftos_tui.domain.record import Author
from ftos_tui.stores.event_protocol import EventPlace, Intake, NewEvent
from ftos_tui.stores.message_protocol import KeptEvent
from ftos_tui.stores.protocol import Sign
from ftos_tui.stores.sql import audit, changes
from ftos_tui.stores.sql.changes import Change
from ftos_tui.stores.sql.instants import optional_micros, store_now
from ftos_tui.stores.sql.listing import searchable
from ftos_tui.stores.sql.message_moves import audit_entries
from ftos_tui.stores.sql.message_rows import event_of, reported_of, reported_text
from ftos_tui.stores.sql.message_schema import attempt, delivery_event, message
from ftos_tui.stores.sql.rights import readable
from ftos_tui.stores.sql.tally import Tally

RAW: Final = "delivery_event.raw"
"""The events as they came, with links, programs and places of readers; some roles of a shared store read the rest."""

_CHUNK: Final = 500
_E: Final = delivery_event.c
_M: Final = message.c
_LONGEST_ID: Final = 200
_REPORT: Final = (
    update(message)
    .where(_M.id == bindparam("one"))
    .values(
        rank=bindparam("new_rank"),
        reported=bindparam("new_reported"),
        codes=bindparam("new_codes"),
        conflict=bindparam("new_conflict"),
        changed_at=bindparam("new_changed_at"),
    )
)


def locate(connection: Connection, events: Sequence[ProviderEvent]) -> Sequence[EventPlace | None]:
    """Where events belong; see `EventStore.locate_events`."""
    ours = {candidate for event in events for candidate in (event.message_id, _in_header(event.header_id)) if candidate}
    theirs = {start for event in events for start in _starts(event.provider_message_id)}
    by_id = {place.message_id: place for place in _by_our_id(connection, sorted(filter(searchable, ours)))}
    by_their_id = _by_their_id(connection, sorted(filter(searchable, theirs)))
    return [
        by_id.get(event.message_id)
        or next((by_their_id[start] for start in _starts(event.provider_message_id) if start in by_their_id), None)
        or by_id.get(_in_header(event.header_id))
        for event in events
    ]


def take(connection: Connection, events: Sequence[NewEvent], by: Author, sign: Sign) -> Intake:
    """Keeps events and folds them in; see `EventStore.take_events`."""
    now = store_now(connection)
    wanted = _without_doubles(events)
    known = _known(connection, wanted)
    new = [item for item in wanted if item.event.content_hash not in known and item.event.event_id not in known]
    rows = changes.locked(connection, (item.message_id for item in new if item.message_id))
    _insert(connection, new, rows, now)
    counted = Tally(now)
    reports = {row.id: (reported_of(row.reported), row.codes) for row in rows.values()}
    for item in new:
        row = rows.get(item.message_id or "")
        if row is not None:
            reported, codes = reports[row.id]
            if item.status_code and item.status_code not in codes.split("\n"):
                counted.coded(row.provider_id, item.status_code)
                codes = f"{codes}\n{item.status_code}" if codes else item.status_code
            reports[row.id] = (applied(reported, item.event), codes)
    proven = _write_reports(connection, rows, reports, now)
    settled = settle(connection, [row.id for row in proven if settlement(Dispatch(row.state))], by.user, counted, now)
    entries = audit_entries(connection, "message_settled", settled, by, now, {"after": "accepted", "by": "event"})
    if entries:
        audit.append_all(connection, entries, sign)
    counted.write(connection)
    return Intake(
        taken=len(new),
        known=len(events) - len(new),
        unmatched=sum(item.message_id not in rows for item in new),
        settled=tuple(row.id for row in settled),
        conflicts=tuple(row.id for row in proven if is_conflict(Dispatch(row.state)) and not row.conflict),
    )


def settle(connection: Connection, ids: Sequence[str], by: str, counted: Tally, now: int) -> list[Any]:
    """Takes messages that events prove accepted to that state, through the states between; gives back their rows."""
    first = list(changes.locked(connection, ids).values())
    for hop in range(2):
        rows = changes.locked(connection, ids).values() if hop else first
        steps = [
            Change(
                row,
                settlement(Dispatch(row.state))[0],
                Actor.EVENT,
                by,
                "event",
                note="An event shows that the provider took it.",
            )
            for row in rows
            if settlement(Dispatch(row.state))
        ]
        changes.apply(connection, steps, counted, now)
    return first


def kept_events(whole: bool) -> Select[Any]:
    """Kept events, for `message_rows.event_of`; without the events themselves where those may not be read.

    Args:
        whole: Whether who is signed in may read the column `RAW`, as `rights.readable` says.
    """
    raw = _E.raw if whole else null().label("raw")
    return select(_E.number, _E.message_id, _E.code, _E.canonical, _E.at, _E.received_at, raw)


def unmatched(connection: Connection, before: int | None, limit: int, backwards: bool = False) -> Sequence[KeptEvent]:
    """Events that belong to no message, the newest first."""
    return _page(connection, before, limit, backwards, _E.message_id.is_(None))


def kept(connection: Connection, before: int | None, limit: int, backwards: bool = False) -> Sequence[KeptEvent]:
    """All events, the newest first."""
    return _page(connection, before, limit, backwards)


def _page(
    connection: Connection, before: int | None, limit: int, backwards: bool, *which: ColumnElement[bool]
) -> Sequence[KeptEvent]:
    [whole] = readable(connection, RAW)
    chosen = kept_events(whole).where(*which)
    if before is not None:
        chosen = chosen.where(_E.number > before if backwards else _E.number < before)
    order = _E.number.asc() if backwards else _E.number.desc()
    rows = connection.execute(chosen.order_by(order).limit(min(max(limit, 1), 1000)))
    page = [event_of(row) for row in rows]
    return page[::-1] if backwards else page


def _without_doubles(events: Sequence[NewEvent]) -> list[NewEvent]:
    """Each event of a batch once."""
    seen: set[str] = set()
    first = []
    for item in events:
        own = (
            {item.event.content_hash, f"id {item.event.event_id}"} if item.event.event_id else {item.event.content_hash}
        )
        if seen.isdisjoint(own):
            first.append(item)
        seen |= own
    return first


def _known(connection: Connection, events: Sequence[NewEvent]) -> set[str]:
    """Ids and digests among these that were taken in before."""
    found: set[str] = set()
    for column, values in (
        (_E.content_hash, [item.event.content_hash for item in events]),
        (_E.event_id, [item.event.event_id for item in events if item.event.event_id]),
    ):
        for start in range(0, len(values), _CHUNK):
            found |= set(connection.execute(select(column).where(column.in_(values[start : start + _CHUNK]))).scalars())
    return found


def _insert(connection: Connection, events: Sequence[NewEvent], rows: Any, now: int) -> None:
    if events:
        connection.execute(
            insert(delivery_event),
            [
                {
                    "event_id": item.event.event_id or None,
                    "content_hash": item.event.content_hash,
                    "message_id": item.message_id if item.message_id in rows else None,
                    "code": item.event.code,
                    "canonical": item.event.canonical or "",
                    "at": optional_micros(item.event.at),
                    "received_at": now,
                    "raw": item.raw,
                }
                for item in events
            ],
        )


def _write_reports(
    connection: Connection, rows: dict[str, Any], reports: dict[str, tuple[Reported, str]], now: int
) -> list[Any]:
    """Writes what was reported; gives back the rows, as they were, of messages that the provider is known to have."""
    parameters = []
    proven = []
    for message_id, (reported, codes) in reports.items():
        row = rows[message_id]
        if reported.is_evidence:
            proven.append(row)
        text = reported_text(reported)
        if text != row.reported or codes != row.codes:
            conflict = bool(row.conflict) or (reported.is_evidence and is_conflict(Dispatch(row.state)))
            parameters.append(
                {
                    "one": message_id,
                    "new_rank": reported.rank,
                    "new_reported": text,
                    "new_codes": codes,
                    "new_conflict": conflict,
                    "new_changed_at": now,
                }
            )
    if parameters:
        connection.execute(_REPORT, parameters)
    return proven


def _starts(provider_message_id: str) -> list[str]:
    """An id and what stands before each of its dots, the longest first: older ids contain dots themselves."""
    parts = provider_message_id[:_LONGEST_ID].split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1) if parts[0]]


def _in_header(header_id: str) -> str:
    """The id of ours in a Message-ID, `<id@domain>`."""
    return header_id.strip().removeprefix("<").partition("@")[0][:_LONGEST_ID]


def _by_our_id(connection: Connection, ids: Sequence[str]) -> list[EventPlace]:
    found = []
    for start in range(0, len(ids), _CHUNK):
        chosen = select(_M.id, _M.provider_id).where(_M.id.in_(ids[start : start + _CHUNK]))
        found += [EventPlace(row.id, row.provider_id) for row in connection.execute(chosen)]
    return found


def _by_their_id(connection: Connection, ids: Sequence[str]) -> dict[str, EventPlace]:
    """By the provider's id; one that two messages share says nothing."""
    columns = attempt.c
    found: dict[str, set[EventPlace]] = {}
    for start in range(0, len(ids), _CHUNK):
        chosen = select(columns.provider_message_id, columns.message_id, columns.provider_id).where(
            columns.provider_message_id.is_not(None), columns.provider_message_id.in_(ids[start : start + _CHUNK])
        )
        for row in connection.execute(chosen):
            found.setdefault(row.provider_message_id, set()).add(EventPlace(row.message_id, row.provider_id))
    return {key: next(iter(places)) for key, places in found.items() if len(places) == 1}
