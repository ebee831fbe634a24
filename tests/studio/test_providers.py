"""Find, open, check, save, duplicate and delete, on a real store."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.failures import (
    NotFound,
    NotPermitted,
    Refused,
    StaleVersion,
    StoreDamaged,
    VaultError,
    WarningsOpen,
    WrongConfirmation,
)
from ftos_tui.studio.log import Level, read_log
from ftos_tui.studio.nearest import nearest_names
from ftos_tui.studio.providers import (
    ListQuery,
    SortColumn,
    base_of,
    changed_fields,
    check,
    check_context,
    check_live,
    clear_secret,
    count_providers,
    delete,
    duplicate_draft,
    list_providers,
    new_draft,
    open_provider,
    save,
    status_counts,
)
from ftos_tui.studio.session import Session, new_id
from tests.studio.conftest import OpenSession
from tests.studio.making import GOOD, KEY, NOON, PASSWORD, filled, saved


def edit(version: ProviderVersion, **changed: str) -> Draft:
    draft = Draft(base_of(version))
    for field_id, text in changed.items():
        draft = draft.with_text(field_id, text)
    return draft


def test_a_new_store_holds_the_six_shipped_providers_not_configured(session: Session) -> None:
    rows = list_providers(session, ListQuery())
    assert [row.name for row in rows] == [
        "FTOSApiSMS",
        "FTOSEmailGateway",
        "GatewayEmail",
        "GatewayEmailOTP",
        "GatewaySMS",
        "GatewaySMSOTP",
    ]
    assert not any(row.ready for row in rows)
    assert count_providers(session, "otp") == 2
    descending = list_providers(session, ListQuery(sort=SortColumn.NAME, descending=True, limit=1))
    assert descending[0].name == "GatewaySMSOTP"


def test_a_save_is_a_version_with_who_when_and_why(session: Session, open_session: OpenSession) -> None:
    shipped = open_provider(session, name="FTOSEmailGateway")
    version = save(session, filled(Draft(base_of(shipped)), name="FTOSEmailGateway"), reason="go\x1b live")
    assert (version.number, version.action, version.ready) == (2, "save", True)
    read = open_provider(open_session(), name="ftosemailgateway")
    assert read == version
    assert str(read.saved_by) == "ana@jump1 from 192.0.2.7"
    assert read.saved_at == NOON
    assert read.reason == "go␛ live"
    assert read.secrets["app_key"].version == 1
    assert read.secrets["app_key"].readable
    assert read_log(session)[-1].message == "Saved FTOSEmailGateway version 2 (14 fields)"
    assert session.store.audit_entries()[-1].action == "save"


def test_a_save_without_a_change_writes_nothing(session: Session) -> None:
    version = saved(session)
    assert save(session, edit(version, bulk_no="50")).number == 1
    assert save(session, edit(version, bulk_no=" 50 ")).number == 1


def test_the_same_save_tried_again_gives_back_its_outcome(session: Session) -> None:
    version = saved(session)
    operation = new_id()
    first = save(session, edit(version, bulk_no="51"), operation_id=operation)
    assert save(session, edit(version, bulk_no="51"), operation_id=operation) == first


def test_a_refused_record_is_not_saved(session: Session) -> None:
    version = saved(session)
    with pytest.raises(Refused, match="1 field needs to be put right") as caught:
        save(session, edit(version, bulk_no="1001"))
    assert [finding.code for finding in caught.value.checked.findings] == ["bulk_range"]
    assert open_provider(session, name="Gateway").number == 1


def test_a_warning_has_to_be_acknowledged_by_its_name(session: Session) -> None:
    draft = edit(saved(session), pool_time_retry="00:00:30")
    with pytest.raises(WarningsOpen, match=r"acknowledge pool_short \(Pool Time Retry\)") as caught:
        save(session, draft, acknowledged=["window_short"])
    assert [finding.code for finding in caught.value.open] == ["pool_short"]
    assert save(session, draft, acknowledged=["pool_short", "window_short"]).acknowledged == ("pool_short",)


def test_a_stale_save_is_refused_and_says_what_changed(session: Session, open_session: OpenSession) -> None:
    version = saved(session)
    other = open_session(user="bob")
    save(other, edit(version, bulk_no="60").with_secret("app_key", Secret("another-key")))
    draft = edit(version, bulk_no="70", interval_min="08:00:00")
    with pytest.raises(StaleVersion, match=r"bob saved version 2 meanwhile \(Bulk No, App Key\)"):
        save(session, draft)


def test_a_save_of_a_deleted_provider_is_stale(session: Session) -> None:
    version = saved(session)
    delete(session, version, "Gateway")
    with pytest.raises(StaleVersion, match="Gateway was deleted by ana"):
        save(session, edit(version, bulk_no="51"))


def test_a_stored_secret_is_bound_to_its_destination(session: Session) -> None:
    version = saved(session)
    draft = edit(version, service_url="https://other.example.com")
    codes = {finding.code for finding in check(session, draft).findings}
    assert codes == {"secret_destination_changed"}
    draft = draft.with_secret("app_password", Secret("new-pw")).with_secret("app_key", Secret("new-key"))
    moved = save(session, draft)
    assert moved.secrets["app_key"].version == 2
    assert moved.secrets["app_key"].readable


def test_the_fixed_secret_is_what_is_sealed(session: Session) -> None:
    draft = filled(new_draft()).with_secret("app_key", Secret("Bearer abcdef"))
    version = save(session, draft)
    plain = save(session, Draft(base_of(version)).with_secret("app_key", Secret("abcdef")))
    from ftos_tui.vault.envelope import Binding

    for number in (1, 2):
        sealed = session.store.sealed_secret(plain.provider_id, "app_key", number)
        assert sealed is not None
        binding = Binding("local", plain.provider_id, "app_key", number, sealed.destination)
        assert session.vault.unseal(sealed.sealed, binding).reveal() == "abcdef"


def test_no_file_holds_a_secret(session: Session, tmp_path: Path) -> None:
    saved(session)
    session.close()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert PASSWORD.encode() not in content
            assert KEY.encode() not in content


def test_a_secret_moved_to_another_row_is_unreadable_and_kept(session: Session) -> None:
    first, second = saved(session), saved(session, name="Other")
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        connection.execute(
            "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE provider_id = ? AND field = 'app_key') "
            "WHERE provider_id = ? AND field = 'app_key'",
            (first.provider_id, second.provider_id),
        )
    moved = open_provider(session, name="Other")
    assert not moved.secrets["app_key"].readable
    assert moved.secrets["app_key"].is_set
    assert moved.secrets["app_password"].readable
    draft = edit(moved, bulk_no="51")
    with pytest.raises(WarningsOpen, match="secret_unreadable"):
        save(session, draft)
    kept = save(session, draft, acknowledged=["secret_unreadable"])
    assert kept.secrets["app_key"].version == 1
    assert not kept.secrets["app_key"].readable


def test_a_secret_that_is_gone_from_the_store_is_damage_not_emptiness(session: Session) -> None:
    saved(session)
    with closing(sqlite3.connect(session.store_path)) as connection, connection:
        connection.execute("DELETE FROM secret WHERE field = 'app_key'")
    with pytest.raises(StoreDamaged, match="app_key"):
        open_provider(session, name="Gateway")


def test_of_a_cleared_secret_the_other_one_is_still_readable(session: Session) -> None:
    cleared = clear_secret(session, saved(session), "app_password")
    opened = open_provider(session, name="Gateway")
    assert opened.secrets == cleared.secrets
    assert opened.secrets["app_key"].readable


def test_a_lost_key_file_is_told_and_no_new_one_is_made(session: Session, open_session: OpenSession) -> None:
    saved(session)
    session.close()
    session.key_path.unlink()
    again = open_session()
    assert not open_provider(again, name="Gateway").secrets["app_key"].readable
    with pytest.raises(VaultError, match="missing"):
        save(again, filled(new_draft(), name="Other"))
    assert not again.key_path.exists()


def test_clearing_a_secret_is_an_act_of_its_own(session: Session) -> None:
    version = saved(session)
    cleared = clear_secret(session, version, "app_key", "leaked")
    assert (cleared.number, cleared.action, cleared.missing) == (2, "clear_secret", ("app_key",))
    with pytest.raises(WrongConfirmation, match="nothing to clear"):
        clear_secret(session, cleared, "app_key")
    with pytest.raises(StaleVersion):
        clear_secret(session, version, "app_password")
    entered = save(session, Draft(base_of(cleared)).with_secret("app_key", Secret("again")))
    assert entered.secrets["app_key"].version == 2
    assert read_log(session, level=Level.WARNING)[-1].message == "Cleared App Key of Gateway: enter a new one"


def test_deleting_asks_for_the_name_and_keeps_the_versions(session: Session) -> None:
    version = saved(session)
    with pytest.raises(WrongConfirmation, match="type Gateway to confirm"):
        delete(session, version, "gateway")
    delete(session, version, "Gateway", "not needed")
    with pytest.raises(NotFound):
        open_provider(session, name="Gateway")
    assert session.store.by_id(version.provider_id, 1).values == version.values
    assert saved(session).number == 1


def test_a_copy_brings_neither_name_nor_secrets(session: Session) -> None:
    version = saved(session)
    draft = duplicate_draft(version)
    assert draft.text("name") == "Gateway-copy"
    assert not draft.secrets
    assert not any(state.is_set for state in draft.base.secrets.values())
    entered = draft.with_secret("app_key", Secret("k1")).with_secret("app_password", Secret("p1"))
    copy = save(session, entered)
    assert copy.provider_id != version.provider_id
    assert copy.statuses == version.statuses


def test_a_name_that_another_bears_is_refused(session: Session) -> None:
    version = saved(session)
    with pytest.raises(Refused) as caught:
        saved(session, name="ＧＡＴＥＷＡＹ")
    assert [finding.code for finding in caught.value.checked.findings] == ["name_taken"]
    assert save(session, edit(version, name="GATEWAY")).name == "GATEWAY"


@pytest.mark.parametrize("name", ["\ud800", "a\0b", "x\x9b", "\u202e", "[/]", "a%_", "'; DROP TABLE provider;--"])
def test_any_name_can_be_asked_for(session: Session, name: str) -> None:
    with pytest.raises(NotFound):
        open_provider(session, name=name)
    check(session, filled(new_draft(), name=name))
    assert list_providers(session, ListQuery(filter=name)) == []


def test_a_read_only_environment_takes_no_change(session: Session, open_session: OpenSession) -> None:
    version = saved(session)
    reader = open_session(read_only=True)
    assert open_provider(reader, name="Gateway") == version
    for change in (
        lambda: save(reader, edit(version, bulk_no="51")),
        lambda: clear_secret(reader, version, "app_key"),
        lambda: delete(reader, version, "Gateway"),
    ):
        with pytest.raises(NotPermitted, match="read-only"):
            change()


def test_the_environments_settings_reach_the_check(open_session: OpenSession) -> None:
    strict = open_session(allowed_hosts=frozenset({"mail.example.com"}))
    draft = filled(new_draft())
    assert {finding.code for finding in check(strict, draft).findings} == {"url_host_not_allowed"}
    lax = open_session(allow_http=True, test=True)
    draft = filled(new_draft(), service_url="http://relay.example.com", from_address="a@localhost")
    assert {str(finding.severity) for finding in check(lax, draft).findings} == {"warn"}


def test_the_live_check_asks_no_store(session: Session) -> None:
    draft = filled(new_draft())
    context = check_context(session, draft)
    session.close()
    assert check_live(context, draft).findings == ()
    assert session._store is None


def test_changed_fields_name_values_secrets_and_statuses(session: Session) -> None:
    version = saved(session)
    draft = edit(version, bulk_no="51", open_setting="on").with_secret("app_key", Secret("new"))
    draft = draft.with_statuses(version.statuses[:-1])
    assert changed_fields(draft, check(session, draft)) == ("bulk_no", "app_key", "statuses")


def test_the_nearest_names(session: Session) -> None:
    saved(session, name="Überweisung")
    assert nearest_names(session, "FTOSEmialGateway")[0] == "FTOSEmailGateway"
    assert nearest_names(session, "überweissung") == ("Überweisung",)
    assert nearest_names(session, "zzzzzzzzzz") == ()


def test_counts_of_statuses(session: Session) -> None:
    version = saved(session)
    session.store.count_status(version.provider_id, "processed", 3)
    assert status_counts(session, version.provider_id) == {"processed": 3}


def test_the_good_record_needs_no_fix(session: Session) -> None:
    assert replace(filled(new_draft())).edits.keys() <= GOOD.keys()
    assert check(session, filled(new_draft())).findings == ()


def test_a_key_in_the_reason_reaches_neither_version_nor_audit(session: Session) -> None:
    key = "SG." + "a" * 22 + "." + "b" * 43
    version = saved(session)
    changed = save(session, Draft(base_of(version)).with_text("bulk_no", "7"), reason=f"new {key}")
    cleared = clear_secret(session, changed, "app_key", f"was {key}")
    assert (changed.reason, cleared.reason) == ("new [REDACTED]", "was [REDACTED]")
    assert key not in "".join(entry.detail for entry in session.store.audit_entries())
