"""The small editor for appConfig: where the mistake is, your own editor, a file."""

from collections.abc import Callable, Iterable
from pathlib import Path

from textual import events
from textual.widget import Widget
from textual.widgets import TextArea

from ftos_tui.actions import EDITOR
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import visible
from ftos_tui.screens.frame import FrameScreen, bindings_of
from ftos_tui.studio.app_config import config_findings, indented, one_line
from ftos_tui.terminal import EditorFailed
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line

_MOST = FIELD_BY_ID["app_config"].max_length


class ConfigArea(TextArea):
    """Textual's TextArea with Esc left to the screen: where Tab indents, it would only move the focus."""

    def on_key(self, event: events.Key) -> None:
        """Lets Esc pass by."""
        if event.key == "escape":
            event.prevent_default()


class JsonEditorScreen(FrameScreen):
    """Edits appConfig as text.

    Args:
        path: The breadcrumb of the form.
        text: The text to start with.
        accept: Takes the text when the operator accepts it.
        typed: Is told the text at every change, to have it in the draft on disk; None when there is none any more.
    """

    BINDINGS = bindings_of(EDITOR, priority=True)
    CSS = "JsonEditorScreen TextArea { height: 1fr; border: none; padding: 0; }"
    place = EDITOR
    suffix = ".json"
    help_topic = (
        "appConfig is the provider's configuration file, one JSON object. The line under the text says where a "
        "mistake is. Ctrl+S or F2 takes the text into the form, where it is saved with the other fields; Esc leaves "
        "it as it was. F4 opens your own editor, F3 loads a file."
    )

    def __init__(
        self, path: tuple[str, ...], text: str, accept: Callable[[str], None], typed: Callable[[str | None], None]
    ) -> None:
        super().__init__()
        self.path = path
        self.start = indented(text)
        self.accept = accept
        self.typed = typed

    def breadcrumb(self) -> tuple[str, ...]:
        """The form's, and the field."""
        return (*self.path, "appConfig")

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            "editor.accept",
            "everywhere.back",
            "editor.external",
            "editor.load",
            "everywhere.help",
            "everywhere.keys",
        )

    def content(self) -> Iterable[Widget]:
        """The text, and what is wrong with it."""
        area = ConfigArea(self.start, id="config", tab_behavior="indent", soft_wrap=False)
        area.cursor_blink = False
        yield area
        yield Line(id="mistake")

    def on_mount(self) -> None:
        """Starts in the text."""
        super().on_mount()
        self.focus_content()
        self._say()

    def focus_content(self) -> None:
        """Puts the focus on the text."""
        self.set_focus(self.area)

    @property
    def area(self) -> TextArea:
        """The text."""
        return self.query_one("#config", TextArea)

    def on_text_area_changed(self) -> None:
        """Checks while it is typed, and has it in the draft."""
        self._say()
        self.typed(None if self.area.text == self.start else self.area.text)

    def on_unmount(self) -> None:
        """The text was accepted or given up; the form knows."""
        self.typed(None)

    def taken(self) -> str:
        """The text as the form takes it."""
        return one_line(self.area.text)

    def _say(self) -> None:
        findings = config_findings(self.area.text)
        self.query_one("#mistake", Line).text = (
            f"✗ {findings[0].message}" if findings else "✓ One JSON object. Ctrl+S or F2 takes it into the form."
        )

    async def may_leave(self) -> bool:
        """Asks when the text was changed and not accepted."""
        if self.area.text == self.start:
            return True
        answer = await self.question.ask(
            "The text was changed.", {"a": "accept it", "x": "leave it as it was", "escape": "stay"}
        )
        if answer == "a":
            self.accept(self.taken())
        return answer in ("a", "x")

    def action_accept(self) -> None:
        """Takes the text into the form, mistakes and all: the form shows them at the field."""
        text = self.taken()
        self.console_app.go_back()
        self.accept(text)

    def action_external(self) -> None:
        """Opens the text in the operator's own editor."""
        try:
            edited = self.console_app.edit_in_editor(self.area.text, self.suffix, self.console_app.editor_command)
        except EditorFailed as failure:
            self.console_app.report(Level.ERROR, str(failure))
            return
        if edited is not None:
            self.area.text = edited

    def action_load(self) -> None:
        """Asks for a file and replaces the text by its content."""
        start(self, self._load, "ask")

    async def _load(self) -> None:
        name = await self.question.ask_text("Load which file?", "")
        if not name:
            return
        try:
            text = await self.console_app.carry_out(lambda: _read(Path(name).expanduser()))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self.console_app.report(Level.ERROR, f"{visible(name)} was not loaded: {why}. The text is as it was.")
            return
        self.area.text = text
        self.focus_content()


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(4 * _MOST + 1)
    if len(data) > 4 * _MOST:
        raise ValueError(f"it is larger than appConfig may be ({_MOST} characters)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
