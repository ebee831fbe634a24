"""Edit Channel Provider: all fields on one screen, checked while they are typed."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input

from ftos_tui.actions import FORM
from ftos_tui.domain.fields import FIELD_BY_ID, FIELD_IDS
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.log import Level
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.domain.visible import visible
from ftos_tui.screens.form_activity import FormActivity
from ftos_tui.screens.form_draft import FormDraft
from ftos_tui.screens.form_fields import field_rows, put_text
from ftos_tui.screens.form_live import FormLive, LiveActions
from ftos_tui.screens.form_meaning import FormForecast, MeaningActions
from ftos_tui.screens.form_model import FormModel
from ftos_tui.screens.form_saver import FormSaver
from ftos_tui.screens.form_testing import TestingActions
from ftos_tui.screens.form_trial import FormTrial, TrialActions
from ftos_tui.screens.form_versions import VersionActions
from ftos_tui.screens.frame import MENU_PATH, bindings_of
from ftos_tui.screens.help import field_help
from ftos_tui.studio.providers import FormStart, check_context
from ftos_tui.studio.session import new_id
from ftos_tui.widgets.background import start
from ftos_tui.widgets.choice_field import ChoiceField
from ftos_tui.widgets.field_row import FieldRow
from ftos_tui.widgets.meaning_panel import MeaningPanel
from ftos_tui.widgets.secret_input import SecretInput
from ftos_tui.widgets.switch_field import SwitchField
from ftos_tui.widgets.text_input import OneLineInput
from ftos_tui.widgets.title_line import TitleLine

TICK = 30.0
"""Seconds after which what depends on the time of day is judged anew; it costs the line nothing unless it differs."""

WIDE = 110
"""Columns from which the meaning of the values stands beside the form."""


class EditScreen(TrialActions, VersionActions, LiveActions, MeaningActions, TestingActions):
    """The form of one provider.

    Args:
        begin: What it starts with.
        key: The id of the draft on disk; None makes a new one.

    Attributes:
        counts: Messages by status code.
    """

    BINDINGS = bindings_of(FORM)
    CSS = """
    EditScreen #form { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; scrollbar-color: $panel; }
    EditScreen #body { height: 1fr; }
    EditScreen MeaningPanel { width: 44; display: none; border-left: vkey $panel; padding: 0 1; }
    EditScreen.wide MeaningPanel { display: block; }
    """
    place = FORM
    help_topic = (
        "A dot ● marks a mandatory field that is empty, ✗ one that is refused, ! a warning, * a field that is not "
        "saved yet. F8 goes to the next finding; a warning is acknowledged by its name with F7."
    )

    def __init__(self, begin: FormStart, *, key: str | None = None) -> None:
        super().__init__()
        self.model = FormModel(begin.draft, begin.context)
        self.key = key or new_id()
        self.counts = dict(begin.counts)
        self.saver = FormSaver(self)
        self.trial = FormTrial(self, begin.trial)
        self.kept = FormDraft(self)
        self.live = FormLive(self)
        self.activity = FormActivity(self)
        self.forecast = FormForecast(self)
        self.rows: dict[str, FieldRow] = {}

    def breadcrumb(self) -> tuple[str, ...]:
        """The menu path and the provider."""
        return (*MENU_PATH, visible(str(self.model.draft.base.values.get("name") or "New provider")))

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            "form.save_and_close",
            "form.save_and_reload",
            "everywhere.help",
            "everywhere.keys",
            "everywhere.back",
            "form.statuses",
            "form.meaning",
            "form.next_finding",
            "form.test_connection",
            "everywhere.commands",
        )

    def content(self) -> Iterable[Widget]:
        """Title and buttons; the fields, and beside them what they mean."""
        rows = field_rows(self.model.draft)
        self.rows = {row.field_id: row for row in rows}
        yield TitleLine(self.title_text())
        yield self.trial.line
        yield Horizontal(VerticalScroll(*rows, id="form", can_focus=False), MeaningPanel(id="meaning"), id="body")

    def on_mount(self) -> None:
        """Starts at the first field."""
        super().on_mount()
        self.session.open_drafts.add(self.key)
        self.show_findings()
        self.focus_content()
        self.set_interval(TICK, self._tick)
        self.trial.show()
        self.live.entered()
        self.activity.follow()
        if self.model.unsaved:
            self.keep_soon()

    def _tick(self) -> None:
        self.model.tick(self.session.clock())
        self.show_findings()
        self.forecast.queue_changed()

    def on_unmount(self) -> None:
        """The draft on disk is no longer being edited."""
        self.live.left()
        self.session.open_drafts.discard(self.key)

    def on_resize(self) -> None:
        """Shows the meaning beside the form where there is room."""
        self.set_class(self.size.width >= WIDE, "wide")
        self.show_meaning()

    # What the form holds

    def title_text(self) -> str:
        """What is edited, which version, and how much is unsaved."""
        base = self.model.draft.base
        title = "Edit Channel Provider" if base.provider_id else "New Channel Provider"
        if self.saver.finding_out:
            title = f"v{base.version} ? asking if v{base.version + 1} was saved"
        elif base.version:
            meanwhile = self.live.mark()
            title = f"v{base.version} {meanwhile}" if meanwhile else f"{title} v{base.version}"
        if self.model.unsaved:
            title += f" * {len(self.model.unsaved)} unsaved"
        return title

    def focus_content(self) -> None:
        """Puts the focus on the first field, or on the one that had it."""
        self.set_focus(self.rows[FIELD_IDS[0]].control)

    @property
    def focused_row(self) -> FieldRow | None:
        """The row whose control has the focus."""
        focused = self.focused
        return focused.parent if focused is not None and isinstance(focused.parent, FieldRow) else None

    def on_field_row_changed(self, event: FieldRow.Changed) -> None:
        """Something was typed: into the draft with it, and check."""
        event.stop()
        row = event.row
        if isinstance(row.control, SecretInput):
            self.model.enter_secret(row.field_id, row.control.take())
        else:
            before = self.model.draft.text(row.field_id)
            self.model.type(row.field_id, event.text)
            if row.field_id == "name" and event.text != before:  # a field also says so when it is put on the screen
                start(self, self._ask_name, "name")
        self.show_findings()
        self.keep_soon()

    async def _ask_name(self) -> None:
        """Asks the store whether the name is taken; the form does not wait for it."""
        draft = self.model.draft
        session = self.session
        context = await self.attempt(lambda: check_context(session, draft), lasting=False, quiet=True)
        if context is not None and self.model.told(context):
            self.show_findings()

    def on_field_row_entered(self, event: FieldRow.Entered) -> None:
        """Enter goes to the next field; at appConfig it opens the editor."""
        event.stop()
        if event.row.field_id == "app_config":
            self.action_edit_config()
        else:
            self.focus_next(OneLineInput)

    def on_one_line_input_paste_refused(self, event: OneLineInput.PasteRefused) -> None:
        """A paste that does not fit is refused whole, with a sentence."""
        event.stop()
        self.console_app.report(Level.WARNING, event.sentence)

    def show_findings(self) -> None:
        """Hands each row its findings; only rows that differ repaint."""
        unsaved = set(self.model.unsaved)
        for field_id, row in self.rows.items():
            row.show(self.model.shown(field_id), changed=field_id in unsaved, empty=self.model.is_empty(field_id))
        self.show_title()
        self.show_meaning()

    def show_title(self) -> None:
        """Says what is edited and whether others saved it meanwhile."""
        self.query_one(TitleLine).line.text = self.title_text()

    def put_all(self) -> None:
        """Makes every control hold what the draft holds, after an undo, a save or a reload."""
        for field_id, row in self.rows.items():
            with row.control.prevent(Input.Changed, ChoiceField.Changed, SwitchField.Changed):
                put_text(row.control, self.model.draft, field_id)
        self.show_findings()
        self.refresh_frame()
        self.live.entered()
        self.forecast.queue_changed()

    def key_down(self) -> None:
        """The next field, after the last one the first: not the buttons, nor the status log."""
        self.focus_next("FieldRow > *")

    def key_up(self) -> None:
        """The field before, before the first one the last."""
        self.focus_previous("FieldRow > *")

    # Drafts

    def keep_soon(self) -> None:
        """Has the draft on disk within half a second."""
        self.kept.keep_soon()

    def keep_now(self) -> None:
        """Has the draft on disk before this returns: the line is gone, or the program is about to end."""
        self.kept.keep_now()

    async def may_leave(self) -> bool:
        """Asks when there are unsaved changes."""
        return await self.kept.may_leave()

    def provider_name(self) -> str:
        """The Name as it stands in the form."""
        return visible(self.model.draft.text("name")) or "the new provider"

    # Saving

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The vendor's two buttons."""
        event.stop()
        if event.button.id == "save-and-close":
            self.action_save_and_close()
        else:
            self.action_save_and_reload()

    def action_save_and_close(self) -> None:
        """Saves and goes back to the list."""
        self.start_saving(close=True)

    def action_save_and_reload(self) -> None:
        """Saves and goes on editing what was saved."""
        self.start_saving(close=False)

    def start_saving(self, *, close: bool, trial: timedelta | None = None) -> None:
        """Saves what the form holds, after a review where the environment asks for one.

        Args:
            close: Whether to go back to the list afterwards.
            trial: How long the version is on trial; None where it stays.
        """
        self.reviewed(partial(self.save_now, close=close, trial=trial))

    def save_now(self, *, close: bool, trial: timedelta | None = None) -> None:
        """Saves what the form holds; see `start_saving`."""
        if not self.saver.busy:
            self.model.trial = trial
        start(self, partial(self.saver.save, close=close), "save", exclusive=False)

    # Other actions

    def action_undo(self) -> None:
        """Takes the last change back."""
        if self.model.undo():
            self.put_all()
            self.keep_soon()
        else:
            self.console_app.report(Level.INFO, "Nothing to undo.")

    def action_acknowledge(self) -> None:
        """Acknowledges the warnings at the focused field, by name, or takes that back."""
        row = self.focused_row
        warnings = self.model.acknowledge(row.field_id) if row else ()
        if not warnings:
            self.console_app.report(Level.INFO, "No warning at this field. F8 goes to the next finding.")
        self.show_findings()

    def action_next_finding(self) -> None:
        """Goes to the next field with a finding, round and round."""
        self.model.attempted = True
        with_findings = [f for f in FIELD_IDS if self._has_open_finding(f)]
        if not with_findings:
            self.show_findings()
            statuses = [f.message for f in self.model.checked.of("statuses") if not self.model.is_acknowledged(f)]
            if statuses:
                self.action_statuses()
            else:
                self.console_app.report(Level.SUCCESS, "No finding is open: this can be saved.")
            return
        self.show_findings()
        row = self.focused_row
        here = FIELD_IDS.index(row.field_id) if row else -1
        self.go_to(next((f for f in with_findings if FIELD_IDS.index(f) > here), with_findings[0]))

    def _has_open_finding(self, field_id: str) -> bool:
        return any(
            finding.severity is not Severity.FIX and not self.model.is_acknowledged(finding)
            for finding in self.model.checked.of(field_id)
        )

    def go_to(self, field_id: str) -> None:
        """Puts the focus on a field, or opens the statuses."""
        if field_id in self.rows:
            self.set_focus(self.rows[field_id].control)
        elif field_id == "statuses":
            self.action_statuses()

    def action_statuses(self) -> None:
        """Opens the list of statuses; what is changed there comes back into the draft."""
        from ftos_tui.screens.statuses import StatusesScreen

        self.open_screen(StatusesScreen(self.breadcrumb(), self))

    @property
    def statuses(self) -> tuple[StatusRow, ...]:
        """The list of statuses as it would be saved."""
        return self.model.checked.statuses

    def put_statuses(self, rows: tuple[StatusRow, ...]) -> None:
        """Takes an edited list of statuses into the draft."""
        self.model.put(self.model.draft.with_statuses(rows))
        self.show_findings()
        self.keep_soon()

    def action_reason(self) -> None:
        """Asks why."""
        start(self, self._ask_reason, "ask")

    async def _ask_reason(self) -> None:
        answer = await self.question.ask_text("Why this change? It is kept with the version:", self.model.reason)
        if answer is not None:
            self.model.reason = answer
            self.console_app.report(Level.INFO, f"The next save says why: {answer}" if answer else "No reason given.")

    def action_edit_config(self) -> None:
        """Opens appConfig in the small editor."""
        from ftos_tui.screens.json_editor import JsonEditorScreen

        text = self.model.draft.text("app_config")
        self.open_screen(JsonEditorScreen(self.breadcrumb(), text, self._take_config, self._config_typed))

    def _config_typed(self, text: str | None) -> None:
        self.kept.config_text = text
        self.keep_soon()

    def _take_config(self, text: str) -> None:
        self.model.put(self.model.draft.with_text("app_config", text))
        self.put_all()
        self.keep_soon()
        self.go_to("app_config")

    def action_clear_app_password(self) -> None:
        """Clears the stored App Password."""
        start(self, partial(self.saver.clear, "app_password"), "ask")

    def action_clear_app_key(self) -> None:
        """Clears the stored App Key."""
        start(self, partial(self.saver.clear, "app_key"), "ask")

    def help_title(self) -> str:
        """The focused field's label, or the form."""
        row = self.focused_row
        return row.label if row else "Edit Channel Provider"

    def help_text(self) -> str:
        """The focused field in plain words."""
        row = self.focused_row
        return f"{field_help(FIELD_BY_ID[row.field_id])}\n\n{self.help_topic}" if row else self.help_topic
