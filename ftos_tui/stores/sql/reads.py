"""Single records out of the tables."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, column, func, or_, select, table

from ftos_tui.domain.delivery.states import WAITING
from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion, SecretState
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.protocol import NotFound, SealedSecret
from ftos_tui.stores.sql import rows
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.schema import fact, provider, provider_version, secret, status_count
from ftos_tui.stores.sql.secret_number import SecretNumber
from ftos_tui.stores.sql.statements import Query, Rows, Runs

_VERSION: Final = provider_version.c
_OWNER: Final = select(provider.c.id).where(provider.c.name_key == bindparam("name_key"))
_FACT: Final = select(fact.c.value).where(fact.c.key == bindparam("fact_key"))
_SECRET: Final = select(secret).where(
    secret.c.provider_id == bindparam("of"),
    secret.c.field == bindparam("secret_field"),
    secret.c.version == bindparam("secret_version"),
)
_LAST_SECRET: Final = select(func.max(secret.c.version)).where(
    secret.c.provider_id == bindparam("of"), secret.c.field == bindparam("secret_field")
)
_COUNTS: Final = select(status_count.c.code, status_count.c.count).where(
    status_count.c.provider_id == bindparam("of"), status_count.c.count != 0
)
_MESSAGE_COUNT: Final = table("message_count", column("provider_id"), column("state"), column("count"))
"""As `message_schema` has it, which is not imported for this one number."""
_WAITING_COUNT: Final = select(func.sum(_MESSAGE_COUNT.c.count)).where(
    # No IN: its parameters would have to be spread out anew for each run.
    _MESSAGE_COUNT.c.provider_id == bindparam("of"),
    or_(*(_MESSAGE_COUNT.c.state == str(state) for state in sorted(WAITING))),
)
_NEWEST: Final = (
    select(func.max(_VERSION.number)).where(_VERSION.provider_id == bindparam("of")).correlate(None).scalar_subquery()
)
_OWNERS_NEWEST: Final = (
    select(func.max(_VERSION.number))
    .where(_VERSION.provider_id == _OWNER.scalar_subquery())
    .correlate(None)
    .scalar_subquery()
)

STATE_COLUMNS: Final = (secret.c.field, secret.c.version, secret.c.set_at, secret.c.set_by, secret.c.destination)
"""What may be known of a secret."""

CURRENT: Final = and_(_VERSION.provider_id == bindparam("of"), _VERSION.number == _NEWEST)
"""Which version is the last one of the provider `of`."""

_NUMBERED: Final = and_(_VERSION.provider_id == bindparam("of"), _VERSION.number == bindparam("at_number"))
_NAMED: Final = and_(_VERSION.provider_id == _OWNER.scalar_subquery(), _VERSION.number == _OWNERS_NEWEST)
_WRITTEN: Final = _VERSION.operation_id == bindparam("operation")


def name_owner(look: Runs, name: str) -> str | None:
    """The id of the provider that bears this name, or None."""
    key = name_key(name)
    if not storable(key):
        return None
    [found] = look.run(Query(_OWNER, {"name_key": key}))
    return str(found[0][0]) if found else None


def by_name(look: Runs, name: str) -> ProviderVersion:
    """The current version of the provider of this name."""
    key = name_key(name)
    version = _first(look, _NAMED, {"name_key": key}) if storable(key) else None
    if version is None:
        raise missing(None, name)
    return version


def by_id(look: Runs, provider_id: str, number: int | None = None) -> ProviderVersion:
    """A provider's current version, or the one of that number."""
    if number is None:
        version = _first(look, CURRENT, {"of": provider_id})
    else:
        version = _first(look, _NUMBERED, {"of": provider_id, "at_number": number})
    if version is None:
        raise missing(provider_id, "", number)
    return version


def missing(provider_id: str | None, name: str, number: int | None = None) -> NotFound:
    """What is told of a provider, or a version of it, that is not in the store.

    Args:
        provider_id: The provider; None where it was asked for by name.
        name: That name.
        number: Which version was asked for; None for the last.
    """
    if provider_id is None:
        return NotFound(f"There is no provider {shortened(name, 60)}: see the list for the names there are.")
    what = "provider" if number is None else f"version {number} of provider"
    return NotFound(f"There is no {what} {shortened(provider_id, 40)}: refresh the list.")


def outcome(look: Runs, operation_id: str) -> ProviderVersion | None:
    """The version that a save with this id wrote, or None."""
    return _first(look, _WRITTEN, {"operation": operation_id})


def owner_query(name: str) -> Query:
    """Who bears a name that can be stored."""
    return Query(_OWNER, {"name_key": name_key(name)})


def fact_query(key: str) -> Query:
    """What the store keeps under a key, if anything."""
    return Query(_FACT, {"fact_key": key})


def outcome_query(operation_id: str) -> Query:
    """The row of the version that a save wrote."""
    return Query(row_of(_WRITTEN), {"operation": operation_id})


def sealed_secret(look: Runs, provider_id: str, field_id: str, version: int) -> SealedSecret | None:
    """A stored secret in its sealed form, or None."""
    values = {"of": provider_id, "secret_field": field_id, "secret_version": version}
    [found] = look.run(Query(_SECRET, values))
    return rows.sealed_secret(found[0]) if found else None


def last_secret_version(look: Runs, provider_id: str, field_id: str) -> int:
    """The version of the secret set last; 0 when none ever was."""
    [found] = look.run(Query(_LAST_SECRET, {"of": provider_id, "secret_field": field_id}))
    return int(found[0][0] or 0)


def status_counts(look: Runs, provider_id: str) -> Mapping[str, int]:
    """How many messages bear each status code."""
    [found] = look.run(counts_query(provider_id))
    return counts_of(found)


def counts_query(provider_id: str) -> Query:
    """Asks how many messages bear each status code; `counts_of` reads the answer."""
    return Query(_COUNTS, {"of": provider_id})


def counts_of(found: Rows) -> Mapping[str, int]:
    """The answer to `counts_query`."""
    return {row[0]: row[1] for row in found}


def waiting_count(look: Runs, provider_id: str) -> int:
    """How many messages of a provider wait for their first or next try."""
    [found] = look.run(waiting_query(provider_id))
    return waiting_of(found)


def waiting_query(provider_id: str) -> Query:
    """Asks how many messages of a provider wait; `waiting_of` reads the answer."""
    return Query(_WAITING_COUNT, {"of": provider_id})


def waiting_of(found: Rows) -> int:
    """The answer to `waiting_query`."""
    return int(found[0][0] or 0)


def last_queries(provider_id: str | None, name: str, *, sealed: bool) -> tuple[Query, ...]:
    """Asks for the row of a provider's last version, and for its secrets; see `version_of`.

    Args:
        provider_id: The provider; None to go by its name.
        name: Its name.
        sealed: Whether the secrets themselves are wanted, rather than what may be known of them.

    Returns:
        Two statements; none where nobody can bear the name.
    """
    key = name_key(name)
    if provider_id is None and not storable(key):
        return ()
    condition = CURRENT if provider_id is not None else _NAMED
    values = {"of": provider_id} if provider_id is not None else {"name_key": key}
    return Query(row_of(condition), values), Query(secrets_of(condition, sealed=sealed), values)


def fact_of(connection: Connection, key: str) -> str | None:
    """A text the store keeps about itself, or None."""
    found = connection.execute(_FACT, {"fact_key": key}).scalar()
    return None if found is None else str(found)


def storable(text: str) -> bool:
    """Whether a database stores it: what it does not, nobody bears."""
    return not any("\ud800" <= character <= "\udfff" or character == "\0" for character in text)


def version_of(row: Row[Any], found: Rows) -> ProviderVersion:
    """A version out of its row.

    Args:
        row: A row of `provider_version`.
        found: What is known (`STATE_COLUMNS`) of the secrets that belong to it, and perhaps of others of its provider.

    Raises:
        DoesNotLoad: The row is not what a save wrote, or a secret is gone.
    """
    states = {field_id: SecretState() for field_id in SECRET_IDS}
    known = {(each.field, each.version): each for each in found}
    for field_id, version in rows.secret_versions(row).items():
        if version:
            state = known.get((field_id, version))
            if state is None:
                raise DoesNotLoad(f"secret {field_id} version {version} of {row.provider_id} is gone")
            states[field_id] = rows.secret_state(state)
    return rows.version_of(row, states)


@lru_cache(8)
def row_of(condition: ColumnElement[bool]) -> Select[Any]:
    """The row of the version that a condition picks."""
    return select(provider_version).where(condition)


@lru_cache(8)
def secrets_of(condition: ColumnElement[bool], *, sealed: bool = False) -> Select[Any]:
    """What is known of the secrets of the version that a condition picks; with `sealed` the secrets themselves."""
    kept = or_(
        *(
            and_(secret.c.field == field_id, secret.c.version == SecretNumber(_VERSION.secret_versions, field_id))
            for field_id in SECRET_IDS
        )
    )
    joined = secret.join(provider_version, _VERSION.provider_id == secret.c.provider_id)
    return select(*(secret.c if sealed else STATE_COLUMNS)).select_from(joined).where(condition, kept)


def _first(look: Runs, condition: ColumnElement[bool], values: Mapping[str, Any]) -> ProviderVersion | None:
    found, secrets = look.run(Query(row_of(condition), values), Query(secrets_of(condition), values))
    return version_of(found[0], secrets) if found else None
