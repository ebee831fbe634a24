"""Messages into a relational store, and pages of them out of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    union_all,
)

from ftos_tui.domain.delivery.message import Message
from ftos_tui.domain.delivery.states import IN_HAND, Actor, Dispatch, transition
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import Author
from ftos_tui.stores.message_protocol import Enqueued, MessageQuery, MessageRow, NewEntry
from ftos_tui.stores.protocol import NotFound
from ftos_tui.stores.sql import message_rows, tally
from ftos_tui.stores.sql.dialects import insert_of
from ftos_tui.stores.sql.instants import MICROS, from_micros, store_now
from ftos_tui.stores.sql.listing import searchable
from ftos_tui.stores.sql.message_schema import (
    AT_REST_SQL,
    IN_HAND_SQL,
    WAITING_SQL,
    attachment,
    message,
    message_body,
    message_group,
)
from ftos_tui.stores.sql.schema import provider
from ftos_tui.stores.sql.signals import ARRIVALS
from ftos_tui.stores.sql.tally import Tally

_M: Final = message.c
_LARGEST_PAGE: Final = 1000
_CHUNK: Final = 500
_DEDUPED: Final = text("dedupe_key IS NOT NULL")
_AT_REST: Final = text(f"message.{AT_REST_SQL}")
_IN_HAND: Final = text(f"message.{IN_HAND_SQL}")
_WAITING: Final = text(f"message.{WAITING_SQL}")
_ARRIVED: Final = select(func.pg_notify(ARRIVALS, ""))


def enqueue(connection: Connection, entries: Sequence[NewEntry], by: Author) -> Sequence[Enqueued]:
    """Queues messages; see `MessageStore.enqueue`."""
    if not entries:
        return []
    _hold_providers(connection, {entry.message.provider_id for entry in entries})
    now = store_now(connection)
    rows = [message_rows.message_row(entry, now) for entry in entries]
    for entry in entries:
        transition(None, entry.state, Actor.ENQUEUE)
    new: Any = insert_of(connection.dialect.name)(message)
    unique = new.on_conflict_do_nothing(index_elements=[_M.provider_id, _M.dedupe_key], index_where=_DEDUPED)
    connection.execute(unique, rows)
    there = _queued_before(connection, entries)
    result = []
    taken = []
    counted = Tally(now)
    for entry in entries:
        queued = entry.message
        known = there.get((queued.provider_id, queued.dedupe_key)) if queued.dedupe_key else queued.id
        result.append(Enqueued(known or queued.id, known == queued.id))
        if known == queued.id:
            taken.append(entry)
            counted.moved(queued.provider_id, None, entry.state)
    _keep_content(connection, taken, by, now)
    if taken and connection.dialect.name == "postgresql":
        connection.execute(_ARRIVED)
    counted.write(connection)
    return result


def enqueued(connection: Connection, entries: Sequence[NewEntry]) -> Sequence[Enqueued] | None:
    """What became of a hand-in whose answer was lost; see `MessageStore.enqueued`."""
    # Whoever queues holds the providers until the end of the transaction: this waits for it.
    ids = {entry.message.provider_id for entry in entries}
    connection.execute(select(provider.c.id).where(provider.c.id.in_(ids)).order_by(provider.c.id).with_for_update())
    there = _queued_before(connection, entries)
    done = set()
    for start in range(0, len(entries), _CHUNK):
        part = [entry.message.id for entry in entries[start : start + _CHUNK]]
        done |= set(connection.execute(select(_M.id).where(_M.id.in_(part))).scalars())
    result = []
    for entry in entries:
        queued = entry.message
        found = queued.id if queued.id in done else there.get((queued.provider_id, queued.dedupe_key))
        if found is None:
            return None
        result.append(Enqueued(found, found == queued.id))
    return result


def _hold_providers(connection: Connection, ids: set[str]) -> None:
    """Makes sure that the providers are there, and stay until the messages are queued."""
    found = select(provider.c.id).where(provider.c.id.in_(ids)).order_by(provider.c.id)
    if set(connection.execute(found.with_for_update(read=True, key_share=True)).scalars()) != ids:
        raise NotFound("The provider was deleted meanwhile: choose another one. Nothing was queued.")


def _queued_before(connection: Connection, entries: Sequence[NewEntry]) -> Mapping[tuple[str, str], str]:
    """Which message has each dedupe key now, the new ones among them."""
    keys = sorted(
        {(entry.message.provider_id, entry.message.dedupe_key) for entry in entries if entry.message.dedupe_key}
    )
    there: dict[tuple[str, str], str] = {}
    for provider_id in {key[0] for key in keys}:
        own = [key[1] for key in keys if key[0] == provider_id]
        for start in range(0, len(own), _CHUNK):
            chosen = select(_M.dedupe_key, _M.id).where(
                _M.provider_id == provider_id, _DEDUPED, _M.dedupe_key.in_(own[start : start + _CHUNK])
            )
            there |= {(provider_id, row.dedupe_key): row.id for row in connection.execute(chosen)}
    return there


def _keep_content(connection: Connection, entries: Sequence[NewEntry], by: Author, now: int) -> None:
    if not entries:
        return
    groups: dict[str, list[Message]] = {}
    for entry in entries:
        groups.setdefault(entry.message.group_id, []).append(entry.message)
    connection.execute(
        insert(message_body),
        [{"message_id": entry.message.id, "envelope": entry.envelope, "wire": entry.wire} for entry in entries],
    )
    connection.execute(insert(message_group), [message_rows.group_row(of, by, now) for of in groups.values()])
    files = [row for of in groups.values() for row in message_rows.attachment_rows(of[0])]
    if files:
        connection.execute(insert(attachment), files)


def page(connection: Connection, query: MessageQuery) -> Sequence[MessageRow]:
    """One page of the messages; see `MessageQuery`."""
    if not searchable(query.filter):
        return []
    limit = min(max(query.limit, 1), _LARGEST_PAGE)
    up = query.oldest_first != query.backwards
    ids = _ids(query, up, limit).subquery()
    order = _M.id if up else _M.id.desc()
    rows = connection.execute(named().join(ids, ids.c.id == _M.id).order_by(order).limit(limit))
    found = [message_rows.row_of(row) for row in rows]
    return found[::-1] if query.backwards else found


def _ids(query: MessageQuery, up: bool, limit: int) -> Select[Any]:
    """The ids of one page.

    Each state is a range of an index that ends with the id; several are read beside each other, each only as far as a
    page goes, so that the cost of a page does not grow with the queue.
    """
    parts = [_part(query, condition, up).limit(limit).subquery() for condition in _conditions(query)]
    if len(parts) == 1:
        return select(parts[0].c.id)
    together = union_all(*(select(part.c.id) for part in parts)).subquery()
    return select(together.c.id).order_by(together.c.id if up else together.c.id.desc()).limit(limit)


def _conditions(query: MessageQuery) -> list[tuple[ColumnElement[bool], ...]]:
    """What each part of a page must be, in the words of the index it is to be read from."""
    of = () if query.provider_id is None else (_M.provider_id == query.provider_id,)
    states = dict.fromkeys(query.states or (Dispatch if of else ()))
    return [
        (*of, _M.state == state, cast("ColumnElement[bool]", _IN_HAND if state in IN_HAND else _AT_REST))
        for state in states
    ] or [()]


def _part(query: MessageQuery, condition: tuple[ColumnElement[bool], ...], up: bool) -> Select[Any]:
    part = select(_M.id).where(*condition, *_matching(query.filter))
    if query.after is not None:
        part = part.where(_M.id > query.after if up else _M.id < query.after)
    return part.order_by(_M.id if up else _M.id.desc())


def _matching(filter: str) -> tuple[ColumnElement[bool], ...]:
    wanted = name_key(filter)
    return (_M.search.contains(wanted, autoescape=True),) if wanted else ()


def named() -> Select[Any]:
    """A SELECT of messages with the names of their providers."""
    return select(message, provider.c.name).join_from(message, provider, provider.c.id == _M.provider_id, isouter=True)


def count(connection: Connection, query: MessageQuery, most: int) -> int:
    """How many messages match; see `MessageStore.count_messages`."""
    if not searchable(query.filter):
        return 0
    if not name_key(query.filter):
        counts = (
            tally.of_all(connection) if query.provider_id is None else tally.of_provider(connection, query.provider_id)
        )
        return sum(number for state, number in counts.items() if not query.states or state in query.states)
    conditions = [*_matching(query.filter)]
    if query.provider_id is not None:
        conditions.append(_M.provider_id == query.provider_id)
    if query.states:
        conditions.append(_M.state.in_(query.states))
    found = select(literal(1)).select_from(message).where(*conditions).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def row(connection: Connection, message_id: str) -> MessageRow:
    """A message as the list has it."""
    return message_rows.row_of(raw_row(connection, message_id))


def raw_row(connection: Connection, message_id: str) -> Row[Any]:
    """The row of a message with its provider's name.

    Raises:
        NotFound: There is none.
    """
    found = None
    if searchable(message_id):
        found = connection.execute(named().where(_M.id == message_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such message: `ftos-tui messages list` lists them.")
    return found


def ids_like(connection: Connection, start: str, limit: int) -> Sequence[str]:
    """The ids that begin so."""
    if not searchable(start) or not start:
        return []
    # Ids are of digits, letters and hyphens; all of these sort before the last sign of ASCII.
    between = (_M.id >= start, _M.id < f"{start}~")
    return list(connection.execute(select(_M.id).where(*between).order_by(_M.id).limit(limit)).scalars())


def ahead_of(connection: Connection, message_id: str, most: int) -> int:
    """How many waiting messages of its provider are due before a message; looks at `most` of them."""
    own = raw_row(connection, message_id)
    before = (
        _M.provider_id == own.provider_id,
        _WAITING,
        tuple_(_M.due, _M.id) < tuple_(literal(own.due, BigInteger), literal(own.id, Text)),
    )
    found = select(literal(1)).select_from(message).where(*before).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def waiting_by_due(connection: Connection, provider_id: str, bucket_s: int) -> Iterator[tuple[Any, int]]:
    """How many messages wait, by their due time in steps; looks at every waiting one in the index."""
    width = max(bucket_s, 1) * MICROS
    bucket = (_M.due - _M.due % width).label("bucket")
    chosen = select(bucket, func.count()).where(_M.provider_id == provider_id, _WAITING)
    for due, waiting in connection.execute(chosen.group_by(text("bucket")).order_by(text("bucket"))):
        yield from_micros(int(due)), int(waiting)


def queued(connection: Connection, ids: Sequence[str]) -> Mapping[str, Message]:
    """Messages as they were queued; see `MessageStore.queued_messages`."""
    chosen = select(message, message_group).join_from(message, message_group, message_group.c.id == _M.group_id)
    rows = connection.execute(chosen.where(_M.id.in_(ids))).all()
    files: dict[str, list[Any]] = {}
    groups = {row.group_id for row in rows}
    order = (attachment.c.group_id, attachment.c.position)
    for file in connection.execute(select(attachment).where(attachment.c.group_id.in_(groups)).order_by(*order)):
        files.setdefault(file.group_id, []).append(file)
    return {row.id: message_rows.queued_message(row, files.get(row.group_id, ())) for row in rows}
