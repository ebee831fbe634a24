"""The communication_channel table: channels, which provider carries each, and the guard that keeps it there."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, func, insert, select, update

from ftos_tui.domain.channel import Channel, serves_in_words
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import Author
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.audit_chain import unchained
from ftos_tui.stores.channel_protocol import ChannelEnd, ChannelQuery, NewChannel
from ftos_tui.stores.plain_json import time_from_text, time_to_text
from ftos_tui.stores.protocol import NameTaken, NotFound, ProviderInUse, Sign, StaleVersion
from ftos_tui.stores.sql import audit
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.listing import searchable
from ftos_tui.stores.sql.schema import communication_channel as table
from ftos_tui.stores.sql.schema import provider
from ftos_tui.stores.sql.statements import Query, Rows

_LARGEST_PAGE: Final = 1000
_NAMED_CODES: Final = 5

_SERVED: Final = select(func.count()).select_from(table).where(table.c.provider_id == bindparam("of"))
_FIRST_CODES: Final = (
    select(table.c.code).where(table.c.provider_id == bindparam("of")).order_by(table.c.code_key).limit(_NAMED_CODES)
)


def page(connection: Connection, query: ChannelQuery) -> Sequence[Channel]:
    """One page of the channels in the order of their codes; see `ChannelQuery`."""
    if not searchable(query.filter):
        return []
    key = table.c.code_key
    statement = _joined().where(*_matching(query.filter, query.provider_id))
    if query.after is not None:
        statement = statement.where(key < query.after if query.backwards else key > query.after)
    statement = statement.order_by(key.desc() if query.backwards else key)
    rows = connection.execute(statement.limit(min(max(query.limit, 1), _LARGEST_PAGE)))
    found = [_channel(row) for row in rows]
    return found[::-1] if query.backwards else found


def count(connection: Connection, filter: str, provider_id: str | None) -> int:
    """How many channels match."""
    if not searchable(filter):
        return 0
    joined = table.join(provider, provider.c.id == table.c.provider_id)
    statement = select(func.count()).select_from(joined).where(*_matching(filter, provider_id))
    return int(connection.execute(statement).scalar_one())


def by_id(connection: Connection, channel_id: str) -> Channel:
    """A channel by its id."""
    row = connection.execute(_joined().where(table.c.id == channel_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such channel any more: refresh the list.")
    return _channel(row)


def by_code(connection: Connection, code: str) -> Channel | None:
    """The channel that bears a code, or None."""
    if not searchable(code):
        return None
    row = connection.execute(_joined().where(table.c.code_key == name_key(code))).one_or_none()
    return None if row is None else _channel(row)


def write(connection: Connection, new: NewChannel, sign: Sign) -> Channel:
    """Writes a channel and its audit entry; see `ChannelStore.write_channel`."""
    before = _current(connection, new.channel_id, new.expected_version)
    owner = by_code(connection, new.code)
    if owner is not None and owner.channel_id != new.channel_id:
        raise NameTaken(
            f"Another channel has the code {shortened(new.code, 60)}: choose another one. Nothing was saved."
        )
    _refuse_unfit(connection, new)
    row = _row(new)
    if before is None:
        connection.execute(insert(table), row)
    else:
        connection.execute(update(table).where(table.c.id == new.channel_id), row)
    channel = by_id(connection, new.channel_id)
    detail = {
        "channel": dict(channel.values),
        "before": None if before is None else dict(before.values),
        "channel_version": channel.version,
        "changed": list(new.changed),
        "acknowledged": list(new.acknowledged),
        "reason": new.reason,
    }
    action = "channel_create" if before is None else "channel_save"
    _append(connection, new, action, channel, detail, sign)
    return channel


def remove(connection: Connection, end: ChannelEnd, sign: Sign) -> None:
    """Deletes a channel; see `ChannelStore.delete_channel`."""
    channel = _current(connection, end.channel_id, end.expected_version)
    if channel is None:
        raise NotFound("There is no such channel any more: refresh the list.")
    connection.execute(delete(table).where(table.c.id == end.channel_id))
    detail = {
        "channel": None,
        "before": dict(channel.values),
        "channel_version": channel.version,
        "reason": end.reason,
    }
    _append(connection, end, "channel_delete", channel, detail, sign)


def in_use(provider_id: str) -> tuple[Query, Query]:
    """Asks how many channels a provider serves, and for the first codes; see `refuse_in_use`."""
    of = {"of": provider_id}
    return Query(_SERVED, of), Query(_FIRST_CODES, of)


def refuse_in_use(found: Sequence[Rows], name: str) -> None:
    """Keeps a provider that serves channels from being deleted.

    Args:
        found: The answers to `in_use`.
        name: What the provider is called.

    Raises:
        ProviderInUse: It serves some; the text names the first of them.
    """
    served, first = found
    number = int(served[0][0])
    if number:
        serves = serves_in_words(number, tuple(shortened(row.code, 40) for row in first))
        raise ProviderInUse(
            f"{shortened(name, 60)} {serves}. Give them another provider before it is deleted: nothing was changed."
        )


def _current(connection: Connection, channel_id: str, expected: int) -> Channel | None:
    """The saved channel, which has to be at the expected version; None for a new one."""
    row = connection.execute(_joined().where(table.c.id == channel_id)).one_or_none()
    if row is None and expected == 0:
        return None
    if row is None:
        raise StaleVersion("This channel was deleted meanwhile: nothing was changed.", None)
    channel = _channel(row)
    if channel.version != expected:
        raise StaleVersion(
            f"{shortened(channel.code, 60)} was saved by {shortened(channel.saved_by.user, 40)} meanwhile "
            f"(version {channel.version}, no longer {expected}): nothing was changed.",
            None,
        )
    return channel


def _refuse_unfit(connection: Connection, new: NewChannel) -> None:
    """The provider may have been deleted, or serve another channel, since the check."""
    found = connection.execute(
        select(provider.c.name, provider.c.communication_channel).where(provider.c.id == new.provider_id)
    ).one_or_none()
    if found is None:
        raise NotFound("The provider of this channel is not there any more: choose another. Nothing was saved.")
    if found.communication_channel != new.communication_channel:
        raise StaleVersion(
            f"{shortened(found.name, 60)} does not serve {new.communication_channel} any more: choose another "
            "provider. Nothing was saved.",
            None,
        )


def _append(
    connection: Connection,
    change: NewChannel | ChannelEnd,
    action: str,
    channel: Channel,
    detail: dict[str, Any],
    sign: Sign,
) -> None:
    if change.operation_id:
        detail[audit.OPERATION] = change.operation_id
    entry = unchained(
        change.at, change.author, action, detail, provider_id=channel.provider_id, provider_name=channel.provider
    )
    audit.append(connection, entry, sign)


def _joined() -> Select[Any]:
    joined = table.join(provider, provider.c.id == table.c.provider_id)
    return select(table, provider.c.name.label("provider_name")).select_from(joined)


def _matching(filter: str, provider_id: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    wanted = name_key(filter)
    if wanted:
        in_channel = table.c.search.contains(wanted, autoescape=True)
        conditions.append(in_channel | provider.c.name_key.contains(wanted, autoescape=True))
    if provider_id is not None:
        conditions.append(table.c.provider_id == provider_id)
    return conditions


def _row(new: NewChannel) -> dict[str, Any]:
    return {
        "id": new.channel_id,
        "version": new.expected_version + 1,
        "code": new.code,
        "code_key": name_key(new.code),
        "name": new.name,
        "action_type": new.default_action_type,
        "channel": new.communication_channel,
        "provider_id": new.provider_id,
        "saved_at": time_to_text(new.at),
        "user": new.author.user,
        "host": new.author.host,
        "ssh_client": new.author.ssh_client,
        "search": "\n".join(name_key(text) for text in (new.code, new.name, new.communication_channel)),
    }


def _channel(row: Row[Any]) -> Channel:
    try:
        return Channel(
            channel_id=row.id,
            version=row.version,
            code=row.code,
            name=row.name,
            default_action_type=row.action_type,
            communication_channel=row.channel,
            provider_id=row.provider_id,
            provider=row.provider_name,
            saved_at=time_from_text(row.saved_at),
            saved_by=Author(row.user, row.host, row.ssh_client),
        )
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"the channel {row.id}") from error
