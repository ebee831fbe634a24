"""Pages of the list, read by key: the cost of a page does not grow with the number of providers."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Integer, Select, Text, bindparam, func, select, tuple_

from ftos_tui.domain.names import name_key
from ftos_tui.stores.protocol import ListQuery, ProviderSummary, SortColumn
from ftos_tui.stores.sql.rows import LISTED, summary_of
from ftos_tui.stores.sql.schema import SORT_COLUMNS, provider
from ftos_tui.stores.sql.statements import Query, Runs

_LONGEST_FILTER: Final = 1000
_LARGEST_PAGE: Final = 1000
_FILLED: Final = "filled"
_BLANK: Final = "blank"
_MATCHES: Final = provider.c.search.like(bindparam("pattern", type_=Text), escape="/")


def list_page(look: Runs, query: ListQuery) -> Sequence[ProviderSummary]:
    """One page of the providers that are not deleted; see `ListQuery`."""
    if not searchable(query.filter):
        return []
    limit = min(max(query.limit, 1), _LARGEST_PAGE)
    found: list[ProviderSummary] = []
    for rows in look.each(*segments(query, limit)):
        found.extend(summary_of(row, query.sort) for row in rows[: limit - len(found)])
        if len(found) == limit:
            break
    return found[::-1] if query.backwards else found


def count(look: Runs, filter: str) -> int:
    """How many providers match a filter."""
    if not searchable(filter):
        return 0
    wanted = name_key(filter)
    [found] = look.run(Query(_counted(bool(wanted)), {"pattern": like(wanted)} if wanted else {}))
    return int(found[0][0])


def segments(query: ListQuery, limit: int) -> Sequence[Query]:
    """The list in the direction of reading, behind the cursor: rows without a sort value, and rows with one.

    Each is a plain range of the index over the sort column and the id. One condition for both would make the
    database sort, and databases disagree where NULL belongs.

    Args:
        query: Which page.
        limit: Most rows of each.
    """
    column = SORT_COLUMNS[query.sort]
    up = query.descending == query.backwards
    wanted = name_key(query.filter)
    values: dict[str, Any] = {"most": limit} | ({"pattern": like(wanted)} if wanted else {})
    parts: tuple[str, ...] = ((_BLANK, _FILLED) if up else (_FILLED, _BLANK)) if column.nullable else (_FILLED,)
    behind = ""
    cursor: dict[str, Any] = {}
    if query.after is not None:
        value, last = query.after
        behind = _BLANK if value is None else _FILLED
        cursor = {"last": last} if value is None else {"last": last, "value": value}
        parts = parts[parts.index(behind) :] if behind in parts else ()
    return [
        Query(
            _segment(query.sort, up, part, part == behind, bool(wanted)),
            {**values, **cursor} if part == behind else values,
        )
        for part in parts
    ]


@lru_cache(256)
def _segment(sort: SortColumn, up: bool, part: str, behind: bool, filtered: bool) -> Select[Any]:
    """A range of the index.

    Args:
        sort: The column.
        up: Whether the smallest comes first.
        part: Rows with a sort value, or without.
        behind: Whether it starts behind the row with `value` and the id `last`.
        filtered: Whether rows have to match `pattern`.
    """
    column, identity = SORT_COLUMNS[sort], provider.c.id
    # Also where the sort value is NULL: PostgreSQL takes only an order by both from the index.
    orders = (column, identity) if up else (column.desc(), identity.desc())
    page = select(*LISTED).order_by(*orders).limit(bindparam("most", type_=Integer))
    if filtered:
        page = page.where(_MATCHES)
    last = bindparam("last", type_=identity.type)
    if part == _BLANK:
        page = page.where(column.is_(None))
        return page.where(identity > last if up else identity < last) if behind else page
    if behind:
        here, there = tuple_(column, identity), tuple_(bindparam("value", type_=column.type), last)
        return page.where(here > there if up else here < there)
    return page.where(column.is_not(None)) if column.nullable else page


@lru_cache(2)
def _counted(filtered: bool) -> Select[Any]:
    statement = select(func.count()).select_from(provider)
    return statement.where(_MATCHES) if filtered else statement


def like(text: str) -> str:
    """The pattern of what contains a text, to be used with `ESCAPE '/'`."""
    return "%" + text.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


def searchable(filter: str) -> bool:
    """Whether any stored text can contain it: databases take no lone surrogates, patterns neither NUL nor megabytes."""
    if len(filter) > _LONGEST_FILTER or "\0" in filter:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in filter)
