"""What stands around a provider, out of several tables at once; and a record with it."""

from collections.abc import Sequence

from ftos_tui.domain.names import name_key
from ftos_tui.domain.trial import Trial
from ftos_tui.stores.around_protocol import Around, Record
from ftos_tui.stores.sql import channels, keys, reads, rows, trials
from ftos_tui.stores.sql.statements import Query, Rows, Runs


def around(look: Runs, provider_id: str | None, name: str) -> Around:
    """What stands around a provider; see `AroundStore.around`."""
    owner = (reads.owner_query(name),) if name_key(name) and reads.storable(name_key(name)) else ()
    of = () if provider_id is None else (trials.running(provider_id), *beside(provider_id))
    found = look.run(*owner, *of)
    name_owner = str(found[0][0][0]) if owner and found[0] else None
    if not of:
        return Around(name_owner)
    trial, *others = found[len(owner) :]
    return of_rows(name_owner, trials.of_rows(trial), others)


def record(look: Runs, provider_id: str | None, name: str, *, sealed: bool, keys_too: bool, around_too: bool) -> Record:
    """A provider's last version, and what belongs to it; see `AroundStore.record`."""
    asked = reads.last_queries(provider_id, name, sealed=sealed)
    facts = (keys.FACTS,) if keys_too else ()
    of = (trials.running(provider_id), *beside(provider_id)) if around_too and provider_id is not None else ()
    found, secrets, *others = look.run(*asked, *facts, *of) if asked else ((), ())
    if not found:
        raise reads.missing(provider_id, name)
    version = reads.version_of(found[0], secrets)
    own = {field_id: state.version for field_id, state in version.secrets.items() if state.is_set}
    key_facts = keys.facts_of(others.pop(0)) if facts else {}
    stands: Around | None = None
    if of:
        bears = version.provider_id if not version.deleted else reads.name_owner(look, version.name)
        stands = of_rows(bears, trials.of_rows(others[0]), others[1:])
    elif around_too:
        stands = around(look, version.provider_id, version.name)
    return Record(
        version,
        {row.field: rows.sealed_secret(row) for row in secrets if own.get(row.field) == row.version} if sealed else {},
        key_facts,
        stands,
    )


def beside(provider_id: str) -> tuple[Query, ...]:
    """Asks for what stands around a provider besides its name and its trial; `of_rows` reads the answers."""
    return *channels.in_use(provider_id), reads.waiting_query(provider_id), reads.counts_query(provider_id)


def of_rows(name_owner: str | None, trial: Trial | None, found: Sequence[Rows]) -> Around:
    """What stands around a provider.

    Args:
        name_owner: Who bears the name.
        trial: The trial that runs.
        found: The answers to `beside`.
    """
    served, codes, waiting, counts = found
    return Around(
        name_owner,
        serves_count=int(served[0][0]),
        serves=tuple(str(row[0]) for row in codes),
        waiting=reads.waiting_of(waiting),
        status_counts=reads.counts_of(counts),
        trial=trial,
    )
