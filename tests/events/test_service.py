"""The endpoint as a process: started, stopped, killed, with TLS, and on a shared store."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.delivery.fold import Delivery
from ftos_tui.domain.delivery.outcome import Outcome, OutcomeKind
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.status_presets import SENDGRID
from ftos_tui.processor.events.http_server import Head
from ftos_tui.processor.events.intake import EventIntake
from ftos_tui.processor.events.listening import Listening
from ftos_tui.processor.events.service import CannotListen, tls_context
from ftos_tui.processor.events.webhook import Webhook
from ftos_tui.stores.sql.postgres import open_postgres
from ftos_tui.stores.sql.roles import Role
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.studio.events import KeptEvent, permit, webhook_of, words_of_event
from ftos_tui.studio.failures import NotPermitted
from tests.events.conftest import STAMP, provider_with, sent_message
from tests.postgres import PostgresServer
from tests.servers.certificates import Authority
from tests.servers.sendgrid_events import EventSigner, body_of, event
from tests.stores.making import ANA, new_version, sign
from tests.stores.queueing import queue, sent
from tests.studio.making import NOON, session_in
from tests.team import new_team

PROGRAM = [sys.executable, "-m", "ftos_tui"]


@contextlib.contextmanager
def process(*arguments: str, environ: Mapping[str, str] | None = None) -> Iterator["subprocess.Popen[str]"]:
    """A process with pipes, ended in the end."""
    started = subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, **(environ or {})},
    )
    with started:
        try:
            yield started
        finally:
            started.kill()


def port_of(started: "subprocess.Popen[str]") -> int:
    """The port that it says it listens on."""
    assert started.stdout is not None
    line = started.stdout.readline()
    found = re.search(r":(\d+)/events/", line)
    assert found, line + (started.stderr.read() if started.stderr and not line else "")
    return int(found[1])


def post(url: str, body: bytes, headers: Mapping[str, str], context: ssl.SSLContext | None = None) -> int:
    """The status of the answer; 0 for none."""
    request = urllib.request.Request(url, body, dict(headers))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context or ssl.create_default_context())
    )
    try:
        with opener.open(request, timeout=60) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, EventSigner, str]:
    """A home with a provider and a message that was sent."""
    session = session_in(tmp_path)
    session.places.data.mkdir(parents=True, exist_ok=True)
    signer = EventSigner()
    message_id = sent_message(session, provider_with(session, signer.public_key))
    session.close()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    (tmp_path / "xdg").mkdir()
    (tmp_path / "xdg" / "ftos-tui").symlink_to(tmp_path / "data")
    return tmp_path, signer, message_id


def reported(folder: Path, message_id: str) -> Any:
    """What was reported about a message."""
    store = open_sqlite(folder / "data" / "local.sqlite3")
    try:
        return store.messages.message_row(message_id).reported
    finally:
        store.close()


def test_it_serves_until_sigterm_and_tells_systemd(home: tuple[Path, EventSigner, str]) -> None:
    folder, signer, message_id = home
    body = body_of([event("delivered", message_id)])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(60)
        environ = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "3000000"}
        with process(*PROGRAM, "events", "serve", "--listen", "127.0.0.1:0", environ=environ) as serving:
            url = f"http://127.0.0.1:{port_of(serving)}/events/Gateway"
            assert manager.recv(1000).startswith(b"READY=1\nSTATUS=Listening on 127.0.0.1:")
            assert manager.recv(1000) == b"WATCHDOG=1"
            assert post(url, body, signer.headers(body)) == 200
            serving.send_signal(signal.SIGHUP)  # nothing to be read again
            assert post(url, body, signer.headers(body + b" ")) == 401
            serving.send_signal(signal.SIGTERM)
            _, err = serving.communicate(timeout=60)
            assert serving.returncode == 0
            told = manager.recv(1000)
            while told == b"WATCHDOG=1":
                told = manager.recv(1000)
            assert told == b"STOPPING=1"
    assert " warning Events for Gateway were refused: they are not signed" in err
    assert reported(folder, message_id).delivery is Delivery.DELIVERED


def test_a_kill_between_commit_and_answer_counts_nothing_twice(home: tuple[Path, EventSigner, str]) -> None:
    folder, signer, message_id = home
    body = body_of([event("open", message_id, sg_event_id=f"e{n}", timestamp=1_700_000_000 + n) for n in range(3)])
    with process(sys.executable, "-m", "tests.events.killed", str(folder)) as serving:
        url = f"http://127.0.0.1:{port_of(serving)}/events/Gateway"
        assert post(url, body, signer.headers(body, STAMP)) == 0
        assert serving.wait(60) == -signal.SIGKILL
    assert reported(folder, message_id).opens == 3
    with process(*PROGRAM, "events", "serve", "--listen", "127.0.0.1:0") as serving:
        url = f"http://127.0.0.1:{port_of(serving)}/events/Gateway"
        assert post(url, body, signer.headers(body)) == 200
        serving.send_signal(signal.SIGINT)
        assert serving.wait(60) == 0
    assert reported(folder, message_id).opens == 3


def test_alone_with_tls_and_a_certificate_renewed(home: tuple[Path, EventSigner, str], tmp_path: Path) -> None:
    _, signer, _ = home
    authority = Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    certificate, key = (path.rename(tmp_path / path.suffix[1:]) for path in authority.files("localhost"))
    arguments = ("--tls-cert", str(certificate), "--tls-key", str(key))
    with process(*PROGRAM, "events", "serve", "--listen", "127.0.0.1:0", *arguments) as serving:
        port = port_of(serving)
        assert post(f"https://localhost:{port}/events/Gateway", b"[]", signer.headers(b"[]"), trusting) == 200
        assert post(f"https://127.0.0.1:{port}/events/Gateway", b"[]", signer.headers(b"[]"), trusting) == 0
        assert serving.stdout is not None
        for names, said in (((), "The certificate was read again."), (None, "The certificate in use stays: ")):
            if names is None:
                certificate.write_text("damaged")
            else:
                for path, new in zip((certificate, key), authority.files(*names), strict=True):
                    path.write_bytes(new.read_bytes())
            serving.send_signal(signal.SIGHUP)
            assert serving.stdout.readline().startswith(said)
            assert post(f"https://127.0.0.1:{port}/events/Gateway", b"[]", signer.headers(b"[]"), trusting) == 200
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(60) == 0


def test_what_cannot_be_listened_on(tmp_path: Path) -> None:
    assert tls_context(Listening("localhost", 0)) is None
    assert tls_context(Listening("::1", 0)) is None
    assert tls_context(Listening("0.0.0.0", 0, behind_proxy=True)) is None
    for listening in (
        Listening("0.0.0.0", 0),
        Listening("gateway.example.com", 0),
        Listening("0.0.0.0", 0, tmp_path / "none", tmp_path / "none"),
    ):
        with pytest.raises(CannotListen):
            tls_context(listening)


async def test_posts_at_once_through_two_endpoints_of_a_shared_store(postgres_server: PostgresServer) -> None:
    target = postgres_server.target(postgres_server.new_database())
    stores = [open_postgres(target) for _ in range(2)]
    provider = stores[0].write(new_version("Gateway", statuses=()), sign)
    [message_id] = queue(stores[0], provider.provider_id)
    sent(stores[0], provider.provider_id)
    signer = EventSigner()
    webhooks = [
        Webhook(
            store,
            EventIntake(store, ANA, sign, SENDGRID),
            lambda *_: None,
            lambda: float(STAMP),
            lambda: 0.0,
            [signer.public_key],
        )
        for store in stores
    ]
    events = [event("open", message_id, sg_event_id=f"e{n}", timestamp=1_700_000_000 + n) for n in range(30)]

    async def give(start: int) -> int:
        body = body_of(events[start : start + 10])
        headers = [(name.lower(), value) for name, value in signer.headers(body, STAMP).items()]
        return (await webhooks[start % 2].answer(Head("POST", "/events/Gateway", headers), body)).status

    try:
        assert set(await asyncio.gather(*map(give, (0, 5, 10, 15, 20, 3, 7, 11)))) == {200}
        assert stores[1].messages.message_row(message_id).reported.opens == 30
    finally:
        for webhook in webhooks:
            webhook.close()
        for store in stores:
            store.close()


async def test_who_may_take_events_into_a_shared_store(postgres_server: PostgresServer, tmp_path: Path) -> None:
    team = new_team(postgres_server, tmp_path / "owner")
    owner = team.session()
    provider = owner.store.write(new_version("Gateway", statuses=()), sign)
    [message_id] = queue(owner.store, provider.provider_id)
    sent(owner.store, provider.provider_id, after=Dispatch.IN_DOUBT, outcome=Outcome(OutcomeKind.IN_DOUBT))
    auditor = team.session(tmp_path / "auditor", user=team.person(Role.AUDITOR))
    worker = team.session(tmp_path / "worker", user=team.person(Role.WORKER))
    team.give_key(worker.places.data)
    signer = EventSigner()
    body = body_of([event("open", message_id)])
    headers = [(name.lower(), value) for name, value in signer.headers(body).items()]
    try:
        with pytest.raises(NotPermitted):
            permit(auditor)
        permit(worker)
        webhook = webhook_of(worker, [signer.public_key])
        assert (await webhook.answer(Head("POST", "/events/Gateway", headers), body)).status == 200
        webhook.close()
        row = owner.store.messages.message_row(message_id)
        assert (row.state, row.reported.opens) == (Dispatch.ACCEPTED, 1)
        assert owner.store.audit_entries()[-1].action == "message_settled"
    finally:
        for session in (owner, auditor, worker):
            session.close()


def test_words_of_events() -> None:
    def words(raw: str) -> str:
        return words_of_event(KeptEvent(1, None, "open", "", None, NOON, raw))

    assert words('{"email": "a@b", "reason": "\\u001b[2J", "url": "javascript:x", "tls": 1}') == "a@b ␛[2J javascript:x"
    assert (words("[1]"), words("damaged")) == ("[1]", "")
