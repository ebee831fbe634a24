"""A small console on SafeApp that a test can make misbehave. Arguments: a folder, then what to show."""

import os
import sys
import threading
from pathlib import Path
from typing import ClassVar

from ftos_tui.tty import mouse_wanted, prepare_terminal

if (refusal := prepare_terminal(os.environ, sys.stdin.isatty(), sys.stdout.isatty())) is not None:
    print(refusal, file=sys.stderr)
    raise SystemExit(2)

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Label, Static

from ftos_tui.domain.log import Level
from ftos_tui.terminal import EditorFailed, SafeApp
from ftos_tui.widgets.secret_input import SecretInput
from ftos_tui.widgets.text_input import OneLineInput

FOLDER = Path(sys.argv[1])
PAYLOAD = sys.argv[2] if len(sys.argv) > 2 else "plain"


class Demo(SafeApp):
    """Fields, a line for reports, and keys that break things."""

    CSS = "Input { height: 1; border: none; padding: 0; } OneLineInput { width: 50; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "crash"),
        Binding("f2", "crash_worker"),
        Binding("f3", "block"),
        Binding("f4", "edit"),
        Binding("f5", "mouse(False)"),
        Binding("f6", "mouse(True)"),
        Binding("f7", "title"),
        Binding("f8", "notify_payload"),
        Binding("f9", "break_emergency"),
        Binding("ctrl+s", "say('saved')"),
        Binding("ctrl+z", "say('undone')"),
        Binding("ctrl+p", "say('palette')"),
        Binding("ctrl+x", "say('ctrl+x')"),
    ]
    ENABLE_COMMAND_PALETTE = False
    crash_file = FOLDER / "crash" / "crash.log"
    emergency_fails = False

    def compose(self) -> ComposeResult:
        yield Static(PAYLOAD, markup=False, id="static")
        yield Label(Content(PAYLOAD), id="label")
        yield Input(PAYLOAD, id="textual")
        yield OneLineInput(PAYLOAD, id="one", limit=200)
        yield SecretInput(id="secret", placeholder="not set")
        yield Static("ready", id="report", markup=False)

    def on_mount(self) -> None:
        self.query_one("#one").focus()

    def report(self, level: Level, message: str) -> None:
        self.query_one("#report", Static).update(Content(f"{level}: {message}"))

    def emergency(self) -> None:
        if self.emergency_fails:
            raise RuntimeError("no room for drafts")
        (FOLDER / "kept").write_text(self.query_one("#one", OneLineInput).value, encoding="utf-8")

    def on_one_line_input_paste_refused(self, event: OneLineInput.PasteRefused) -> None:
        self.report(Level.WARNING, event.sentence)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.exit(3)

    def action_say(self, word: str) -> None:
        self.report(Level.INFO, word)

    def action_crash(self) -> None:
        password = "hunter2"  # noqa: F841 (a local that no report may hold)
        raise ValueError(f"broken \x1b]0;pwned\x07 {self.query_one('#secret', SecretInput).value}")

    def action_crash_worker(self) -> None:
        async def work() -> None:
            raise LookupError("in a worker")

        self.run_worker(work())

    def action_block(self) -> None:
        (FOLDER / "blocked").touch()
        threading.Event().wait()

    def action_edit(self) -> None:
        try:
            text = self.edit_in_editor("before", ".json", "")
        except EditorFailed as failure:
            self.report(Level.ERROR, str(failure))
        else:
            self.report(Level.INFO, f"edited: {text}")

    def action_mouse(self, on: bool) -> None:
        self.switch_mouse(on)
        self.report(Level.INFO, f"mouse {'on' if on else 'off'}")

    def action_title(self) -> None:
        self.set_window_title(f"title {PAYLOAD}")
        self.report(Level.INFO, "titled")

    def action_notify_payload(self) -> None:
        self.notify(f"said {PAYLOAD}", title="[/]")

    def action_break_emergency(self) -> None:
        self.emergency_fails = True
        self.report(Level.INFO, "broken")


if __name__ == "__main__":
    code = Demo().run_guarded(mouse=mouse_wanted("auto", os.environ))
    raise SystemExit(code)
