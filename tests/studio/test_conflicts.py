"""Review before a save, and conflicts with what others saved, on a real store."""

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.conflicts import find_conflict
from ftos_tui.studio.failures import StaleVersion
from ftos_tui.studio.providers import base_of, check, check_context, delete, new_draft, save
from ftos_tui.studio.review import review
from ftos_tui.studio.session import Session
from tests.studio.conftest import OpenSession
from tests.studio.making import filled, saved


def test_a_stale_save_is_brought_together_with_theirs(session: Session, open_session: OpenSession) -> None:
    version = saved(session)
    theirs = Draft(base_of(version)).with_text("bulk_no", "60").with_text("from_display_name", "Bank")
    save(open_session(user="bob"), theirs)
    mine = Draft(base_of(version)).with_text("bulk_no", "70").with_text("interval_min", "08:00:00")
    with pytest.raises(StaleVersion, match="bob saved version 2 meanwhile"):
        save(session, mine)
    conflict = find_conflict(session, mine)
    assert conflict is not None
    assert conflict.theirs.saved_by.user == "bob"
    assert [part.id for part in conflict.parts] == ["from_display_name", "bulk_no", "interval_min"]
    assert [part.id for part in conflict.clashes] == ["bulk_no"]
    third = save(session, conflict.resolved())
    values = ("bulk_no", "from_display_name", "interval_min")
    assert [third.values[field_id] for field_id in values] == [70, "Bank", "08:00:00"]
    taken = conflict.resolved({"bulk_no"})
    assert taken.changed == ("interval_min",)


def test_there_is_no_conflict_where_nobody_saved(session: Session) -> None:
    version = saved(session)
    assert find_conflict(session, Draft(base_of(version)).with_text("bulk_no", "60")) is None
    assert find_conflict(session, new_draft()) is None
    delete(session, version, "Gateway")
    assert find_conflict(session, Draft(base_of(version)).with_text("bulk_no", "60")) is None


def test_a_review_tells_what_a_save_would_do(session: Session) -> None:
    version = saved(session)
    draft = Draft(base_of(version)).with_text("bulk_no", "500").with_text("service_url", "https://x.example.com")
    draft = draft.with_secret("app_key", Secret("canary-4712"))
    found = review(draft, check(session, draft), check_context(session, draft))
    assert [(row.field, str(row.change)) for row in found.rows] == [
        ("service_url", "changed"),
        ("app_key", "changed"),
        ("bulk_no", "changed"),
    ]
    assert "Messages go to x.example.com instead of api.sendgrid.com." in found.consequences
    assert [finding.field for finding in found.refused()] == ["app_password"]
    assert "canary" not in repr(found)


def test_of_a_new_provider_everything_is_new_and_nothing_follows(session: Session) -> None:
    draft = filled(new_draft())
    found = review(draft, check(session, draft), check_context(session, draft))
    assert found.consequences == ()
    assert {"name", "app_key", "statuses"} <= {row.field for row in found.rows}
