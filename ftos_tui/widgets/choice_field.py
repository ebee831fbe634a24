"""A select on one line: the arrows, Space or a letter change it where it stands, nothing unfolds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from ftos_tui.widgets.cells import cut, width_of
from ftos_tui.widgets.line_widget import LineWidget, Piece


def field_key(keys: str, action: str, description: str, kind: str) -> Binding:
    """A binding of a field, under an id by which it can be remapped.

    Args:
        keys: Its keys, comma between.
        action: The action without arguments.
        description: What it does.
        kind: The kind of field, the first part of the id.
    """
    return Binding(keys, action, description, show=False, id=f"{kind}.{action}")


class ChoiceField(LineWidget, can_focus=True):
    """One of a few options.

    A value that is no option, as an import or an older release may leave, is shown as unknown and kept until the
    operator chooses another.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice-field--value"}

    DEFAULT_CSS = """
    ChoiceField {
        height: 1;
        &:focus > .choice-field--value {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        &:ansi:focus > .choice-field--value {
            color: ansi_default;
            background: ansi_default;
            text-style: bold reverse;
        }
        &:nocolor:focus > .choice-field--value { text-style: bold reverse; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        field_key("right,space,enter", "next", "Next option", "choice"),
        field_key("left", "previous", "Option before", "choice"),
    ]

    @dataclass
    class Changed(Message):
        """The operator chose another option."""

        choice_field: "ChoiceField"
        value: str

        @property
        def control(self) -> "ChoiceField":
            """The field."""
            return self.choice_field

    def __init__(
        self, options: Sequence[str], value: str = "", *, id: str | None = None, classes: str | None = None
    ) -> None:
        """Make a field.

        Args:
            options: What can be chosen, one or more.
            value: What is chosen; empty for nothing yet.
            id: The widget's id.
            classes: The widget's classes.
        """
        super().__init__(id=id, classes=classes)
        self.options = tuple(options)
        self._value = value

    @property
    def value(self) -> str:
        """What is chosen; setting it posts nothing."""
        return self._value

    @value.setter
    def value(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self.refresh()

    def draw_line(self, y: int, width: int) -> Iterator[Piece]:
        """The value and the sign that it can be changed."""
        text = self._value or "—"
        if self._value and self._value not in self.options:
            text = f"{self._value} (unknown)"
        shown = cut(text, max(1, width - 2))
        yield f"{shown} ▾"[: max(0, width - width_of(shown) + len(shown))], "choice-field--value"

    def _choose(self, value: str) -> None:
        if value != self._value:
            self.value = value
            self.post_message(self.Changed(self, value))

    def _step(self, step: int) -> None:
        if self._value in self.options:
            at = (self.options.index(self._value) + step) % len(self.options)
        else:
            at = 0 if step > 0 else -1
        self._choose(self.options[at])

    def action_next(self) -> None:
        """Choose the next option, after the last the first."""
        self._step(1)

    def action_previous(self) -> None:
        """Choose the option before, before the first the last."""
        self._step(-1)

    def on_key(self, event: events.Key) -> None:
        """Choose by first letter; the same letter again goes on to the next that starts with it."""
        letter = (event.character or "").casefold()
        matching = [option for option in self.options if letter and option.casefold().startswith(letter)]
        if matching:
            event.stop()
            at = matching.index(self._value) + 1 if self._value in matching else 0
            self._choose(matching[at % len(matching)])

    def on_click(self, event: events.Click) -> None:
        """Choose the next option."""
        event.stop()
        self._step(1)
