"""Two environments side by side: what differs, what may be carried over, and that no secret travels."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ftos_tui.config import Environment, Settings
from ftos_tui.domain.diff import STATUSES
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.studio.environments import (
    PORTABLE,
    NothingToPromote,
    Presence,
    compare_environments,
    compare_provider,
    other_session,
    promotion,
)
from ftos_tui.studio.failures import NotFound, NotPermitted, Refused, StaleVersion
from ftos_tui.studio.providers import base_of, clear_secret, delete, open_provider, save
from ftos_tui.studio.session import Session
from tests.studio.making import KEY, PASSWORD, filled, saved, session_in


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Session, Session]]:
    """Test and production, each with its own store and its own master key."""
    test, production = Environment("test"), Environment("production")
    settings = Settings({"test": test, "production": production}, "test")
    here = replace(session_in(tmp_path, name="test"), settings=settings)
    there = other_session(here, "production")
    yield here, there
    here.close()
    there.close()


def on(version: ProviderVersion) -> Draft:
    """A draft on a saved version."""
    return Draft(base_of(version))


def own(draft_name: str = "Gateway") -> dict[str, str]:
    """What production has of its own."""
    return {"service_url": "https://eu.sendgrid.com", "from_address": "office@bank.example", "name": draft_name}


def test_the_other_session_is_the_same_person_in_another_place(two: tuple[Session, Session]) -> None:
    here, there = two
    assert there.author == here.author
    assert there.clock() == here.clock()
    assert there.store_path != here.store_path
    assert there.vault.key_id != here.vault.key_id


@pytest.mark.parametrize("name", ["test", "nowhere"])
def test_an_environment_that_is_no_other_one_is_refused(two: tuple[Session, Session], name: str) -> None:
    with pytest.raises(Failure, match=name):
        other_session(two[0], name)


def test_shipped_stores_do_not_differ(two: tuple[Session, Session]) -> None:
    found = list(compare_environments(*two))
    assert len(found) == 6
    assert {compared.presence for compared in found} == {Presence.SAME}


def test_every_provider_of_both_is_found_once_in_the_order_of_names(two: tuple[Session, Session]) -> None:
    here, there = two
    saved(here, name="Aardvark")
    saved(there, name="zebra")
    saved(here, name="Both")
    saved(there, name="both", bulk_no="70")
    delete(there, open_provider(there, name="GatewaySMS"), "GatewaySMS")
    found = {compared.name: compared for compared in compare_environments(here, there)}
    assert list(found) == sorted(found, key=str.casefold)
    assert found["Aardvark"].presence is Presence.ONLY_HERE
    assert found["zebra"].presence is Presence.ONLY_THERE
    assert found["GatewaySMS"].presence is Presence.ONLY_HERE
    assert found["Both"].fields == ("name", "bulk_no")
    assert len(found) == 9


def test_pages_are_read_to_the_end(two: tuple[Session, Session], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.studio.environments._PAGE", 2)
    assert len(list(compare_environments(*two))) == 6


def test_of_secrets_only_whether_one_is_set_is_compared(two: tuple[Session, Session]) -> None:
    here, there = two
    one, other = saved(here), saved(there)
    assert compare_provider(here, there, "Gateway").presence is Presence.SAME
    save(here, filled(on(one), bulk_no="51"))  # the secrets are at version 2 here now
    compared = compare_provider(here, there, "gateway")
    assert compared.fields == ("bulk_no",)
    clear_secret(there, other, "app_key")
    rows = {row.field: (row.before, row.after) for row in compare_provider(here, there, "Gateway").rows}
    assert rows["app_key"] == ("set", "not set")


def test_neither_has_it(two: tuple[Session, Session]) -> None:
    with pytest.raises(NotFound, match="Neither test nor production has Nobody"):
        compare_provider(*two, "Nobody")


def test_a_promotion_leaves_what_belongs_to_the_environment(two: tuple[Session, Session]) -> None:
    here, there = two
    source = saved(here, bulk_no="200", interval_max="20:00:00")
    target = saved(there, **own())
    draft = promotion(source, there)
    assert draft.changed == ("bulk_no", "interval_max")
    version = save(there, draft, reason="promoted")
    assert version.values["bulk_no"] == 200
    assert version.values["service_url"] == "https://eu.sendgrid.com"
    assert version.values["from_address"] == "office@bank.example"
    assert version.secrets == target.secrets, "the target keeps its own secrets"


def test_chosen_fields_go_and_no_others(two: tuple[Session, Session]) -> None:
    here, there = two
    source = saved(here, bulk_no="200", retry_max_attempt="5")
    saved(there)
    rows = (*source.statuses, StatusRow("extra", "Extra", "processed"))
    source = save(here, on(source).with_statuses(rows))
    assert promotion(source, there, ("bulk_no",)).changed == ("bulk_no",)
    assert promotion(source, there, (STATUSES,)).changed == (STATUSES,)
    assert promotion(source, there).changed == ("bulk_no", "retry_max_attempt", STATUSES)


def test_another_destination_asks_for_the_secrets_again(two: tuple[Session, Session]) -> None:
    here, there = two
    source = saved(here, service_url="https://gateway.example.com")
    saved(there)
    draft = promotion(source, there, ("service_url",))
    with pytest.raises(Refused) as refused:
        save(there, draft)
    assert {f.code for f in refused.value.checked.findings} == {"secret_destination_changed"}
    both = draft.with_secret("app_key", Secret("k" * 9)).with_secret("app_password", Secret("p" * 9))
    assert save(there, both).values["service_url"] == "https://gateway.example.com"


@pytest.mark.parametrize("field_id", ["app_key", "no_such_field"])
def test_secrets_and_unknown_fields_are_refused(two: tuple[Session, Session], field_id: str) -> None:
    source = saved(two[0])
    with pytest.raises(NothingToPromote, match=field_id):
        promotion(source, two[1], ("bulk_no", field_id))


def test_a_provider_that_is_not_there_yet_needs_what_stayed_behind(two: tuple[Session, Session]) -> None:
    here, there = two
    source = saved(here, name="Fresh")
    draft = promotion(source, there)
    with pytest.raises(Refused) as refused:
        save(there, draft)
    missing = {f.field for f in refused.value.checked.findings if f.code == "required"}
    assert missing == {"service_url", "app_user", "from_address", "app_password", "app_key"}
    assert save(there, filled(draft, **own("Fresh"))).number == 1


def test_a_target_that_moved_is_stale(two: tuple[Session, Session]) -> None:
    here, there = two
    source = saved(here, bulk_no="200")
    saved(there)
    draft = promotion(source, there)
    save(there, on(open_provider(there, name="Gateway")).with_text("bulk_no", "60"))
    with pytest.raises(StaleVersion):
        save(there, draft)


def test_a_read_only_target_is_refused_below_the_faces(two: tuple[Session, Session], tmp_path: Path) -> None:
    here, there = two
    source = saved(here, bulk_no="200")
    saved(there)
    there.close()
    locked = replace(there, environment=replace(there.environment, read_only=True))
    with pytest.raises(NotPermitted):
        save(locked, promotion(source, locked))
    locked.close()


def test_no_secret_of_one_environment_is_in_the_store_of_the_other(two: tuple[Session, Session]) -> None:
    here, there = two
    source = saved(here, bulk_no="200")
    sealed = here.store.sealed_secret(source.provider_id, "app_key", 1)
    target = saved(there, **own())
    save(there, promotion(source, there))
    data = b"".join(path.read_bytes() for path in there.store_path.parent.glob("production.sqlite3*"))
    assert sealed is not None
    assert sealed.sealed not in data
    assert PASSWORD.encode() not in data
    assert KEY.encode() not in data
    assert target.number == 1


def test_what_is_portable_holds_no_secret_and_nothing_of_the_environment() -> None:
    assert not {"app_key", "app_password", "service_url", "app_user", "from_address"} & set(PORTABLE)
