"""What stands around a provider, out of several tables at once."""

from ftos_tui.domain.names import name_key
from ftos_tui.stores.around_protocol import Around
from ftos_tui.stores.sql import channels, reads, trials
from ftos_tui.stores.sql.statements import Query, Runs


def around(look: Runs, provider_id: str | None, name: str, *, current: bool) -> Around:
    """What stands around a provider; see `AroundStore.around`."""
    owner = (reads.owner_query(name),) if name_key(name) and reads.storable(name_key(name)) else ()
    of = () if provider_id is None else _queries(provider_id, current=current)
    found = look.run(*owner, *of)
    name_owner = str(found[0][0][0]) if owner and found[0] else None
    if not of:
        return Around(name_owner)
    served, codes, waiting, counts, trial, *last = found[len(owner) :]
    return Around(
        name_owner,
        serves_count=int(served[0][0]),
        serves=tuple(str(row[0]) for row in codes),
        waiting=reads.waiting_of(waiting),
        status_counts=reads.counts_of(counts),
        trial=trials.of_rows(trial),
        current=reads.version_of(last[0][0], last[1]) if last and last[0] else None,
    )


def _queries(provider_id: str, *, current: bool) -> tuple[Query, ...]:
    asked = (
        *channels.in_use(provider_id),
        reads.waiting_query(provider_id),
        reads.counts_query(provider_id),
        trials.running(provider_id),
    )
    return (*asked, *reads.current_queries(provider_id)) if current else asked
