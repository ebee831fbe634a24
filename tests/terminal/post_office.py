"""What stands around the console while messages leave: a stand-in for SendGrid, processor and endpoint of events."""

import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2

from ftos_tui.processor.events.webhook import path_of
from tests.servers.http import Action, Request, Response
from tests.servers.sendgrid import Key, SendGridServer
from tests.servers.sendgrid_events import EventSigner, body_of, event
from tests.terminal.harness import TIMEOUT
from tests.terminal.program import GATEWAY, KEY, PROGRAM

REFUSED: Final = "customer007@example.com"
"""The recipient that the stand-in refuses for now."""

_READY: Final = re.compile(r"http://127\.0\.0\.1:\d+")


class Gateway(SendGridServer):
    """Takes messages as SendGrid does, but for one recipient while it is told to refuse him.

    Attributes:
        refuses: Whether it does.
        taken_at: When each message was taken, seconds of the wall clock.
    """

    def __init__(self) -> None:
        super().__init__({KEY: Key.GOOD})
        self.refuses = True
        self.taken_at: list[float] = []

    def answer(self, request: Request) -> Action:
        """What it answers."""
        if self.refuses and REFUSED.encode() in request.body:
            return Response(503, b'{"errors":[{"message":"try again later","field":null,"help":null}]}')
        return super().answer(request)

    def take(self, request: Request) -> None:
        """Takes the message of a request."""
        self.taken_at.append(time.time())
        super().take(request)

    @property
    def recipients(self) -> list[str]:
        """To whom a message was taken, in order."""
        return [mail["personalizations"][0]["to"][0]["email"] for mail in self.accepted]

    @property
    def messages(self) -> list[str]:
        """Our ids of the messages that were taken, in order."""
        return [mail["personalizations"][0]["custom_args"]["ftos_msg"] for mail in self.accepted]


def closed_window(now: datetime) -> tuple[str, str]:
    """Interval Min and Interval Max of a window that stays closed for two hours from now on at least."""
    return ("14:00:00", "18:00:00") if now.hour < 12 else ("02:00:00", "06:00:00")


def values_for(gateway: Gateway, signer: EventSigner, pool_time: str) -> Mapping[str, str]:
    """What is typed into the form, by field id in its order; secrets apart.

    Args:
        gateway: Where the provider leads.
        signer: Whose key the provider's events are signed with.
        pool_time: Pool Time Retry.
    """
    opens, closes = closed_window(datetime.now(UTC))
    return {
        "provider_name": "FtosProvider",
        "service_url": f"http://127.0.0.1:{gateway.port}",
        "app_user": "apikey",
        "app_config": f'{{"event_public_key": "{signer.public_key}"}}',
        "from_address": "office@bank.example.com",
        "from_display_name": "Example Bank",
        "bulk_no": "25",
        "interval_min": opens,
        "interval_max": closes,
        "retry_max_attempt": "3",
        "pool_time_retry": pool_time,
    }


def statements(file: Path, number: int = 100) -> None:
    """Writes a file of messages for `messages import`, CSV, one to each customer."""
    rows = [f"customer{place:03}@example.com,Your statement,It is ready in the app." for place in range(1, number + 1)]
    file.write_text("\n".join(["to,subject,text", *rows]) + "\n", "utf-8")


class Process:
    """A command of the program that runs until it is asked to end.

    Attributes:
        said: What it wrote so far.
    """

    def __init__(self, environ: Mapping[str, str], arguments: Sequence[str]) -> None:
        self.said = ""
        self._running = subprocess.Popen(
            [*PROGRAM, *arguments], env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._running.stdout is not None
        with self._running.stdout as lines:
            for line in lines:
                with self._told:
                    self.said += line
                    self._told.notify_all()

    def wait_for(self, pattern: re.Pattern[str]) -> str:
        """The first text that a pattern finds in what it says."""
        with self._told:
            assert self._told.wait_for(lambda: pattern.search(self.said), TIMEOUT), self.said
            found = pattern.search(self.said)
        assert found is not None
        return found[0]

    def end(self) -> int:
        """Asks it to end; its exit code."""
        self._running.send_signal(signal.SIGTERM)
        try:
            return self._running.wait(TIMEOUT)
        finally:
            self._running.kill()
            self._reader.join(TIMEOUT)


@contextmanager
def running(environ: Mapping[str, str], *arguments: str) -> Iterator[Process]:
    """A command of the program that runs meanwhile, and ends well when it is asked to."""
    process = Process(environ, arguments)
    try:
        yield process
    finally:
        code = process.end()
    assert code == 0, process.said


def post_events(endpoint: Process, signer: EventSigner, events: Sequence[dict[str, Any]]) -> int:
    """Posts a batch of events as SendGrid does, signed; the status of the answer."""
    url = endpoint.wait_for(_READY) + path_of(GATEWAY)
    body = body_of(events)
    with httpx2.Client(trust_env=False, timeout=TIMEOUT) as client:
        return client.post(url, content=body, headers=signer.headers(body)).status_code


def reports(messages: Sequence[str]) -> list[dict[str, Any]]:
    """What becomes of messages: all but the last are delivered, sixty opened by readers, twenty clicked."""
    events = [event("processed", ours) for ours in messages]
    events += [event("delivered", ours) for ours in messages[:-1]]
    events += [event("bounce", ours, reason="550 5.1.1 no such user") for ours in messages[-1:]]
    events += [event("open", ours) for ours in messages[:60]]
    events += [event("click", ours, url="https://app.bank.example.com/statements?t=1") for ours in messages[:20]]
    return events
