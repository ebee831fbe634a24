"""Rules about the saved version and the messages that wait, and the list of statuses."""

from typing import Any

import pytest

from ftos_tui.domain.checks.statuses import check_statuses
from ftos_tui.domain.provider_kind import ProviderKind, provider_kind
from ftos_tui.domain.shipped import SHIPPED
from ftos_tui.domain.status_presets import HTTP, SENDGRID, SMPP, SMTP, preset_for
from ftos_tui.domain.statuses import SUCCESS, StatusRow
from tests.domain.records import GOOD, codes, judge, new_draft, saved_draft

SENT = StatusRow("sent", "Sent", "accepted")


def test_renaming_warns_but_not_another_case() -> None:
    assert codes(judge(saved_draft({"name": "Other"})), "name") == {"warn:name_renamed"}
    assert codes(judge(saved_draft({"name": "ftosEMAILgateway"})), "name") == set()
    assert codes(judge(saved_draft({"name": "Other"}, before={"name": None})), "name") == set()
    assert codes(judge(new_draft({"name": "Other"})), "name") == set()


def test_the_channel_changes_while_messages_wait() -> None:
    edit = saved_draft({"communication_channel": "sms"})
    assert codes(judge(edit, waiting=3), "communication_channel") == {"warn:channel_changed"}
    assert "3 waiting" in judge(edit, waiting=3).of("communication_channel")[0].message
    assert codes(judge(edit), "communication_channel") == set()


@pytest.mark.parametrize(
    ("edits", "waiting", "expected"),
    [
        ({"interval_min": "12:00:01"}, 1234, {"warn:window_closes"}),
        ({"interval_max": "11:59:59"}, 1, {"warn:window_closes"}),
        ({"interval_min": "12:00:00"}, 1234, set()),
        ({"interval_max": "12:00:00"}, 1234, set()),
        ({"interval_min": "12:00:01"}, 0, set()),
    ],
)
def test_an_edit_closes_the_window_while_messages_wait(edits: dict[str, Any], waiting: int, expected: set[str]) -> None:
    checked = judge(saved_draft(edits), waiting=waiting)
    assert codes(checked, "interval_max") == expected
    if expected:
        assert f"{waiting:,} waiting" in checked.of("interval_max")[0].message


def test_a_window_that_was_closed_already_closes_nothing() -> None:
    edit = saved_draft({"interval_min": "13:00:00"}, before={"interval_min": "14:00:00"})
    assert codes(judge(edit, waiting=5), "interval_max") == set()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((SENT,), set()),
        ((), {"warn:status_no_success"}),
        ((StatusRow("x", "X", "failed"),), {"warn:status_no_success"}),
        ((SENT, StatusRow("SENT ", "Sent", "accepted")), {"refuse:status_duplicate", "fix:status_space"}),
        ((SENT, StatusRow("Sent", "Sent", "accepted")), {"refuse:status_duplicate"}),
        ((SENT, StatusRow("", "Empty", "failed")), {"refuse:status_code"}),
        ((SENT, StatusRow("x" * 65, "Long", "failed")), {"refuse:status_code"}),
        ((SENT, StatusRow("x", " ", "failed")), {"refuse:status_label", "fix:status_space"}),
        ((SENT, StatusRow("x", "l" * 101, "failed")), {"refuse:status_label"}),
        ((SENT, StatusRow("x", "X", "gone")), {"refuse:status_canonical"}),
        ((SENT, StatusRow("x", "X", "")), {"refuse:status_canonical"}),
        ((SENT, StatusRow("x", "X", "Failed")), {"fix:status_case"}),
        ((SENT, StatusRow("x\x1b", "X", "failed")), {"refuse:unsafe_character"}),
        ((SENT, StatusRow("x", "X\n", "failed")), {"refuse:unsafe_character"}),
        ((SENT, StatusRow("x", "X", "failed", True, True)), {"warn:status_terminal_retryable"}),
        ((SENT, StatusRow(5, "X", "failed")), {"refuse:status_type"}),  # type: ignore[arg-type]
        ((SENT, StatusRow("x", "X", None)), {"refuse:status_type"}),  # type: ignore[arg-type]
        ((SENT, StatusRow("x", "X", "failed", 1)), {"refuse:status_type"}),  # type: ignore[arg-type]
        (tuple(StatusRow(str(n), "x", "accepted") for n in range(500)), set()),
        (tuple(StatusRow(str(n), "x", "accepted") for n in range(501)), {"refuse:status_count"}),
    ],
    ids=range(20),
)
def test_statuses(rows: tuple[StatusRow, ...], expected: set[str]) -> None:
    assert codes(judge(saved_draft({}, statuses=rows)), "statuses") == expected


def test_statuses_are_put_right() -> None:
    rows, _ = check_statuses((StatusRow(" sent ", " Sent", "ACCEPTED "),))
    assert rows == (SENT,)
    again, findings = check_statuses(rows)
    assert (again, findings) == (rows, ())


def test_unknown_meaning_names_the_known_ones() -> None:
    message = judge(saved_draft({}, statuses=(StatusRow("x", "X", "gone"),))).of("statuses")[0].message
    assert "row 1 among processed, deferred, delivered" in message


@pytest.mark.parametrize("kind", ProviderKind)
def test_presets_pass_their_own_check(kind: ProviderKind) -> None:
    rows, findings = check_statuses(preset_for(kind))
    assert rows == preset_for(kind)
    assert findings == ()
    assert any(row.canonical in SUCCESS for row in rows)


def test_a_new_provider_gets_the_statuses_of_its_kind() -> None:
    assert judge(new_draft({})).statuses == SENDGRID
    assert judge(new_draft({"provider_name": "SMTP"})).statuses == SMTP
    assert judge(new_draft({"provider_name": 5, "communication_channel": "sms"})).statuses == SMPP
    assert judge(new_draft({"provider_name": None, "communication_channel": []})).statuses == HTTP
    assert judge(saved_draft({}, statuses=())).statuses == ()


@pytest.mark.parametrize(
    ("name", "channel", "kind"),
    [
        (" smtp", "email", ProviderKind.SMTP),
        ("FtosProvider", "email", ProviderKind.SENDGRID),
        ("sendgrid", None, ProviderKind.SENDGRID),
        ("HTTP template", "email", ProviderKind.HTTP),
        ("Twilio", "sms", ProviderKind.SMS),
        ("FtosProvider", "sms", ProviderKind.SMS),
        ("Mailgun", "email", ProviderKind.OTHER),
        (None, None, ProviderKind.OTHER),
    ],
)
def test_kind_of_a_provider(name: str | None, channel: str | None, kind: ProviderKind) -> None:
    assert provider_kind(name, channel) is kind


def test_shipped_providers_hold_channel_and_name_only() -> None:
    assert [(shipped.values["communication_channel"], shipped.name) for shipped in SHIPPED] == [
        ("email", "FTOSEmailGateway"),
        ("email", "GatewayEmail"),
        ("email", "GatewayEmailOTP"),
        ("sms", "GatewaySMS"),
        ("sms", "GatewaySMSOTP"),
        ("sms", "FTOSApiSMS"),
    ]
    for shipped in SHIPPED:
        assert set(shipped.values) == set(GOOD)
        filled = {field_id for field_id, value in shipped.values.items() if value is not None}
        assert filled == {"communication_channel", "name"}
        assert shipped.statuses == (SENDGRID if shipped.values["communication_channel"] == "email" else SMPP)


def test_findings_come_in_the_records_order_the_gravest_first() -> None:
    checked = judge(
        new_draft({"click_setting": None, "communication_channel": " EMAIL", "service_url": "https://раураl.com"})
    )
    fields = [finding.field for finding in checked.findings]
    assert fields == ["communication_channel"] * 2 + ["service_url"] * 2 + ["click_setting"]
    assert [finding.severity for finding in checked.of("service_url")] == ["warn", "fix"]
    assert checked.verdict == "refuse"
    assert {finding.code for finding in checked.unacknowledged(())} == {"url_host_scripts"}
    assert checked.unacknowledged({"url_host_scripts"}) == ()
