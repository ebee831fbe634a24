"""A provider's versions, read by key: the cost of a page does not grow with their number."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Integer, Select, bindparam, literal, select, union

from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion, values_from_json
from ftos_tui.stores.sql import reads
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.schema import provider_version, secret
from ftos_tui.stores.sql.secret_number import SecretNumber
from ftos_tui.stores.sql.statements import Query, Runs

_LARGEST_PAGE: Final = 1000


def versions(look: Runs, provider_id: str, before: int | None, limit: int) -> Sequence[ProviderVersion]:
    """A page of a provider's versions, newest first; see `ProviderStore.versions`."""
    values: dict[str, Any] = {"of": provider_id, "most": min(max(limit, 1), _LARGEST_PAGE)}
    if before is not None:
        values["before"] = before
    found, secrets = look.run(
        Query(_page(behind=before is not None), values), Query(_secrets(behind=before is not None), values)
    )
    return [reads.version_of(row, secrets) for row in found]


@lru_cache(2)
def _page(*, behind: bool) -> Select[Any]:
    columns = provider_version.c
    page = select(provider_version).where(columns.provider_id == bindparam("of")).order_by(columns.number.desc())
    if behind:
        page = page.where(columns.number < bindparam("before"))
    return page.limit(bindparam("most", type_=Integer))


@lru_cache(2)
def _secrets(*, behind: bool) -> Select[Any]:
    """What is known of the secrets that a page of versions refers to: most refer to the same few."""
    page = _page(behind=behind).subquery()
    numbers = [(literal(field_id), SecretNumber(page.c.secret_versions, field_id)) for field_id in SECRET_IDS]
    kept = union(*(select(name.label("field"), number.label("version")) for name, number in numbers)).subquery()
    joined = secret.join(kept, (secret.c.field == kept.c.field) & (secret.c.version == kept.c.version))
    return select(*reads.STATE_COLUMNS).select_from(joined).where(secret.c.provider_id == bindparam("of"))


def last_deleted(connection: Connection, name: str) -> str | None:
    """The id of the provider of this name that was deleted last, or None."""
    key = name_key(name)
    columns = provider_version.c
    deleted = select(columns.provider_id, columns.number, columns["values"]).where(columns.deleted)
    for row in connection.execute(deleted.order_by(columns.saved_at.desc())):
        try:
            values = values_from_json(row[2])
        except ValueError as error:
            raise DoesNotLoad(f"version {row.number} of {row.provider_id}") from error
        if name_key(str(values.get("name") or "")) == key:
            return str(row.provider_id)
    return None
