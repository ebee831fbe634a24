"""The panel that says what a draft means: window, pace, readiness, statuses."""

from collections.abc import Mapping, Sequence

from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.studio.meaning import meaning
from ftos_tui.studio.session import Session
from ftos_tui.widgets.meaning_panel import Section
from ftos_tui.widgets.window_bar import WindowBar


def sections_of(
    session: Session, draft: Draft, checked: Checked, counts: Mapping[str, int], serves: str = ""
) -> list[Section]:
    """What the panel shows.

    Args:
        session: The operator's session.
        draft: What the form holds.
        checked: The verdict on it.
        counts: Messages by status code.
        serves: Which communication channels send through the provider, in words; empty for none.
    """
    means = meaning(session, draft, checked)
    window = means.window
    bar = WindowBar(window.start if window else None, window.end if window else None, means.now_second)
    done = sum(step.done for step in means.steps)
    sections = [
        Section("Window", (bar, *means.window_words)),
        Section("Pace", means.pace_words or ("Bulk No and the retries are not known yet.",)),
    ]
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
