"""Saves that say what they were told of them, and the truth to compare that with."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ftos_tui.domain.draft import Draft, text_of
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.fields import PLAIN_IDS
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.audit import verify
from ftos_tui.studio.providers import base_of, new_draft, open_provider, save
from ftos_tui.studio.reading import opened_secret
from ftos_tui.studio.session import Session, new_id
from tests.screens.values import NAME
from tests.team import Team
from tests.weather.operators import count_of


@dataclass(frozen=True)
class Told:
    """What an operator was told of a save.

    Attributes:
        operation_id: Its id.
        number: The version it was said to have written; 0 for none.
        failure: What was said otherwise.
    """

    operation_id: str
    number: int
    failure: Failure | None = None


def edit(session: Session, name: str = NAME) -> Draft:
    """An edit that changes a number, a text and a secret together, so that a torn save would show."""
    version = open_provider(session, name=name)
    count = version.number % 1000 + 1
    draft = Draft(base_of(version)).with_text("bulk_no", str(count)).with_text("from_display_name", f"Bank {count}")
    return draft.with_secret("app_key", Secret(f"key-{count}"))


def saved(session: Session, draft: Draft, patience_s: float = 30.0) -> Told:
    """Saves, and gives back what is said of it."""
    operation_id = new_id()
    try:
        version = save(session, draft, operation_id=operation_id, patience_s=patience_s)
    except Failure as failure:
        return Told(operation_id, 0, failure)
    return Told(operation_id, version.number)


@contextmanager
def directly(team: Team) -> Iterator[Session]:
    """A session of the owner on a line that works."""
    session = team.session()
    try:
        yield session
    finally:
        session.close()


def is_true(session: Session, told: Told) -> bool:
    """Whether what was told of a save is what the store holds."""
    version = session.store.outcome(told.operation_id)
    return (version.number if version else 0) == told.number


def untorn(session: Session, version: ProviderVersion) -> bool:
    """Whether all that `edit` changes together is there together."""
    count = (version.number - 1) % 1000 + 1
    secret = opened_secret(session, version, "app_key")
    values = (version.values["bulk_no"], version.values["from_display_name"], secret and secret.reveal())
    return values == (count, f"Bank {count}", f"key-{count}")


def chain_is_whole(session: Session) -> bool:
    """Whether the audit proves every version."""
    report = verify(session)
    assert report.problem is None, report.problem
    return report.checked > 0


def make_providers(session: Session, number: int) -> list[str]:
    """Makes providers P00, P01, … that can be saved as they are, out of the configured one; gives back their names."""
    model = session.store.by_name(NAME)
    plain = [missing for missing in PLAIN_IDS if missing != "name"]
    texts = {field_id: text_of(field_id, model.values.get(field_id)) for field_id in plain}
    names = [f"P{at:02}" for at in range(number)]
    for name in names:
        draft = new_draft().with_text("name", name).with_statuses(model.statuses)
        for field_id, text in texts.items():
            draft = draft.with_text(field_id, text)
        draft = draft.with_text("from_display_name", "Bank 0").with_text("bulk_no", "1")
        save(session, draft.with_secret("app_key", Secret("k-12345")).with_secret("app_password", Secret("p-12345")))
    return names


def all_true(session: Session, told: Iterable[Mapping[str, Any]]) -> None:
    """Proves that what operators were told of each save is what the store holds: nothing lost, nothing claimed."""
    for each in told:
        version = session.store.outcome(each["id"])
        assert (version.number if version else 0) == each["number"] or each["said"] == "unknown", each


def nothing_lost(session: Session, name: str) -> int:
    """Proves that every save of a provider built upon the one before: each added one, and none is missing.

    Returns:
        Its last version.
    """
    current = session.store.by_name(name)
    first = count_of(session.store.by_id(current.provider_id, 1).values["from_display_name"])
    before: ProviderVersion | None = None
    for version in reversed(_versions(session, current)):
        count = count_of(version.values["from_display_name"])
        if before is not None:
            assert version.number == before.number + 1
            assert version.values["bulk_no"] == count, "what was saved together is there together"
            assert count == count_of(before.values["from_display_name"]) + 1
        before = version
    assert count_of(current.values["from_display_name"]) == first + current.number - 1
    return current.number


def _versions(session: Session, current: ProviderVersion) -> list[ProviderVersion]:
    found: list[ProviderVersion] = []
    before = current.number + 1
    while page := session.store.versions(current.provider_id, before, 100):
        found += page
        before = page[-1].number
    return found
