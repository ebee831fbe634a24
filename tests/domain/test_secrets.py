"""App Password and App Key: what is refused, what is kept, where it may be sent."""

from dataclasses import replace
from typing import Any

import pytest

from ftos_tui.domain.checks.secrets import check_destinations, fixed_secret
from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.record import SecretState
from ftos_tui.domain.secret import Secret
from tests.domain.records import GOOD, SECRETS, codes, judge, new_draft, saved_draft, stored

BOTH = ("app_password", "app_key")


@pytest.mark.parametrize("field_id", BOTH)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("••••", "secret_placeholder"),
        ("********", "secret_placeholder"),
        ("●●●●●●", "secret_placeholder"),
        ("[REDACTED]", "secret_placeholder"),
        ("<redacted>", "secret_placeholder"),
        ("(hidden)", "secret_placeholder"),
        ("***REDACTED***", "secret_placeholder"),
        ("redacted", "secret_placeholder"),
        ("Secret(…)", "secret_placeholder"),
        ("one\ntwo", "secret_character"),
        ("one\r", "secret_character"),
        ("nul\x00", "secret_character"),
        ("esc\x1b[2J", "secret_character"),
        ("zero\u200bwidth", "secret_character"),
        ("lone\ud800", "secret_character"),
        ("   ", "secret_blank"),
        ("\u00a0", "secret_blank"),
        ("k" * 4097, "too_long"),
    ],
)
def test_refused(field_id: str, text: str, expected: str) -> None:
    checked = judge(new_draft({}, {**SECRETS, field_id: Secret(text)}))
    assert codes(checked, field_id) == {f"refuse:{expected}"}


@pytest.mark.parametrize(
    ("field_id", "text", "expected", "sealed"),
    [
        ("app_key", "Bearer SG.abc", {"fix:key_bearer"}, "SG.abc"),
        ("app_key", "Authorization: bearer  SG.abc ", {"fix:key_bearer", "fix:key_space"}, "SG.abc"),
        ("app_key", " SG.abc\u00a0", {"fix:key_space"}, "SG.abc"),
        ("app_key", "Bearer", {"refuse:secret_blank"}, ""),
        ("app_key", "Bearer ****", {"refuse:secret_placeholder"}, "****"),
        ("app_key", "schlüssel", {"refuse:key_not_ascii"}, "schlüssel"),
        ("app_key", "two words", {"refuse:key_inner_space"}, "two words"),
        ("app_key", "bearerless", set(), "bearerless"),
        ("app_password", " pass ", {"warn:password_space"}, " pass "),
        ("app_password", "Bearer x", {"warn:password_bearer"}, "Bearer x"),
        ("app_password", "pä ss", set(), "pä ss"),
        ("app_password", "k" * 4096, set(), "k" * 4096),
    ],
)
def test_entered(field_id: str, text: str, expected: set[str], sealed: str) -> None:
    assert codes(judge(new_draft({}, {**SECRETS, field_id: Secret(text)})), field_id) == expected
    assert fixed_secret(field_id, Secret(text)).reveal() == sealed


def test_the_same_in_both_fields() -> None:
    same = {"app_password": Secret("twice-the-same"), "app_key": Secret("Bearer twice-the-same ")}
    assert "warn:secrets_same" in codes(judge(new_draft({}, same)), "app_key")


@pytest.mark.parametrize("field_id", BOTH)
def test_blank_keeps_what_is_stored_and_is_required_where_nothing_is(field_id: str) -> None:
    assert codes(judge(new_draft({}, {**SECRETS, field_id: Secret("")})), field_id) == {"refuse:required"}
    assert judge(saved_draft({}, {field_id: Secret("")})).findings == ()
    assert judge(saved_draft({})).findings == ()
    assert codes(judge(Draft(Base(None, 0, GOOD, {}), {})), field_id) == {"refuse:required"}


@pytest.mark.parametrize("field_id", BOTH)
def test_unreadable_is_kept_and_said(field_id: str) -> None:
    unreadable = stored(**{field_id: replace(stored()[field_id], readable=False)})
    assert codes(judge(saved_draft({}, states=unreadable)), field_id) == {"warn:secret_unreadable"}
    assert judge(saved_draft({}, {field_id: Secret("entered-anew")}, states=unreadable)).findings == ()


@pytest.mark.parametrize(
    ("edits", "named"),
    [
        ({"service_url": "https://evil.example"}, "because Service Url changed"),
        ({"service_url": "https://api.sendgrid.com:8443"}, "because Service Url changed"),
        ({"service_url": "http://localhost"}, "because Service Url changed"),
        ({"app_user": "somebody"}, "because App user changed"),
        ({"app_config": {"host": "h.example"}}, "because appConfig changed"),
        ({"app_config": {"body": {"Base-Url": "https://h.example"}}}, "because appConfig changed"),
        ({"app_config": {"proxy": "http://proxy:1"}, "app_user": "me"}, "because App user and appConfig changed"),
        ({"app_config": {"verify": False}}, "because appConfig changed"),
    ],
)
def test_another_destination_asks_for_the_secrets_again(edits: dict[str, Any], named: str) -> None:
    checked = judge(saved_draft(edits))
    for field_id in BOTH:
        assert "refuse:secret_destination_changed" in codes(checked, field_id)
        assert named in checked.of(field_id)[0].message
    one_entered = judge(saved_draft(edits, {"app_key": Secret("entered-anew")}))
    assert codes(one_entered, "app_key") == set()
    assert "refuse:secret_destination_changed" in codes(one_entered, "app_password")


@pytest.mark.parametrize(
    "edits",
    [
        {"service_url": "https://api.sendgrid.com/v3/mail/send?x=1"},
        {"service_url": "https://API.sendgrid.com:443"},
        {"app_config": {"timeout": 3}},
        {"app_config": {"sandbox": True, "body": {"report": 1}}},
        {"name": "Other"},
        {"from_address": "other@bank.example.com"},
    ],
)
def test_the_same_destination_keeps_them(edits: dict[str, Any]) -> None:
    checked = judge(saved_draft(edits))
    assert not any(finding.code == "secret_destination_changed" for finding in checked.findings)


def test_an_unknown_destination_asks_for_the_secret_again() -> None:
    unknown = stored(app_key=SecretState(1, destination=""))
    assert codes(judge(saved_draft({}, states=unknown)), "app_key") == {"refuse:secret_destination_changed"}
    damaged = stored(app_key=SecretState(1, destination="not JSON"))
    assert codes(judge(saved_draft({}, states=damaged)), "app_key") == {"refuse:secret_destination_changed"}


def test_no_destination_is_none_to_keep_a_secret_for() -> None:
    (finding, _) = check_destinations({}, stored(app_password=SecretState(1)), "")
    assert (finding.field, finding.code) == ("app_password", "secret_destination_changed")


def test_a_refused_destination_is_not_judged_twice() -> None:
    assert codes(judge(saved_draft({"service_url": "https://"})), "app_key") == set()


def test_secrets_among_plain_values_are_refused_without_quoting_them() -> None:
    checked = judge(new_draft({"app_key": "canary-4711", "app_password": ""}))
    assert codes(checked, "app_key") == {"refuse:secret_misplaced"}
    assert codes(checked, "app_password") == set()
    assert "canary-4711" not in repr(checked)


def test_unknown_fields_are_named_with_the_nearest() -> None:
    checked = judge(new_draft({"bulkno": 5, "From Adress": "x", "zzz\x1b": 1}))
    assert "perhaps bulk_no" in checked.of("bulkno")[0].message
    assert "perhaps from_address" in checked.of("From Adress")[0].message
    assert checked.of("zzz␛")[0].code == "unknown_field"
    many = judge(new_draft({f"x{n}": 1 for n in range(500)}))
    assert len(many.findings) == 21
    assert "480" in many.of("record")[0].message
    assert judge(new_draft({}, {**SECRETS, "name": Secret("x")})).of("name")[0].code == "unknown_field"
