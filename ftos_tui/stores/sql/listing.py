"""Pages of the list, read by key: the cost of a page does not grow with the number of providers."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from ftos_tui.domain.names import name_key
from ftos_tui.stores.protocol import ListQuery, ProviderSummary
from ftos_tui.stores.sql.rows import summary_of
from ftos_tui.stores.sql.schema import SORT_COLUMNS, provider

_LONGEST_FILTER: Final = 1000
_LARGEST_PAGE: Final = 1000


def list_page(connection: Connection, query: ListQuery) -> Sequence[ProviderSummary]:
    """One page of the providers that are not deleted; see `ListQuery`."""
    if not searchable(query.filter):
        return []
    limit = min(max(query.limit, 1), _LARGEST_PAGE)
    found: list[ProviderSummary] = []
    for segment in _segments(query):
        rows = connection.execute(segment.limit(limit - len(found)))
        found.extend(summary_of(row, query.sort) for row in rows)
        if len(found) == limit:
            break
    return found[::-1] if query.backwards else found


def count(connection: Connection, filter: str) -> int:
    """How many providers match a filter."""
    if not searchable(filter):
        return 0
    statement = select(func.count()).select_from(provider).where(*_matching(filter))
    return int(connection.execute(statement).scalar_one())


def _segments(query: ListQuery) -> Sequence[Select[Any]]:
    """The list in the direction of reading, behind the cursor: rows without a sort value, and rows with one.

    Each is a plain range of the index over the sort column and the id. One condition for both would make the
    database sort, and databases disagree where NULL belongs.
    """
    column, identity = SORT_COLUMNS[query.sort], provider.c.id
    up = query.descending == query.backwards
    page = select(provider).where(*_matching(query.filter))
    orders = (column, identity) if up else (column.desc(), identity.desc())
    blank: Select[Any] | None = None
    filled: Select[Any] | None = page.order_by(*orders)
    if column.nullable:
        blank = page.where(column.is_(None)).order_by(orders[1])
        filled = page.where(column.is_not(None)).order_by(*orders)
    if query.after is not None:
        value, last = query.after
        if value is None:
            blank = None if blank is None else blank.where(identity > last if up else identity < last)
            filled = filled if up else None
        else:
            here, there = tuple_(column, identity), tuple_(value, last)
            filled = page.where(here > there if up else here < there).order_by(*orders)
            blank = None if up else blank
    return [segment for segment in ((blank, filled) if up else (filled, blank)) if segment is not None]


def _matching(filter: str) -> tuple[ColumnElement[bool], ...]:
    wanted = name_key(filter)
    return (provider.c.search.contains(wanted, autoescape=True),) if wanted else ()


def searchable(filter: str) -> bool:
    """Whether any stored text can contain it: databases take no lone surrogates, patterns neither NUL nor megabytes."""
    if len(filter) > _LONGEST_FILTER or "\0" in filter:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in filter)
