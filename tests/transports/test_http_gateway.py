"""Gateways that take a JSON body, by the template in appConfig: what arrives, and what the answers mean."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.record import Values
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.protocol import Attempt, Reach, choose_transport
from ftos_tui.transports.rendering import NotRenderable, render
from tests.domain.records import GOOD
from tests.servers.http import HttpServer, Response
from tests.servers.serving import DROP, serving
from tests.transports.conftest import MESSAGE_ID, message

K = OutcomeKind
SECRETS = {"app_password": Secret('p"w\\d'), "app_key": Secret("key-0815")}
BODY = {"to": "{to}", "text": "{text}", "n": [1, "{params.ref} {params.list} {params.none}"], "deep": {"id": "{id}"}}


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with serving(HttpServer()) as running:
        yield running


def values_for(server: HttpServer, **config: Any) -> Values:
    return {
        **GOOD,
        "communication_channel": "sms",
        "provider_name": "GatewaySMS",
        "app_user": "ana",
        "service_url": f"http://localhost:{server.port}/base",
        "app_config": json.dumps({"timeout": 5, "body": BODY, **config}),
    }


async def send(values: Values, secrets: dict[str, Secret] | None = None, **changed: Any) -> Outcome:
    transport = choose_transport(values, SECRETS if secrets is None else secrets, Reach())
    try:
        rendered = render(message(recipient="+40721000111", to=("+40721000111",), **changed), values)
        return await transport.send(rendered, Attempt(MESSAGE_ID))
    finally:
        await transport.close()


async def test_a_message_fills_the_template_and_never_becomes_structure(server: HttpServer) -> None:
    text = 'Code "1234", {to} {app_key} {app_password}\n\u2028\ud800 \\'
    values = values_for(server, endpoint="v1/send", headers={"X-Own": "yes"})
    outcome = await send(values, text=text, params='{"ref": "a\\"b", "list": [1, 2]}')
    assert outcome.accepted
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/base/v1/send")
    assert request.headers["ocp-apim-subscription-key"] == "key-0815"
    assert request.headers["x-own"] == "yes"
    assert request.headers["content-type"] == "application/json"
    assert request.json == {
        "to": "+40721000111",
        "text": text.replace("\ud800", "?"),
        "n": [1, 'a"b [1, 2] '],
        "deep": {"id": MESSAGE_ID},
    }


async def test_secrets_are_filled_in_only_when_it_is_sent(server: HttpServer) -> None:
    body = {"to": "{to}", "text": "{text}", "auth": {"user": "{app_user}", "password": "<{app_password}>"}}
    headers = {"Authorization": "Basic {basic_auth}", "X-Key": "{app_key}"}
    values = values_for(server, body=body, headers=headers, method="put")
    rendered = render(message(), values)
    assert b"p" + b'"w' not in rendered.payload
    assert b"key-0815" not in rendered.payload
    assert (await send(values)).accepted
    (request,) = server.requests
    assert request.method == "PUT"
    assert request.json["auth"] == {"user": "ana", "password": '<p"w\\d>'}
    assert request.headers["x-key"] == "key-0815"
    assert "ocp-apim-subscription-key" not in request.headers
    assert request.headers["authorization"] == "Basic YW5hOnAid1xk"


async def test_a_secret_that_is_missing_or_cannot_travel(server: HttpServer) -> None:
    body = {"to": "{to}", "text": "{text}", "password": "{app_password}"}
    outcome = await send(values_for(server, body=body), {})
    assert (outcome.reason, "Enter App Password" in outcome.said) == (Cause.AUTHENTICATION, True)
    outcome = await send(values_for(server), {"app_key": Secret("schlüssel")})
    assert (outcome.reason, "cannot carry" in outcome.said) == (Cause.AUTHENTICATION, True)
    outcome = await send(values_for(server, key_header=""), {})
    assert outcome.accepted
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "answers", "kind", "cause"),
    [
        (200, {}, K.ACCEPTED, None),
        (201, {"accepted": [200]}, K.ACCEPTED, None),
        (202, {"temporary": ["2XX"], "accepted": [200]}, K.REFUSED_TEMPORARY, None),
        (400, {}, K.REFUSED_PERMANENT, None),
        (400, {"temporary": ["4xx"]}, K.REFUSED_TEMPORARY, None),
        (409, {}, K.REFUSED_PERMANENT, None),
        (401, {}, K.PROVIDER_WIDE, Cause.AUTHENTICATION),
        (402, {}, K.PROVIDER_WIDE, Cause.CREDITS),
        (403, {"throttled": ["403"]}, K.THROTTLED, None),
        (404, {}, K.PROVIDER_WIDE, Cause.CONFIGURATION),
        (302, {}, K.PROVIDER_WIDE, Cause.CONFIGURATION),
        (408, {}, K.REFUSED_TEMPORARY, None),
        (429, {}, K.THROTTLED, None),
        (500, {}, K.REFUSED_TEMPORARY, None),
        (502, {}, K.IN_DOUBT, None),
        (504, {"temporary": ["5xx"]}, K.REFUSED_TEMPORARY, None),
    ],
)
async def test_what_answers_mean(
    server: HttpServer, status: int, answers: dict[str, Any], kind: OutcomeKind, cause: Cause | None
) -> None:
    server.once(Response(status, b"{}", {"Retry-After": "9"}))
    outcome = await send(values_for(server, answers=answers))
    assert (outcome.kind, outcome.reason, outcome.code) == (kind, cause, str(status))
    if kind in (K.THROTTLED, K.REFUSED_TEMPORARY):
        assert outcome.wait_s == 9


async def test_the_id_and_the_reason_are_read_from_the_answer(server: HttpServer) -> None:
    values = values_for(server, answers={"id": "messages.0.id", "error": "error.text"})
    server.once(Response(200, b'{"messages": [{"id": 4711}]}'))
    assert (await send(values)).provider_message_id == "4711"
    server.once(Response(400, b'{"error": {"text": "no such number, key-0815"}}'))
    said = (await send(values)).said
    assert said.startswith("no such number")
    assert "key-0815" not in said
    server.once(Response(200, b"[" * 30_000))
    assert (await send(values)).provider_message_id is None


async def test_a_connection_that_breaks_after_the_body_is_in_doubt(server: HttpServer) -> None:
    server.once(DROP)
    assert (await send(values_for(server))).kind is K.IN_DOUBT


async def test_a_template_with_faults_sends_nothing(server: HttpServer) -> None:
    values = values_for(server)
    rendered = render(message(), values)
    broken = {**values, "app_config": '{"body": {"to": "{nobody}"}}'}
    with pytest.raises(NotRenderable, match="nobody"):
        render(message(), broken)
    transport = choose_transport(broken, SECRETS, Reach())
    opened = await transport.open()
    assert opened is not None
    assert opened.reason is Cause.CONFIGURATION
    assert (await transport.send(rendered, Attempt(MESSAGE_ID))).reason is Cause.CONFIGURATION
    assert await choose_transport(values, SECRETS, Reach()).open() is None
    assert transport.route.kind == "HTTP"
    assert not server.requests
