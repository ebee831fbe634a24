"""SMTP against a real server that misbehaves at each stage: the outcome, and how many copies arrived."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.delivery.message import Attachment
from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.secret import Secret
from ftos_tui.transports import smtp as smtp_module
from ftos_tui.transports import smtp_connection
from ftos_tui.transports.protocol import Attempt, Reach, Transport, choose_transport
from ftos_tui.transports.rendered import Rendered
from ftos_tui.transports.rendering import render
from tests.domain.records import GOOD
from tests.servers.certificates import Authority
from tests.servers.serving import DROP, HANG, RESET, serving
from tests.servers.smtp import TAKE_AND_DROP, TAKE_AND_HANG, SmtpServer
from tests.transports.conftest import MESSAGE_ID, message

K = OutcomeKind
PASSWORD = Secret("s3cret-of-the-provider")
ATTEMPT = Attempt(MESSAGE_ID)


def values_for(server: SmtpServer, scheme: str = "smtp", host: str = "localhost", **config: Any) -> dict[str, Any]:
    """A record that leads to the server."""
    import json

    return {
        **GOOD,
        "provider_name": "SMTP",
        "service_url": f"{scheme}://{host}:{server.port}",
        "app_user": "ana" if server.users else "",
        "app_config": json.dumps({"timeout": 5, **config}),
    }


def transport_to(values: dict[str, Any], password: Secret | None = PASSWORD, **reach: Any) -> Transport:
    secrets = {"app_password": password} if password else {}
    return choose_transport(values, secrets, Reach(**reach))


async def send(values: dict[str, Any], **changed: Any) -> Outcome:
    """One message over a transport of its own."""
    transport = transport_to(values)
    try:
        return await transport.send(render(message(**changed), values), ATTEMPT)
    finally:
        await transport.close()


@pytest.fixture(params=[("SIZE 35882577", "PIPELINING"), ("8BITMIME",)], ids=["at once", "in turn"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[SmtpServer]:
    async with serving(SmtpServer(extensions=request.param)) as running:
        yield running


async def test_a_message_arrives_as_it_was_rendered(server: SmtpServer) -> None:
    values = values_for(server)
    outcome = await send(values)
    assert (outcome.kind, outcome.code, outcome.provider_message_id) == (K.ACCEPTED, "250", "0")
    (copy,) = server.copies
    assert copy.sender == "office@bank.example.com"
    assert copy.recipients == ("ana@example.org",)
    assert copy.message_id == f"<{MESSAGE_ID}@bank.example.com>"
    assert copy.data == render(message(), values).payload
    assert b"\r\n.\r\n" in copy.data  # a lone dot of the text is no end of the data


@pytest.mark.parametrize(
    ("stage", "reply", "kind", "cause"),
    [
        ("greeting", "421 4.3.2 Too busy", K.PROVIDER_WIDE, Cause.NETWORK),
        ("greeting", "554 5.3.2 No service", K.PROVIDER_WIDE, Cause.NETWORK),
        ("greeting", "HTTP/1.1 400 Bad Request", K.PROVIDER_WIDE, Cause.CONFIGURATION),
        ("greeting", DROP, K.PROVIDER_WIDE, Cause.NETWORK),
        ("ehlo", "421 4.7.0 Later", K.THROTTLED, None),
        ("ehlo", "451 4.3.0 Later", K.PROVIDER_WIDE, Cause.NETWORK),
        ("ehlo", "550 5.7.1 Not you", K.PROVIDER_WIDE, Cause.CONFIGURATION),
        ("ehlo", DROP, K.PROVIDER_WIDE, Cause.NETWORK),
        ("mail", "530 5.7.0 Authentication required", K.PROVIDER_WIDE, Cause.AUTHENTICATION),
        ("mail", "454 4.7.0 Temporary authentication failure", K.PROVIDER_WIDE, Cause.NETWORK),
        ("mail", "454 4.3.1 Slow down", K.THROTTLED, None),
        ("mail", "432 4.3.2 Concurrent connections exceeded", K.THROTTLED, None),
        ("mail", "450 4.7.1 Rate limited, try again in 2 minutes", K.THROTTLED, None),
        ("mail", "451 4.3.0 Later", K.REFUSED_TEMPORARY, None),
        ("mail", "550 5.1.8 Bad sender", K.PROVIDER_WIDE, Cause.SENDER_IDENTITY),
        ("mail", "553 5.7.1 Sender address rejected: not owned by user", K.PROVIDER_WIDE, Cause.SENDER_IDENTITY),
        ("mail", "552 5.3.4 Message too big", K.REFUSED_PERMANENT, None),
        ("mail", "502 5.5.1 No such command", K.PROVIDER_WIDE, Cause.CONFIGURATION),
        ("rcpt", "550 5.1.1 User unknown", K.REFUSED_PERMANENT, None),
        ("rcpt", "553 5.1.3 Bad mailbox", K.REFUSED_PERMANENT, None),
        ("rcpt", "550 5.7.1 Sender address rejected", K.PROVIDER_WIDE, Cause.SENDER_IDENTITY),
        ("rcpt", "552 5.2.2 Mailbox full", K.REFUSED_TEMPORARY, None),
        ("rcpt", "450 4.2.0 Greylisted", K.REFUSED_TEMPORARY, None),
        ("rcpt", "450 4.7.1 Too many", K.THROTTLED, None),
        ("rcpt", "421 4.7.0 Too many", K.THROTTLED, None),
        ("data", "451 4.3.0 Later", K.REFUSED_TEMPORARY, None),
        ("data", "554 5.5.1 No valid recipients", K.REFUSED_PERMANENT, None),
        ("data", "250 Ok", K.PROVIDER_WIDE, Cause.CONFIGURATION),
        ("data", DROP, K.PROVIDER_WIDE, Cause.NETWORK),
        ("rcpt", DROP, K.PROVIDER_WIDE, Cause.NETWORK),
        ("rcpt", RESET, K.PROVIDER_WIDE, Cause.NETWORK),
        ("final", "451 4.3.0 Later", K.REFUSED_TEMPORARY, None),
        ("final", "421 4.3.0 Going down", K.THROTTLED, None),
        ("final", "554 5.7.1 Spam", K.REFUSED_PERMANENT, None),
        ("final", "552 5.3.4 Too big", K.REFUSED_PERMANENT, None),
        ("final", "554 5.2.2 mailbox full; STOREDRV.Submission", K.PROVIDER_WIDE, Cause.QUOTA),
        (
            "final",
            "550 The from address does not match a verified Sender Identity",
            K.PROVIDER_WIDE,
            Cause.SENDER_IDENTITY,
        ),
        ("final", "451 Authentication failed: Maximum credits exceeded", K.PROVIDER_WIDE, Cause.CREDITS),
        ("final", "what?", K.IN_DOUBT, None),
        ("final", DROP, K.IN_DOUBT, None),
        ("final", RESET, K.IN_DOUBT, None),
    ],
)
async def test_each_reply_at_each_stage(
    server: SmtpServer, stage: str, reply: str, kind: OutcomeKind, cause: Cause | None
) -> None:
    server.once(stage, reply)
    outcome = await send(values_for(server))
    assert (outcome.kind, outcome.reason) == (kind, cause)
    assert not server.copies
    if reply[:3].isdigit():
        assert outcome.code == reply[:3]
        assert reply in outcome.said
    else:
        assert outcome.said


@pytest.mark.parametrize(
    ("refusal", "then", "kind"),
    [
        ("550 5.1.1 User unknown", "354 Go on", K.REFUSED_PERMANENT),
        ("450 4.2.0 Greylisted", DROP, K.REFUSED_TEMPORARY),
        ("552 5.2.2 Full", HANG, K.REFUSED_TEMPORARY),
    ],
)
async def test_a_refusal_counts_whatever_follows_it(refusal: str, then: str, kind: OutcomeKind) -> None:
    async with serving(SmtpServer()) as server:
        server.once("rcpt", refusal)
        server.once("data", then)
        values = values_for(server, timeout=2)
        transport = transport_to(values)
        rendered = render(message(), values)
        outcome = await transport.send(rendered, ATTEMPT)
        assert (outcome.kind, outcome.said) == (kind, refusal)
        assert (await transport.send(rendered, ATTEMPT)).accepted
        assert (server.connections, len(server.copies)) == (2, 1)
        await transport.close()


async def test_replies_of_several_lines_and_floods() -> None:
    async with serving(SmtpServer()) as server:
        server.once("mail", "250-2.1.0 Sender\n250 Ok")
        assert (await send(values_for(server))).accepted
        server.once("rcpt", "x" * 100_000)
        outcome = await send(values_for(server))
        assert outcome.kind is K.PROVIDER_WIDE
        server.once("greeting", "220-" + "x" * 100_000)
        assert (await send(values_for(server))).reason is Cause.CONFIGURATION
        assert len(server.copies) == 1


async def test_a_wait_that_is_asked_for_is_told(server: SmtpServer) -> None:
    server.once("rcpt", "450 4.7.1 Rate limited, try again in 2 minutes")
    assert (await send(values_for(server))).wait_s == 120


@pytest.mark.parametrize("action", [TAKE_AND_DROP, TAKE_AND_HANG, HANG])
async def test_silence_after_the_final_dot_is_in_doubt_and_never_sent_again(
    server: SmtpServer, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_connection, "FINAL_TIMES", 0.02)
    server.once("final", action)
    outcome = await send(values_for(server, timeout=10))
    assert outcome.kind is K.IN_DOUBT
    assert len(server.copies) == (action != HANG)
    assert server.connections == 1


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "mail", "rcpt", "data"])
async def test_silence_before_the_data_is_the_network(server: SmtpServer, stage: str) -> None:
    server.once(stage, HANG)
    outcome = await send(values_for(server, timeout=0.2))
    assert (outcome.kind, outcome.reason) == (K.PROVIDER_WIDE, Cause.NETWORK)


@pytest.mark.parametrize(
    ("action", "kind"), [(DROP, K.PROVIDER_WIDE), (RESET, K.PROVIDER_WIDE), ("552 5.3.4 Too big", K.REFUSED_PERMANENT)]
)
async def test_what_breaks_off_within_the_data_was_not_taken(
    server: SmtpServer, action: str, kind: OutcomeKind
) -> None:
    """Megabytes that no buffer of the system holds, and a server that reads a kilobyte of them."""
    server.once("body", action)
    large = Attachment("large.bin", "application/octet-stream", bytes(6_000_000))
    outcome = await send(values_for(server), attachments=(large,))
    assert outcome.kind is kind
    assert not server.copies


async def test_a_large_message_arrives_whole(server: SmtpServer) -> None:
    large = Attachment("large.bin", "application/octet-stream", b"\r\n.\r\n" * 200_000)
    values = values_for(server)
    outcome = await send(values, attachments=(large,))
    assert outcome.accepted
    assert b"\r\n.\r\n" * 100 not in server.copies[0].data
    assert len(server.copies[0].data) > 1_000_000


async def test_connections_are_used_again_and_a_refusal_does_not_end_them(server: SmtpServer) -> None:
    values = values_for(server)
    transport = transport_to(values)
    rendered = render(message(), values)
    assert await transport.open() is None
    server.once("rcpt", "250 2.1.5 Ok", "550 5.1.1 User unknown")
    kinds = [(await transport.send(rendered, ATTEMPT)).kind for _ in range(4)]
    assert kinds == [K.ACCEPTED, K.REFUSED_PERMANENT, K.ACCEPTED, K.ACCEPTED]
    assert server.connections == 1
    assert server.commands.count("RSET") == 1
    await transport.close()
    assert server.commands[-1] == "QUIT"


@pytest.mark.parametrize("farewell", ["421 4.4.2 Idle too long", DROP])
async def test_a_connection_that_the_server_closed_meanwhile_is_replaced(server: SmtpServer, farewell: str) -> None:
    values = values_for(server)
    transport = transport_to(values)
    rendered = render(message(), values)
    await transport.send(rendered, ATTEMPT)
    server.once("mail", farewell)
    assert (await transport.send(rendered, ATTEMPT)).accepted
    assert server.connections == 2
    assert len(server.copies) == 2
    await transport.close()


@pytest.mark.parametrize("action", ["250 2.0.0 Ok", "421 4.4.2 Idle", DROP])
async def test_an_idle_connection_is_asked_first(
    server: SmtpServer, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_module, "ASK_AFTER_S", -1.0)
    values = values_for(server)
    transport = transport_to(values)
    rendered = render(message(), values)
    await transport.send(rendered, ATTEMPT)
    server.once("noop", action)
    assert (await transport.send(rendered, ATTEMPT)).accepted
    assert server.connections == (1 if action.startswith("250") else 2)
    monkeypatch.setattr(smtp_module, "CLOSE_AFTER_S", -1.0)
    before = server.connections
    assert (await transport.send(rendered, ATTEMPT)).accepted
    assert server.connections == before + 1
    await transport.close()


async def test_no_more_connections_than_the_provider_takes(server: SmtpServer) -> None:
    values = values_for(server, max_connections=3)
    transport = transport_to(values)
    rendered = render(message(), values)
    outcomes = await asyncio.gather(*(transport.send(rendered, ATTEMPT) for _ in range(20)))
    assert all(outcome.accepted for outcome in outcomes)
    assert server.connections <= 3
    assert len(server.copies) == 20
    await transport.close()


async def test_a_canceled_send_leaves_no_connection_behind(server: SmtpServer) -> None:
    values = values_for(server)
    transport = transport_to(values)
    rendered = render(message(), values)
    waiting = asyncio.Event()
    server.once("rcpt", lambda _: waiting.set() or HANG)  # type: ignore[func-returns-value]
    task = asyncio.create_task(transport.send(rendered, ATTEMPT))
    await asyncio.wait_for(waiting.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await transport.send(rendered, ATTEMPT)).accepted
    assert server.connections == 2
    await transport.close()


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("methods", ["PLAIN LOGIN", "LOGIN"])
async def test_sign_in_over_tls(authority: Authority, scheme: str, methods: str) -> None:
    tls = "implicit" if scheme == "smtps" else "starttls"
    made = SmtpServer(tls=tls, context=authority.context(), users={"ana": PASSWORD.reveal()}, methods=methods)
    async with serving(made) as server:
        values = values_for(server, scheme, tls=tls, ca_file=str(authority.ca_file))
        assert (await send(values)).accepted
        assert (server.copies[0].user, server.copies[0].tls) == ("ana", True)


@pytest.mark.parametrize(
    ("reply", "kind", "cause"),
    [
        (None, K.PROVIDER_WIDE, Cause.AUTHENTICATION),
        ("535 5.7.8 Bad credentials", K.PROVIDER_WIDE, Cause.AUTHENTICATION),
        ("534 5.7.9 Stronger, please", K.PROVIDER_WIDE, Cause.AUTHENTICATION),
        ("550 5.7.1 Account locked", K.PROVIDER_WIDE, Cause.AUTHENTICATION),
        ("454 4.7.0 Temporary authentication failure", K.PROVIDER_WIDE, Cause.NETWORK),
        ("451 4.3.0 Database is down", K.PROVIDER_WIDE, Cause.NETWORK),
        ("432 4.7.12 Later", K.THROTTLED, None),
        ("503 5.5.1 Not now", K.PROVIDER_WIDE, Cause.CONFIGURATION),
        (DROP, K.PROVIDER_WIDE, Cause.NETWORK),
    ],
)
async def test_a_refused_sign_in_is_tried_once(reply: str | None, kind: OutcomeKind, cause: Cause | None) -> None:
    async with serving(SmtpServer(users={"ana": "another"})) as server:
        if reply:
            server.once("auth", reply)
        outcome = await send(values_for(server))
        assert (outcome.kind, outcome.reason) == (kind, cause)
        assert sum(command.startswith("AUTH") for command in server.commands) == 1


async def test_an_answer_never_shows_the_secret_that_it_repeats() -> None:
    async with serving(SmtpServer(users={"ana": "another"})) as server:
        server.always("auth", lambda line: f"535 5.7.8 {line} {PASSWORD.reveal()} is wrong\x1b[2J")
        outcome = await send(values_for(server))
        sent = next(command for command in server.commands if command.startswith("AUTH")).split()[-1]
        assert PASSWORD.reveal() not in outcome.said
        assert sent not in outcome.said
        assert "is wrong" in outcome.said
        assert "\x1b" not in outcome.said


async def test_a_server_that_knows_no_way_to_sign_in() -> None:
    async with serving(SmtpServer(users={"ana": "x"}, methods="GSSAPI")) as server:
        outcome = await send(values_for(server))
        assert outcome.reason is Cause.CONFIGURATION
        assert "no way to sign in with a password" in outcome.said
    async with serving(SmtpServer()) as server:
        outcome = await send({**values_for(server), "app_user": "ana"})
        assert "offers no way to sign in" in outcome.said


async def test_words_put_in_before_tls_end_the_connection(authority: Authority) -> None:
    made = SmtpServer(tls="starttls", context=authority.context(), users={"ana": PASSWORD.reveal()})
    async with serving(made) as server:
        server.once("starttls", "220 2.0.0 Ready\r\n250-mail.test\r\n250 AUTH PLAIN")
        values = values_for(server, tls="starttls", ca_file=str(authority.ca_file))
        outcome = await send(values)
        assert (outcome.kind, outcome.reason) == (K.PROVIDER_WIDE, Cause.NETWORK)
        assert "before TLS" in outcome.said
        assert not any(command.startswith("AUTH") for command in server.commands)


async def test_starttls_that_is_not_offered_or_refused(authority: Authority) -> None:
    async with serving(SmtpServer()) as server:
        outcome = await send(values_for(server, tls="starttls"))
        assert outcome.reason is Cause.CONFIGURATION
        assert "offers no STARTTLS" in outcome.said
        assert not any(command.startswith("MAIL") for command in server.commands)
    async with serving(SmtpServer(tls="starttls", context=authority.context())) as server:
        server.once("starttls", "454 4.7.0 TLS not available", "501 5.5.4 No", DROP)
        values = values_for(server, tls="starttls")
        assert [(await send(values)).reason for _ in range(3)] == [Cause.NETWORK, Cause.CONFIGURATION, Cause.NETWORK]


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize(
    ("names", "days", "trusted", "words"),
    [
        (("mail.example.com",), 30, True, "for another name, not localhost"),
        (("localhost",), -1, True, "has expired"),
        (("localhost",), 30, False, "unknown authority"),
    ],
)
async def test_certificates_are_always_verified(
    authority: Authority, tls: str, names: tuple[str, ...], days: int, trusted: bool, words: str
) -> None:
    made = SmtpServer(tls=tls, context=authority.context(*names, days=days), users={"ana": PASSWORD.reveal()})
    async with serving(made) as server:
        scheme = "smtps" if tls == "implicit" else "smtp"
        config = {"ca_file": str(authority.ca_file)} if trusted else {}
        outcome = await send(values_for(server, scheme, tls=tls, **config))
        assert (outcome.kind, outcome.reason) == (K.PROVIDER_WIDE, Cause.NETWORK)
        assert words in outcome.said
        assert not any(command.startswith("AUTH") for command in server.commands)


async def test_the_wrong_kind_of_port_is_named(server: SmtpServer, authority: Authority) -> None:
    outcome = await send(values_for(server, "smtps"))
    assert "wants STARTTLS" in outcome.said
    async with serving(SmtpServer(tls="implicit", context=authority.context())) as implicit:
        outcome = await send(values_for(implicit, timeout=0.3))
        assert outcome.reason is Cause.NETWORK


async def test_international_addresses_need_a_server_that_takes_them(server: SmtpServer) -> None:
    recipient = "jörg@bücher.example"
    values = values_for(server)
    outcome = await send(values, recipient=recipient, to=(recipient,))
    assert outcome.kind is K.REFUSED_PERMANENT
    assert "SMTPUTF8" in outcome.said
    async with serving(SmtpServer(extensions=("SMTPUTF8", "8BITMIME"))) as taking:
        outcome = await send(values_for(taking), recipient=recipient, to=(recipient,))
        assert outcome.accepted
        assert taking.copies[0].recipients == ("jörg@xn--bcher-kva.example",)
        assert "MAIL FROM:<office@bank.example.com> SMTPUTF8" in taking.commands


async def test_nobody_listens_and_nobody_is_known(server: SmtpServer) -> None:
    values = values_for(server)
    await server.stop()
    outcome = await send(values)
    assert outcome.reason is Cause.NETWORK
    assert "refuses connections" in outcome.said
    outcome = await send({**values, "service_url": "smtp://no-such-host.invalid:25"})
    assert outcome.reason is Cause.NETWORK
    assert "has no address" in outcome.said


async def test_a_missing_authority_file_is_named(server: SmtpServer, tmp_path: Path) -> None:
    outcome = await send(values_for(server, "smtps", ca_file=str(tmp_path / "none.pem")))
    assert outcome.reason is Cause.CONFIGURATION
    assert "ca_file" in outcome.said
    transport = transport_to(values_for(server, "smtps", ca_file=str(tmp_path / "none.pem")))
    opened = await transport.open()
    assert opened is not None
    assert opened.reason is Cause.CONFIGURATION


async def test_open_says_what_the_server_refuses(server: SmtpServer) -> None:
    server.once("greeting", "421 4.3.2 Too busy")
    outcome = await transport_to(values_for(server)).open()
    assert outcome is not None
    assert outcome.reason is Cause.NETWORK


async def test_a_payload_with_lone_line_ends_cannot_end_the_data_early(server: SmtpServer) -> None:
    values = values_for(server)
    smuggled = Rendered(
        kind=render(message(), values).kind,
        key="",
        sender="a@b.example",
        recipient="c@d.example",
        message_id="<x@b.example>",
        smtputf8=False,
        payload=b".first\r\nbody\n.\nMAIL FROM:<evil@example.org>\r.\rlast",
    )
    transport = transport_to(values)
    assert (await transport.send(smuggled, ATTEMPT)).accepted
    await transport.close()
    (copy,) = server.copies
    assert copy.data == b".first\r\nbody\r\n.\r\nMAIL FROM:<evil@example.org>\r\n.\r\nlast\r\n"
