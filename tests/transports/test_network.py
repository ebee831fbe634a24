"""What may be reached: names and addresses are judged before and after the look-up, and the judged one is used."""

import asyncio
import socket
import ssl
from typing import Any

import pytest

from ftos_tui.domain.delivery.outcome import Cause
from ftos_tui.domain.route import Route, route_of
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.certificate import Certificate
from ftos_tui.transports.http_answers import outcome_of_status
from ftos_tui.transports.http_client import Answer
from ftos_tui.transports.network import Fault, connect, connect_words, resolve, tls_words
from ftos_tui.transports.protocol import Reach, choose_transport
from ftos_tui.transports.said import Cleaner
from tests.domain.records import GOOD, SMTP


def route_to(url: str, **edits: Any) -> Route:
    name = "SMTP" if url.startswith("smtp") else "SendGrid"
    return route_of({**GOOD, "provider_name": name, "service_url": url, "app_config": '{"timeout": 2}', **edits})


def look_up(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Has every name lead to these addresses, as a name server would."""

    async def found(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 1)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "224.0.0.1", "0.0.0.0", "fd00:ec2::254"]
)
@pytest.mark.parametrize("url", ["smtp://mail.example.com", "https://api.sendgrid.com"])
async def test_a_name_that_leads_to_a_reserved_address(url: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up(monkeypatch, "192.0.2.1", address)
    with pytest.raises(Fault, match="reserved for the network itself") as caught:
        await resolve(route_to(url), Reach())
    assert caught.value.cause is Cause.CONFIGURATION


async def test_private_addresses_are_fine_and_kept_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    look_up(monkeypatch, "10.0.0.2", "10.0.0.1", "10.0.0.2")
    addresses = await resolve(route_to("smtp://mail.example.com"), Reach())
    assert list(map(str, addresses)) == ["10.0.0.2", "10.0.0.1"]


async def test_without_encryption_only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    look_up(monkeypatch, "192.0.2.1")
    with pytest.raises(Fault, match="not to this machine"):
        await resolve(route_to("smtp://localhost"), Reach())
    with pytest.raises(Fault, match="Without encryption"):
        await resolve(route_to("http://api.example.com"), Reach())
    assert await resolve(route_to("http://api.example.com"), Reach(allow_http=True))


@pytest.mark.parametrize("host", ["169.254.169.254", "metadata.google.internal"])
async def test_a_reserved_host_is_not_looked_up(host: str) -> None:
    with pytest.raises(Fault, match="reserved"):
        await resolve(route_to("https://api.sendgrid.com", app_config=f'{{"host": "{host}"}}'), Reach())


async def test_a_name_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object, **__: object) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", silent)
    with pytest.raises(Fault, match="No name server"):
        await resolve(route_to("smtp://mail.example.com", app_config='{"timeout": 0.05}'), Reach())


async def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        look_up(monkeypatch, "127.0.0.2", "127.0.0.1")
        route = route_to(f"smtp://localhost:{port}")
        sock = await connect(route, await resolve(route, Reach()))
        assert sock.getpeername() == ("127.0.0.1", port)
        sock.close()
    with pytest.raises(Fault, match="has no address"):
        await connect(route, ())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "does not answer"),
        (OSError(113, "No route to host"), "cannot be reached"),
        (OSError(13, "Permission denied"), "takes no connection: Permission denied"),
        (OSError(), "the connection broke"),
    ],
)
def test_why_an_address_took_no_connection(error: OSError, words: str) -> None:
    assert words in connect_words(error, "192.0.2.1", 25)


def certificate_error(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, message)
    error.verify_code, error.verify_message = code, message
    return error


def library_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (certificate_error(9, "not yet"), "not valid yet"),
        (certificate_error(18, "self-signed"), "signed by itself"),
        (certificate_error(64, "IP address mismatch"), "another name"),
        (certificate_error(23, "revoked"), "refused: revoked"),
        (library_error("UNSUPPORTED_PROTOCOL"), "older than 1.2"),
        (library_error("WRONG_VERSION_NUMBER"), "answers without TLS"),
        (library_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), "failed: sslv3 alert handshake failure"),
        (TimeoutError(), "handshake in time"),
        (ConnectionResetError(), "the connection broke"),
    ],
)
def test_why_tls_did_not_come_about(error: Exception, words: str) -> None:
    assert words in tls_words(error, route_to("https://api.sendgrid.com"))


def test_secrets_leave_no_trace_in_answers() -> None:
    clean = Cleaner((Secret('p"s<cret&1'), None, Secret("abc")), "ana")
    spellings = ('p"s<cret&1', "p%22s%3Ccret%261", "p&quot;s&lt;cret&amp;1", "cCJzPGNyZXQmMQ==", 'p\\"s<cret&1')
    for spelling in spellings:
        assert clean(f"it was {spelling}, so no") == "it was ••••••••, so no"
    assert clean("abc\r\nline\x1b[2J") == "abc line␛[2J"
    assert len(clean("x" * 5000)) == 512
    assert "cret" not in repr(clean)


def test_a_redirect_that_repeats_the_key_shows_none() -> None:
    answer = Answer(302, {"location": "https://login.example.com/?k=SG.secret"}, "")
    outcome = outcome_of_status(answer, "", Cleaner((Secret("SG.secret"),)))
    assert "login.example.com/?k=••••••••" in outcome.said
    assert outcome.reason is Cause.CONFIGURATION


def test_the_way_out_that_is_chosen() -> None:
    secrets = {"app_key": Secret("SG.x"), "app_password": Secret("p")}
    kinds = [
        choose_transport({**GOOD, **edits}, secrets, Reach()).route.kind
        for edits in ({}, SMTP, {"app_config": '{"body": {"to": "{to}", "text": "{text}"}}'})
    ]
    assert kinds == ["SendGrid", "SMTP", "HTTP"]


def test_a_certificate_in_words() -> None:
    from datetime import UTC, datetime, timedelta

    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert (
        Certificate((), now + timedelta(days=1), "TLS 1.2").in_words(now).endswith("for no name, valid for 1 more day.")
    )
    assert Certificate(("a",), now - timedelta(days=1)).in_words(now) == "TLS; certificate for a, expired."
