"""A question in the frame instead of a dialog: a dialog repaints the screen, a line does not."""

import asyncio
from collections.abc import Iterator, Mapping

from textual import events
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection
from textual.worker import get_current_worker

from ftos_tui.widgets.cells import width_of, wrapped
from ftos_tui.widgets.line_widget import LineWidget, Piece, fill
from ftos_tui.widgets.text_input import OneLineInput

_KEY_NAMES = {"escape": "Esc", "enter": "Enter", "space": "Space"}

_LEAST_INPUT = 20
"""Cells an answer needs beside its question; with fewer it gets a line of its own."""


class ConfirmLine(LineWidget, can_focus=True):
    """Hidden until it asks. While it asks, every key is the answer's or nobody's.

    Its methods wait for the operator, so they are awaited in a worker, never in a message handler.
    """

    DEFAULT_CSS = """
    ConfirmLine {
        display: none;
        height: auto;
        background: $panel;
        text-style: bold;
        & > Input { height: 1; width: 1fr; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        """Make the line, hidden.

        Args:
            id: The widget's id.
        """
        super().__init__(id=id)
        self._text = ""
        self._choices: Mapping[str, str] = {}
        self._answer: asyncio.Future[str | None] | None = None
        self._back: Widget | None = None
        self._input: OneLineInput | None = None
        self._changing = False

    @property
    def asking(self) -> bool:
        """Whether a question is on screen."""
        return self._answer is not None

    async def ask(self, question: str, choices: Mapping[str, str]) -> str | None:
        """Ask for one key.

        Args:
            question: What is asked.
            choices: Textual's name of a key and what it does, for example `{"k": "keep draft", "escape": "stay"}`.

        Returns:
            The key; None for Esc, or when the operator turned to something else.

        Raises:
            NoActiveWorker: It was not awaited in a worker; the screen would wait for itself.
        """
        offered = " · ".join(f"{_KEY_NAMES.get(key, key)} {label}" for key, label in choices.items())
        self._choices = choices
        return await self._wait(f"{question} {offered}", None)

    async def ask_text(self, question: str, default: str = "", *, typing_replaces: bool = False) -> str | None:
        """Ask for a text.

        Args:
            question: What is asked.
            default: What stands there at first.
            typing_replaces: Whether it stands there selected, as a proposal: what is typed must not add to it.

        Returns:
            The text on Enter; None for Esc, or when the operator turned to something else.

        Raises:
            NoActiveWorker: As for `ask`.
        """
        self._choices = {}
        return await self._wait(question, default, typing_replaces=typing_replaces)

    async def ask_typed(self, question: str, expected: str) -> bool:
        """Ask for a text that proves the operator means it.

        Args:
            question: What is asked; says what to type.
            expected: What has to be typed; outer spaces do not count.

        Returns:
            Whether it was typed.

        Raises:
            NoActiveWorker: As for `ask`.
        """
        answer = await self.ask_text(question)
        return answer is not None and answer.strip() == expected.strip()

    async def _wait(self, text: str, default: str | None, *, typing_replaces: bool = False) -> str | None:
        get_current_worker()
        self._resolve(None)
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        if self._answer is None:
            self._back = self.screen.focused
        self._answer, self._text = answer, text
        # Until the new question has the focus, one that follows upon another would take its loss for an answer.
        self._changing = True
        try:
            await self._show(default, typing_replaces=typing_replaces)
        finally:
            self._changing = False
        try:
            return await answer
        finally:
            if self._answer is answer:
                self._close()

    async def _show(self, default: str | None, *, typing_replaces: bool) -> None:
        if self._input is not None:
            await self._input.remove()
            self._input = None
        if default is not None:
            self._input = OneLineInput(default, id="answer")
            if typing_replaces:
                # Not `select_all`: that scrolls, and before it has a width the text would scroll out of sight.
                self._input.set_reactive(Input.selection, Selection(0, len(default)))
            await self.mount(self._input)
        self._place_input()
        self.display = True
        self.refresh(layout=True)
        self.screen.set_focus(self._input or self)

    def _close(self) -> None:
        self._answer = None
        self.display = False
        if self.is_attached and self.screen.focused in (self, self._input):
            back = self._back if self._back is not None and self._back.is_attached else None
            self.screen.set_focus(back)
        self._back = None

    def _resolve(self, answer: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    # Drawing

    def line_count(self, width: int) -> int:
        """The lines of the question and of its answer."""
        lines = wrapped(self._text, width - 2)
        return len(lines) + (self._input is not None and not self._beside(lines, width))

    def draw_line(self, y: int, width: int) -> Iterator[Piece]:
        """A line of the question."""
        lines = wrapped(self._text, width - 2)
        if y < len(lines):
            yield from fill([("? " if y == 0 else "  ", ""), (lines[y], "")], width)

    @staticmethod
    def _beside(lines: list[str], width: int) -> bool:
        return width - 3 - width_of(lines[-1]) >= _LEAST_INPUT

    def _place_input(self) -> None:
        if self._input is not None:
            width = self.size.width or self.screen.size.width
            lines = wrapped(self._text, width - 2)
            if self._beside(lines, width):
                self._input.styles.margin = (len(lines) - 1, 0, 0, 3 + width_of(lines[-1]))
            else:
                self._input.styles.margin = (len(lines), 0, 0, 2)

    # Events

    def on_resize(self) -> None:
        """Keep the answer beside its question."""
        self._place_input()

    def on_key(self, event: events.Key) -> None:
        """Take the answer; no key goes on to the screen while a question is open."""
        if self._input is not None and event.key in self._input._bindings.key_to_bindings:
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self._resolve(None)
        for key in (event.key, event.character or "", event.key.lower()):
            if key in self._choices and key != "escape":
                self._resolve(key)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Nobody else's text."""
        event.stop()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the text."""
        event.stop()
        self._resolve(event.value)

    def on_blur(self) -> None:
        """Turning to something else is no answer."""
        self._left()

    def on_descendant_blur(self) -> None:
        """Turning to something else is no answer."""
        self._left()

    def _left(self) -> None:
        # A terminal window that loses the focus is not the operator turning away.
        if self.app.app_focus and not self._changing and self.screen.focused not in (self, self._input):
            self._resolve(None)

    def on_unmount(self) -> None:
        """Nobody will answer any more."""
        self._resolve(None)
