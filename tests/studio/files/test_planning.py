"""Plans: what a document would create, change, leave and refuse, by the same verdicts as the form."""

import json
import os
from pathlib import Path
from typing import Any

import pyrage
import pytest

from ftos_tui.domain.checks.draft import check_draft
from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.record import EMPTY_VALUES
from ftos_tui.studio.channels import new_channel
from ftos_tui.studio.channels import save as save_channel
from ftos_tui.studio.failures import FileProblem
from ftos_tui.studio.files.plan import FieldChange
from ftos_tui.studio.files.planning import MOST_REFUSED
from ftos_tui.studio.providers import base_of, check_context, open_provider, save
from ftos_tui.studio.session import Session
from tests.studio.conftest import OpenSession
from tests.studio.files.making import (
    ENVIRON,
    SECRETS,
    actions,
    applied,
    codes,
    document,
    exported,
    planned,
    provider,
    row_of,
)
from tests.studio.making import GOOD, KEY, PASSWORD, saved


def test_what_is_exported_is_unchanged_when_it_comes_back(session: Session) -> None:
    saved(session)
    for form in ("json", "yaml"):
        for secrets in ("omit", "env", "file"):
            text = exported(session, format=form, secrets=secrets)
            environ = {"GATEWAY_APP_PASSWORD": PASSWORD, "GATEWAY_APP_KEY": KEY}
            plan = planned(session, text, environ)
            assert actions(plan) == ({"unchanged": 7} if secrets != "file" else {"unchanged": 6, "refused": 1})


def test_a_new_provider_is_created_with_the_preset_of_its_kind(session: Session) -> None:
    plan = planned(session, document(provider(), environment="test"))
    row = row_of(plan)
    assert (row.action, row.version, row.provider_id, row.changes) == ("create", 0, None, ())
    assert row.content is not None
    assert row.content.statuses
    assert set(row.content.secrets) == {"app_password", "app_key"}
    assert (plan.origin, plan.environment, plan.source, plan.writes) == ("test", "local", "gateways.json", 1)
    assert PASSWORD not in repr(plan)
    assert KEY not in repr(plan)


def test_a_change_says_what_was_and_what_would_be(session: Session) -> None:
    saved(session)
    rows = [{"code": "250", "label": "Sent", "canonical": "delivered", "terminal": "true"}]
    environ = {**ENVIRON, "THE_KEY": "another-key-0816"}
    changed = provider("GATEWAY", bulk_no=70, click_setting="on", from_display_name="Bank", statuses=rows)
    row = row_of(planned(session, document(changed), environ), "GATEWAY")
    before = len(open_provider(session, name="Gateway").statuses)
    assert row.action == "change"
    assert row.version == 1
    assert row.changes == (
        FieldChange("name", "Gateway", "GATEWAY"),
        FieldChange("from_display_name", "", "Bank"),
        FieldChange("bulk_no", "50", "70"),
        FieldChange("click_setting", "off", "on"),
        FieldChange("app_key", "set, version 1", "from env:THE_KEY"),
        FieldChange("statuses", f"{before} rows", "1 row, 1 of them new or changed"),
    )


def test_a_secret_that_is_stored_already_is_no_change(session: Session) -> None:
    saved(session)
    assert actions(planned(session, document(provider()))) == {"unchanged": 1}
    plan = planned(session, document(provider(bulk_no=70)))
    content = row_of(plan).content
    assert content is not None
    assert content.secrets == {}
    assert content.kept == {"app_password": 1, "app_key": 1}


def test_a_secret_left_out_or_blank_keeps_what_is_stored(session: Session) -> None:
    saved(session)
    for secrets in (None, {}, {"app_key": "", "app_password": None}):
        row = row_of(planned(session, document(provider(bulk_no=70, secrets=secrets, app_key=""))))
        assert row.action == "change"
    for kept in (None, {"app_key": ""}):
        row = row_of(planned(session, document(provider("New", secrets=kept))), "New")
        assert [each.finding.field for each in row.findings] == ["app_password", "app_key"]
        assert codes(row) == ["required", "required"]


def test_a_kept_secret_does_not_go_to_another_destination(session: Session) -> None:
    saved(session)
    row = row_of(planned(session, document(provider(service_url="https://evil.example.com", secrets={}))))
    assert (row.action, codes(row)) == ("refused", ["secret_destination_changed"] * 2)
    assert row_of(planned(session, document(provider(service_url="https://other.example.com")))).action == "change"


@pytest.mark.parametrize(
    ("secrets", "code"),
    [
        ({"app_key": "SG.the-key-itself"}, "secret_reference"),
        ({"app_key": 5}, "secret_reference"),
        ({"app_key": "env:"}, "secret_reference"),
        ({"app_key": "env:A B"}, "secret_reference"),
        ({"app_key": "file:relative"}, "secret_reference"),
        ({"app_key": "http://x"}, "secret_reference"),
        ({"app_key": "age:not armored"}, "secret_reference"),
        ({"app_key": "[REDACTED]"}, "secret_placeholder"),
        ({"app_key": "••••••••"}, "secret_placeholder"),
        ({"app_key": "********"}, "secret_placeholder"),
        ({"token": "env:X"}, "unknown_field"),
        (["env:X"], "secret_reference"),
        ({"app_key": "env:NOT_SET"}, "reference_missing"),
        ({"app_key": "env:EMPTY"}, "reference_missing"),
        ({"app_key": "file:/there/is/no/such/file"}, "reference_file"),
        ({"app_key": "env:MASKED"}, "secret_placeholder"),
        ({"app_key": "env:LINES"}, "secret_character"),
    ],
)
def test_what_is_no_usable_reference_is_refused_and_not_repeated(session: Session, secrets: Any, code: str) -> None:
    environ = {**ENVIRON, "EMPTY": "", "MASKED": "[REDACTED]", "LINES": "a\nb"}
    text = document(provider(secrets=secrets))
    row = row_of(planned(session, text, environ))
    assert row.action == "refused"
    assert code in codes(row)
    assert "the-key-itself" not in str(row.findings)
    assert all(located.line > row.line for located in row.findings if located.finding.code == code)


def test_a_secret_among_the_values_is_refused_and_not_repeated(session: Session) -> None:
    row = row_of(planned(session, document({**GOOD, "app_key": KEY, "app_password": {"set": True}})))
    assert codes(row).count("secret_reference") == 2
    assert KEY not in str(row)


def test_files_and_age_hold_secrets_too(session: Session, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    bare = pyrage.encrypt(KEY.encode() + b"\n", [identity.to_public()], armored=True).decode()
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\r\n")
    path.chmod(0o600)
    secrets = {"app_password": f"file:{path}", "app_key": f"age:{bare}"}
    text = document(provider(secrets=secrets))
    assert codes(row_of(planned(session, text))) == ["reference_identity", "required"]
    row = row_of(planned(session, text, {}, [identity]))
    assert row.action == "create"
    saved(session)
    assert actions(planned(session, text, {}, [identity])) == {"unchanged": 1}
    assert codes(row_of(planned(session, text, {}, [pyrage.x25519.Identity.generate()])))[0] == "reference_age"


def test_an_exported_secret_goes_only_where_it_was_meant_to(session: Session) -> None:
    saved(session)
    identity = pyrage.x25519.Identity.generate()
    text = exported(session, names=("Gateway",), secrets="age", recipients=(str(identity.to_public()),))
    assert KEY not in text
    record = json.loads(text)["providers"][0]
    assert actions(planned(session, document(record), {}, [identity])) == {"unchanged": 1}
    copied = planned(session, document({**record, "name": "Copy"}), {}, [identity])
    assert actions(copied) == {"create": 1}
    moved = {**record, "name": "Copy", "service_url": "https://evil.example.com"}
    row = row_of(planned(session, document(moved), {}, [identity]), "Copy")
    assert codes(row) == ["reference_destination", "reference_destination"]
    swapped = {"app_key": record["secrets"]["app_password"], "app_password": record["secrets"]["app_key"]}
    row = row_of(planned(session, document({**record, "secrets": swapped}), {}, [identity]))
    assert codes(row)[:2] == ["reference_age", "reference_age"]


def test_every_finding_has_its_line(session: Session) -> None:
    text = (
        "ftos_tui: 1\nproviders:\n  - name: A\n    bulk_no: -1\n    interval_min: 9am\n    colour: red\n"
        "    statuses:\n      - {code: a, label: b, canonical: c, count: 5}\n    secrets:\n      app_key: env:NOT_SET\n"
    )
    row = row_of(planned(session, text), "A")
    lines = {(each.finding.field, each.finding.code): each.line for each in row.findings}
    assert lines[("bulk_no", "whole_format")] == 4
    assert lines[("interval_min", "time_format")] == 5
    assert lines[("colour", "unknown_field")] == 6
    assert lines[("statuses", "unknown_field")] == 7
    assert lines[("app_key", "reference_missing")] == 9
    assert lines[("service_url", "required")] == 3


@pytest.mark.parametrize("statuses", ["none", [1], {"code": "a"}, [{"code": 5, "label": "a", "canonical": "b"}], [{}]])
def test_statuses_that_are_no_list_of_rows_are_refused(session: Session, statuses: Any) -> None:
    row = row_of(planned(session, document(provider(statuses=statuses))))
    assert row.action == "refused"
    assert {each.finding.field for each in row.findings} == {"statuses"}


@pytest.mark.parametrize("field_id", ["bulk_no", "open_setting", "interval_min", "app_config", "communication_channel"])
@pytest.mark.parametrize("given", [None, "", "missing"])
def test_a_mandatory_field_that_is_missing_or_nothing_is_refused(session: Session, field_id: str, given: Any) -> None:
    saved(session)
    record = provider(**{field_id: given})
    if given == "missing":
        del record[field_id]
    row = row_of(planned(session, document(record)))
    assert [(each.finding.field, each.finding.code) for each in row.findings] == [(field_id, "required")]


def test_an_optional_field_that_is_missing_keeps_what_is_stored(session: Session) -> None:
    saved(session, from_display_name="Bank")
    assert actions(planned(session, document(provider()))) == {"unchanged": 1}
    row = row_of(planned(session, document(provider(from_display_name=None))))
    assert row.changes == (FieldChange("from_display_name", "Bank", ""),)


@pytest.mark.parametrize(
    ("field_id", "given"),
    [
        ("bulk_no", 5.0), ("bulk_no", True), ("bulk_no", "1_000"), ("bulk_no", "0x10"), ("bulk_no", 10**400),
        ("open_setting", 1), ("open_setting", "oui"), ("interval_min", 32400), ("interval_max", "24:00:00"),
        ("name", 5), ("name", ["a"]), ("name", "[REDACTED]"), ("app_user", "<hidden>"), ("app_config", [1]),
        ("app_config", '{"a": NaN}'), ("app_config", {"a": "\ud800"}), ("from_address", "a@b.c\r\nBcc: x@y"),
        ("service_url", "http://good.com@evil.com"), ("communication_channel", "fax"), ("provider_name", {"a": 1}),
        ("name", "\ud800"), ("name", "tab\there"), ("app_user", "\x00"),
    ],
)  # fmt: skip
def test_the_verdict_is_the_one_of_the_check(session: Session, field_id: str, given: Any) -> None:
    saved(session)
    record = provider(**{field_id: given})
    plan = planned(session, document(record))
    [row] = plan.rows
    target = record["name"] == "Gateway"
    base = base_of(open_provider(session, name="Gateway")) if target else Base(None, 0, EMPTY_VALUES)
    draft = Draft(base, {k: v for k, v in record.items() if k != "secrets"})
    checked = check_draft(draft, check_context(session, draft, ask_store=False))
    refused = {f.code for f in checked.findings if f.severity is Severity.REFUSE and f.field == field_id}
    assert refused
    assert row.action == "refused"
    assert refused <= set(codes(row))


def test_two_providers_of_one_name_are_refused_with_both_lines(session: Session) -> None:
    plan = planned(session, document(provider(), provider("ＧATEWAY")))
    assert actions(plan) == {"create": 1, "refused": 1}
    [finding] = [each.finding for each in plan.rows[1].findings if each.finding.code == "file_duplicate_name"]
    assert f"line {plan.rows[0].line}" in finding.message
    assert len(planned(session, document({}, {})).rows) == 2


def test_warnings_are_counted_and_wait_to_be_acknowledged(session: Session) -> None:
    plan = planned(session, document(provider(pool_time_retry="00:00:30"), provider("B", pool_time_retry="00:00:10")))
    assert plan.warnings == {"pool_short": 2}
    assert plan.open_warnings([]) == ("pool_short",)
    assert plan.open_warnings(["pool_short", "other"]) == ()


def test_what_depends_on_a_provider_counts_for_its_change(session: Session) -> None:
    saved(session)
    channel = new_channel()
    for field_id, text in {"code": "EMAIL", "name": "Customer e-mail", "provider": "Gateway"}.items():
        channel = channel.with_text(field_id, text)
    save_channel(session, channel)
    row = row_of(planned(session, document(provider(communication_channel="sms"))))
    assert row.action == "refused"
    assert "EMAIL" in str(row.findings)
    assert row_of(planned(session, document(provider(bulk_no=9)))).action == "change"


def test_a_plan_of_rubbish_ends_early(session: Session) -> None:
    plan = planned(session, document(*({"name": f"P{number}"} for number in range(MOST_REFUSED * 2))))
    assert plan.cut
    assert MOST_REFUSED <= plan.counts["refused"] < MOST_REFUSED * 2  # type: ignore[index]


def test_the_same_plan_has_the_same_id_and_another_another(open_session: OpenSession) -> None:
    one, two = open_session(), open_session(user="bob")
    text = document(provider(), provider("Other"))
    assert planned(one, text).id == planned(two, text).id
    assert planned(one, text).id != planned(one, document(provider(), provider("Other", bulk_no=51))).id
    before = planned(one, text).id
    saved(one)
    assert planned(one, text).id != before
    unchanged = planned(one, document(provider())).id
    draft = Draft(base_of(open_provider(one, name="Gateway"))).with_text("bulk_no", "60")
    save(one, draft)
    save(one, Draft(base_of(open_provider(one, name="Gateway"))).with_text("bulk_no", "50"))
    assert planned(one, document(provider())).id != unchanged


def test_a_plan_file_is_not_taken_for_a_document(session: Session) -> None:
    with pytest.raises(FileProblem, match="--plan"):
        planned(session, document(provider(), plan={"id": "x"}))


def test_a_stored_secret_that_does_not_open_is_replaced(session: Session, open_session: OpenSession) -> None:
    saved(session)
    os.unlink(session.key_path)  # noqa: PTH108
    session.renew_vault()
    row = row_of(planned(session, document(provider(bulk_no=60, secrets={}))))
    assert codes(row) == ["secret_unreadable", "secret_unreadable"]
    row = row_of(planned(session, document(provider(bulk_no=60))))
    assert row.content is not None
    assert set(row.content.secrets) == set(SECRETS)


def test_applying_twice_changes_nothing_the_second_time(session: Session) -> None:
    text = document(provider(app_config={"timeout": 5, "max_connections": 9}), provider("B", statuses=[]))
    first = applied(session, text, acknowledged=planned(session, text).warnings)
    assert actions(first) == {"create": 2}
    assert actions(planned(session, text)) == {"unchanged": 2}
