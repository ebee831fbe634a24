"""Edit Communication Channel: five fields, checked while they are typed."""

from collections.abc import Iterable
from functools import partial

from textual.containers import VerticalScroll
from textual.widget import Widget

from ftos_tui.actions import CHANNEL
from ftos_tui.domain.channel import CHANNEL_FIELD_BY_ID, CHANNEL_FIELDS, Channel, ChannelDraft
from ftos_tui.domain.checks.channel import ChannelContext
from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.fields import DataType, FieldSpec
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.screens.frame import CHANNELS_PATH, bindings_of
from ftos_tui.screens.kept_form import KeptForm
from ftos_tui.screens.rows_form import RowsForm
from ftos_tui.studio.channels import channel_context, check_live, open_channel, save
from ftos_tui.studio.drafts import CHANNEL_FORM
from ftos_tui.studio.failures import Refused, StaleVersion, WarningsOpen, counted
from ftos_tui.studio.form_drafts import Typed
from ftos_tui.widgets.background import start
from ftos_tui.widgets.choice_field import ChoiceField
from ftos_tui.widgets.field_row import Control, FieldRow, Shown
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.text_input import OneLineInput

REQUIRED = "required"


class ChannelModel:
    """An edit of a channel, apart from its widgets.

    Args:
        draft: What the form starts with.

    Attributes:
        draft: What the form holds now.
        checked: The verdict on it, by what the store said last.
        attempted: Whether a save was tried: from then on empty fields say so in words.
        reason: Why the change is made.
    """

    def __init__(self, draft: ChannelDraft) -> None:
        self.draft = draft
        self.attempted = False
        self.reason = ""
        self._asked: tuple[str, str] | None = None
        self._context = ChannelContext()
        self._acknowledged: set[Finding] = set()
        self.checked: Checked = check_live(self._context, draft)

    def put(self, draft: ChannelDraft) -> None:
        """Takes what was typed, and judges it."""
        self.draft = draft
        self._judge()

    def told(self, asked: ChannelDraft, context: ChannelContext) -> None:
        """Takes in what the store says of the names in a draft."""
        self._asked = (asked.text("code"), asked.text("provider"))
        self._context = context
        self._judge()

    def _judge(self) -> None:
        self.checked = check_live(self._context, self.draft)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What there is to say; of code and provider only what the store was asked about."""
        code, provider = (None, None) if self._asked is None else self._asked
        unknown = set()
        if code != self.draft.text("code"):
            unknown.add("code_taken")
        if provider != self.draft.text("provider"):
            unknown |= {"provider_unknown", "provider_channel", "provider_not_ready"}
        return tuple(finding for finding in self.checked.findings if finding.code not in unknown)

    def shown(self, field_id: str) -> tuple[Shown, ...]:
        """The findings of a field as its row shows them."""
        here = (finding for finding in self.findings if finding.field == field_id)
        return tuple(Shown(f, f in self._acknowledged) for f in here if f.code != REQUIRED or self.attempted)

    def is_empty(self, field_id: str) -> bool:
        """Whether a mandatory value is missing at this field."""
        return any(f.code == REQUIRED and f.field == field_id for f in self.findings)

    def open_fields(self) -> list[str]:
        """The ids of the fields with a finding that keeps the channel from being saved."""
        return [
            spec.id
            for spec in CHANNEL_FIELDS
            if any(
                f.field == spec.id and f.severity is not Severity.FIX and f not in self._acknowledged
                for f in self.findings
            )
        ]

    @property
    def acknowledged(self) -> frozenset[str]:
        """The codes of the warnings acknowledged as they stand now."""
        return frozenset(f.code for f in self.checked.findings if f in self._acknowledged)

    def acknowledge(self, field_id: str) -> bool:
        """Acknowledges the warnings at a field, or takes that back; whether there are any."""
        warnings = {f for f in self.findings if f.field == field_id and f.severity is Severity.WARN}
        if warnings <= self._acknowledged:
            self._acknowledged -= warnings
        else:
            self._acknowledged |= warnings
        return bool(warnings)


class ChannelFormScreen(RowsForm):
    """The form of one channel.

    Args:
        draft: What it starts with.
        key: The id of the draft on disk; None makes a new one.
    """

    model: ChannelModel
    BINDINGS = bindings_of(CHANNEL)
    CSS = "ChannelFormScreen #form { height: 1fr; }"
    place = CHANNEL
    help_topic = (
        "A dot ● marks an empty field, ✗ one that is refused, ! a warning, * a field that is not saved yet. F3 lists "
        "the providers to choose from. F8 goes to the next finding; F7 acknowledges a warning by its name."
    )

    def __init__(self, draft: ChannelDraft, key: str | None = None) -> None:
        super().__init__()
        self.model = ChannelModel(draft)
        self.kept = KeptForm(self, self.typed, key)
        self._title = Line(self.title_text(), id="title")
        self._busy = False

    def breadcrumb(self) -> tuple[str, ...]:
        """The menu path and the channel."""
        base = self.model.draft.base
        return (*CHANNELS_PATH, visible(base.code) if base else "New channel")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            "channel.save_and_close",
            "channel.save_and_reload",
            "channel.providers",
            "everywhere.help",
            "everywhere.keys",
            "everywhere.back",
            "channel.next_finding",
        )

    def content(self) -> Iterable[Widget]:
        """The title and the five fields."""
        rows = [FieldRow(spec.id, spec.label, self._control(spec)) for spec in CHANNEL_FIELDS]
        self._rows = {row.field_id: row for row in rows}
        yield self._title
        yield VerticalScroll(*rows, id="form", can_focus=False)

    def _control(self, spec: FieldSpec) -> Control:
        text = self.model.draft.text(spec.id)
        if spec.data_type is DataType.OPTION:
            return ChoiceField(spec.options, text, id=f"field-{spec.id}")
        placeholder = f"for example {spec.example}"
        return OneLineInput(text, placeholder=placeholder, limit=spec.max_length, id=f"field-{spec.id}")

    def on_mount(self) -> None:
        """Starts at the code."""
        super().on_mount()
        self.kept.opened()
        self.show_findings()
        self.focus_content()
        start(self, self._ask_store, "names")

    def on_unmount(self) -> None:
        """The draft on disk is no longer being edited."""
        self.kept.left()

    def typed(self) -> Typed:
        """What the form holds, with what stands in the fields and has not reached the draft yet."""
        draft = self.model.draft
        for field_id, row in self._rows.items():
            draft = draft.with_text(field_id, row.control.value)
        edits = {field_id: draft.text(field_id) for field_id in draft.changed}
        base = draft.base
        if base is None:
            return Typed(CHANNEL_FORM, draft.text("code"), edits)
        return Typed(CHANNEL_FORM, base.code, edits, base.channel_id, base.version)

    def keep_now(self) -> None:
        """Has the draft on disk before this returns: the line is gone, or the program is about to end."""
        self.kept.keep_now()

    def focus_content(self) -> None:
        """Puts the focus on the code."""
        self.set_focus(self._rows["code"].control)

    def title_text(self) -> str:
        """What is edited, which version, and how much is unsaved."""
        base, unsaved = self.model.draft.base, self.model.draft.changed
        title = f"Edit Communication Channel v{base.version}" if base else "New Communication Channel"
        return f"{title} * {len(unsaved)} unsaved" if unsaved else title

    def show_findings(self) -> None:
        """Hands each row its findings; only rows that differ repaint."""
        unsaved = self.model.draft.changed
        for field_id, row in self._rows.items():
            row.show(self.model.shown(field_id), changed=field_id in unsaved, empty=self.model.is_empty(field_id))
        self._title.text = self.title_text()

    def on_field_row_changed(self, event: FieldRow.Changed) -> None:
        """Something was typed: into the draft with it, and check."""
        event.stop()
        self.model.put(self.model.draft.with_text(event.row.field_id, event.text))
        self.kept.keep_soon()
        self.show_findings()
        if event.row.field_id in ("code", "provider"):
            start(self, self._ask_store, "names")

    def on_field_row_entered(self, event: FieldRow.Entered) -> None:
        """Enter goes to the next field."""
        event.stop()
        self.focus_next()

    async def _ask_store(self) -> None:
        """Asks the store about code and provider; the form does not wait for it."""
        draft, session = self.model.draft, self.session
        context = await self.attempt(lambda: channel_context(session, draft))
        if context is not None:
            self.model.told(draft, context)
            self.show_findings()

    # Actions

    def action_save_and_close(self) -> None:
        """Saves and goes back to the list."""
        self._start_saving(close=True)

    def action_save_and_reload(self) -> None:
        """Saves and goes on editing what was saved."""
        self._start_saving(close=False)

    def _start_saving(self, *, close: bool) -> None:
        if not self._busy:
            start(self, partial(self._save, close=close), "save", exclusive=False)

    async def _save(self, *, close: bool) -> None:
        self._busy = True
        draft, acknowledged, reason, session = (
            self.model.draft,
            self.model.acknowledged,
            self.model.reason,
            self.session,
        )
        try:
            saved = await self.console_app.carry_out(
                lambda: save(session, draft, acknowledged=acknowledged, reason=reason)
            )
        except (Refused, WarningsOpen) as outcome:
            await self._ask_store()
            self.model.attempted = True
            self.show_findings()
            self.go_to(next(iter(self.model.open_fields()), "code"))
            self.console_app.report(Level.ERROR, f"{outcome} F8 goes from one to the next.")
        except StaleVersion as stale:
            await self._offer_theirs(stale)
        except Failure as failure:
            self.console_app.report(Level.ERROR, f"{failure} What you typed is kept.")
        else:
            if draft.base is not None and saved.version == draft.base.version:
                self.console_app.report(Level.INFO, f"Nothing to save: {visible(saved.code)} is as it was.")
            later = {f: t for f, t in self.model.draft.edits.items() if draft.edits.get(f) != t}
            self.start_from(saved, later)
            if close and not later:
                await self.kept.forget()
                self.console_app.go_back()
        finally:
            self._busy = False

    def start_from(self, channel: Channel, edits: dict[str, object] | None = None) -> None:
        """Makes the form hold a saved channel, with edits on top of it."""
        draft = ChannelDraft(channel)
        for field_id, text in (edits or {}).items():
            draft = draft.with_text(field_id, str(text))
        self.model.attempted = False
        self.model.reason = ""
        self.model.put(draft)
        for field_id, row in self._rows.items():
            with row.control.prevent(OneLineInput.Changed, ChoiceField.Changed):
                row.control.value = draft.text(field_id)
        self.kept.keep_soon()
        self.show_findings()
        self.refresh_frame()
        start(self, self._ask_store, "names")

    async def _offer_theirs(self, stale: StaleVersion) -> None:
        self.console_app.report(Level.ERROR, str(stale))
        base, session = self.model.draft.base, self.session
        if base is None:
            return
        theirs = await self.attempt(lambda: open_channel(session, channel_id=base.channel_id))
        if theirs is None:
            return
        answer = await self.question.ask(
            f"{visible(theirs.saved_by.user)} saved version {theirs.version} meanwhile.",
            {"m": "put my edits on top", "t": "take theirs, drop mine", "escape": "stay"},
        )
        if answer == "m":
            self.start_from(theirs, dict(self.model.draft.edits))
        elif answer == "t":
            self.start_from(theirs)

    def action_reason(self) -> None:
        """Asks why."""
        start(self, self._ask_reason, "ask")

    async def _ask_reason(self) -> None:
        answer = await self.question.ask_text("Why this change? It is kept in the audit:", self.model.reason)
        if answer is not None:
            self.model.reason = answer

    def action_providers(self) -> None:
        """Lists the providers to choose from."""
        from ftos_tui.screens.provider_choice import ProviderChoiceScreen

        channel = self.model.draft.text("communication_channel")
        self.open_screen(ProviderChoiceScreen(self.breadcrumb(), channel, self._take_provider))

    def _take_provider(self, name: str) -> None:
        self._rows["provider"].control.value = name
        self.go_to("provider")

    async def may_leave(self) -> bool:
        """Asks when there are unsaved changes."""
        unsaved = len(self.model.draft.changed)
        return await self.kept.may_leave(f"{counted(unsaved, 'unsaved change', 'unsaved changes')}." if unsaved else "")

    def help_title(self) -> str:
        """The focused field's label, or the form."""
        row = self.focused_row
        return row.label if row else "Edit Communication Channel"

    def help_text(self) -> str:
        """The focused field in plain words."""
        row = self.focused_row
        return f"{CHANNEL_FIELD_BY_ID[row.field_id].help}\n\n{self.help_topic}" if row else self.help_topic
