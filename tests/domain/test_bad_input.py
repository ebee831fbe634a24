"""Bad input, verdict by example: every rule's samples and their neighbours, each with its verdict and its code."""

from typing import Any

import pytest

from ftos_tui.domain.findings import Severity
from ftos_tui.domain.record import Value
from tests.domain.records import ACCEPTED, GOOD, SMTP, case_name, codes, judge, new_draft

# field, what came in, findings at the field
TEXTS: list[tuple[str, Any, set[str]]] = [
    ("name", "", {"refuse:required"}),
    ("name", "   ", {"refuse:required"}),
    ("name", None, {"refuse:required"}),
    ("name", 50, {"refuse:value_type"}),
    ("name", True, {"refuse:value_type"}),
    ("name", ["a"], {"refuse:value_type"}),
    ("name", " Gateway", {"fix:outer_space"}),
    ("name", "Gateway\u00a0", {"fix:outer_space"}),
    ("name", "a\tb", {"refuse:unsafe_character"}),
    ("name", "a\n", {"refuse:unsafe_character"}),
    ("name", "a\u009bb", {"refuse:unsafe_character"}),
    ("name", "a\x1b[2Jb", {"refuse:unsafe_character"}),
    ("name", "a\x7fb", {"refuse:unsafe_character"}),
    ("name", "a\u200bb", {"refuse:unsafe_character"}),
    ("name", "a\ufeffb", {"refuse:unsafe_character"}),
    ("name", "a\u202eb", {"refuse:unsafe_character"}),
    ("name", "a\u2028b", {"refuse:unsafe_character"}),
    ("name", "a\U000e0041b", {"refuse:unsafe_character"}),
    ("name", "a\ud800", {"refuse:unsafe_character"}),
    ("name", "[/]", ACCEPTED),
    ("name", "[@click=app.quit]x[/]", ACCEPTED),
    ("name", '=HYPERLINK("x")', ACCEPTED),
    ("name", "РayРal", {"warn:mixed_scripts"}),
    ("name", "РАУРАХ", {"warn:mixed_scripts"}),
    ("name", "Банк Gateway", ACCEPTED),
    ("name", "日本語ゲートウェイGateway", ACCEPTED),
    ("name", "../../etc/passwd", ACCEPTED),
    ("name", "x" * 100, ACCEPTED),
    ("name", "x" * 101, {"refuse:too_long"}),
    ("name", "[REDACTED]", {"refuse:placeholder"}),
    ("provider_name", "", {"refuse:required"}),
    ("from_display_name", "", ACCEPTED),
    ("from_display_name", None, ACCEPTED),
    ("from_display_name", "Bank\r\nBcc: x@y", {"refuse:unsafe_character"}),
    ("from_display_name", "ceo@bank.example.com", {"warn:display_name_address"}),
    ("from_display_name", "office@bank.example.com", ACCEPTED),
    ("communication_channel", "fax", {"refuse:option_unknown"}),
    ("communication_channel", "", {"refuse:required"}),
    ("communication_channel", None, {"refuse:required"}),
    ("communication_channel", 1, {"refuse:value_type"}),
    ("communication_channel", "Email", {"fix:option_case"}),
    ("communication_channel", " EMAIL ", {"fix:option_case", "fix:outer_space"}),
    ("app_user", "", {"refuse:required"}),
    ("app_user", "apikey ", {"warn:user_space"}),
    ("app_user", " apikey", {"warn:user_space"}),
    ("app_user", "api\nkey", {"refuse:unsafe_character"}),
    ("app_user", "SG." + "a" * 22 + "." + "b" * 43, {"refuse:secret_in_clear"}),
]

ADDRESSES: list[tuple[str, Any, set[str]]] = [
    ("from_address", "", {"refuse:required"}),
    ("from_address", ["a@b.c"], {"refuse:value_type"}),
    ("from_address", "a@b.c\r\nBcc: x@y", {"refuse:unsafe_character"}),
    ("from_address", "a\x00@b.co", {"refuse:unsafe_character"}),
    ("from_address", "a@b.co, c@d.co", {"refuse:address_several"}),
    ("from_address", "a@b.co;c@d.co", {"refuse:address_several"}),
    ("from_address", "a@b.co c@d.co", {"refuse:address_several"}),
    ("from_address", "a@b.co,", {"refuse:address_format"}),
    ("from_address", "alice@x.org)bob@evil", {"refuse:address_format"}),
    ("from_address", "alice(x)@x.org", {"refuse:address_format"}),
    ("from_address", "Bank <a@b.co>", {"refuse:address_format"}),
    ("from_address", "a@localhost", {"refuse:address_local"}),
    ("from_address", "a@mail.localhost", {"refuse:address_local"}),
    ("from_address", "a@[127.0.0.1]", {"refuse:address_local"}),
    ("from_address", "a@10.0.0.1", {"refuse:address_local"}),
    ("from_address", "a@127.1", {"refuse:address_local"}),
    ("from_address", '"a b"@c.de', {"refuse:address_format"}),
    ("from_address", "a b@c.de", {"refuse:address_format"}),
    ("from_address", "a@раураl.com", {"warn:address_scripts", "fix:address_idna"}),
    ("from_address", "a@xn--80ak6aa92e.com", {"warn:address_scripts"}),
    ("from_address", "a@münchen.de", {"fix:address_idna"}),
    ("from_address", "a@b.co.", {"refuse:address_format"}),
    ("from_address", "a@b.co。", {"refuse:address_format"}),
    ("from_address", "a", {"refuse:address_format"}),
    ("from_address", "@b.co", {"refuse:address_format"}),
    ("from_address", "a@", {"refuse:address_format"}),
    ("from_address", "a@@b.co", {"refuse:address_format"}),
    ("from_address", "a..b@c.de", {"refuse:address_format"}),
    ("from_address", ".a@c.de", {"refuse:address_format"}),
    ("from_address", "a@b", {"refuse:address_format"}),
    ("from_address", "a@b_c.de", {"refuse:address_format"}),
    ("from_address", "a@-b.de", {"refuse:address_format"}),
    ("from_address", "a" * 65 + "@b.co", {"refuse:address_format"}),
    ("from_address", "ü@b.co", {"refuse:address_not_ascii"}),
    ("from_address", "office@BANK.Example.com", {"fix:address_case"}),
    ("from_address", " a@b.co ", {"fix:outer_space"}),
    ("from_address", "a@bank.test", ACCEPTED),
    ("from_address", "a@bank.local", ACCEPTED),
    ("from_address", "a@bank.internal", ACCEPTED),
    ("from_address", "a+b.c_d@example.com", ACCEPTED),
]

NUMBERS: list[tuple[str, Any, set[str]]] = [
    *[
        ("bulk_no", raw, {"refuse:whole_format"})
        for raw in ("-1", "-0", "１２", "٣", "1_000", "1,000", "1 000", "+5", "50.0", "1e3", "0x10", "5O", "fifty")
    ],
    ("bulk_no", "", {"refuse:required"}),
    ("bulk_no", None, {"refuse:required"}),
    ("bulk_no", "0", {"refuse:bulk_range"}),
    ("bulk_no", "000", {"refuse:bulk_range"}),
    ("bulk_no", 0, {"refuse:bulk_range"}),
    ("bulk_no", -1, {"refuse:bulk_range"}),
    ("bulk_no", 1, ACCEPTED),
    ("bulk_no", "1000", ACCEPTED),
    ("bulk_no", "1001", {"refuse:bulk_range"}),
    ("bulk_no", "9" * 150, {"refuse:bulk_range"}),
    ("bulk_no", "9" * 5000, {"refuse:too_long"}),
    ("bulk_no", 10**5000, {"refuse:bulk_range"}),
    ("bulk_no", 50.0, {"refuse:value_type"}),
    ("bulk_no", float("nan"), {"refuse:value_type"}),
    ("bulk_no", True, {"refuse:value_type"}),
    ("bulk_no", [50], {"refuse:value_type"}),
    ("bulk_no", " 50 ", {"fix:outer_space"}),
    ("bulk_no", "050", {"fix:whole_zeros"}),
    ("bulk_no", "5\n0", {"refuse:unsafe_character"}),
    ("retry_max_attempt", "0", ACCEPTED),
    ("retry_max_attempt", "20", ACCEPTED),
    ("retry_max_attempt", "21", {"refuse:retry_range"}),
    ("retry_max_attempt", "-1", {"refuse:whole_format"}),
    ("retry_max_attempt", -1, {"refuse:retry_range"}),
    ("retry_max_attempt", "", {"refuse:required"}),
]

TIMES: list[tuple[str, Any, set[str]]] = [
    *[
        (field_id, raw, {"refuse:time_format"})
        for field_id in ("interval_min", "interval_max", "pool_time_retry")
        for raw in (
            "9:00:00",
            "09:00",
            "090000",
            "09:00:00.5",
            "-01:00:00",
            "9am",
            "０９:00:00",
            "٠٩:٠٠:٠٠",
            "09:00:00Z",
        )
    ],
    *[
        (field_id, raw, {"refuse:time_range"})
        for field_id in ("interval_min", "interval_max", "pool_time_retry")
        for raw in ("24:00:00", "25:00:00", "12:60:00", "12:00:60", "99:99:99")
    ],
    ("interval_min", "", {"refuse:required"}),
    ("interval_min", 90000, {"refuse:value_type"}),
    ("interval_min", False, {"refuse:value_type"}),
    ("interval_min", "09:00:00\n", {"refuse:unsafe_character"}),
    ("interval_min", " 09:00:00", {"fix:outer_space"}),
    ("interval_min", "soon", {"refuse:time_format"}),
    ("interval_max", "09:00:00", {"refuse:window_empty"}),
    ("interval_max", "08:59:59", {"warn:window_always"}),
    ("interval_max", "09:00:58", {"warn:window_short"}),
    ("interval_max", "09:00:59", ACCEPTED),
    ("interval_max", "03:00:00", ACCEPTED),
    ("pool_time_retry", "00:00:00", {"refuse:pool_zero"}),
    ("pool_time_retry", "00:00:01", {"warn:pool_short"}),
    ("pool_time_retry", "00:00:59", {"warn:pool_short"}),
    ("pool_time_retry", "00:01:00", ACCEPTED),
    ("pool_time_retry", "23:59:59", ACCEPTED),
]

SWITCHES: list[tuple[str, Any, set[str]]] = [
    *[
        (field_id, raw, ACCEPTED)
        for field_id in ("open_setting", "click_setting")
        for raw in (True, False, "on", "OFF", "true", "False", "YES", "no")
    ],
    *[
        (field_id, raw, {"refuse:required"})
        for field_id in ("open_setting", "click_setting")
        for raw in (None, "", "  ")
    ],
    ("open_setting", "1", {"refuse:bool_format"}),
    ("open_setting", "maybe", {"refuse:bool_format"}),
    ("open_setting", "o\x00n", {"refuse:unsafe_character"}),
    ("open_setting", 1, {"refuse:value_type"}),
    ("open_setting", 0.0, {"refuse:value_type"}),
    ("open_setting", {}, {"refuse:value_type"}),
    ("open_setting", " on ", {"fix:outer_space"}),
]


@pytest.mark.parametrize(
    ("field_id", "raw", "expected"),
    [*TEXTS, *ADDRESSES, *NUMBERS, *TIMES, *SWITCHES],
    ids=case_name,
)
def test_verdict_by_example(field_id: str, raw: Any, expected: set[str]) -> None:
    assert codes(judge(new_draft({field_id: raw})), field_id) == expected


@pytest.mark.parametrize(
    ("field_id", "raw", "canonical"),
    [
        ("name", "  Gate way\u00a0", "Gate way"),
        ("app_user", "apikey ", "apikey "),
        ("from_display_name", "", None),
        ("communication_channel", " EMAIL ", "email"),
        ("service_url", "HTTPS://API.SendGrid.COM./V3?x=1", "https://api.sendgrid.com/V3?x=1"),
        ("service_url", "https://MÜnchen.de:8443", "https://xn--mnchen-3ya.de:8443"),
        ("service_url", "https://[2001:DB8:0::1]:443/", "https://[2001:db8::1]:443/"),
        ("app_config", '{"timeout":5,"method":"POST"}', '{"method": "POST", "timeout": 5}'),
        ("app_config", {"timeout": 5, "method": "PÖST"}, '{"method": "PÖST", "timeout": 5}'),
        ("from_address", "Office@BÜRO.de", "Office@xn--bro-hoa.de"),
        ("bulk_no", "0050", 50),
        ("bulk_no", 50, 50),
        ("interval_min", " 09:00:00 ", "09:00:00"),
        ("open_setting", "Yes", True),
        ("click_setting", "off", False),
        ("bulk_no", "1001", "1001"),
        ("bulk_no", 1001, "1001"),
        ("bulk_no", 50.5, "50.5"),
        ("bulk_no", True, "true"),
        ("name", False, "false"),
        ("bulk_no", [50], None),
        ("bulk_no", 10**5000, None),
        ("bulk_no", float("nan"), None),
        ("app_user", "SG." + "a" * 22 + "." + "b" * 43, None),
        ("app_config", {"body": "SG." + "a" * 22 + "." + "b" * 43}, None),
    ],
    ids=case_name,
)
def test_values_are_canonical_and_refused_ones_kept_as_text(field_id: str, raw: Any, canonical: Value) -> None:
    value = judge(new_draft({field_id: raw})).values[field_id]
    assert value == canonical
    assert type(value) is type(canonical)


@pytest.mark.parametrize(
    ("field_id", "raw", "words"),
    [
        ("interval_max", "24:00:00", "23:59:59"),
        ("interval_min", "24:00:00", "00:00:00"),
        ("interval_min", "9:00:00", "Write 09:00:00"),
        ("interval_min", "09:00", "Write 09:00:00"),
        ("interval_min", "090000", "Write 09:00:00"),
        ("interval_min", "9am", "Write 09:00:00"),
        ("interval_min", "12am", "Write 00:00:00"),
        ("interval_min", "9:30 p.m.", "Write 21:30:00"),
        ("interval_min", "9.15 PM", "Write 21:15:00"),
        ("interval_min", "13pm", "for example"),
        ("interval_min", "9" * 30, "for example"),
        ("bulk_no", "１２", "12"),
        ("bulk_no", "1,000", "1000"),
        ("bulk_no", "9,000", "for example 50"),
        ("bulk_no", "1001", "from 1 to 1,000"),
        ("name", "a\u200bb", "U+200B ZERO WIDTH SPACE at character 2"),
        ("name", "x" * 103, "by 3 to at most 100"),
        ("service_url", "api.x.com", "https://api.x.com"),
        ("service_url", "https:/api.x.com", "https://api.x.com."),
        ("app_config", '{"a":1,\n "b": }', "line 2, column 7"),
        ("app_config", '{\n"a": NaN}', "line 2, column 6"),
        ("app_config", '{"a": "NaN", "b":\n -Infinity}', "line 2, column 2"),
        ("app_config", '{"timout": 5}', "perhaps timeout"),
        ("app_config", '{"a": 1, "b": 2, "c": 3, "d": 4}', "a, b, c, …"),
        ("app_config", '{"proxy": "http://u:pw@169.254.169.254"}', "in proxy: 169.254.169.254 may"),
        ("communication_channel", "fax", "email or sms"),
        ("from_address", "Bank <a@b.co>", "From Display Name"),
    ],
)
def test_message_says_what_to_do(field_id: str, raw: str, words: str) -> None:
    findings = judge(new_draft({field_id: raw})).of(field_id)
    assert any(words in finding.message for finding in findings), findings


def test_a_good_record_is_accepted() -> None:
    checked = judge(new_draft({}))
    assert checked.findings == ()
    assert checked.verdict == "accept"
    assert checked.values == GOOD


@pytest.mark.parametrize(
    ("context", "field_id", "raw", "expected"),
    [
        ({"allow_http": True}, "service_url", "http://h.example", {"warn:url_plain_http_allowed"}),
        ({"allowed_hosts": frozenset({"API.sendgrid.com."})}, "service_url", "https://api.sendgrid.com", ACCEPTED),
        ({"allowed_hosts": frozenset({"fd00::1"})}, "service_url", "https://[FD00::1]", {"fix:url_host_form"}),
        (
            {"allowed_hosts": frozenset({"a.example"})},
            "service_url",
            "https://b.a.example",
            {"refuse:url_host_not_allowed"},
        ),
        (
            {"allowed_hosts": frozenset({"a.example"})},
            "service_url",
            "https://127.0.0.1",
            {"refuse:url_host_not_allowed"},
        ),
        (
            {"allowed_hosts": frozenset({"api.sendgrid.com"})},
            "app_config",
            {"host": "b.example"},
            {"refuse:app_config_host"},
        ),
        ({"allowed_hosts": frozenset({"api.sendgrid.com"})}, "app_config", {"url": ":/"}, {"refuse:app_config_host"}),
        (
            {"allowed_hosts": frozenset({"api.sendgrid.com"})},
            "app_config",
            {"url": ["https://b.example"]},
            {"refuse:app_config_host"},
        ),
        (
            {"allowed_hosts": frozenset({"api.sendgrid.com"})},
            "app_config",
            {"proxy": {"https": "http://b.example"}},
            {"refuse:app_config_host"},
        ),
        ({"allowed_hosts": frozenset({"api.sendgrid.com"})}, "app_config", {"proxy": {"user": "joe"}}, ACCEPTED),
        ({"test": True}, "from_address", "a@localhost", ACCEPTED),
        ({"test": True}, "from_address", "a@[127.0.0.1]", ACCEPTED),
        ({"test": True}, "from_address", "a@[IPv6:::1]", ACCEPTED),
        ({"test": True}, "from_address", "a@[127.0.0.999]", {"refuse:address_format"}),
        ({"test": True}, "from_address", "a@[x]", {"refuse:address_format"}),
        ({"test": True}, "from_address", "a..b@localhost", {"refuse:address_format"}),
        ({"taken_names": frozenset({"ftosemailgateway"})}, "name", "ＦTOSEmailGATEWAY", {"refuse:name_taken"}),
    ],
)
def test_verdict_depends_on_the_environment(
    context: dict[str, Any], field_id: str, raw: Any, expected: set[str]
) -> None:
    assert codes(judge(new_draft({field_id: raw}), **context), field_id) == expected


@pytest.mark.parametrize(
    ("edits", "field_id", "expected"),
    [
        (SMTP, "service_url", ACCEPTED),
        ({**SMTP, "service_url": "smtps://10.0.0.7"}, "service_url", ACCEPTED),
        ({**SMTP, "service_url": "https://h.example"}, "service_url", {"refuse:url_scheme_provider"}),
        ({**SMTP, "service_url": "http://localhost"}, "service_url", {"refuse:url_scheme_provider"}),
        ({**SMTP, "service_url": "smtp://h.example/x"}, "service_url", {"refuse:url_smtp_path"}),
        ({**SMTP, "service_url": "smtp://h.example?x"}, "service_url", {"refuse:url_smtp_path"}),
        ({**SMTP, "service_url": "smtp://h.example/"}, "service_url", ACCEPTED),
        ({**SMTP, "app_user": ""}, "app_user", {"refuse:required"}),
        ({**SMTP, "click_setting": "on"}, "click_setting", {"warn:click_smtp"}),
        ({**SMTP, "provider_name": "Postfix", "click_setting": True}, "click_setting", {"warn:click_smtp"}),
        ({"click_setting": True}, "click_setting", ACCEPTED),
        (
            {"provider_name": "ftosprovider", "service_url": "smtp://h.example"},
            "service_url",
            {"refuse:url_scheme_provider"},
        ),
        (
            {"provider_name": "HTTP template", "service_url": "smtps://h.example"},
            "service_url",
            {"refuse:url_scheme_provider"},
        ),
        ({"provider_name": "Twilio", "service_url": "smtp://h.example"}, "service_url", ACCEPTED),
        (
            {"provider_name": "Twilio", "communication_channel": "sms", "service_url": "smtp://h.example"},
            "service_url",
            {"refuse:url_scheme_provider"},
        ),
        (
            {"provider_name": "smtp", "service_url": "smtp://smtp.sendgrid.net", "app_user": "me"},
            "app_user",
            {"warn:user_not_apikey"},
        ),
        ({"provider_name": "smtp", "service_url": "smtp://smtp.sendgrid.net"}, "app_user", ACCEPTED),
        ({"app_config": {"max_connections": 10}}, "bulk_no", {"warn:bulk_over_connections"}),
        ({"app_config": {"max_connections": True}}, "bulk_no", ACCEPTED),
        ({"app_config": {"max_connections": 50}}, "bulk_no", ACCEPTED),
        ({"pool_time_retry": "00:00:00", "retry_max_attempt": 0}, "pool_time_retry", ACCEPTED),
        ({"pool_time_retry": "12:00:00", "retry_max_attempt": 6}, "retry_max_attempt", ACCEPTED),
        ({"pool_time_retry": "12:00:01", "retry_max_attempt": 6}, "retry_max_attempt", {"warn:retry_horizon"}),
        ({"interval_min": "00:00:00", "interval_max": "23:59:59"}, "interval_max", ACCEPTED),
        ({"interval_min": "12:00:00", "interval_max": "11:59:59"}, "interval_max", {"warn:window_always"}),
        ({"interval_min": "23:59:59", "interval_max": "00:00:00"}, "interval_max", {"warn:window_short"}),
    ],
)
def test_fields_that_belong_together(edits: dict[str, Any], field_id: str, expected: set[str]) -> None:
    assert codes(judge(new_draft(edits)), field_id) == expected


SENDGRID_KEY = "SG." + "a" * 22 + "." + "b" * 43


@pytest.mark.parametrize(
    ("field_id", "raw"),
    [
        ("app_user", SENDGRID_KEY + "\u200b"),
        ("name", SENDGRID_KEY + "x" * 200),
        ("app_config", f'{{"body": "{SENDGRID_KEY}",}}'),
        ("app_config", f'{{"{SENDGRID_KEY}": 1, "{SENDGRID_KEY}": 2}}'),
        ("service_url", f"https://me:{SENDGRID_KEY}@api.sendgrid.com"),
        ("service_url", "https://me:pass-aaaaaaaaaa@word@api.sendgrid.com"),
        (f"field {SENDGRID_KEY}", "x"),
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_neither_kept_nor_quoted(field_id: str, raw: str) -> None:
    checked = judge(new_draft({field_id: raw}))
    assert any(finding.severity is Severity.REFUSE for finding in checked.findings)
    assert "aaaaaaaa" not in repr((checked.values, checked.findings))
