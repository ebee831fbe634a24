"""The processor as a service: its commands, its word to systemd, its metrics, one on a local store, and full disks."""

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

from ftos_tui.processor.metrics import MetricsServer, PrometheusMeter
from ftos_tui.processor.notify import Notifier
from ftos_tui.processor.sole import AlreadyRunning, SoleWorker
from ftos_tui.studio import processor
from ftos_tui.studio.failures import NotPermitted
from ftos_tui.studio.processor import RunOptions
from tests.processor.post import Post, environ_of, local_session, wait_for


def command(post: Post, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Carries out a command as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "ftos_tui", *arguments],
        env=environ_of(post.folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_one_processor_runs_on_a_local_store(post: Post) -> None:
    process = post.process()
    try:
        wait_for(lambda: "runs in local" in post.log())
        second = command(post, "processor", "run")
        assert second.returncode == 1
        assert f"A processor already runs on {post.session.store_path} (process {process.pid})" in second.stderr
        with pytest.raises(AlreadyRunning):
            SoleWorker(post.session.store_path)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    SoleWorker(post.session.store_path).close()


def test_commands_tell_how_it_stands(post: Post) -> None:
    post.edit(bulk_no="1")
    post.queue(2)
    none = command(post, "processor", "status")
    assert (none.returncode, none.stderr) == (0, "")
    assert none.stdout.splitlines() == [
        "No processor is running: start one by `ftos-tui processor run`.",
        "Gateway: 2 waiting, 0 in hand.",
    ]
    ran = command(post, "processor", "run", "--once")
    assert ran.returncode == 0
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["info"] * 3
    assert lines[1]["message"] == "Gateway: 1 accepted."
    shape = json.loads(command(post, "processor", "status", "--json").stdout)
    assert (shape["workers"], len(shape["providers"])) == ([], 1)
    [provider] = shape["providers"]
    assert (provider["name"], provider["waiting"], provider["in_hand"]) == ("Gateway", 1, 0)
    assert provider["breaker"]["position"] == "closed"
    assert provider["next_step_at"] > provider["step_at"]
    assert provider["idle"].startswith("The last step")


def test_a_breaker_is_closed_by_command(post: Post) -> None:
    post.server.always("auth", "535 5.7.8 no")
    post.queue()
    post.work()
    assert "is stopped" in command(post, "processor", "status").stdout
    closed = command(post, "processor", "close-breaker", "Gateway")
    assert closed.stdout == "Closed the breaker of Gateway: its messages go again.\n"
    again = command(post, "processor", "close-breaker", "Gateway", "--json")
    assert json.loads(again.stdout) == {"name": "Gateway", "closed": False}
    assert command(post, "processor", "close-breaker", "Gateway").stdout.startswith("The breaker of Gateway is closed")


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


def test_a_port_that_is_taken_is_said_in_words(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failed = command(post, "processor", "run", "--metrics", f"127.0.0.1:{port}")
    assert failed.returncode == 1
    assert f"Metrics cannot be had at 127.0.0.1 port {port}" in failed.stderr


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
