"""The App that the console is built on: Textual's, made safe for hostile text and for a line that may drop."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import App, SuspendNotSupported
from textual.dom import DOMNode
from textual.driver import Driver
from textual.events import Event, Key, Paste
from textual.filter import Monochrome, NoColor
from textual.widget import Widget
from textual.worker import WorkerFailed

from ftos_tui.domain.log import Level
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.terminal.crash import write_report
from ftos_tui.terminal.driver import SafeDriver, restore_terminal
from ftos_tui.terminal.editor import EditorFailed, EditorFile, editor_command, run_editor
from ftos_tui.terminal.filter import NoColour, SafeText
from ftos_tui.terminal.guard import Guard
from ftos_tui.terminal.type_ahead import TypeAhead

if TYPE_CHECKING:
    from textual._path import CSSPathType
    from textual.notifications import SeverityLevel

_TERMINAL = 0
"""Standard input, from which Textual reads; `prepare_terminal` made sure that it is a terminal."""
_SEVERITIES: dict[Level, "SeverityLevel"] = {Level.WARNING: "warning", Level.ERROR: "error"}
_LEVELS: dict["SeverityLevel", Level] = {"warning": Level.WARNING, "error": Level.ERROR}


def _noop() -> None:
    """Nothing: the event loop wakes up for it, and Python then runs the handlers of signals."""


class SafeApp(App[int]):
    """An App that lets no control character out, leaves in time, and tells no values when it crashes.

    Run it with `run_guarded`; its result is the exit code.
    """

    crash_file: Path | None = None
    """Where crash reports are appended; None for nowhere."""

    def __init__(
        self,
        driver_class: type[Driver] | None = None,
        css_path: "CSSPathType | None" = None,
        watch_css: bool = False,
        ansi_color: bool | None = None,
    ) -> None:
        super().__init__(driver_class, css_path, watch_css, ansi_color)
        self.animation_level = "none"
        self._filters = [NoColour() if isinstance(old, Monochrome | NoColor) else old for old in self._filters] + [
            SafeText()
        ]
        self._guard: Guard | None = None
        self._leaving: int | None = None
        self._kept: bool | None = None
        self._keeping = threading.RLock()
        self._crash_sentence = ""
        self._type_ahead = TypeAhead(self, super().on_event)
        self._editor: subprocess.Popen[bytes] | None = None
        self._editor_file: EditorFile | None = None

    # For subclasses

    def emergency(self) -> None:
        """Keeps what is unsaved: the app is about to end. Must be quick; may run in another thread than the app's."""

    def report(self, level: Level, message: str) -> None:
        """Tells the operator something. A subclass shows it in its log pane; here it is a toast.

        Args:
            level: How much it matters.
            message: One sentence.
        """
        super().notify(visible(message), severity=_SEVERITIES.get(level, "information"), markup=False)

    # Running and leaving

    def run_guarded(self, *, mouse: bool = True) -> int:
        """Runs the app on the terminal of this process, in its main thread.

        Args:
            mouse: Whether the mouse is on at first.

        Returns:
            The exit code: the app's own, 1 after a crash, 128 + n after signal n, 129 when the terminal is gone.
        """
        guard = self._guard = Guard(
            _TERMINAL, self._leave_soon, lambda code: self._last_resort(guard, code), lambda: self._call_in_loop(_noop)
        )
        thread_hook, threading.excepthook = threading.excepthook, self._thread_failed
        guard.start()
        try:
            self.run(mouse=mouse)
        except Exception as error:
            # Outside of what Textual catches: the terminal may be as the driver set it.
            self._note_crash(error)
            restore_terminal(_TERMINAL, guard.attributes)
            self._print_error_renderables()
        finally:
            threading.excepthook = thread_hook
            if self._leaving is None:
                guard.stop()
            # Else the guard stays: what the interpreter still waits for is waited for no longer than its grace.
        if self._leaving is not None:
            return self._leaving
        return 1 if self._crash_sentence else self.return_code or self.return_value or 0

    def _leave_soon(self, code: int) -> None:
        """Asks the event loop to leave; called in the guard's thread."""
        self._leaving = code
        self._call_in_loop(self._leave, code)

    def _call_in_loop(self, callback: Callable[..., None], *arguments: Any) -> None:
        """Has the event loop call something, from any thread, where there is a loop."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed: the app is leaving already
                loop.call_soon_threadsafe(callback, *arguments)

    def call_in_app(self, callback: Callable[..., None], *arguments: Any) -> None:
        """Has the app call something between two messages, from any thread; nothing happens once it is leaving.

        Args:
            callback: What to call.
            arguments: With what.
        """

        def call() -> None:
            self.call_later(callback, *arguments)

        self._call_in_loop(call)

    def _leave(self, code: int) -> None:
        self._keep()
        self.exit(code, return_code=code)

    def _last_resort(self, guard: Guard, code: int) -> None:
        """Leaves without the event loop, which did not answer; called in the guard's thread."""
        keeper = threading.Thread(target=self._keep, daemon=True)
        keeper.start()
        keeper.join(0.1)
        if self._editor is not None:
            self._editor.terminate()
        if self._editor_file is not None:
            self._editor_file.remove()
        restore_terminal(_TERMINAL, guard.attributes)
        os._exit(code)

    def _keep(self) -> bool:
        """Calls `emergency` once, whichever thread comes first; whether it went well."""
        with self._keeping:
            if self._kept is None:
                self._kept = False  # should it fail in here, it is not called again
                try:
                    self.emergency()
                    self._kept = True
                except Exception as error:
                    self._write_report(error)
            return self._kept

    # Crashes

    def _handle_exception(self, error: Exception) -> None:
        # Textual's own prints the frames with their local variables on the terminal.
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._note_crash(error)
        self._close_messages_no_wait()

    def _note_crash(self, error: BaseException) -> None:
        """Keeps what is unsaved, writes the report, and remembers the sentence to print."""
        written = self._write_report(error.error if isinstance(error, WorkerFailed) else error)
        if self._crash_sentence:
            return
        values = "your unsaved values are kept" if self._keep() else "your unsaved values could not be kept"
        details = f"details in {self.crash_file}" if written else "its details could not be written"
        self._crash_sentence = visible(f"ftos-tui stopped because of an error in it; {values}; {details}")

    def _write_report(self, error: BaseException) -> bool:
        secrets = list(self._secret_values())
        return self.crash_file is not None and write_report(error, self.crash_file, secrets)

    def _secret_values(self) -> Iterator[str]:
        """What stands in the secret fields of all screens, so that no message in a report repeats it."""
        for stack in self._screen_stacks.values():
            for screen in stack:
                for node in screen.walk_children(with_self=False):
                    if getattr(node, "secret", False):
                        yield getattr(node, "value", "")

    def _fatal_error(self) -> None:
        """Nothing: `_handle_exception` said it all."""

    def _print_error_renderables(self) -> None:
        # Textual renders them with colours; here they are plain, and what they quote is visible.
        said = [visible(str(message)) for message in self._exit_renderables]
        self._exit_renderables.clear()
        if self._crash_sentence:
            said = [self._crash_sentence]
        with contextlib.suppress(OSError):
            for sentence in said:
                print(sentence, file=sys.__stderr__, flush=True)

    def _on_load(self) -> None:
        if self._guard is not None:
            asyncio.get_running_loop().set_exception_handler(self._callback_failed)

    def _callback_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What asyncio itself would print over the screen, of a callback or a task nobody waited for."""
        error = context.get("exception")
        if isinstance(error, Exception):
            self._write_report(error)

    def _thread_failed(self, arguments: threading.ExceptHookArgs) -> None:
        """What a thread's death would print over the screen."""
        if arguments.exc_value is not None:
            self._write_report(arguments.exc_value)

    # The terminal

    async def on_event(self, event: Event) -> None:
        """Puts keys and pastes in a queue; all else is Textual's.

        Args:
            event: Any event.
        """
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            if isinstance(event, Key) and event.key == "escape" and self.stops_waiting():
                return
            await self._type_ahead.take(event)
        else:
            await super().on_event(event)

    def hold_keys(self) -> contextlib.AbstractContextManager[None]:
        """Lets keys wait while a screen is on its way; see `TypeAhead.hold`."""
        return self._type_ahead.hold()

    def let_keys_go(self) -> None:
        """Forgets keys that wait for a screen which is not to come, and holds no more."""
        self._type_ahead.forget()

    def stops_waiting(self) -> bool:
        """Esc was pressed: whether something was waited for, and that is all it ends. It does not wait its turn."""
        return False

    @on(Driver.SignalResume)
    def _paint_after_stop(self) -> None:
        # Textual tells its subscribers, and leaves the screen to what the shell wrote on it.
        self.refresh(layout=True)

    def get_driver_class(self) -> type[Driver]:
        """The driver that survives a vanished terminal."""
        return SafeDriver

    def switch_mouse(self, on: bool) -> None:
        """Switches the mouse while the app runs.

        Args:
            on: Off gives the terminal's own selection back.
        """
        if isinstance(self._driver, SafeDriver):
            self._driver.switch_mouse(on)

    def set_window_title(self, title: str) -> None:
        """Names the terminal's window; the old name is back at the end.

        Args:
            title: Any text; made visible, and cut to 120 characters.
        """
        if isinstance(self._driver, SafeDriver):
            self._driver.set_title(shortened(title, 120))

    @contextlib.contextmanager
    def suspend(self) -> Iterator[None]:
        """Gives the terminal to another program for as long as the block runs.

        An exception in the block comes out after the screen is back (textual#6692: it left a dead screen).
        """
        raised: BaseException | None = None
        with super().suspend():
            try:
                yield
            except BaseException as error:
                raised = error
        if raised is not None:
            raise raised

    def edit_in_editor(self, text: str, suffix: str, command: str) -> str | None:
        """Has the operator edit a text in their editor; the console waits.

        Args:
            text: What to edit.
            suffix: The end of the file's name, such as `.json`.
            command: The editor's command line; empty for $VISUAL, $EDITOR, vi.

        Returns:
            The edited text; None when it was left as it was.

        Raises:
            EditorFailed: With a sentence to show; the text is as it was.
        """
        words = editor_command(command, os.environ)
        self._editor_file = EditorFile(text, suffix)
        try:
            with self.suspend(), self._signals_are_the_editors():
                run_editor(words, self._editor_file.path, self._editor_started)
            return self._editor_file.read()
        except SuspendNotSupported:
            raise EditorFailed("An editor cannot be opened here.") from None
        finally:
            self._editor = None
            self._editor_file.remove()
            self._editor_file = None

    def _editor_started(self, process: subprocess.Popen[bytes]) -> None:
        self._editor = process

    @contextlib.contextmanager
    def _signals_are_the_editors(self) -> Iterator[None]:
        """Ctrl+C and Ctrl+\\ go to all programs in front; while the editor runs they are meant for it."""
        if self._guard is None:
            yield
            return
        with self._guard.ignoring(signal.SIGINT, signal.SIGQUIT):
            yield

    # Text that comes from data

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: "SeverityLevel" = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Reports a message, never parsing markup (textual#6155: `[/]` in it raises). Safe to call in any thread.

        Args:
            message: The message.
            title: Put before it.
            severity: Textual's word for the level.
            timeout: Not used.
            markup: Not used.
        """
        said = f"{title}: {message}" if title else message
        level = _LEVELS.get(severity, Level.INFO)
        if self._thread_id in (0, threading.get_ident()):
            self.report(level, said)
        else:
            self.call_later(self.report, level, said)

    def action_help_quit(self) -> None:
        """Ctrl+C where nothing is selected: says which key quits."""
        for key, active in self.active_bindings.items():
            if active.binding.action in ("quit", "app.quit"):
                self.report(Level.INFO, f"{self.get_key_display(active.binding) or key} leaves ftos-tui.")
                return

    def copy_to_clipboard(self, text: str) -> None:
        """Copies a text to the terminal's clipboard; refused while a secret field has the focus.

        Args:
            text: What to copy.
        """
        if getattr(self.focused, "secret", False):
            self.report(Level.WARNING, "A secret is not copied.")
            return
        # A lone surrogate cannot be encoded, and Textual would crash on it.
        super().copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))

    def _set_pointer_shape(self, shape: str) -> None:
        """Nothing: few terminals know OSC 22, old ones print it, and it costs bytes whenever the mouse moves."""

    def _register_child(self, parent: DOMNode, child: Widget, before: int | None, after: int | None) -> None:
        # Blinking costs the line 1.8 KB a second; each text widget switches it on for itself.
        if isinstance(getattr(child, "cursor_blink", None), bool):
            child.set_reactive(type(child).cursor_blink, False)  # type: ignore[attr-defined]
        super()._register_child(parent, child, before, after)
