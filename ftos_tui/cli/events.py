"""`events serve`, `bounce`, `list`: what providers report afterwards."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.options import AsJson
from ftos_tui.domain.visible import visible

if TYPE_CHECKING:
    from ftos_tui.domain.log import LogEntry
    from ftos_tui.studio.events import KeptEvent
    from ftos_tui.studio.session import Session

_PAGE = 500
_HOUR_S = 3600.0


def serve_command(
    ctx: typer.Context,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where; port 0 for a free one.")
    ] = "127.0.0.1:8025",
    tls_cert: Annotated[
        str | None, typer.Option("--tls-cert", metavar="FILE", help="The certificate, PEM.", show_default=False)
    ] = None,
    tls_key: Annotated[
        str | None, typer.Option("--tls-key", metavar="FILE", help="Its private key, PEM.", show_default=False)
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="Plain HTTP on other addresses, too: a proxy ends TLS before it.")
    ] = False,
    public_key_file: Annotated[
        list[str] | None,
        typer.Option(
            "--public-key-file",
            metavar="FILE",
            help="A key to verify with, for providers without event_public_key in appConfig.",
            show_default=False,
        ),
    ] = None,
    oldest: Annotated[float, typer.Option("--oldest", min=0.1, metavar="HOURS", help="Refuse posts of more age.")] = 25,
) -> int:
    """Take the posts of SendGrid's Event Webhook, until SIGTERM or Ctrl+C."""
    from ftos_tui.studio.events import Listening, serve

    if bool(tls_cert) is not bool(tls_key):
        raise UsageProblem("Give --tls-cert and --tls-key together.")
    host, port = _address(listen)
    listening = Listening(
        host, port, Path(tls_cert) if tls_cert else None, Path(tls_key) if tls_key else None, behind_proxy
    )
    start: Start = ctx.obj
    with start.session() as session:
        session.listeners.append(_complain)
        files = [Path(name) for name in public_key_file or []]
        serve(session, listening, _say_at_once, key_files=files, oldest_s=oldest * _HOUR_S)
    return ExitCode.DONE


def bounce_command(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="A mailbox, or one mail; - for standard input.")] = "-",
    as_json: AsJson = False,
) -> int:
    """Take in the bounces of a mailbox file or of standard input."""
    import sys

    from ftos_tui.studio.events import read_bounces

    start: Start = ctx.obj
    with start.session() as session:
        if file == "-":
            report = read_bounces(session, sys.stdin.buffer)
        else:
            try:
                stream = Path(file).open("rb")  # noqa: SIM115  closed below, apart from what reading it may raise
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "this is not a file's name"
                raise UsageProblem(f"The file {visible(file)} cannot be read: {reason}.") from error
            with stream:
                report = read_bounces(session, stream)
    if as_json:
        names = ("mails", "bounces", "taken", "known", "unmatched")
        output.say_json({name: getattr(report, name) for name in names})
        return ExitCode.DONE
    known = f", {report.known:,} known before" if report.known else ""
    unmatched = f", {report.unmatched:,} of no message here" if report.unmatched else ""
    output.say(
        f"{report.mails:,} read, {report.bounces:,} of them bounces: {report.taken:,} taken in{unmatched}{known}."
    )
    return ExitCode.DONE


def list_command(
    ctx: typer.Context,
    unmatched: Annotated[bool, typer.Option("--unmatched", help="Only those that belong to no message.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the events that came, the newest first."""
    start: Start = ctx.obj
    with start.session() as session:
        kept = islice(_events(session, unmatched), limit)
        if as_json:
            output.say_json_array(map(event_shape, kept))
        else:
            from ftos_tui.studio.events import words_of_event

            rows = ((*_cells(one), words_of_event(one)) for one in kept)
            output.say_table(("RECEIVED", "EVENT", "MEANING", "MESSAGE", "WHAT IT SAYS"), rows)


def event_shape(kept: "KeptEvent") -> dict[str, Any]:
    """One event of `events list`."""
    import json

    return {
        "number": kept.number,
        "message": kept.message_id,
        "code": kept.code,
        "meaning": kept.canonical or None,
        "at": None if kept.at is None else shapes.time_text(kept.at),
        "received_at": shapes.time_text(kept.received_at),
        "withheld": kept.withheld,
        "event": None if kept.withheld else json.loads(kept.raw),
    }


def _events(session: "Session", unmatched: bool) -> "Iterator[KeptEvent]":
    from ftos_tui.studio.events import list_events

    before = None
    while page := list_events(session, unmatched=unmatched, before=before, limit=_PAGE):
        yield from page
        before = page[-1].number


def _cells(kept: "KeptEvent") -> tuple[str, ...]:
    received = shapes.time_text(kept.received_at)
    return (received, kept.code or "—", kept.canonical or "—", kept.message_id or "—")


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) < 65536):
        raise UsageProblem("Write --listen as HOST:PORT, for example 127.0.0.1:8025 or [::1]:8025.")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _complain(entry: "LogEntry") -> None:
    output.complain(f"{shapes.time_text(entry.at)} {entry.level} {entry.message}")


def _say_at_once(text: str) -> None:
    output.say(text)
    output.flush()
