"""The panel that says what a draft means: window, pace, forecast, way out, readiness, statuses."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.studio.meaning import meaning
from ftos_tui.studio.session import Session
from ftos_tui.widgets.forecast_plot import HOURS, ForecastPlot, plot_counts
from ftos_tui.widgets.meaning_panel import Drawn, Section
from ftos_tui.widgets.window_bar import WindowBar

if TYPE_CHECKING:
    from ftos_tui.studio.forecast import Forecast, Outlook

_HOUR = timedelta(hours=1)


def sections_of(
    session: Session,
    draft: Draft,
    checked: Checked,
    counts: Mapping[str, int],
    serves: str = "",
    outlook: "Outlook | None" = None,
) -> list[Section]:
    """What the panel shows.

    Args:
        session: The operator's session.
        draft: What the form holds.
        checked: The verdict on it.
        counts: Messages by status code.
        serves: Which communication channels send through the provider, in words; empty for none.
        outlook: How the waiting messages would leave; None where none wait, or it is not known yet.
    """
    means = meaning(session, draft, checked)
    window = means.window
    bar = WindowBar(window.start if window else None, window.end if window else None, means.now_second)
    done = sum(step.done for step in means.steps)
    sections = [
        Section("Window", (bar, *means.window_words)),
        Section("Pace", means.pace_words or ("Bulk No and the retries are not known yet.",)),
    ]
    if outlook is not None:
        sections.append(Section("Forecast", tuple(_forecast_lines(outlook))))
    if means.way_words:
        sections.append(Section("Way out", means.way_words))
    if serves:
        sections.append(Section("Channels", (f"It {serves}.",)))
    if means.host_words:
        sections.append(Section("Host", means.host_words))
    steps = [f"{'✓' if step.done else '·'} {step.label}" for step in means.steps]
    following = next((step for step in means.steps if not step.done), None)
    if following is not None:
        steps.append(f"Next: {following.hint}")
    sections.append(Section(f"Readiness {done}/{len(means.steps)}", tuple(steps)))
    sections.append(Section(f"Statuses ({len(checked.statuses)} rows, F3)", _status_lines(checked.statuses, counts)))
    return sections


def _status_lines(rows: Sequence[StatusRow], counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"{row.label}: {counts.get(row.code, 0)}" for row in rows) or ("No status is listed.",)


def _forecast_lines(outlook: "Outlook") -> list[str | Drawn]:
    """The forecast in words, and the next 24 hours as a plot; as saved under it where that differs."""
    lines: list[str | Drawn] = [outlook.sentence]
    hour = outlook.now.replace(minute=0, second=0, microsecond=0)
    counts = [_next_hours(one, hour) for one in (outlook.ahead, outlook.saved) if one is not None]
    most = max((max(drawn) for drawn, _ in counts), default=0)
    for name, (drawn, later) in zip(("", "As saved:"), counts, strict=False):
        lines += [name] if name else []
        lines.append(ForecastPlot(drawn, hour.hour, most))
        lines += [f"and {later:,} later"] if later else []
    if most:
        lines.append(f"A full block is {most:,} an hour; hours in UTC.")
    return [*lines, *outlook.unusual_pace, *outlook.warnings]


def _next_hours(ahead: "Forecast", first: datetime) -> tuple[tuple[int, ...], int]:
    """How many messages leave in each of the next 24 hours, and how many after them."""
    drawn = plot_counts([((at - first) // _HOUR, count) for at, count in ahead.hours])
    return drawn, sum(count for at, count in ahead.hours if (at - first) // _HOUR >= HOURS)
