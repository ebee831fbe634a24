"""One message: all that is known of it, and why it is where it is."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from textual.widget import Widget

from ftos_tui.actions import MESSAGE
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.visible import shortened
from ftos_tui.screens.frame import bindings_of
from ftos_tui.screens.message_acts import MessageActs
from ftos_tui.studio.message_views import WITHHELD, MessageView, event_in_words, message_view
from ftos_tui.widgets.background import running, start
from ftos_tui.widgets.meaning_panel import MeaningPanel, Section

if TYPE_CHECKING:
    from datetime import datetime

    from ftos_tui.studio.live import News
    from ftos_tui.studio.messages import MessageDetail

PACE: Final = 2.0
"""Seconds between two looks at the message; they cost the line nothing unless it differs."""

_MOST_LINES: Final = 200
_LONGEST_LINE: Final = 2000


class MessageScreen(MessageActs):
    """Addresses, status, history, what the provider reported, and the text of one message.

    Args:
        path: The breadcrumb of where it was opened.
        message_id: The message.
    """

    BINDINGS = bindings_of(MESSAGE)
    CSS = "MessageScreen MeaningPanel { padding: 0 1; }"
    place = MESSAGE
    help_topic = (
        "All that is known of a message. Status says where it is and why it does not move; History has one line for "
        "each thing that was done with it, with the provider's code and words and the version of the provider it was "
        "tried with; Reported says what the provider told later. Opens by machines, which fetch pictures for mail "
        "programs, are counted apart: they say nothing about a reader. Links are never shown as links.\n\n"
        "h holds the message, l releases it, c cancels it, t tries it again, v settles it when it is in doubt."
    )

    def __init__(self, path: tuple[str, ...], message_id: str) -> None:
        super().__init__()
        self.path = path
        self.message_id = message_id
        self.view: MessageView | None = None
        self.panel = MeaningPanel([Section("Message", (message_id, "Looking…"))], id="message")

    def breadcrumb(self) -> tuple[str, ...]:
        """The list's, and the message."""
        return (*self.path, f"Message {self.message_id[:8]}")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            "message.hold",
            "message.release",
            "message.cancel",
            "message.retry",
            "message.resolve",
            "everywhere.back",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """Everything, to scroll."""
        yield self.panel

    def on_mount(self) -> None:
        """Reads the message, and follows it."""
        super().on_mount()
        self.focus_content()
        start(self, self._read, "message")
        self.set_interval(PACE, self._look)

    def focus_content(self) -> None:
        """Puts the focus on the text."""
        self.set_focus(self.panel)

    async def _read(self) -> None:
        session, message_id = self.session, self.message_id
        found = await self.attempt(lambda: message_view(session, message_id), lasting=False)
        if found is not None:
            self._show(found)

    def _look(self) -> None:
        if self.app.screen is self and self.view is not None and not running(self, "message"):
            start(self, self._read_again, "message")

    async def _read_again(self) -> None:
        """A look that nobody asked for: where the store is away, others say so."""
        session, message_id = self.session, self.message_id
        try:
            found = await self.carry_out_quietly(lambda: message_view(session, message_id))
        except Failure:
            return
        self._show(found)

    def _show(self, found: MessageView) -> None:
        if found != self.view:
            self.view = found
            self.panel.sections = tuple(sections_of(found))

    def show_news(self, news: "News") -> None:
        """Others did something, perhaps to this message."""
        del news
        self._look()

    def action_refresh(self) -> None:
        """Reads the message again."""
        start(self, self._read, "message")

    # What acts are for

    def targets(self) -> tuple[str, ...]:
        """This message."""
        return (self.message_id,) if self.view is not None else ()

    def recipient(self, message_id: str) -> str:
        """To whom it goes."""
        return self.view.detail.row.recipient if self.view else message_id

    def provider_id(self) -> str:
        """Its provider."""
        return self.view.detail.row.provider_id if self.view else ""

    def acted(self) -> None:
        """Shows what became of it."""
        self.action_refresh()


def sections_of(found: MessageView) -> Iterator[Section]:
    """The parts of the screen.

    Args:
        found: The message.
    """
    detail = found.detail
    yield Section("Status", tuple(_status(found)))
    yield Section("Message", tuple(_message(detail)))
    yield Section("History", tuple(_history(detail)) or ("Nothing was done with it yet.",))
    yield Section("Reported by the provider", tuple(_reported(found)))
    if detail.params not in ("", "{}"):
        yield Section("Channel Provider Params", (detail.params[:_LONGEST_LINE],))
    if detail.text:
        yield Section("Text", tuple(_lines(detail.text)))
    if detail.html:
        yield Section("HTML", tuple(_lines(detail.html)))


def _status(found: MessageView) -> Iterator[str]:
    row = found.detail.row
    yield found.status
    yield found.why
    if row.code or row.said:
        yield f"Last answer: {' '.join(part for part in (row.code, row.said) if part)}"
    tried = f"Tries: {row.attempt}"
    if row.generation > 1:
        tried += f" in generation {row.generation}, which Retry began"
    if row.throttled:
        tried += f", put off {row.throttled:,} times as too much at once"
    yield tried
    if row.conflict:
        yield "! The provider reports it sent, though it was stopped here."


def _message(detail: "MessageDetail") -> Iterator[str]:
    row = detail.row
    yield f"Recipient: {row.recipient} ({row.role})"
    yield f"To: {'; '.join(detail.to)}"
    if detail.cc:
        yield f"Cc: {'; '.join(detail.cc)}"
    yield f"Subject: {row.subject or '—'}"
    yield f"Provider: {row.provider or '(deleted)'}"
    yield f"Due: {_time(row.due)}"
    if row.not_after is not None:
        yield f"Not after: {_time(row.not_after)}"
    yield f"Queued: {_time(row.created_at)} by {detail.queued_by}"
    yield f"Changed: {_time(row.changed_at)}"
    yield f"Id: {row.id}"
    if len(detail.members) > 1:
        yield f"One of {len(detail.members):,} messages of one hand-in, one for each recipient."
    if detail.withheld:
        yield f"{WITHHELD}."
        return
    yield f"Size: {detail.wire_size:,} bytes" if detail.wire_size else "Size: not made ready for sending yet"
    for file in detail.attachments:
        yield f"Attachment: {file.name} ({file.content_type}, {file.size:,} bytes)"


def _history(detail: "MessageDetail") -> Iterator[str]:
    for line in detail.attempts:
        said = " ".join(part for part in (line.code, line.said) if part)
        version = f", provider version {line.provider_version}" if line.provider_version else ""
        its_id = f", its id {line.provider_message_id}" if line.provider_message_id else ""
        what = f"{line.outcome.replace('_', ' ')} by {shortened(line.by, 60)}{version}{its_id}"
        yield f"{_time(line.ended_at)} {line.before} → {line.after}: {what}{f': {said}' if said else ''}"


def _reported(found: MessageView) -> Iterator[str]:
    detail, reported = found.detail, found.detail.row.reported
    yield from found.reported or ("Nothing yet.",)
    if reported.first_open is not None and reported.last_open is not None:
        yield f"First opened {_time(reported.first_open)}, last {_time(reported.last_open)}"
    for event in detail.events:
        yield f"{_time(event.at or event.received_at)} {event_in_words(event)}"


def _lines(text: str) -> Iterator[str]:
    lines = text.splitlines()
    yield from (line[:_LONGEST_LINE] for line in lines[:_MOST_LINES])
    if len(lines) > _MOST_LINES:
        yield f"… {len(lines) - _MOST_LINES:,} more lines"


def _time(at: "datetime") -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
