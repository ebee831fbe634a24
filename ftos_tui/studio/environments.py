"""Compares providers of two environments, and carries chosen fields from one to the other. Secrets never travel."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from ftos_tui.domain.diff import STATUSES, DiffRow, Side, changed_ids, diff
from ftos_tui.domain.draft import Base, Draft, text_of
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.fields import FIELDS, SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import EMPTY_VALUES, ProviderVersion, SecretState
from ftos_tui.domain.visible import visible
from ftos_tui.studio.failures import NotFound
from ftos_tui.studio.reading import ListQuery, ProviderSummary, base_of, list_providers, open_provider
from ftos_tui.studio.session import Session, open_session

PORTABLE: tuple[str, ...] = (
    *(spec.id for spec in FIELDS if not spec.environment_owned and not spec.secret),
    STATUSES,
)
"""What a promotion carries unless told otherwise: Service Url, App user, From Address and secrets stay behind."""

_PAGE = 200


class Presence(StrEnum):
    """How a provider stands in two environments."""

    SAME = "same"
    DIFFERS = "differs"
    ONLY_HERE = "only here"
    ONLY_THERE = "only there"


@dataclass(frozen=True, slots=True)
class Compared:
    """One provider in two environments.

    Attributes:
        name: Its Name.
        here: Its current version in the first environment; None when it is not there.
        there: Its current version in the second one.
        rows: What differs, field by field; of secrets only whether one is set.
    """

    name: str
    here: ProviderVersion | None
    there: ProviderVersion | None
    rows: tuple[DiffRow, ...] = ()

    @property
    def presence(self) -> Presence:
        """How it stands."""
        if self.here is None:
            return Presence.ONLY_THERE
        if self.there is None:
            return Presence.ONLY_HERE
        return Presence.DIFFERS if self.rows else Presence.SAME

    @property
    def fields(self) -> tuple[str, ...]:
        """The ids of the fields that differ, each once."""
        return changed_ids(self.rows)


class NothingToPromote(Failure):
    """The source has no such provider, or no such field."""


def other_session(session: Session, environment: str) -> Session:
    """A session in another environment of the same settings; the caller closes it.

    Raises:
        Failure: The settings know no such environment, or it is the same one.
    """
    if environment == session.environment.name:
        raise Failure(f"{visible(environment)} is the environment you are in: name another one.")
    other = open_session(session.settings, session.places, environment)
    other.ask_passphrase = session.ask_passphrase
    return replace(other, clock=session.clock, author=session.person or session.author, environ=session.environ)


def compare_provider(here: Session, there: Session, name: str) -> Compared:
    """One provider side by side.

    Raises:
        NotFound: Neither environment has it.
    """
    sides = [_by_name(session, name) for session in (here, there)]
    if sides == [None, None]:
        raise NotFound(f"Neither {here.environment.name} nor {there.environment.name} has {visible(name)}.")
    return _compared(name, *sides)


def compare_environments(here: Session, there: Session) -> Iterator[Compared]:
    """All providers of both environments in the order of their names, a page of each in memory at a time."""
    left, right = _names(here), _names(there)
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        mine = name_key(one.name) if one is not None else None
        theirs = name_key(other.name) if other is not None else None
        take_left = one is not None and (theirs is None or (mine is not None and mine <= theirs))
        take_right = other is not None and (mine is None or (theirs is not None and theirs <= mine))
        here_now = open_provider(here, provider_id=one.provider_id) if take_left and one is not None else None
        there_now = open_provider(there, provider_id=other.provider_id) if take_right and other is not None else None
        known = here_now or there_now
        yield _compared(known.name if known else "", here_now, there_now)
        one = next(left, None) if take_left else one
        other = next(right, None) if take_right else other


def promotion(source: ProviderVersion, target: Session, fields: Iterable[str] = PORTABLE) -> Draft:
    """A draft in the target environment that takes over fields of a provider from another one.

    It is saved like every other draft: by the target's checks, guarded by the version it starts from, its secrets
    entered there.

    Args:
        source: The version to take them from.
        target: A session in the target environment.
        fields: Ids of plain fields, and `statuses`.

    Raises:
        NothingToPromote: A field is a secret or does not exist.
    """
    chosen = tuple(fields)
    for field_id in chosen:
        if field_id in SECRET_IDS:
            raise NothingToPromote(f"{field_id} is a secret and does not travel: enter it in the target environment.")
        if field_id not in EMPTY_VALUES and field_id != STATUSES:
            raise NothingToPromote(f"There is no field {visible(field_id)}: `ftos-tui providers fields` lists them.")
    present = _by_name(target, source.name)
    base = base_of(present) if present is not None else Base(None, 0, EMPTY_VALUES, statuses=source.statuses)
    draft = Draft(base)
    if present is None:
        draft = draft.with_text("name", source.name)
    for field_id in chosen:
        if field_id == STATUSES:
            draft = draft.with_statuses(source.statuses)
        else:
            draft = draft.with_text(field_id, text_of(field_id, source.values.get(field_id)))
    return draft


def _by_name(session: Session, name: str) -> ProviderVersion | None:
    try:
        return open_provider(session, name=name)
    except NotFound:
        return None


def _names(session: Session) -> Iterator[ProviderSummary]:
    query = ListQuery(limit=_PAGE)
    while page := list_providers(session, query):
        yield from page
        query = replace(query, after=page[-1].cursor)


def _compared(name: str, here: ProviderVersion | None, there: ProviderVersion | None) -> Compared:
    if here is None or there is None:
        return Compared(name, here, there)
    rows = diff(_comparable(here), _comparable(there))
    return Compared(name, here, there, tuple(_set_or_not(row) if row.field in SECRET_IDS else row for row in rows))


def _comparable(version: ProviderVersion) -> Side:
    """A side whose secrets tell only whether one is set: versions of two environments have nothing in common."""
    secrets = {f: SecretState(version=int(state.is_set)) for f, state in version.secrets.items()}
    return Side(version.values, secrets, version.statuses)


def _set_or_not(row: DiffRow) -> DiffRow:
    before, after = ("not set" if text == "not set" else "set" for text in (row.before, row.after))
    return replace(row, before=before, after=after)
