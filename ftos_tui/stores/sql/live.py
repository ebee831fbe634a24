"""What others do: changes out of the view `change`, and who has which form open out of the table `presence`.

The view shows of the audit what every reader may know, so that a role without a right to the audit can follow too.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Interval,
    Row,
    Select,
    Text,
    TextClause,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    table,
    text,
    update,
)

from ftos_tui.domain.record import Author
from ftos_tui.stores.live_protocol import SEEN_WITHIN_S, Change, Present
from ftos_tui.stores.plain_json import time_from_text, time_to_text
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.own_entries import written
from ftos_tui.stores.sql.schema import presence
from ftos_tui.stores.sql.statements import Query, Runs

LARGEST_PAGE: Final = 1000

_FORGOTTEN_S: Final = 3600.0
"""Seconds after which what a session that was killed left behind is cleared away."""

change = table(
    "change",
    column("sequence", Integer),
    column("at", Text),
    column("user", Text),
    column("host", Text),
    column("action", Text),
    column("provider_id", Text),
    column("provider_name", Text),
    column("version", Integer),
    column("changed", Text),
)


_HEAD: Final = Query(select(change.c.sequence).order_by(change.c.sequence.desc()).limit(1))
_CHANGES: Final = (
    select(change)
    .where(change.c.sequence > bindparam("after", type_=Integer))
    .order_by(change.c.sequence)
    .limit(bindparam("most", type_=Integer))
)


def head(look: Runs) -> int:
    """The sequence of the last change; 0 for none."""
    [found] = look.run(_HEAD)
    return int(found[0][0]) if found else 0


def changes(look: Runs, engine: Engine, after: int, limit: int) -> Sequence[Change]:
    """Changes with a greater sequence, in order; see `LiveStore.changes`."""
    [found] = look.run(Query(_CHANGES, {"after": after, "most": min(max(limit, 1), LARGEST_PAGE)}))
    own = written(engine) if found else frozenset()
    return [_change(row, own) for row in found]


def enter(connection: Connection, session_id: str, provider_id: str, author: Author) -> None:
    """Says that a form is open, and clears away what killed sessions left long ago."""
    now = _time(connection)
    connection.execute(delete(presence).where(presence.c.seen_at < _time(connection, _FORGOTTEN_S)))
    leave(connection, session_id, provider_id)
    connection.execute(
        insert(presence).values(
            session_id=session_id,
            provider_id=provider_id,
            user=author.user,
            host=author.host,
            opened_at=now,
            seen_at=now,
        )
    )


def stay(connection: Connection, session_id: str) -> None:
    """Says that a session is still there."""
    here = presence.c.session_id == session_id
    connection.execute(update(presence).where(here).values(seen_at=_time(connection)))


def leave(connection: Connection, session_id: str, provider_id: str | None) -> None:
    """Says that a form, or with None every form of the session, is closed."""
    statement = delete(presence).where(presence.c.session_id == session_id)
    if provider_id is not None:
        statement = statement.where(presence.c.provider_id == provider_id)
    connection.execute(statement)


def present(look: Runs, engine: Engine, session_id: str, limit: int) -> Sequence[Present]:
    """Who has forms open; see `LiveStore.present`."""
    alive = _here(SEEN_WITHIN_S) if engine.dialect.name == "sqlite" else timedelta(seconds=SEEN_WITHIN_S)
    values = {"session": session_id, "most": min(max(limit, 1), LARGEST_PAGE), "alive": alive}
    [found] = look.run(Query(_others(engine.dialect.name), values))
    return [_present(row) for row in found]


@lru_cache(2)
def _others(dialect: str) -> Select[Any]:
    alive = bindparam("alive", type_=Text) if dialect == "sqlite" else _there(bindparam("alive", type_=Interval))
    others = select(presence).where(presence.c.seen_at >= alive, presence.c.session_id != bindparam("session"))
    ordered = others.order_by(presence.c.opened_at, presence.c.session_id, presence.c.provider_id)
    return ordered.limit(bindparam("most", type_=Integer))


def _time(connection: Connection, ago_s: float = 0.0) -> ColumnElement[str]:
    """A time as `time_to_text` writes it, by the store's clock: the server's, or for a file this machine's."""
    if connection.dialect.name == "sqlite":
        return literal(_here(ago_s))
    return _there(text(f"interval '{ago_s:.3f} seconds'"))


def _here(ago_s: float) -> str:
    return time_to_text(datetime.now(UTC) - timedelta(seconds=ago_s))


def _there(ago: TextClause | BindParameter[timedelta]) -> ColumnElement[str]:
    return func.to_char(func.timezone("UTC", func.now() - ago), 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')


def _change(row: Row[Any], own: frozenset[tuple[int, str]]) -> Change:
    try:
        fields = json.loads(row.changed or "[]")
        return Change(
            sequence=row.sequence,
            action=row.action,
            provider_id=row.provider_id,
            name=row.provider_name,
            version=row.version,
            user=row.user,
            host=row.host,
            at=time_from_text(row.at),
            fields=tuple(map(str, fields)),
            own=(row.sequence, row.at) in own,
        )
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"the audit entry {row.sequence}") from error


def _present(row: Row[Any]) -> Present:
    try:
        return Present(row.session_id, row.provider_id, row.user, row.host, time_from_text(row.opened_at))
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"the presence of {row.user}") from error
