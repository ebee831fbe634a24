"""Unsaved edits: kept, offered again, restored on top of what is saved now."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.studio.drafts import (
    CHANNEL_FORM,
    EVERY_FORM,
    differences,
    discard_draft,
    keep_draft,
    offered_drafts,
    restore_draft,
)
from ftos_tui.studio.form_drafts import Typed, keep_typed
from ftos_tui.studio.providers import base_of, delete, new_draft, open_provider, save
from ftos_tui.studio.session import Session, new_id
from tests.studio.conftest import OpenSession
from tests.studio.making import KEY, PASSWORD, filled, saved


def test_a_draft_is_kept_without_its_secrets_and_offered_again(
    session: Session, open_session: OpenSession, tmp_path: Path
) -> None:
    draft = filled(new_draft(), name="New\x1bone")
    keep_draft(session, new_id(), draft)
    [kept] = offered_drafts(open_session())
    assert set(kept.secrets_entered) == {"app_password", "app_key"}
    assert kept.provider_name == "New\x1bone"
    restored = restore_draft(session, kept)
    assert not restored.secrets
    assert {field: restored.text(field) for field in draft.edits} == {f: draft.text(f) for f in draft.edits}
    assert {difference.field for difference in differences(restored)} == set(draft.edits)
    assert next(d.draft for d in differences(restored) if d.field == "name") == "New␛one"
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in content
    assert KEY.encode() not in content


def test_a_secret_typed_into_a_plain_field_is_not_kept_on_disk(session: Session) -> None:
    key = "SG." + "a" * 22 + "." + "b" * 43
    draft = new_draft().with_text("name", key).with_text("app_config", f'{{"body": "{key}", "timeout": 5')
    draft = draft.with_text("service_url", "https://me:canary@p@api.example.com/x@y")
    keep_draft(session, new_id(), draft)
    [kept] = offered_drafts(session)
    assert kept.provider_name == kept.edits["name"] == "[REDACTED]"
    assert kept.edits["app_config"] == '{"body": "[REDACTED]", "timeout": 5'
    assert kept.edits["service_url"] == "https://me:[REDACTED]@api.example.com/x@y"


def test_a_draft_is_restored_on_top_of_what_others_saved_since(session: Session) -> None:
    version = saved(session)
    draft = Draft(base_of(version)).with_text("bulk_no", "70").with_statuses(version.statuses[:-1])
    key = new_id()
    keep_draft(session, key, draft)
    newer = save(session, Draft(base_of(version)).with_text("interval_max", "20:00:00"))
    [kept] = offered_drafts(session)
    restored = restore_draft(session, kept)
    count = len(version.statuses)
    assert restored.base.version == newer.number
    assert [(d.label, d.saved, d.draft) for d in differences(restored)] == [
        ("Bulk No", "50", "70"),
        ("Statuses", f"{count} rows", f"{count - 1} rows, edited"),
    ]
    saved_now = save(session, restored)
    assert saved_now.values["interval_max"] == "20:00:00"
    discard_draft(session, key)
    assert offered_drafts(session) == []


def test_a_draft_without_changes_is_taken_off_the_disk(session: Session) -> None:
    key = new_id()
    draft = new_draft()
    keep_draft(session, key, draft.with_text("name", "x"))
    keep_draft(session, key, draft)
    assert offered_drafts(session) == []


def test_what_waited_to_be_written_does_not_take_the_place_of_what_was_typed_after_it(session: Session) -> None:
    key, draft, before = new_id(), new_draft(), session.clock() - timedelta(seconds=1)
    keep_draft(session, key, draft.with_text("provider_name", "typed last"))
    keep_draft(session, key, draft.with_text("provider_name", "typed first"), at=before)
    assert [kept.edits["provider_name"] for kept in offered_drafts(session)] == ["typed last"]
    keep_typed(session, key, Typed(CHANNEL_FORM, "c", {"code": "typed first"}), at=before)
    assert [kept.edits.get("code") for kept in offered_drafts(session, EVERY_FORM)] == [None]


def test_what_a_form_is_editing_or_belongs_elsewhere_is_not_offered(
    session: Session, open_session: OpenSession
) -> None:
    key = new_id()
    keep_draft(session, key, new_draft().with_text("name", "x"))
    session.open_drafts.add(key)
    assert offered_drafts(session) == []
    assert offered_drafts(open_session(name="other")) == []
    assert len(offered_drafts(open_session())) == 1


def test_a_draft_of_another_process_is_offered_only_when_that_is_gone(session: Session, tmp_path: Path) -> None:
    keeper = (
        "import sys\n"
        "from pathlib import Path\n"
        "from ftos_tui.studio.drafts import keep_draft\n"
        "from ftos_tui.studio.providers import new_draft\n"
        "from ftos_tui.studio.session import new_id\n"
        "from tests.studio.making import session_in\n"
        "keep_draft(session_in(Path(sys.argv[1])), new_id(), new_draft().with_text('name', 'x'))\n"
        "print('kept', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", keeper, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        assert offered_drafts(session) == []
    assert process.returncode == 0
    assert len(offered_drafts(session)) == 1


@pytest.mark.parametrize("gone", ["deleted", "unknown"])
def test_a_draft_of_a_provider_that_is_gone_becomes_a_new_one(session: Session, gone: str) -> None:
    version = saved(session)
    keep_draft(session, new_id(), Draft(base_of(version)).with_text("bulk_no", "70"))
    [kept] = offered_drafts(session)
    if gone == "deleted":
        delete(session, version, "Gateway")
    else:
        kept = replace(kept, provider_id="0" * 32)
    restored = restore_draft(session, kept)
    assert restored.base.provider_id is None
    assert restored.text("bulk_no") == "70"
    assert restored.text("name") == ("Gateway" if gone == "deleted" else "")


def test_a_restored_switch_is_what_was_chosen(session: Session) -> None:
    version = open_provider(session, name=saved(session).name)
    keep_draft(session, new_id(), Draft(base_of(version)).with_text("open_setting", "off"))
    [kept] = offered_drafts(session)
    assert restore_draft(session, kept).text("open_setting") == "off"
