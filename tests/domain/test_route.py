"""Which way a record's messages leave, in a sentence, and what keeps a record from having one."""

from typing import Any

import pytest

from ftos_tui.domain.checks.service_url import target_of
from ftos_tui.domain.route import NoRoute, Tls, TransportKind, route_of, secrets_used, way_in_words
from tests.domain.records import GOOD, SMTP, codes, judge, saved_draft

SMS = {"communication_channel": "sms", "provider_name": "GatewaySMS"}


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        ({}, "SendGrid's Web API with TLS at api.sendgrid.com:443"),
        ({"provider_name": "FtosProvider"}, "SendGrid's Web API with TLS at api.sendgrid.com:443"),
        ({"app_config": '{"region": "EU"}'}, "SendGrid's Web API with TLS at api.eu.sendgrid.com:443"),
        ({"app_config": '{"body": {"to": "{to}"}}'}, "HTTP template with TLS at api.sendgrid.com:443"),
        ({"app_config": '{"proxy": "http://u:p@proxy.example.com:3128"}'},
         "SendGrid's Web API with TLS at api.sendgrid.com:443 through the proxy http://proxy.example.com:3128"),
        (SMTP, "SMTP with STARTTLS at mail.example.com:587"),
        ({**SMTP, "service_url": "smtps://mail.example.com"}, "SMTP with TLS at mail.example.com:465"),
        ({**SMTP, "service_url": "smtp://localhost:25"}, "SMTP without encryption at localhost:25"),
        ({**SMTP, "service_url": "smtp://[::1]:25"}, "SMTP without encryption at [::1]:25"),
        ({**SMTP, "service_url": "smtp://localhost", "app_config": '{"tls": "starttls"}'},
         "SMTP with STARTTLS at localhost:587"),
        ({**SMTP, "app_config": '{"Host": "mx.example.com", "port": "2525", "tls": "implicit"}'},
         "SMTP with TLS at mx.example.com:2525"),
        ({**SMS, "service_url": "http://127.0.0.1:8080"}, "HTTP template without encryption at 127.0.0.1:8080"),
        ({**SMS, "app_config": '{"url": "https://sms.example.com/x"}'},
         "HTTP template with TLS at sms.example.com:443"),
        ({"provider_name": "HttpThing"}, "HTTP template with TLS at api.sendgrid.com:443"),
    ],
)  # fmt: skip
def test_the_way_in_words(edits: dict[str, Any], sentence: str) -> None:
    assert way_in_words({**GOOD, **edits}) == sentence


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"service_url": ""}, "Enter a Service Url"),
        ({"provider_name": "SMTP"}, "Use smtp://"),
        ({**SMS, "service_url": "smtp://mail.example.com"}, "carries no SMS"),
        ({**SMTP, "app_config": '{"tls": "none"}'}, "anybody on the way"),
        ({**SMTP, "app_config": '{"tls": "ssl3"}'}, "Write implicit, starttls or none"),
        ({**SMTP, "app_config": '{"proxy": "http://p.example.com"}'}, "SMTP goes through no proxy"),
        ({"app_config": '{"verify": false}'}, "certificates are always verified"),
        ({"app_config": '{"port": 0}'}, "1 to 65535"),
        ({"app_config": '{"port": true}'}, "1 to 65535"),
        ({"app_config": '{"timeout": 0}'}, "above 0 for timeout"),
        ({"app_config": '{"max_connections": "many"}'}, "above 0 for max_connections"),
        ({"app_config": '{"host": "a b"}'}, "is no host name"),
        ({"app_config": '{"url": "ftp://x.example.com"}'}, "begins https://"),
    ],
)
def test_no_way(edits: dict[str, Any], words: str) -> None:
    with pytest.raises(NoRoute, match=words):
        route_of({**GOOD, **edits})
    assert words in way_in_words({**GOOD, **edits})


@pytest.mark.parametrize(
    ("url", "config", "posted"),
    [
        ("https://api.sendgrid.com", "{}", "https://api.sendgrid.com/v3/mail/send"),
        ("https://api.sendgrid.com/v3", "{}", "https://api.sendgrid.com/v3/mail/send"),
        ("https://api.sendgrid.com/v3/mail/send", "{}", "https://api.sendgrid.com/v3/mail/send"),
        ("https://gw.example.com:8443/omni/", "{}", "https://gw.example.com:8443/omni/v3/mail/send"),
        ("https://gw.example.com/a?k=v", '{"body": {}}', "https://gw.example.com/a?k=v"),
        ("https://gw.example.com/a", '{"body": {}, "endpoint": "send?x=1"}', "https://gw.example.com/a/send?x=1"),
        ("https://gw.example.com/a", '{"body": {}, "endpoint": "/send"}', "https://gw.example.com/send"),
        ("https://gw.example.com/a", '{"body": {}, "endpoint": "https://x.example.com"}', "https://x.example.com/"),
        ("https://gw.example.com", '{"body": {}, "base_url": "http://[::1]:81/b"}', "http://[::1]:81/b"),
        (
            "https://gw.example.com/a",
            '{"body": {}, "host": "h.example.com", "port": 444}',
            "https://h.example.com:444/a",
        ),
    ],
)
def test_the_url_that_is_posted_to(url: str, config: str, posted: str) -> None:
    route = route_of({**GOOD, "service_url": url, "app_config": config})
    assert route.url == posted
    target = target_of(posted)
    assert target is not None
    assert (route.host, route.port) == (target.host, target.port)


def test_limits_and_what_does_not_parse() -> None:
    route = route_of({**GOOD, "app_config": '{"timeout": 1e9, "max_connections": 5000, "user": "bo"}'})
    assert (route.timeout_s, route.max_connections, route.user) == (300.0, 1000, "bo")
    assert route_of({**GOOD, "app_config": "{"}).config == {}
    assert route_of({**GOOD, "app_config": "[]"}).config == {}
    assert route.longest_send_s == 6600.0
    assert (route.kind, route.tls, route.loopback) == (TransportKind.SENDGRID, Tls.IMPLICIT, False)


@pytest.mark.parametrize(
    ("edits", "codes_at_config"),
    [
        ({**SMTP, "app_config": '{"port": 70000}'}, {"refuse:app_config_route"}),
        ({**SMTP, "app_config": '{"tls": "none"}'}, {"refuse:app_config_route"}),
        ({**SMTP, "app_config": '{"proxy": "http://proxy.example.com"}'}, {"refuse:app_config_route"}),
        ({"app_config": '{"verify": false}'}, {"refuse:app_config_route"}),
        ({"app_config": '{"timeout": "soon"}'}, {"refuse:app_config_route"}),
        ({"app_config": '{"url": "http://169.254.169.254"}'}, {"refuse:app_config_host"}),
        ({**SMS, "app_config": "{}"}, {"warn:app_config_no_body"}),
        ({"provider_name": "HttpThing", "app_config": '{"sender_id": "BANK"}'}, {"warn:app_config_no_body"}),
        ({**SMS, "app_config": '{"body": {"to": "{to}", "text": "{text}"}}'}, set()),
        ({"app_config": '{"port": 8443}'}, set()),
        ({**SMTP, "service_url": "gopher://x", "app_config": '{"port": 70000}'}, set()),
    ],
)
def test_what_app_config_does_to_the_way_is_said_before_it_is_saved(
    edits: dict[str, str], codes_at_config: set[str]
) -> None:
    assert codes(judge(saved_draft(edits)), "app_config") == codes_at_config


@pytest.mark.parametrize(
    ("edits", "secrets"),
    [
        ({}, {"app_key"}),
        (SMTP, {"app_password"}),
        ({**SMTP, "app_user": ""}, set()),
        ({**SMS, "app_config": "{}"}, set()),
        ({**SMS, "app_config": '{"body": {"to": "{to}", "text": "{text}"}}'}, {"app_key"}),
        ({**SMS, "app_config": '{"key_header": "", "body": {"to": "{to}", "text": "{text}"}}'}, set()),
        (
            {**SMS, "app_config": '{"headers": {"A": "{basic_auth}"}, "body": {"to": "{to}", "t": ["{text}", 1]}}'},
            {"app_key", "app_password"},
        ),
        (
            {**SMS, "app_config": '{"key_header": "", "body": {"to": "{to}", "t": "{text}", "k": "{app_key}"}}'},
            {"app_key"},
        ),
    ],
)
def test_which_secrets_a_way_takes_along(edits: dict[str, Any], secrets: set[str]) -> None:
    assert secrets_used(route_of({**GOOD, **edits})) == secrets
