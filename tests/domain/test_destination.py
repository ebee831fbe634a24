"""Where secrets go: what counts as another destination."""

import json
from typing import Any

import pytest

from ftos_tui.domain.app_config import KNOWN_KEYS, is_destination_key, is_secret_key, known_key
from ftos_tui.domain.checks.service_url import host_both_ways, target_of
from ftos_tui.domain.destination import destination_changes, destination_of
from tests.domain.records import GOOD


def of(**changed: Any) -> str:
    return destination_of({**GOOD, **changed})


def test_says_scheme_host_port_tls_user_and_keys() -> None:
    text = of(service_url="smtp://mail.example.com/", app_config='{"port": 25, "timeout": 3}')
    assert json.loads(text) == {
        "scheme": "smtp",
        "host": "mail.example.com",
        "port": 587,
        "tls": "starttls",
        "user": "apikey",
        "config": [[["port"], 25]],
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"service_url": "https://api.sendgrid.com/other?x"},
        {"service_url": "https://api.sendgrid.com:443"},
        {"app_config": '{"timeout": 5}'},
        {"app_config": None},
        {"bulk_no": 1},
    ],
)
def test_the_same(changed: dict[str, Any]) -> None:
    assert of(**changed) == of()
    assert destination_changes(of(), of(**changed)) == ()


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"service_url": "https://api.eu.sendgrid.com"}, ("service_url",)),
        ({"service_url": "https://api.sendgrid.com:444"}, ("service_url",)),
        ({"service_url": "smtps://api.sendgrid.com:443"}, ("service_url",)),
        ({"app_user": "x"}, ("app_user",)),
        ({"app_user": None}, ("app_user",)),
        ({"app_config": '{"body": [{"SMTP-Host": "x"}]}'}, ("app_config",)),
        ({"app_config": '{"tls": {"mode": "none"}}'}, ("app_config",)),
        ({"service_url": "nowhere"}, ("service_url", "app_user", "app_config")),
        ({"service_url": None}, ("service_url", "app_user", "app_config")),
        ({"app_config": "broken"}, ("service_url", "app_user", "app_config")),
        ({"app_config": "[" * 100_000}, ("service_url", "app_user", "app_config")),
    ],
)
def test_another_one(changed: dict[str, Any], fields: tuple[str, ...]) -> None:
    assert of(**changed) != of()
    assert destination_changes(of(), of(**changed)) == fields
    assert destination_changes(of(**changed), of()) == fields


def test_unknown_ones_are_never_the_same() -> None:
    assert destination_changes("", "") == ("service_url", "app_user", "app_config")
    assert destination_changes("[]", of()) == ("service_url", "app_user", "app_config")


@pytest.mark.parametrize(
    "name",
    [
        "host",
        "Host",
        "ｈｏｓｔ",
        "smtpHost",
        "SMTP_HOST",
        "port",
        "tls",
        "useTls",
        "ssl",
        "starttls",
        "verify",
        "verifyPeer",
        "proxy",
        "https_proxy",
        "url",
        "baseUrl",
        "uri",
        "endpoint",
        "server",
        "ca_file",
        "insecureSkipVerify",
        "user",
    ],
)
def test_keys_that_take_part(name: str) -> None:
    assert is_destination_key(name)


@pytest.mark.parametrize(
    "name", ["timeout", "report", "support", "method", "body", "sandbox", "ip_pool_name", "security"]
)
def test_keys_that_do_not(name: str) -> None:
    assert not is_destination_key(name)


def test_known_keys() -> None:
    assert KNOWN_KEYS["host"].destination
    assert not KNOWN_KEYS["timeout"].destination
    assert known_key("maxConnections") is KNOWN_KEYS["max_connections"]
    assert known_key("nothing") is None
    assert is_secret_key("X-Api-Key")
    assert is_secret_key("clientSecret")
    assert not is_secret_key("monkey")


def test_host_both_ways() -> None:
    assert host_both_ways("https://xn--mnchen-3ya.de/x") == "xn--mnchen-3ya.de = münchen.de"
    assert host_both_ways(" https://münchen.de ") == "xn--mnchen-3ya.de = münchen.de"
    assert host_both_ways("https://example.com") is None
    assert host_both_ways("nothing") is None
    assert host_both_ways("") is None


@pytest.mark.parametrize(
    "url", ["", "https://", "https://h:0", "gopher://h", "https://h:1:2", "https://a@b:c", "https://]:1"]
)
def test_no_target(url: str) -> None:
    assert target_of(url) is None
