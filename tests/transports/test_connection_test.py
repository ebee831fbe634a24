"""The connection test against real servers: every step in order, plain words for what failed, and nothing sent."""

import json
from typing import Any

import pytest

from ftos_tui.domain.connection_step import Step
from ftos_tui.domain.delivery.outcome import Cause
from ftos_tui.domain.record import Values
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.connection_test import check_connection, send_test_message
from ftos_tui.transports.protocol import Reach
from tests.domain.records import GOOD
from tests.servers.certificates import Authority
from tests.servers.http import HttpServer, Response
from tests.servers.sendgrid import Key, SendGridServer
from tests.servers.serving import DROP, HANG, Server, serving
from tests.servers.smtp import SmtpServer

SECRETS = {"app_password": Secret("pw-of-the-provider"), "app_key": Secret("SG.good")}
KEYS = {f"SG.{kind.name.lower()}": kind for kind in Key}


def values_for(server: Server, scheme: str, user: str = "ana", **config: Any) -> dict[str, Any]:
    name = "SMTP" if scheme.startswith("smtp") else "SendGrid"
    config = {"timeout": 5, **config}
    return {
        **GOOD,
        "provider_name": name,
        "app_user": user,
        "service_url": f"{scheme}://localhost:{server.port}",
        "app_config": json.dumps(config),
    }


async def steps_of(values: Values, key: str = "SG.good", **reach: Any) -> list[Step]:
    secrets = {**SECRETS, "app_key": Secret(key)}
    steps = [step async for step in check_connection(values, secrets, Reach(**reach))]
    for step in steps:
        assert "pw-of-the-provider" not in step.said
        assert key not in step.said
        assert step.milliseconds >= 0
    assert all(step.ok for step in steps[:-1])
    return steps


def names(steps: list[Step]) -> list[str]:
    return [step.name for step in steps]


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
async def test_smtp_goes_as_far_as_the_sign_in(authority: Authority, tls: str) -> None:
    made = SmtpServer(tls=tls, context=authority.context(), users={"ana": "pw-of-the-provider"})
    async with serving(made) as server:
        scheme = "smtps" if tls == "implicit" else "smtp"
        steps = await steps_of(values_for(server, scheme, tls=tls, ca_file=str(authority.ca_file)))
        expected = ["Way", "Resolve", "Connect", "Greeting", "TLS", "Sign in"]
        if tls == "none":
            expected.remove("TLS")
        if tls == "implicit":
            expected.remove("Greeting")
        assert names(steps) == expected
        assert steps[-1].ok
        assert steps[-1].said == "ana may sign in."
        if tls != "none":
            said = next(step.said for step in steps if step.name == "TLS")
            assert said.startswith("TLS 1.3; certificate for localhost, 127.0.0.1, valid for 29 more days")
        assert not server.copies
        assert not any(command.startswith("MAIL") for command in server.commands)


async def test_smtp_without_a_user(authority: Authority) -> None:
    async with serving(SmtpServer(tls="starttls", context=authority.context(days=5))) as server:
        values = values_for(server, "smtp", "", tls="starttls", ca_file=str(authority.ca_file))
        steps = await steps_of(values)
        assert steps[-1].ok
        assert [step.name for step in steps if step.warning] == ["TLS", "Sign in"]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_a_certificate_for_another_name_is_named(authority: Authority, tls: str) -> None:
    hosts = ("mail.example.com", "mx1.example.com", "mx2.example.com", "mx3.example.com")
    async with serving(SmtpServer(tls=tls, context=authority.context(*hosts))) as server:
        scheme = "smtps" if tls == "implicit" else "smtp"
        steps = await steps_of(values_for(server, scheme, tls=tls, ca_file=str(authority.ca_file)))
        assert not steps[-1].ok
        assert steps[-1].name == "TLS"
        assert "is for mail.example.com, mx1.example.com, mx2.example.com and 1 more, not localhost" in steps[-1].said
        assert not any(command.startswith("AUTH") for command in server.commands)


async def test_what_failed_over_smtp_in_plain_words(authority: Authority) -> None:
    async with serving(SmtpServer(users={"ana": "another"})) as server:
        steps = await steps_of(values_for(server, "smtp"))
        assert (steps[-1].name, steps[-1].ok) == ("Sign in", False)
        assert steps[-1].said.startswith("The server refuses App user or App Password: 535")
        steps = await steps_of(values_for(server, "smtps"))
        assert steps[-1].name == "TLS"
        assert f"Port {server.port} wants STARTTLS" in steps[-1].said
        steps = await steps_of(values_for(server, "smtp", tls="starttls"))
        assert "offers no STARTTLS" in steps[-1].said
        server.once("greeting", "421 4.3.2 Busy", DROP)
        steps = await steps_of(values_for(server, "smtp"))
        assert (steps[-1].name, steps[-1].said) == ("Greeting", "The server refuses at greeting: 421 4.3.2 Busy")
        assert (await steps_of(values_for(server, "smtp")))[-1].name == "Greeting"
        server.once("greeting", HANG)
        assert "did not answer in time" in (await steps_of(values_for(server, "smtp", timeout=1)))[-1].said
    steps = await steps_of(values_for(server, "smtp"))
    assert (steps[-1].name, "refuses connections" in steps[-1].said) == ("Connect", True)
    steps = await steps_of({**values_for(server, "smtp"), "service_url": "smtp://no-such.invalid"})
    assert (steps[-1].name, "has no address" in steps[-1].said) == ("Resolve", True)
    steps = await steps_of({**values_for(server, "smtp"), "service_url": ""})
    assert names(steps) == ["Way"]
    assert not steps[-1].ok
    steps = await steps_of(values_for(server, "smtp"), allowed_hosts=frozenset({"mail.example.com"}))
    assert (steps[-1].name, "does not allow the host" in steps[-1].said) == ("Resolve", True)


async def test_a_port_that_wants_starttls_before_the_sign_in(authority: Authority) -> None:
    made = SmtpServer(tls="starttls", context=authority.context(), users={"ana": "pw-of-the-provider"})
    async with serving(made) as server:
        steps = await steps_of(values_for(server, "smtp"))
        assert (steps[-1].name, steps[-1].ok) == ("Sign in", False)
        assert f"Port {server.port} wants STARTTLS" in steps[-1].said


async def test_sendgrid_is_asked_about_the_key(authority: Authority) -> None:
    async with serving(SendGridServer(KEYS, context=authority.context())) as server:
        values = values_for(server, "https", ca_file=str(authority.ca_file))
        steps = await steps_of(values)
        assert names(steps) == ["Way", "Resolve", "Connect", "TLS", "Key", "Permission"]
        assert steps[-1].ok
        steps = await steps_of(values, "SG.no_scope")
        assert steps[-1] == Step(
            "Permission",
            False,
            steps[-1].milliseconds,
            "The key is accepted but may not send: give it the Mail Send scope.",
            cause=Cause.AUTHENTICATION,
        )
        steps = await steps_of(values, "SG.revoked")
        assert (steps[-1].name, "authorization required" in steps[-1].said) == ("Key", True)
        assert {request.target for request in server.requests} == {"/v3/scopes"}
    async with serving(SendGridServer(KEYS, context=authority.context("mail.example.com"))) as server:
        steps = await steps_of(values_for(server, "https", ca_file=str(authority.ca_file)))
        assert (steps[-1].name, "is for mail.example.com, not localhost" in steps[-1].said) == ("TLS", True)
        assert not server.requests


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (Response(302, b"", {"Location": "https://other.example.com/x"}), "leads on to https://other.example.com/x"),
        (Response(404, b"<h1>\x1b[2JNothing</h1>"), "answers HTTP 404"),
        (Response(200, b"<html>"), "no list of scopes"),
        (Response(200, b'{"scopes": "all"}'), "no list of scopes"),
        (Response(401, b""), "does not take the key"),
    ],
)
async def test_a_service_url_that_is_not_sendgrid(response: Response, words: str) -> None:
    async with serving(HttpServer(lambda _: response)) as server:
        steps = await steps_of(values_for(server, "http"))
        assert names(steps) == ["Way", "Resolve", "Connect", "Key"]
        assert words in steps[-1].said
        assert "\x1b" not in steps[-1].said
        server.once(DROP)
        assert "closed the connection" in (await steps_of(values_for(server, "http")))[-1].said


async def test_a_template_is_checked_and_the_proxy_is_gone_through(authority: Authority) -> None:
    async with serving(HttpServer()) as server:
        body = {"to": "{to}", "text": "{text}"}
        values: Values = {**values_for(server, "http", body=body), "provider_name": "Gateway"}
        steps = await steps_of(values)
        assert names(steps) == ["Way", "Resolve", "Connect", "Template"]
        assert steps[-1].ok
        steps = await steps_of({**values, "app_config": "{}"})
        assert (steps[-1].name, steps[-1].ok, "Add a body" in steps[-1].said) == ("Template", False, True)
        assert not server.requests
    async with serving(HttpServer(lambda _: Response(200, b'{"scopes": ["mail.send"]}'))) as proxy:
        values = values_for(proxy, "http", proxy=f"http://127.0.0.1:{proxy.port}")
        steps = await steps_of({**values, "service_url": "http://localhost:1"})
        assert names(steps) == ["Way", "Key", "Permission"]
        assert "through the proxy" in steps[0].said


async def test_a_test_message_goes_to_one_address() -> None:
    async with serving(SmtpServer()) as server:
        values = values_for(server, "smtp", "")

        async def sent() -> list[Step]:
            made = send_test_message(values, SECRETS, Reach(), "me@bank.example.com", "local")
            return [step async for step in made]

        steps = await sent()
        assert names(steps) == ["Way", "Send"]
        assert steps[-1].ok
        assert steps[-1].said.startswith("Accepted: 250")
        assert server.copies[0].recipients == ("me@bank.example.com",)
        server.once("rcpt", "550 5.1.1 Unknown")
        steps = await sent()
        assert (steps[-1].ok, steps[-1].said) == (False, "Refused: 550 5.1.1 Unknown")
        values = {**values, "from_address": ""}
        steps = await sent()
        assert (names(steps), steps[-1].ok) == (["Way"], False)
