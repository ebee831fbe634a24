"""`providers forecast`: how the waiting messages would leave, by the settings as they are or as they would be."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ftos_tui.cli import arguments, output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.options import AsJson, IfSaved, Name
from ftos_tui.cli.showing import provider_named
from ftos_tui.domain.draft import Draft

if TYPE_CHECKING:
    from ftos_tui.studio.forecast import Forecast, Outlook

_MOST_HOURS = 48
_BAR = 30
_MOST_WAITING = 10_000_000


def forecast_command(
    ctx: typer.Context,
    name: Name,
    written: IfSaved = None,
    waiting: Annotated[
        int | None,
        typer.Option(
            "--waiting",
            min=0,
            max=_MOST_WAITING,
            metavar="N",
            help="Look ahead for N messages that are due now, instead of those that wait.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how the waiting messages would leave, each accepted at its first try."""
    from ftos_tui.studio.forecast import edited_state, look_ahead, queue_of
    from ftos_tui.studio.providers import check
    from ftos_tui.studio.reading import base_of

    start: Start = ctx.obj
    given = arguments.assignments(written or [])
    with start.session() as session:
        version = provider_named(session, name)
        draft = Draft(base_of(version))
        for field_id, text in given.items():
            draft = draft.with_text(field_id, text)
        checked = check(session, draft)
        queue = queue_of(session, version.provider_id, waiting)
    outlook = look_ahead(queue, edited_state(draft, checked, queue.saved), checked)
    if as_json:
        output.say_json(_shape(outlook))
        return
    output.say(outlook.sentence)
    for sentence in outlook.warnings:
        output.say(f"! {sentence}")
    _say_hours(outlook)
    if queue.waiting and outlook.ahead:
        output.say(outlook.reckoned)


def _say_hours(outlook: "Outlook") -> None:
    """The first hours in which some leave, with bars."""
    ahead = dict(outlook.ahead.hours) if outlook.ahead else {}
    saved = dict(outlook.saved.hours) if outlook.saved else {}
    hours = sorted(set(ahead) | set(saved))
    if not hours:
        return
    most = max((*ahead.values(), *saved.values()))
    columns = ("HOUR (UTC)", "LEAVE", *(("AS SAVED",) if saved else ()), "")

    def rows() -> Iterator[tuple[str, ...]]:
        for hour in hours[:_MOST_HOURS]:
            count = ahead.get(hour, 0)
            as_saved = (f"{saved.get(hour, 0):,}",) if saved else ()
            yield f"{hour:%Y-%m-%d %H:00}", f"{count:,}", *as_saved, "#" * -(-count * _BAR // most)

    output.say_table(columns, rows())
    if len(hours) > _MOST_HOURS:
        more = len(hours) - _MOST_HOURS
        output.say(f"and {more:,} hours more, until {hours[-1] + timedelta(hours=1):%Y-%m-%d %H:00}")


def _shape(outlook: "Outlook") -> dict[str, Any]:
    return {
        "at": shapes.time_text(outlook.now),
        "sentence": outlook.sentence,
        "warnings": list(outlook.warnings),
        "step_s": outlook.step_s,
        "forecast": _forecast_shape(outlook.ahead) if outlook.ahead else None,
        "saved": _forecast_shape(outlook.saved) if outlook.saved else None,
    }


def _forecast_shape(ahead: "Forecast") -> dict[str, Any]:
    return {
        "waiting": ahead.waiting,
        "end": shapes.time_text(ahead.end) if ahead.end else None,
        "last_retry": shapes.time_text(ahead.last_retry) if ahead.last_retry else None,
        "left": ahead.left,
        "blocker": str(ahead.blocker) if ahead.blocker else None,
        "hours": [{"hour": shapes.time_text(hour), "messages": count} for hour, count in ahead.hours],
    }
