"""The processor as a service: its commands, its word to systemd, its metrics, one on a local store, and full disks."""

import asyncio
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ftos_tui.domain.failure import Failure
from ftos_tui.processor.metrics import MetricsServer, PrometheusMeter
from ftos_tui.processor.notify import Notifier
from ftos_tui.processor.sole import AlreadyRunning, SoleWorker
from ftos_tui.stores.dispatch_protocol import WorkerState
from ftos_tui.stores.protocol import NotFound
from ftos_tui.stores.sql.store import SqlStore
from ftos_tui.studio import processor
from ftos_tui.studio.failures import NotPermitted
from ftos_tui.studio.processor import RunOptions
from tests.cli.conftest import Run
from tests.processor.post import Post, environ_of, local_session, utc_now, wait_for


def test_one_processor_runs_on_a_local_store(post: Post, run: Run) -> None:
    process = post.process()
    try:
        wait_for(lambda: "runs in local" in post.log())
        second = run("processor", "run")
        assert second.code == 1
        assert f"A processor already runs on {post.session.store_path} (process {process.pid})" in second.err
        with pytest.raises(AlreadyRunning):
            SoleWorker(post.session.store_path)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    SoleWorker(post.session.store_path).close()
    with pytest.raises(Failure, match="cannot be made"):
        SoleWorker(post.folder / "none" / "local.sqlite3")


def test_commands_tell_how_it_stands(post: Post, run: Run) -> None:
    post.edit(bulk_no="1")
    post.queue(2)
    none = run("processor", "status")
    assert (none.code, none.err) == (0, "")
    assert none.out.splitlines() == [
        "No processor is running: start one by `ftos-tui processor run`.",
        "Gateway: 2 waiting, 0 in hand.",
    ]
    ran = run("processor", "run", "--once")
    assert ran.code == 0
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert [line["level"] for line in lines] == ["info"] * 3
    assert lines[1]["message"] == "Gateway: 1 accepted."
    shape = run("processor", "status", "--json").json
    assert (shape["workers"], len(shape["providers"])) == ([], 1)
    [provider] = shape["providers"]
    assert (provider["name"], provider["waiting"], provider["in_hand"]) == ("Gateway", 1, 0)
    assert provider["breaker"]["position"] == "closed"
    assert provider["next_step_at"] > provider["step_at"]
    assert provider["idle"].startswith("The next step")


def test_commands_tell_which_run(post: Post, run: Run) -> None:
    now = utc_now()
    for name, detail in (("w1", '{"in_hand": 3}'), ("w2", "[]"), ("w3", "damaged")):
        post.session.store.messages.heartbeat(WorkerState(name, "jump1", 77, now, now, detail), 60)
    shown = run("processor", "status").out.splitlines()
    assert shown[0].split() == ["WORKER", "HOST", "PID", "SINCE", "LAST", "SEEN", "IN", "HAND"]
    assert shown[1].split()[0] == "w1"
    assert shown[1].endswith(" s ago    3")
    workers = run("processor", "status", "--json").json["workers"]
    assert [(worker["alive"], worker["detail"]) for worker in workers] == [
        (True, {"in_hand": 3}),
        (True, {}),
        (True, {}),
    ]


def test_a_breaker_is_closed_by_command(post: Post, run: Run) -> None:
    post.server.always("auth", "535 5.7.8 no")
    post.queue()
    post.work()
    assert "is stopped" in run("processor", "status").out
    assert run("processor", "close-breaker", "Gateway").out == "Closed the breaker of Gateway: its messages go again.\n"
    assert run("processor", "close-breaker", "Gateway", "--json").json == {"name": "Gateway", "closed": False}
    assert run("processor", "close-breaker", "Gateway").out.startswith("The breaker of Gateway is closed already")


@pytest.mark.parametrize("place", ["0.0.0.0:9464", "example.com:1", "127.0.0.1:x", "127.0.0.1", "[::1]:99999"])
def test_metrics_are_for_this_host_alone(post: Post, place: str) -> None:
    from ftos_tui.cli.exits import UsageProblem
    from ftos_tui.cli.processor import _loopback

    with pytest.raises(UsageProblem, match="write an address of this host"):
        _loopback(place)
    assert (_loopback("localhost:1"), _loopback("[::1]:2")) == (("127.0.0.1", 1), ("::1", 2))


def test_a_service_tells_systemd_and_whoever_asks(post: Post) -> None:
    post.queue(3)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(post.folder / "notify"))
        told.settimeout(60)
        environ = {**environ_of(post.folder), "NOTIFY_SOCKET": str(post.folder / "notify"), "WATCHDOG_USEC": "300000"}
        with (post.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "ftos_tui", "processor", "run", "--metrics", "127.0.0.1:0"],
                env=environ,
                stdout=log,
                stderr=log,
            )
        try:
            first = [told.recv(1000).decode() for _ in range(4)]
            assert "READY=1\nSTATUS=Sending in local" in first
            assert first.count("WATCHDOG=1") >= 2
            post.until(accepted=3)
            found = re.search(r"http://127\.0\.0\.1:\d+/", post.said)
            assert found
            wait_for(lambda: "3.0" in _get(f"{found[0]}metrics")[1])
            status, metrics = _get(f"{found[0]}metrics")
            assert status == 200
            assert 'ftos_processor_tries_total{outcome="accepted",provider="Gateway"} 3.0' in metrics
            status, health = _get(f"{found[0]}health")
            assert (status, json.loads(health)["status"]) == (200, "ok")
            assert _get(f"{found[0]}x")[0] == 404
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, post.said
        told.setblocking(False)
        rest = []
        while True:
            try:
                rest.append(told.recv(1000).decode())
            except BlockingIOError:
                break
        assert "STOPPING=1" in rest


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_health_says_when_it_is_not_well() -> None:
    server = MetricsServer("::1" if socket.has_ipv6 else "127.0.0.1", 0, PrometheusMeter(), lambda: (False, {"a": 1}))
    try:
        host = "[::1]" if socket.has_ipv6 else "127.0.0.1"
        assert _get(f"http://{host}:{server.port}/health") == (503, '{"a": 1}\n')
    finally:
        server.close()


def test_a_port_that_is_taken_is_said_in_words(post: Post, run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failed = run("processor", "run", "--metrics", f"127.0.0.1:{port}")
    assert failed.code == 1
    assert f"Metrics cannot be had at 127.0.0.1 port {port}" in failed.err


def test_without_systemd_nothing_is_told(tmp_path: Path) -> None:
    Notifier({}).ready("x")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")}).status("x")
    assert Notifier({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}, pid=2).watchdog_s == 0
    assert Notifier({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "2"}, pid=2).watchdog_s == 1
    name = f"ftos-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(f"\0{name}")
        told.settimeout(60)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).status("abstract")
        assert told.recv(100) == b"STATUS=abstract"


def test_a_read_only_environment_sends_nothing(post: Post) -> None:
    reader = local_session(post.folder, read_only=True)
    with pytest.raises(NotPermitted, match="Nothing is sent from local"):
        processor.run(reader, RunOptions(once=True))
    reader.close()


def test_a_full_disk_loses_and_repeats_nothing(post: Post) -> None:
    ids = post.queue(5)
    reached, go = threading.Event(), threading.Event()

    def wait_there(line: str) -> None:
        reached.set()
        assert go.wait(60)

    post.server.once("final", *[wait_there] * 5)
    process = post.process()
    try:
        assert reached.wait(60), post.said
        post.until(sending=5)
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, hard))
        go.set()
        wait_for(lambda: len(post.server.copies) == 5)
        assert post.states().get("accepted", 0) == 0
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        post.until(accepted=5)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, post.said
    assert post.copies() == dict.fromkeys(ids, 1)
    post.check_history()


def test_a_single_run_tells_and_counts_too(post: Post) -> None:
    meter = PrometheusMeter()
    meter.lost("Gateway")
    post.queue(1)
    asyncio.run(post.worker(meter=meter, once=True).run())
    server = MetricsServer("127.0.0.1", 0, meter, lambda: (True, {}))
    try:
        shown = _get(f"http://127.0.0.1:{server.port}/metrics")[1]
    finally:
        server.close()
    assert 'ftos_processor_claimed_total{provider="Gateway"} 1.0' in shown
    assert 'ftos_processor_lost_total{provider="Gateway"} 1.0' in shown
    assert 'ftos_processor_stopped{provider="Gateway"} 0.0' in shown
    post.queue(2)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(post.folder / "notify"))
        told.settimeout(60)
        post.session.environ = {"NOTIFY_SOCKET": str(post.folder / "notify"), "WATCHDOG_USEC": "60000000"}
        processor.run(post.session, RunOptions(once=True, metrics=("127.0.0.1", 0)))
        assert {told.recv(1000).decode() for _ in range(2)} == {"READY=1\nSTATUS=Sending in local", "WATCHDOG=1"}
    assert post.states() == {"accepted": 3}
    assert "Metrics and health: http://127.0.0.1:" in post.log()


def test_a_provider_that_is_gone_says_so(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise NotFound("There is no such provider.")

    post.queue(1)
    monkeypatch.setattr(SqlStore, "by_id", gone)
    [standing] = processor.processor_status(post.session).providers
    assert (standing.name, standing.idle) == (post.provider.provider_id, "It is gone: cancel its messages.")
