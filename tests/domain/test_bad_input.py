"""Bad input, verdict by example: every rule's samples and their neighbours, each with its verdict and its code."""

from typing import Any

import pytest

from ftos_tui.domain.record import Value
from tests.domain.records import GOOD, SMTP, codes, judge, new_draft


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"body": value}
    return value


ACCEPTED: set[str] = set()

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

URLS: list[tuple[str, Any, set[str]]] = [
    ("service_url", "", {"refuse:required"}),
    ("service_url", 5, {"refuse:value_type"}),
    ("service_url", "api.sendgrid.com", {"refuse:url_scheme"}),
    ("service_url", "api.sendgrid.com:443", {"refuse:url_scheme"}),
    ("service_url", "//api.sendgrid.com", {"refuse:url_scheme"}),
    ("service_url", "https:/api.sendgrid.com", {"refuse:url_scheme"}),
    ("service_url", "://", {"refuse:url_scheme"}),
    ("service_url", "ftp://h.example", {"refuse:url_scheme"}),
    ("service_url", "javascript:alert(1)", {"refuse:url_scheme"}),
    ("service_url", "https://", {"refuse:url_host"}),
    ("service_url", "https:///path", {"refuse:url_host"}),
    ("service_url", "https://:443", {"refuse:url_host"}),
    ("service_url", "http://api.example.com", {"refuse:url_plain_http"}),
    ("service_url", "http://127.0.0.1.example.com", {"refuse:url_plain_http"}),
    ("service_url", "http://localhost:8080", ACCEPTED),
    ("service_url", "http://127.8.9.10", ACCEPTED),
    ("service_url", "http://[::1]/", ACCEPTED),
    ("service_url", "http://[::ffff:127.0.0.1]", {"fix:url_host_form"}),
    ("service_url", "http://good.com@evil.com", {"refuse:url_user"}),
    ("service_url", "https://user:pw@evil.com", {"refuse:url_user"}),
    ("service_url", "https://h.example/@path", ACCEPTED),
    ("service_url", "https://h.example/\tp", {"refuse:unsafe_character"}),
    ("service_url", "ht\ntps://h.example", {"refuse:unsafe_character"}),
    ("service_url", "https://h.example\r", {"refuse:unsafe_character"}),
    ("service_url", "https://h.example/a b", {"refuse:url_character"}),
    ("service_url", "https://h.example/a\u00a0b", {"refuse:url_character"}),
    ("service_url", "https://evil.com\\@h.example", {"refuse:url_character"}),
    ("service_url", "https://h.example/<x>", {"refuse:url_character"}),
    ("service_url", "https://h.example/ü", {"refuse:url_character"}),
    ("service_url", " https://h.example ", {"fix:outer_space"}),
    ("service_url", "https://h.example:0", {"refuse:url_port"}),
    ("service_url", "https://h.example:99999", {"refuse:url_port"}),
    ("service_url", "https://h.example:65536", {"refuse:url_port"}),
    ("service_url", "https://h.example:65535", ACCEPTED),
    ("service_url", "https://h.example:", {"refuse:url_port"}),
    ("service_url", "https://h.example:-1", {"refuse:url_port"}),
    ("service_url", "https://h.example:443:443", {"refuse:url_port"}),
    ("service_url", "https://h.example:４４３", {"refuse:url_port"}),
    ("service_url", "https://169.254.169.254/latest", {"refuse:url_host_blocked"}),
    ("service_url", "https://[::ffff:169.254.169.254]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[::169.254.169.254]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[2002:a9fe:a9fe::]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[64:ff9b::a9fe:a9fe]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[64:ff9b:1::a9fe:a9fe]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[2001:db8::5efe:a9fe:a9fe]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[2001:0:a9fe:a9fe::]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[fe80::1]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[fe80::1%25eth0]", {"refuse:url_host"}),
    ("service_url", "https://[fd00:ec2::254]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[fd00::5]", ACCEPTED),
    ("service_url", "https://[2001:db8:0:0::1]", {"fix:url_host_form"}),
    ("service_url", "https://[ff02::1]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[::]", {"refuse:url_host_blocked"}),
    ("service_url", "https://[::1", {"refuse:url_host"}),
    ("service_url", "https://[v1.x]", {"refuse:url_host"}),
    ("service_url", "https://h.example]", {"refuse:url_host"}),
    ("service_url", "https://0.0.0.0", {"refuse:url_host_blocked"}),
    ("service_url", "https://224.0.0.1", {"refuse:url_host_blocked"}),
    ("service_url", "https://255.255.255.255", {"refuse:url_host_blocked"}),
    ("service_url", "https://100.100.100.200", {"refuse:url_host_blocked"}),
    ("service_url", "https://metadata.google.internal", {"refuse:url_host_blocked"}),
    ("service_url", "https://METADATA.google.internal.", {"refuse:url_host_blocked"}),
    ("service_url", "https://10.0.0.5", ACCEPTED),
    ("service_url", "https://192.168.1.1:8443/x", ACCEPTED),
    ("service_url", "https://relay", ACCEPTED),
    ("service_url", "https://0x7f.1", {"refuse:url_host_number"}),
    ("service_url", "https://2130706433", {"refuse:url_host_number"}),
    ("service_url", "https://0177.0.0.1", {"refuse:url_host_number"}),
    ("service_url", "https://127.1", {"refuse:url_host_number"}),
    ("service_url", "https://1.2.3.256", {"refuse:url_host_number"}),
    ("service_url", "https://１２７.0.0.1", {"refuse:url_host_number"}),
    ("service_url", "https://169。254。169。254", {"refuse:url_host_number"}),
    ("service_url", "https://münchen.de", {"fix:url_host_idna"}),
    ("service_url", "https://xn--mnchen-3ya.de", ACCEPTED),
    ("service_url", "https://xn--zz.de", {"refuse:url_host"}),
    ("service_url", "https://раураl.com", {"warn:url_host_scripts", "fix:url_host_idna"}),
    ("service_url", "https://xn--80ak6aa92e.com", {"warn:url_host_scripts"}),
    ("service_url", "https://\u2603\u200b.de", {"refuse:unsafe_character"}),
    ("service_url", "https://\u2100.de", {"refuse:url_host"}),
    ("service_url", "https://h.example/%0d%0aX: y", {"refuse:url_character"}),
    ("service_url", "https://h.example/%0d%0aX", {"refuse:url_escape"}),
    ("service_url", "https://h.example/%0D%0A", {"refuse:url_escape"}),
    ("service_url", "https://h.example/%00", {"refuse:url_escape"}),
    ("service_url", "https://h.example/%7f", {"refuse:url_escape"}),
    ("service_url", "https://h.example/%zz", {"refuse:url_escape"}),
    ("service_url", "https://h.example/%2", {"refuse:url_escape"}),
    ("service_url", "https://h.example/100%", {"refuse:url_escape"}),
    ("service_url", "https://h.example/%20x", ACCEPTED),
    ("service_url", "https://%31.2.3.4", {"refuse:url_host"}),
    ("service_url", "https://h.example/#f", {"refuse:url_fragment"}),
    ("service_url", "https://h.example#@evil.com", {"refuse:url_fragment"}),
    ("service_url", "https://h.example/?to=1", ACCEPTED),
    ("service_url", "https://h.example/?api_key=abc", {"warn:url_secret"}),
    ("service_url", "smtp://mail.example.com", {"refuse:url_scheme_provider"}),
    ("service_url", "https://api.sendgrid.com.", {"fix:url_host_dot"}),
    ("service_url", "https://api.sendgrid.com..", {"refuse:url_host"}),
    ("service_url", "HTTPS://API.SendGrid.com", {"fix:url_case"}),
    ("service_url", "https://a..b", {"refuse:url_host"}),
    ("service_url", "https://-a.b", {"refuse:url_host"}),
    ("service_url", "https://a_b.c", {"refuse:url_host"}),
    ("service_url", f"https://{'a' * 64}.b", {"refuse:url_host"}),
    ("service_url", f"https://{'a.' * 200}b", {"refuse:url_host"}),
    ("service_url", "https://h.example/" + "x" * 2048, {"refuse:too_long"}),
]

CONFIGS: list[tuple[str, Any, set[str]]] = [
    ("app_config", "", {"refuse:required"}),
    ("app_config", " \n ", {"refuse:required"}),
    ("app_config", None, {"refuse:required"}),
    ("app_config", "{}", ACCEPTED),
    ("app_config", {}, ACCEPTED),
    ("app_config", '{\n\t"timeout": 5\r\n}', ACCEPTED),
    ("app_config", {"timeout": 5, "method": "POST"}, ACCEPTED),
    ("app_config", {"host": "relay.example.com", "tls": "starttls", "proxy": "http://proxy:3128"}, ACCEPTED),
    ("app_config", {"Max-Connections": 60}, ACCEPTED),
    ("app_config", {"endpoint": "/v3/mail/send"}, ACCEPTED),
    ("app_config", "{", {"refuse:app_config_json"}),
    ("app_config", "{'a': 1}", {"refuse:app_config_json"}),
    ("app_config", '{"timeout": 5,}', {"refuse:app_config_json"}),
    ("app_config", '{"timeout": 5} x', {"refuse:app_config_json"}),
    ("app_config", '{"timeout": 5 # s\n}', {"refuse:app_config_json"}),
    ("app_config", '{"body": "a\nb"}', {"refuse:app_config_json"}),
    ("app_config", "!!python/object/apply:os.system [x]", {"refuse:app_config_json"}),
    ("app_config", "a: &a [*a, *a]", {"refuse:app_config_json"}),
    ("app_config", "[]", {"refuse:app_config_object"}),
    ("app_config", "1", {"refuse:app_config_object"}),
    ("app_config", "null", {"refuse:app_config_object"}),
    ("app_config", ["a"], {"refuse:app_config_object"}),
    ("app_config", 5, {"refuse:app_config_object"}),
    ("app_config", False, {"refuse:app_config_object"}),
    ("app_config", '{"timeout": NaN}', {"refuse:app_config_number"}),
    ("app_config", '{"timeout": -Infinity}', {"refuse:app_config_number"}),
    ("app_config", {"timeout": float("inf")}, {"refuse:app_config_number"}),
    ("app_config", {"timeout": 0.5, "sandbox": None}, ACCEPTED),
    ("app_config", '{"timeout": 0.5}', ACCEPTED),
    ("app_config", '{"timeout": 1e999}', {"refuse:app_config_number"}),
    ("app_config", '{"timeout": ' + "1" * 5000 + "}", {"refuse:app_config_number"}),
    ("app_config", {"timeout": 10**5000}, {"refuse:app_config_number"}),
    ("app_config", "[" * 1000 + "]" * 1000, {"refuse:app_config_depth"}),
    ("app_config", '{"body":' * 64 + "1" + "}" * 64, ACCEPTED),
    ("app_config", '{"body":' * 65 + "1" + "}" * 65, {"refuse:app_config_depth"}),
    ("app_config", '{"body": "' + "[" * 1000 + '"}', ACCEPTED),
    ("app_config", nested(63), ACCEPTED),
    ("app_config", nested(1000), {"refuse:app_config_depth"}),
    ("app_config", '{"timeout": 1, "timeout": 2}', {"refuse:app_config_duplicate_key"}),
    ("app_config", '{"body": {"a": 1, "a": 1}}', {"refuse:app_config_duplicate_key"}),
    ("app_config", '{"body": "\\u001b"}', {"refuse:unsafe_character"}),
    ("app_config", '{"body": "\\ud800"}', {"refuse:unsafe_character"}),
    ("app_config", '{"body": "\\ud83d\\ude00"}', ACCEPTED),
    ("app_config", '{"body": "a\u200bb"}', {"refuse:unsafe_character"}),
    ("app_config", {"body\x00": 1}, {"refuse:unsafe_character"}),
    ("app_config", {1: 2}, {"refuse:value_type"}),
    ("app_config", {"body": {1, 2}}, {"refuse:value_type"}),
    ("app_config", "\ufeff{}", {"fix:app_config_bom"}),
    ("app_config", '{"body": "[REDACTED]"}', {"refuse:placeholder"}),
    ("app_config", {"body": "SG." + "a" * 22 + "." + "b" * 43}, {"refuse:secret_in_clear"}),
    ("app_config", {"timout": 5}, {"warn:app_config_unknown_key"}),
    ("app_config", {"a": 1, "b": 2, "c": 3, "d": 4}, {"warn:app_config_unknown_key"}),
    ("app_config", {"headers": {"X-Api-Key": "abc"}}, {"warn:app_config_secret"}),
    ("app_config", {"headers": {"X-Api-Key": "{{app_key}}"}}, ACCEPTED),
    ("app_config", {"proxy": "http://me:pw@proxy:3128"}, {"warn:app_config_secret"}),
    ("app_config", {"host": "169.254.169.254"}, {"refuse:app_config_host"}),
    ("app_config", {"body": {"baseUrl": "https://0x7f.1/x"}}, {"refuse:app_config_host"}),
    ("app_config", {"proxy": "http://u@[fe80::1]:80/"}, {"refuse:app_config_host"}),
    ("app_config", {"host": "fe80::1"}, {"refuse:app_config_host"}),
    ("app_config", {"host": "::ffff:169.254.169.254"}, {"refuse:app_config_host"}),
    ("app_config", {"url": "http:\\\\169.254.169.254"}, {"refuse:app_config_host"}),
    ("app_config", {"host": "2001:db8::1"}, ACCEPTED),
    ("app_config", {"proxy": "[fe80::1%eth0]"}, {"refuse:app_config_host"}),
    ("app_config", {"body": "x" * 65_536}, {"refuse:too_long"}),
    ("app_config", '{"body": "' + "x" * 65_536 + '"}', {"refuse:too_long"}),
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


def case_name(value: object) -> str:
    try:
        return ascii(value)[:40]
    except (ValueError, RecursionError):
        return "huge"


@pytest.mark.parametrize(
    ("field_id", "raw", "expected"),
    [*TEXTS, *URLS, *CONFIGS, *ADDRESSES, *NUMBERS, *TIMES, *SWITCHES],
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


@pytest.mark.parametrize("depth", [65, 1000, 100_000])
def test_depth_never_ends_the_program(depth: int) -> None:
    raw = '{"body":' * depth + "1" + "}" * depth
    found = codes(judge(new_draft({"app_config": raw})), "app_config")
    assert found in ({"refuse:app_config_depth"}, {"refuse:too_long"})
