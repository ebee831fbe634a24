"""A switch that is on, off, or not set yet: a mandatory switch has no default."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from ftos_tui.widgets.cells import cut
from ftos_tui.widgets.choice_field import field_key
from ftos_tui.widgets.line_widget import LineWidget, Piece

ON = "on"
OFF = "off"

_SHOWN = {ON: "[x] on", OFF: "[ ] off", "": "[–] not set"}


class SwitchField(LineWidget, can_focus=True):
    """On, off, or not set. A text that is neither, as an import may bring, is shown and kept until it is switched."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"switch-field--value"}

    DEFAULT_CSS = """
    SwitchField {
        height: 1;
        &:focus > .switch-field--value {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        &:ansi:focus > .switch-field--value {
            color: ansi_default;
            background: ansi_default;
            text-style: bold reverse;
        }
        &:nocolor:focus > .switch-field--value { text-style: bold reverse; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        field_key("space,enter", "switch", "On or off", "switch"),
        field_key("y,right", "on", "On", "switch"),
        field_key("n,left", "off", "Off", "switch"),
    ]

    @dataclass
    class Changed(Message):
        """The operator switched it; `value` is "on" or "off"."""

        switch_field: "SwitchField"
        value: str

        @property
        def control(self) -> "SwitchField":
            """The field."""
            return self.switch_field

    def __init__(self, value: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        """Make a switch.

        Args:
            value: "on", "off", or empty for not set.
            id: The widget's id.
            classes: The widget's classes.
        """
        super().__init__(id=id, classes=classes)
        self._value = value

    @property
    def value(self) -> str:
        """Either "on" or "off", empty for not set, or the text it was given; setting it posts nothing."""
        return self._value

    @value.setter
    def value(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self.refresh()

    def draw_line(self, y: int, width: int) -> Iterator[Piece]:
        """The state as a sign and a word."""
        yield cut(_SHOWN.get(self._value, f"[?] {self._value} (unknown)"), width), "switch-field--value"

    def _switch(self, value: str) -> None:
        if value != self._value:
            self.value = value
            self.post_message(self.Changed(self, value))

    def action_switch(self) -> None:
        """On where it was not, else off."""
        self._switch(OFF if self._value == ON else ON)

    def action_on(self) -> None:
        """Switch it on."""
        self._switch(ON)

    def action_off(self) -> None:
        """Switch it off."""
        self._switch(OFF)

    def on_click(self, event: events.Click) -> None:
        """Switch it over."""
        event.stop()
        self.action_switch()
