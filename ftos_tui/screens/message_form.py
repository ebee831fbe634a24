"""New Message: a hand-in typed into a form, checked while it is typed, queued once for each recipient."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.containers import VerticalScroll
from textual.widget import Widget

from ftos_tui.actions import MESSAGE_NEW
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.findings import Finding, Severity, refuse
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.screens.frame import bindings_of
from ftos_tui.screens.kept_form import KeptForm
from ftos_tui.screens.rows_form import RowsForm
from ftos_tui.studio.drafts import MESSAGE_FORM
from ftos_tui.studio.failures import MessageRefused, NotFound, OutcomeUnknown
from ftos_tui.studio.form_drafts import Typed
from ftos_tui.studio.message_views import add_typed, check_typed
from ftos_tui.studio.reading import open_provider
from ftos_tui.widgets.background import start
from ftos_tui.widgets.field_row import FieldRow, Shown
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.text_input import OneLineInput

if TYPE_CHECKING:
    from ftos_tui.studio.messages import Added

_PAUSE_S: Final = 0.1
"""Seconds without a key after which what was typed is checked: a file may have to be read."""

FIELDS: Final = (
    ("provider", "Provider", "F3 lists them", "The Name of the channel provider that sends the message."),
    ("to", "To", "ana@example.com; ion@example.com", "Recipients, separated by semicolons; numbers for an SMS."),
    ("cc", "Cc", "", "Further recipients that everybody sees, separated by semicolons."),
    ("bcc", "Bcc", "", "Further recipients that nobody else sees, separated by semicolons."),
    ("subject", "Subject", "", "The subject; an SMS has none."),
    ("text", "Text", "Enter opens the editor", "The body as plain text. Enter or F4 opens an editor for it."),
    ("html", "HTML", "Enter opens the editor", "The body as HTML. Enter or F4 opens an editor for it."),
    ("attachments", "Attachments", "/home/ana/statement.pdf", "Files to go with it, separated by semicolons."),
    ("due", "Due", "2026-01-02T09:00:00Z", "Not before this time, with its zone; empty for at once."),
    ("not_after", "Not after", "2026-01-02T18:00:00Z", "Expires when not accepted by this time; empty for never."),
    ("params", "Channel Provider Params", "{}", "A JSON object with the values that the provider takes."),
    ("dedupe_key", "Dedupe key", "", "Your own name of the message: under it each recipient gets it once."),
)
"""The rows: name, label, an example, and what F1 says."""

MANDATORY: Final = ("provider", "to")
_BODIES: Final = ("text", "html")


class MessageModel:
    """What was typed, and the verdict on it.

    Attributes:
        texts: By the names of `FIELDS`; the provider's Name among them.
        provider: The provider of that Name; None while there is none.
        findings: What the check said of the texts as they were then.
        attempted: Whether it was tried to queue it: from then on what is empty says so in words.
    """

    def __init__(self, provider: str = "") -> None:
        self.texts = dict.fromkeys((name for name, *_ in FIELDS), "")
        self.texts["provider"] = provider
        self.start = dict(self.texts)
        self.provider: ProviderVersion | None = None
        self.findings: tuple[Finding, ...] = ()
        self.attempted = False
        self._acknowledged: set[Finding] = set()

    @property
    def unsaved(self) -> bool:
        """Whether anything was typed."""
        return self.texts != self.start

    @property
    def acknowledged(self) -> frozenset[str]:
        """The codes of the acknowledged warnings."""
        return frozenset(finding.code for finding in self.findings if finding in self._acknowledged)

    def shown(self, field_id: str) -> tuple[Shown, ...]:
        """The findings of a field as its row shows them; of an empty one only once it was tried to queue it."""
        if not self.attempted and not self.texts[field_id]:
            return ()
        return tuple(Shown(f, f in self._acknowledged) for f in self.findings if _row_of(f) == field_id)

    def acknowledge(self, field_id: str) -> bool:
        """Acknowledges the warnings at a field, or takes that back; whether there are any."""
        warnings = {f for f in self.findings if _row_of(f) == field_id and f.severity is Severity.WARN}
        if warnings <= self._acknowledged:
            self._acknowledged -= warnings
        else:
            self._acknowledged |= warnings
        return bool(warnings)

    def open_fields(self) -> list[str]:
        """The fields with a finding that keeps the message from being queued, in order."""
        found = [f for f in self.findings if f.severity is not Severity.FIX and f not in self._acknowledged]
        return [name for name, *_ in FIELDS if any(_row_of(f) == name for f in found)]


def _row_of(finding: Finding) -> str:
    known = [name for name, *_ in FIELDS]
    if finding.field in known:
        return finding.field
    return "attachments" if finding.field.startswith("attach") else "text"


class MessageFormScreen(RowsForm):
    """The form of a message to be queued.

    Args:
        path: The breadcrumb of the list.
        provider: The provider's Name at first.
        queued: Gets the id of the message that was queued, of the last one where there are several recipients.
        texts: What its rows hold at first, from a draft.
        key: The id of that draft on disk; None makes a new one.
    """

    model: MessageModel
    done_by = "queued"
    BINDINGS = bindings_of(MESSAGE_NEW)
    CSS = "MessageFormScreen #form { height: 1fr; scrollbar-size-vertical: 1; scrollbar-color: $panel; }"
    place = MESSAGE_NEW
    help_topic = (
        "Each recipient gets a message of its own. ✗ marks what is refused, ! a warning, which F7 acknowledges by its "
        "name; F8 goes to the next finding. F2 queues the message; one for a provider that is not ready is held."
    )

    def __init__(
        self,
        path: tuple[str, ...],
        provider: str = "",
        queued: Callable[[str], None] = lambda _: None,
        *,
        texts: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__()
        self.path = path
        self._queued = queued
        self.model = MessageModel(provider)
        self.model.texts |= {name: text for name, text in (texts or {}).items() if name in self.model.texts}
        self.kept = KeptForm(self, self.typed, key)
        self._in_editor: tuple[str, str] | None = None
        self._busy = False

    def breadcrumb(self) -> tuple[str, ...]:
        """The list's, and the form."""
        return (*self.path, "New message")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            "message_new.queue",
            "message_new.providers",
            "message_new.editor",
            "message_new.next_finding",
            "everywhere.help",
            "everywhere.keys",
            "everywhere.back",
        )

    def content(self) -> Iterable[Widget]:
        """A title and the rows."""
        yield Line("New Message", id="title")
        self._rows = {
            name: FieldRow(
                name,
                label,
                OneLineInput(self.model.texts[name], placeholder=example, id=f"field-{name}"),
                mandatory=name in MANDATORY,
            )
            for name, label, example, _ in FIELDS
        }
        yield VerticalScroll(*self._rows.values(), id="form", can_focus=False)

    def on_mount(self) -> None:
        """Starts at the first empty row."""
        super().on_mount()
        self.kept.opened()
        self.show_findings()
        self.focus_content()
        start(self, self._check, "check")

    def on_unmount(self) -> None:
        """The draft on disk is no longer being edited."""
        self.kept.left()

    def typed(self) -> Typed:
        """What the form holds, with what stands in the rows or in the editor and has not reached it yet."""
        texts = self.model.texts | {name: row.control.value for name, row in self._rows.items()}
        if self._in_editor is not None:
            texts[self._in_editor[0]] = self._in_editor[1]
        edits = {name: text for name, text in texts.items() if text} if texts != self.model.start else {}
        return Typed(MESSAGE_FORM, texts["provider"].strip(), edits)

    def keep_now(self) -> None:
        """Has the draft on disk before this returns: the line is gone, or the program is about to end."""
        self.kept.keep_now()

    def focus_content(self) -> None:
        """Puts the focus on the provider, or on To where it is known."""
        self.go_to("to" if self.model.texts["provider"] else "provider")

    def show_findings(self) -> None:
        """Hands each row its findings; only rows that differ repaint."""
        for name, row in self._rows.items():
            changed = self.model.texts[name] != self.model.start[name]
            empty = name in MANDATORY and not self.model.texts[name].strip()
            row.show(self.model.shown(name), changed=changed, empty=empty)

    def on_field_row_changed(self, event: FieldRow.Changed) -> None:
        """Something was typed."""
        event.stop()
        self.model.texts[event.row.field_id] = event.text
        self.kept.keep_soon()
        self.show_findings()
        start(self, self._check_soon, "check")

    def on_field_row_entered(self, event: FieldRow.Entered) -> None:
        """Enter goes to the next row; at a body it opens the editor."""
        event.stop()
        if event.row.field_id in _BODIES:
            self.action_editor()
        else:
            self.focus_next()

    # Checking

    async def _check_soon(self) -> None:
        await asyncio.sleep(_PAUSE_S)
        await self._check()

    async def _check(self) -> bool:
        """Has the texts judged as they stand; the form does not wait for it. False where the store does not answer."""
        session, texts = self.session, dict(self.model.texts)

        def judge() -> tuple[ProviderVersion | None, tuple[Finding, ...]]:
            if not texts["provider"].strip():
                return None, (refuse("provider", "required", "Name the provider; F3 lists them."),)
            try:
                provider = open_provider(session, name=texts["provider"].strip())
            except NotFound as failure:
                return None, (refuse("provider", "provider_unknown", str(failure)),)
            return provider, check_typed(session, provider, texts).findings

        try:
            provider, findings = await self.console_app.carry_out(judge, lasting=False, quiet=True, session=session)
        except Failure as failure:
            self.console_app.report(Level.WARNING, str(failure))
            return False
        if texts != self.model.texts:
            return await self._check()
        self.model.provider, self.model.findings = provider, findings
        self.show_findings()
        return True

    # Actions

    def action_queue(self) -> None:
        """Queues the message."""
        if not self._busy:
            start(self, self._queue, "queue", exclusive=False)

    async def _queue(self) -> None:
        self._busy = True
        try:
            if not await self._check():
                return
            self.model.attempted = True
            self.show_findings()
            session, provider, texts = self.session, self.model.provider, dict(self.model.texts)
            if provider is None:
                self.go_to("provider")
                self.console_app.report(Level.ERROR, "Not queued: name a provider, F3 lists them.")
                return
            acknowledged = self.model.acknowledged
            self.kept.handed_in = True
            keep = self.kept.writing()

            def hand_in() -> "Added":
                with suppress(Failure):  # where the disk is full the form itself says so
                    keep()
                return add_typed(session, provider, texts, acknowledged)

            added = await self.console_app.carry_out(hand_in, session=session)
        except OutcomeUnknown as unknown:
            self.console_app.report(Level.ERROR, f"{unknown} What you typed is kept.")
        except MessageRefused as refused:
            self._not_handed_in()
            self.go_to(next(iter(self.model.open_fields()), "to"))
            self.console_app.report(Level.ERROR, f"{refused} F8 goes from one to the next.")
        except Failure as failure:
            self._not_handed_in()
            self.console_app.report(Level.ERROR, f"{failure} What you typed is kept.")
        else:
            await self.kept.forget()
            self._queued(added.ids[-1])
            self.console_app.go_back()
        finally:
            self._busy = False

    def _not_handed_in(self) -> None:
        self.kept.handed_in = False
        self.kept.keep_soon()

    def action_providers(self) -> None:
        """Lists the providers to choose from."""
        from ftos_tui.screens.provider_choice import ProviderChoiceScreen

        self.open_screen(ProviderChoiceScreen(self.breadcrumb(), "", partial(self._put, "provider")))

    def action_editor(self) -> None:
        """Opens the text, or the HTML where the focus is on it, in the editor."""
        from ftos_tui.screens.body_editor import BodyEditorScreen

        row = self.focused_row
        name = row.field_id if row is not None and row.field_id in _BODIES else "text"
        label, text = self._rows[name].label, self.model.texts[name]
        typed = partial(self._typed_in_editor, name)
        self.open_screen(BodyEditorScreen(self.breadcrumb(), label, text, partial(self._put, name), typed))

    def _typed_in_editor(self, name: str, text: str | None) -> None:
        self._in_editor = None if text is None else (name, text)
        self.kept.keep_soon()

    def _put(self, name: str, text: str) -> None:
        self._rows[name].control.value = text
        self.go_to(name)

    async def may_leave(self) -> bool:
        """Asks when something was typed."""
        return await self.kept.may_leave("The message is not queued yet." if self.model.unsaved else "")

    def help_title(self) -> str:
        """The focused row's label, or the form."""
        row = self.focused_row
        return row.label if row else "New message"

    def help_text(self) -> str:
        """The focused row in plain words."""
        row = self.focused_row
        told = {name: about for name, _, _, about in FIELDS}
        return f"{told[row.field_id]}\n\n{self.help_topic}" if row else self.help_topic
