"""SendGrid's Web API against a stand-in that keeps every request and answers as the real one does."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ftos_tui.domain.delivery.message import Attachment
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.secret import Secret
from ftos_tui.transports import http_client
from ftos_tui.transports.protocol import Attempt, Reach, Transport, choose_transport
from ftos_tui.transports.rendering import render
from tests.domain.records import GOOD
from tests.servers import sendgrid
from tests.servers.certificates import Authority
from tests.servers.http import Action, HttpServer, Response
from tests.servers.sendgrid import Key, SendGridServer
from tests.servers.serving import DROP, HANG, RESET, serving
from tests.servers.smtp import SmtpServer
from tests.transports.conftest import MESSAGE_ID, message

K = OutcomeKind
KEYS = {f"SG.{kind.name.lower()}": kind for kind in Key}


def values_for(server: HttpServer, host: str = "localhost", scheme: str = "http", **config: Any) -> dict[str, Any]:
    """A record that leads to the server."""
    config = {"timeout": 5, **config}
    return {**GOOD, "service_url": f"{scheme}://{host}:{server.port}", "app_config": json.dumps(config)}


def transport_to(values: dict[str, Any], key: str | None = "SG.good", **reach: Any) -> Transport:
    return choose_transport(values, {"app_key": Secret(key)} if key else {}, Reach(**reach))


async def send(
    values: dict[str, Any], key: str | None = "SG.good", attempt: Attempt | None = None, **changed: Any
) -> Outcome:
    """One message over a transport of its own."""
    transport = transport_to(values, key)
    try:
        assert await transport.open() is None
        return await transport.send(render(message(**changed), values), attempt or Attempt(MESSAGE_ID, 1, "local"))
    finally:
        await transport.close()


@pytest.fixture
async def server() -> AsyncIterator[SendGridServer]:
    async with serving(SendGridServer(KEYS)) as running:
        yield running


def test_the_stand_in_has_the_lengths_that_were_captured() -> None:
    assert len(sendgrid.TO_REQUIRED) == 288
    assert len(sendgrid.NO_CREDITS) == 76
    assert len(sendgrid.UNVERIFIED) == 281


async def test_a_message_arrives_with_everything_it_needs(server: SendGridServer) -> None:
    attachment = Attachment("Größe.pdf", "application/pdf", b"%PDF-\x00")
    outcome = await send(
        {**values_for(server), "click_setting": True, "open_setting": False},
        attempt=Attempt(MESSAGE_ID, 3, 'pro"d'),
        html="<p>Hello</p>",
        attachments=(attachment,),
    )
    assert (outcome.kind, outcome.code) == (K.ACCEPTED, "202")
    assert outcome.provider_message_id
    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer SG.good"
    assert request.headers["host"] == f"localhost:{server.port}"
    assert server.accepted == [
        {
            "from": {"email": "office@bank.example.com", "name": "Example Bank"},
            "subject": "Your statement",
            "content": [
                {"type": "text/plain", "value": "Hello Ana,\n.\nyour statement.\n"},
                {"type": "text/html", "value": "<p>Hello</p>"},
            ],
            "headers": {"Message-ID": f"<{MESSAGE_ID}@bank.example.com>"},
            "tracking_settings": {
                "click_tracking": {"enable": True, "enable_text": False},
                "open_tracking": {"enable": False},
            },
            "attachments": [
                {
                    "content": "JVBERi0A",
                    "filename": "Größe.pdf",
                    "type": "application/pdf",
                    "disposition": "attachment",
                }
            ],
            "personalizations": [
                {
                    "to": [{"email": "ana@example.org"}],
                    "custom_args": {"ftos_msg": MESSAGE_ID, "ftos_env": 'pro"d', "ftos_try": "3"},
                }
            ],
        }
    ]


async def test_what_app_config_says_to_sendgrid(server: SendGridServer) -> None:
    values = values_for(
        server,
        reply_to="help@bank.example.com",
        categories=["otp", "otp", "bank"],
        template_id="d-1",
        ip_pool_name="main",
        sandbox=True,
    )
    outcome = await send(values, text="", params='{"dynamic_template_data": {"name": "Ana"}}')
    assert (outcome.kind, outcome.code) == (K.ACCEPTED, "200")
    assert "sandbox" in outcome.said
    sent = server.requests[0].json
    assert not server.accepted
    assert sent["reply_to"] == {"email": "help@bank.example.com"}
    assert sent["categories"] == ["otp", "bank"]
    assert (sent["template_id"], sent["ip_pool_name"]) == ("d-1", "main")
    assert sent["personalizations"][0]["dynamic_template_data"] == {"name": "Ana"}
    assert "content" not in sent


@pytest.mark.parametrize(
    ("key", "code", "cause"),
    [
        ("SG.revoked", "401", Cause.AUTHENTICATION),
        ("SG.no_scope", "401", Cause.AUTHENTICATION),
        ("SG.no_credits", "401", Cause.CREDITS),
        ("SG.unverified_from", "403", Cause.SENDER_IDENTITY),
        ("SG.blocked", "403", Cause.AUTHENTICATION),
        (None, "", Cause.AUTHENTICATION),
        ("SG.with space", "", Cause.AUTHENTICATION),
        ("SG.grün", "", Cause.AUTHENTICATION),
    ],
)
async def test_what_a_key_is_good_for(server: SendGridServer, key: str | None, code: str, cause: Cause) -> None:
    outcome = await send(values_for(server), key)
    assert (outcome.kind, outcome.code, outcome.reason) == (K.PROVIDER_WIDE, code, cause)
    assert not server.accepted


HTML = b"<html><body>" + b"<h1>Bad</h1>\x1b[2J" * 20_000


@pytest.mark.parametrize(
    ("action", "kind", "cause"),
    [
        (Response(400, sendgrid.TO_REQUIRED), K.REFUSED_PERMANENT, None),
        (
            Response(400, sendgrid.error("The from email is wrong.", "from.email")),
            K.PROVIDER_WIDE,
            Cause.SENDER_IDENTITY,
        ),
        (Response(400, sendgrid.error("No such pool.", "ip_pool_name")), K.PROVIDER_WIDE, Cause.CONFIGURATION),
        (Response(400, b""), K.REFUSED_PERMANENT, None),
        (Response(400, b'{"errors": {"no": "list"}}'), K.REFUSED_PERMANENT, None),
        (Response(400, b'{"errors": [7, {"message": null}]}'), K.REFUSED_PERMANENT, None),
        (Response(400, b"[" * 60_000), K.REFUSED_PERMANENT, None),
        (Response(402, b""), K.PROVIDER_WIDE, Cause.CREDITS),
        (Response(403, sendgrid.FORBIDDEN), K.PROVIDER_WIDE, Cause.AUTHENTICATION),
        (Response(404, b""), K.PROVIDER_WIDE, Cause.CONFIGURATION),
        (Response(405, b""), K.PROVIDER_WIDE, Cause.CONFIGURATION),
        (Response(406, b""), K.PROVIDER_WIDE, Cause.CONFIGURATION),
        (Response(408, b""), K.REFUSED_TEMPORARY, None),
        (Response(413, sendgrid.error("content too large")), K.REFUSED_PERMANENT, None),
        (Response(415, b""), K.PROVIDER_WIDE, Cause.CONFIGURATION),
        (sendgrid.too_many(), K.THROTTLED, None),
        (Response(500, b""), K.REFUSED_TEMPORARY, None),
        (Response(502, HTML), K.IN_DOUBT, None),
        (Response(503, HTML), K.REFUSED_TEMPORARY, None),
        (Response(504, b""), K.IN_DOUBT, None),
        (Response(200, HTML), K.IN_DOUBT, None),
        (Response(503, b"x" * 200_000, cut=True), K.REFUSED_TEMPORARY, None),
        (DROP, K.IN_DOUBT, None),
        (RESET, K.IN_DOUBT, None),
        ("SMTP?\r\n\r\n", K.IN_DOUBT, None),
    ],
)
async def test_each_answer(server: SendGridServer, action: Action, kind: OutcomeKind, cause: Cause | None) -> None:
    server.once(action)
    outcome = await send(values_for(server))
    assert (outcome.kind, outcome.reason) == (kind, cause)
    assert len(outcome.said) <= 512
    assert "\x1b" not in outcome.said
    assert outcome.said
    assert len(server.requests) == 1


async def test_silence_after_the_body_is_in_doubt(server: SendGridServer) -> None:
    server.once(HANG)
    outcome = await send(values_for(server, timeout=1.5))
    assert outcome.kind is K.IN_DOUBT
    assert len(server.requests) == 1


async def test_an_answer_that_never_ends_its_head_ends_in_doubt(
    server: SendGridServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "LONGEST_UPLOAD_S", -4.0)
    server.once(HANG)
    outcome = await send(values_for(server, timeout=5.5))
    assert outcome.kind is K.IN_DOUBT


async def test_a_slow_body_does_not_make_a_definite_answer_doubtful(server: SendGridServer) -> None:
    server.once(Response(503, b"later " * 100, slow_s=60))
    outcome = await send(values_for(server, timeout=1.5))
    assert outcome.kind is K.REFUSED_TEMPORARY


async def test_what_breaks_off_within_the_body_was_not_taken(server: SendGridServer) -> None:
    large = Attachment("large.bin", "application/octet-stream", bytes(16_000_000))
    for action in (DROP, RESET):
        server.once_before_body(action)
        outcome = await send(values_for(server), attachments=(large,))
        assert (outcome.kind, outcome.reason) == (K.PROVIDER_WIDE, Cause.NETWORK)
        assert "before it had the whole message" in outcome.said
    server.once_before_body(HANG)
    outcome = await send(values_for(server, timeout=1.5), attachments=(large,))
    assert "did not answer in time" in outcome.said
    assert not server.requests


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"X-RateLimit-Reset": "1795435290", "Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 89, 91),
        ({"X-RateLimit-Reset": str(int(time.time()) + 1000)}, 0, 1000),
        ({"Retry-After": "17"}, 17, 17),
        ({"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT", "Date": "Thu, 31 Dec 2099 23:59:00 GMT"}, 60, 60),
        ({"X-RateLimit-Reset": "1"}, 1, 1),
    ],
)
async def test_the_wait_that_is_asked_for(
    server: SendGridServer, headers: dict[str, str], low: float, high: float
) -> None:
    server.once(Response(429, sendgrid.TOO_MANY, headers))
    outcome = await send(values_for(server))
    assert outcome.kind is K.THROTTLED
    assert outcome.wait_s is not None
    assert low <= outcome.wait_s <= high


@pytest.mark.parametrize("written", ["", "soon", "-5", "٣", "9" * 30])
async def test_no_wait_where_none_is_readable(server: SendGridServer, written: str) -> None:
    server.once(Response(429, sendgrid.TOO_MANY, {"X-RateLimit-Reset": written} if written.isascii() else {}))
    assert (await send(values_for(server))).wait_s is None


async def test_a_redirection_is_named_and_gets_nothing(server: SendGridServer) -> None:
    async with serving(HttpServer()) as elsewhere:
        server.once(Response(302, b"", {"Location": f"http://localhost:{elsewhere.port}/v3/mail/send"}))
        outcome = await send(values_for(server))
        assert (outcome.kind, outcome.reason) == (K.PROVIDER_WIDE, Cause.CONFIGURATION)
        assert f"localhost:{elsewhere.port}" in outcome.said
        assert elsewhere.connections == 0


async def test_a_proxy_of_the_environment_is_not_used(server: SendGridServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(HttpServer()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await send(values_for(server))).accepted
        assert proxy.connections == 0


async def test_the_proxy_of_app_config_is_used(server: SendGridServer) -> None:
    async with serving(HttpServer(lambda _: Response(202, b"", {"X-Message-Id": "by-proxy"}))) as proxy:
        values = values_for(server, proxy=f"http://127.0.0.1:{proxy.port}")
        outcome = await send(values)
        assert outcome.provider_message_id == "by-proxy"
        assert server.connections == 0
        assert proxy.requests[0].target.startswith("http://localhost:")
    outcome = await send(values_for(server, proxy="nonsense"))
    assert outcome.reason is Cause.CONFIGURATION


async def test_connections_are_used_again(server: SendGridServer) -> None:
    values = values_for(server)
    transport = transport_to(values)
    rendered = render(message(), values)
    for number in range(5):
        assert (await transport.send(rendered, Attempt(MESSAGE_ID, number))).accepted
    assert server.connections == 1
    assert server.by_message() == {MESSAGE_ID: 5}
    assert set(server.by_message_id()) == {rendered.message_id}
    await transport.close()


async def test_tls_is_always_verified(authority: Authority) -> None:
    async with serving(SendGridServer(KEYS, context=authority.context())) as server:
        trusted = values_for(server, scheme="https", ca_file=str(authority.ca_file))
        assert (await send(trusted)).accepted
        outcome = await send(values_for(server, scheme="https"))
        assert "unknown authority" in outcome.said
        outcome = await send({**trusted, "service_url": f"https://localhost.localhost:{server.port}"})
        assert "has no address" in outcome.said or "another name" in outcome.said
    async with serving(SendGridServer(KEYS, context=authority.context("mail.example.com"))) as server:
        outcome = await send(values_for(server, scheme="https", ca_file=str(authority.ca_file)))
        assert "for another name, not localhost" in outcome.said
    async with serving(SmtpServer()) as plain:
        outcome = await send({**GOOD, "service_url": f"https://localhost:{plain.port}"})
        assert "answers without TLS" in outcome.said


async def test_nobody_listens(server: SendGridServer) -> None:
    await server.stop()
    outcome = await send(values_for(server))
    assert (outcome.kind, outcome.reason) == (K.PROVIDER_WIDE, Cause.NETWORK)
    assert "refuses connections" in outcome.said
