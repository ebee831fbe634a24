"""`processor run`, `status`, `close-breaker`: what sends the messages of the queue."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ftos_tui.cli import output
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import UsageProblem
from ftos_tui.cli.options import AsJson, Name
from ftos_tui.domain.log import LogEntry
from ftos_tui.domain.pace import STEP_SECONDS
from ftos_tui.domain.visible import shortened

if TYPE_CHECKING:
    from datetime import datetime

    from ftos_tui.studio.processor import ProcessorStatus, ProviderStanding

Once = Annotated[bool, typer.Option("--once", help="End as soon as nothing can go now.")]
StepInterval = Annotated[
    int,
    typer.Option(
        "--step-interval",
        min=0,
        max=86_400,
        metavar="SECONDS",
        help="From the start of a provider's step to its next one; a step takes Bulk No messages at most.",
    ),
]
MetricsAt = Annotated[
    str,
    typer.Option(
        "--metrics",
        metavar="HOST:PORT",
        help="Answer GET /metrics and /health there, on this host only: 127.0.0.1:9464.",
        show_default=False,
    ),
]


def run_command(
    ctx: typer.Context, once: Once = False, step_interval: StepInterval = STEP_SECONDS, metrics: MetricsAt = ""
) -> None:
    """Send the messages that are due until SIGTERM or Ctrl+C.

    What it does stands on standard error, a line of JSON each.
    """
    from ftos_tui.studio.processor import RunOptions, run

    place = _loopback(metrics) if metrics else None
    start: Start = ctx.obj
    with start.session() as session:
        session.listeners.append(_log_line)
        run(session, RunOptions(once, step_interval, place))


def status_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show which processors run, and what keeps messages."""
    from ftos_tui.studio.processor import processor_status

    start: Start = ctx.obj
    with start.session() as session:
        status = processor_status(session)
    if as_json:
        output.say_json(_shape(status))
        return
    if status.workers:
        output.say_table(
            ("WORKER", "HOST", "PID", "SINCE", "LAST SEEN", "IN HAND"),
            [
                (
                    worker.state.id,
                    worker.state.host,
                    str(worker.state.pid),
                    _time(worker.state.started_at),
                    _ago(worker.state.seen_at, status.now) + ("" if worker.alive else ", not running"),
                    str(_detail(worker.state.detail).get("in_hand", "")),
                )
                for worker in status.workers
            ],
        )
    if not status.alive:
        output.say("No processor is running: start one by `ftos-tui processor run`.")
    for provider in status.providers:
        output.say(f"{provider.name}: {_standing(provider)}")


def close_breaker_command(ctx: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Let a provider send again that was stopped.

    A refused sign-in or a server that fails stops it.
    """
    from ftos_tui.studio.processor import close_breaker

    start: Start = ctx.obj
    with start.session() as session:
        closed = close_breaker(session, name=name)
    if as_json:
        output.say_json({"name": name, "closed": closed})
    elif closed:
        output.say(f"Closed the breaker of {name}: its messages go again.")
    else:
        output.say(f"The breaker of {name} is closed already: nothing to do.")


def _log_line(entry: LogEntry) -> None:
    line = {
        "at": entry.at.isoformat(),
        "level": entry.level.value,
        "message": entry.message,
        "environment": entry.environment,
        "user": entry.user,
        "provider": entry.provider,
    }
    output.complain(output.json_text(line))


def _loopback(written: str) -> tuple[str, int]:
    """The address and port of `--metrics`: what it tells is for this host alone.

    Raises:
        UsageProblem: That is no address of this host with a port.
    """
    import ipaddress

    host, _, port = written.rpartition(":")
    host = "127.0.0.1" if host in ("", "localhost") else host.removeprefix("[").removesuffix("]")
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here or not (port.isascii() and port.isdecimal()) or not int(port[:6]) <= 65_535:
        raise UsageProblem(
            f"--metrics {shortened(written, 60)}: write an address of this host and a port, 127.0.0.1:9464."
        )
    return host, int(port)


def _standing(provider: "ProviderStanding") -> str:
    counts = f"{provider.waiting:,} waiting, {provider.in_hand:,} in hand."
    return f"{counts} {provider.idle}" if provider.idle else counts


def _shape(status: "ProcessorStatus") -> dict[str, Any]:
    return {
        "now": _time(status.now),
        "workers": [
            {
                "id": worker.state.id,
                "host": worker.state.host,
                "pid": worker.state.pid,
                "started_at": _time(worker.state.started_at),
                "seen_at": _time(worker.state.seen_at),
                "alive": worker.alive,
                "detail": _detail(worker.state.detail),
            }
            for worker in status.workers
        ],
        "providers": [_provider_shape(provider) for provider in status.providers],
    }


def _provider_shape(provider: "ProviderStanding") -> dict[str, Any]:
    breaker = provider.breaker
    return {
        "provider_id": provider.provider_id,
        "name": provider.name,
        "waiting": provider.waiting,
        "in_hand": provider.in_hand,
        "first_due": _time(provider.first_due) or None,
        "step_at": _time(provider.step_at) or None,
        "next_step_at": _time(provider.next_step_at) or None,
        "breaker": {
            "position": breaker.position,
            "cause": breaker.cause,
            "said": breaker.said,
            "opened_at": _time(breaker.opened_at) or None,
            "probe_at": _time(breaker.probe_at) or None,
        },
        "paused": provider.paused,
        "idle": provider.idle,
    }


def _detail(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _time(at: "datetime | None") -> str:
    return at.isoformat() if at is not None else ""


def _ago(at: "datetime", now: "datetime") -> str:
    return f"{max(0, round((now - at).total_seconds()))} s ago"
