"""History, comparison and rollback, on a real store."""

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.failures import NotFound, NotPermitted, Refused, StaleVersion
from ftos_tui.studio.history import (
    ProviderDeleted,
    anew_draft,
    changes,
    compare,
    find_with_deleted,
    history,
    rollback,
    rollback_draft,
    version,
)
from ftos_tui.studio.providers import base_of, check, clear_secret, delete, open_provider, save
from ftos_tui.studio.session import Session
from tests.studio.conftest import OpenSession
from tests.studio.making import KEY, PASSWORD, saved


def change(session: Session, before: ProviderVersion, reason: str = "", **texts: str) -> ProviderVersion:
    draft = Draft(base_of(before))
    for field_id, text in texts.items():
        draft = draft.with_text(field_id, text)
    return save(session, draft, reason=reason)


@pytest.fixture
def three(session: Session) -> ProviderVersion:
    """The third version of a provider."""
    second = change(session, saved(session), "load", bulk_no="60", from_display_name="Bank")
    return save(session, Draft(base_of(second)).with_statuses(second.statuses[1:]).with_text("bulk_no", "70"))


def test_versions_newest_first_with_what_each_changed(session: Session, three: ProviderVersion) -> None:
    entries = history(session, three.provider_id)
    assert [(entry.version.number, entry.changed) for entry in entries] == [
        (3, ("bulk_no", "statuses")),
        (2, ("from_display_name", "bulk_no")),
        (1, ()),
    ]
    assert entries[1].version.reason == "load"
    assert str(entries[1].version.saved_by) == "ana@jump1 from 192.0.2.7"


def test_pages_say_what_changed_across_their_edges(session: Session, three: ProviderVersion) -> None:
    [newest] = history(session, three.provider_id, limit=1)
    assert newest.changed == ("bulk_no", "statuses")
    page = history(session, three.provider_id, before=3, limit=0)
    assert [(entry.version.number, entry.changed) for entry in page] == [(2, ("from_display_name", "bulk_no"))]
    assert history(session, three.provider_id, before=1) == []
    assert history(session, "nobody") == []


def test_what_became_of_secrets_is_in_the_history(session: Session) -> None:
    first = saved(session)
    entered = save(session, Draft(base_of(first)).with_secret("app_key", Secret("another-key")))
    cleared = clear_secret(session, entered, "app_key")
    assert [entry.changed for entry in history(session, first.provider_id)] == [("app_key",), ("app_key",), ()]
    assert changes(first, cleared) == ("app_key",)


def test_any_two_versions_are_compared(session: Session, three: ProviderVersion) -> None:
    found = compare(session, three.provider_id, 1, 3)
    assert [row.label for row in found.rows][:2] == ["From Display Name", "Bulk No"]
    assert found.rows[2].field == "statuses"
    assert found.consequences == ("50 to 70 a step = at most 4,200 an hour instead of 3,000.",)
    back = compare(session, three.provider_id, 3, 1)
    assert (back.before, back.after) == (found.after, found.before)
    assert compare(session, three.provider_id, 2, 2).rows == ()
    with pytest.raises(NotFound, match="Gateway has no version 9: its versions go from 1 to 3"):
        compare(session, three.provider_id, 1, 9)
    with pytest.raises(NotFound):
        version(session, "nobody", 1)


def test_a_rollback_is_a_new_version_equal_to_the_old_one(session: Session, three: ProviderVersion) -> None:
    draft = rollback_draft(session, three.provider_id, 1, base=3)
    assert draft.changed == ("from_display_name", "bulk_no", "statuses")
    back = rollback(session, draft, 1, reason="too fast")
    old = version(session, three.provider_id, 1)
    assert (back.number, back.action, back.reason) == (4, "rollback", "As in version 1: too fast")
    assert (back.values, back.statuses, back.secrets) == (old.values, old.statuses, old.secrets)
    assert session.store.audit_entries()[-1].action == "rollback"
    again = rollback_draft(session, three.provider_id, 1)
    assert again.changed == ()
    assert rollback(session, again, 1).number == 4


def test_a_rollback_keeps_the_secrets_stored_now(session: Session) -> None:
    first = saved(session)
    newer = save(
        session, Draft(base_of(first)).with_text("bulk_no", "60").with_secret("app_key", Secret("another-key"))
    )
    back = rollback(session, rollback_draft(session, first.provider_id, 1), 1)
    assert back.values == first.values
    assert back.secrets == newer.secrets


def test_a_rollback_to_another_destination_asks_for_the_secrets_again(session: Session) -> None:
    first = saved(session)
    moved = Draft(base_of(first)).with_text("service_url", "https://eu.example.com")
    save(session, moved.with_secret("app_password", Secret("new-pw")).with_secret("app_key", Secret("new-key")))
    draft = rollback_draft(session, first.provider_id, 1)
    with pytest.raises(Refused):
        rollback(session, draft, 1)
    assert {finding.code for finding in check(session, draft).findings} == {"secret_destination_changed"}
    entered = draft.with_secret("app_password", Secret(PASSWORD)).with_secret("app_key", Secret(KEY))
    back = rollback(session, entered, 1)
    assert back.values["service_url"] == "https://api.sendgrid.com"
    assert back.secrets["app_key"].version == 3


def test_a_rollback_to_what_was_not_configured_is_refused(session: Session) -> None:
    shipped = open_provider(session, name="FTOSEmailGateway")
    texts = {field_id: str(value) for field_id, value in saved(session).values.items() if value is not None}
    draft = Draft(base_of(shipped))
    for field_id, text in {**texts, "name": "FTOSEmailGateway", "open_setting": "on", "click_setting": "off"}.items():
        draft = draft.with_text(field_id, text)
    save(session, draft.with_secret("app_password", Secret(PASSWORD)).with_secret("app_key", Secret(KEY)))
    with pytest.raises(Refused):
        rollback(session, rollback_draft(session, shipped.provider_id, 1), 1)


def test_a_rollback_is_guarded_by_the_version_it_was_asked_for(
    session: Session, three: ProviderVersion, open_session: OpenSession
) -> None:
    draft = rollback_draft(session, three.provider_id, 2)
    change(open_session(user="bob"), three, bulk_no="80")
    with pytest.raises(StaleVersion, match="bob saved version 4 meanwhile"):
        rollback(session, draft, 2)
    with pytest.raises(StaleVersion, match="bob saved version 4 meanwhile"):
        rollback(session, rollback_draft(session, three.provider_id, 2, base=3), 2)
    with pytest.raises(NotPermitted):
        rollback(open_session(read_only=True), rollback_draft(session, three.provider_id, 2), 2)


def test_a_deleted_provider_keeps_its_history_and_can_be_made_anew(session: Session, three: ProviderVersion) -> None:
    delete(session, three, "Gateway")
    gone = find_with_deleted(session, "GATEWAY")
    assert (gone.deleted, gone.number) == (True, 4)
    assert history(session, gone.provider_id)[0].changed == ()
    with pytest.raises(ProviderDeleted, match="Gateway was deleted by ana"):
        rollback_draft(session, gone.provider_id, 2)
    draft = anew_draft(session, gone.provider_id, 2)
    assert draft.text("bulk_no") == "60"
    with pytest.raises(Refused):
        rollback(session, draft, 2)
    entered = draft.with_secret("app_password", Secret(PASSWORD)).with_secret("app_key", Secret(KEY))
    made = rollback(session, entered, 2)
    assert (made.name, made.number, made.action) == ("Gateway", 1, "create")
    assert made.provider_id != gone.provider_id
    assert find_with_deleted(session, "gateway") == made
    with pytest.raises(NotFound):
        find_with_deleted(session, "Nobody")
