"""The trial table: one row for each provider whose current version is on trial."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Executable, Integer, Row, Select, Text, bindparam, delete, func, insert, select

from ftos_tui.domain.record import Author
from ftos_tui.domain.trial import Trial
from ftos_tui.stores.audit_chain import unchained
from ftos_tui.stores.plain_json import time_from_text, time_to_text
from ftos_tui.stores.protocol import NewVersion, Sign
from ftos_tui.stores.sql import audit
from ftos_tui.stores.sql.database import DoesNotLoad
from ftos_tui.stores.sql.schema import provider, trial
from ftos_tui.stores.sql.statements import InTurn, Query, Rows, Runs
from ftos_tui.stores.trial_protocol import TrialEnd

_NAMED: Final = select(trial, provider.c.name).select_from(trial.join(provider, provider.c.id == trial.c.provider_id))
_OF: Final = _NAMED.where(trial.c.provider_id == bindparam("of"))
_ALL: Final = _NAMED.order_by(trial.c.deadline, trial.c.provider_id).limit(bindparam("most", type_=Integer))
_DUE_BY: Final = _ALL.where(trial.c.deadline <= bindparam("by"))
_ENDED: Final = delete(trial).where(trial.c.provider_id == bindparam("of"))
_BEGUN: Final = insert(trial)


def of_provider(look: Runs, provider_id: str) -> Trial | None:
    """The trial of a provider, or None."""
    return of_rows(*look.run(running(provider_id)))


def running(provider_id: str) -> Query:
    """Asks for the trial of a provider; `of_rows` reads the answer."""
    return Query(_OF, {"of": provider_id})


def of_rows(rows: Rows) -> Trial | None:
    """The trial out of the answer to `running`, or None."""
    return _trial(rows[0]) if rows else None


def page(look: Runs, due_by: datetime | None, limit: int) -> Sequence[Trial]:
    """The trials whose deadline is not later than a time, or all, the earliest first."""
    values = {"most": limit} if due_by is None else {"most": limit, "by": time_to_text(due_by)}
    [found] = look.run(Query(_ALL if due_by is None else _DUE_BY, values))
    return [_trial(row) for row in found]


def due(look: Runs, clock: Query, now: datetime, limit: int) -> Sequence[Trial]:
    """The trials that are over; see `TrialStore.due_trials`."""
    [found] = look.run(Query(_due(clock.statement), {"now": time_to_text(now), "most": limit}))
    return [_trial(row) for row in found]


@lru_cache(4)
def _due(clock: Executable) -> Select[Any]:
    if not isinstance(clock, Select):
        raise TypeError("a clock is a SELECT")
    passed = func.coalesce(clock.scalar_subquery(), bindparam("now", type_=Text))
    ordered = _NAMED.where(trial.c.deadline <= passed).order_by(trial.c.deadline, trial.c.provider_id)
    return ordered.limit(bindparam("most", type_=Integer))


def following(new: NewVersion, ended: Trial | None) -> list[Query]:
    """What ends the trial that a new version overtakes, and begins the one it is saved on.

    A trial on top of a trial goes back to where the first one would: nobody confirmed what lies between.

    Args:
        new: The version.
        ended: The trial that runs.
    """
    queries = [Query(_ENDED, {"of": new.provider_id})] if ended is not None else []
    if new.trial_until is not None:
        row = {
            "provider_id": new.provider_id,
            "version": new.expected_version + 1,
            "back_to": new.expected_version if ended is None else ended.back_to,
            "deadline": time_to_text(new.trial_until),
            "started_at": time_to_text(new.at),
            "user": new.author.user,
            "host": new.author.host,
            "ssh_client": new.author.ssh_client,
        }
        queries.append(Query(_BEGUN, row))
    return queries


def end(connection: Connection, ending: TrialEnd, sign: Sign) -> bool:
    """Ends a trial without a version; see `TrialStore.end_trial`."""
    running = of_provider(InTurn(connection), ending.provider_id)
    if running is None or running.version != ending.version:
        return False
    connection.execute(_ENDED, {"of": ending.provider_id})
    detail = {"trial": running.version, "deadline": time_to_text(running.deadline), "back_to": running.back_to}
    entry = unchained(
        ending.at, ending.author, ending.action, detail, provider_id=ending.provider_id, provider_name=running.name
    )
    audit.append(connection, entry, sign)
    return True


def _trial(row: Row[Any]) -> Trial:
    try:
        return Trial(
            provider_id=row.provider_id,
            name=row.name,
            version=row.version,
            back_to=row.back_to,
            deadline=time_from_text(row.deadline),
            started_at=time_from_text(row.started_at),
            started_by=Author(row.user, row.host, row.ssh_client),
        )
    except (ValueError, TypeError) as error:
        raise DoesNotLoad(f"the trial of {row.provider_id}") from error
