"""The frame around every screen: where one is and in which environment on top, the keys that work at the bottom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.color import Color, ColorParseError
from textual.message import Message

from ftos_tui.widgets.cells import cut, shown, width_of
from ftos_tui.widgets.line_widget import LineWidget, Piece

BETWEEN = " › "
"""Stands between the parts of a path."""


def path_line(parts: Sequence[str], width: int) -> str:
    """The path of a screen in a width: its middle gives way first, its last part last.

    Args:
        parts: The path, from the outermost.
        width: Cells at hand.

    Returns:
        One line of at most `width` cells.
    """
    texts = [shown(part) for part in parts]
    line = BETWEEN.join(texts)
    if width_of(line) <= width or len(texts) < 2:
        return cut(line, width)
    for kept in range(len(texts) - 2, 0, -1):
        line = BETWEEN.join([texts[0], "…", *texts[-kept:]])
        if width_of(line) <= width:
            return line
    line = BETWEEN.join(["…", texts[-1]])
    return line if width_of(line) <= width else cut(texts[-1], width)


class TopLine(LineWidget):
    """Where one is, and in which environment; the environment's colour is the operator's choice."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"top-line--environment", "top-line--last", "top-line--people"}

    DEFAULT_CSS = """
    TopLine {
        height: 1;
        dock: top;
        background: $panel;
        & > .top-line--last { text-style: bold; }
        & > .top-line--people { color: $text-warning; text-style: bold; }
        & > .top-line--environment { text-style: bold reverse; }
    }
    """

    def __init__(
        self,
        breadcrumb: Sequence[str] = (),
        environment: str = "",
        *,
        colour: str = "",
        read_only: bool = False,
        user: str = "",
        trouble: str = "",
        id: str | None = None,
    ) -> None:
        """Make the line.

        Args:
            breadcrumb: The path of the screen, from the outermost.
            environment: The environment's name.
            colour: Its colour, a name Textual knows; one it does not know gives no colour.
            read_only: Whether it takes no changes.
            user: Who is signed in there; shown before the name where there is room.
            trouble: What is the matter with its store, in two words; empty for nothing.
            id: The widget's id.
        """
        super().__init__(id=id)
        self._parts = tuple(breadcrumb)
        self._environment, self._colour, self._read_only, self._user = environment, colour, read_only, user
        self._trouble = trouble
        self._people = ""

    @property
    def people(self) -> str:
        """Who else is here; empty for nobody."""
        return self._people

    @people.setter
    def people(self, people: str) -> None:
        if people != self._people:
            self._people = people
            self.refresh()

    @property
    def breadcrumb(self) -> tuple[str, ...]:
        """The path of the screen, from the outermost."""
        return self._parts

    @breadcrumb.setter
    def breadcrumb(self, parts: Sequence[str]) -> None:
        if tuple(parts) != self._parts:
            self._parts = tuple(parts)
            self.refresh()

    def show_environment(
        self, environment: str, colour: str, read_only: bool, user: str = "", trouble: str = ""
    ) -> None:
        """Show another environment; the arguments are those of the constructor."""
        before = (self._environment, self._colour, self._read_only, self._user, self._trouble)
        if before != (environment, colour, read_only, user, trouble):
            self._environment, self._colour, self._read_only, self._user = environment, colour, read_only, user
            self._trouble = trouble
            self.refresh()

    def draw_line(self, y: int, width: int) -> Iterator[Piece]:
        """The path at the left, the environment at the right."""
        name = cut(self._environment, max(8, width // 3))
        if self._user and width_of(shown(f"{self._user}@{name}")) <= width // 3:
            name = shown(f"{self._user}@{name}")
        mark = f"{name} READ-ONLY".strip() if self._read_only else name
        mark = f"{mark} {self._trouble}".strip()
        # The environment is never shortened away: whoever errs about it changes the wrong one.
        badge = f" {mark} " if mark else ""
        people = f" {cut(self._people, max(12, width * 2 // 5))} " if self._people else ""
        room = width - width_of(badge) - width_of(people) - 2
        path = path_line(self._parts, room)
        last = shown(self._parts[-1]) if self._parts else ""
        head = path[: len(path) - len(last)] if path.endswith(last) else path
        yield f" {head}", ""
        yield path[len(head) :], "top-line--last"
        yield " " * (room - width_of(path) + 1), ""
        if people:
            yield people, "top-line--people"
        if badge:
            yield badge, self.badge_style

    @property
    def badge_style(self) -> str | Style:
        """How the environment's name stands out: its colour, or reversed where there is none."""
        if self.app.no_color or not self._colour:
            return "top-line--environment"
        # A theme of the terminal's own colours takes the terminal's red rather than one of ours.
        names = [f"ansi_{self._colour}", self._colour] if self.app.native_ansi_color else [self._colour]
        for name in names:
            try:
                colour = Color.parse(name)
            except ColorParseError:
                continue
            if colour.ansi is not None:
                # What a terminal's own colour looks like is not ours to know; its background is legible on it.
                return Style(color=colour.rich_color, bold=True, reverse=True)
            text = "white" if colour.brightness < 0.6 else "black"
            return Style(color=text, bgcolor=colour.rich_color, bold=True)
        return "top-line--environment"


Hint = tuple[str, str]
"""A key as it is written for the operator, for example `^S` or `F1`, and what it does here in a word or two."""


def hints_that_fit(hints: Sequence[Hint], width: int, always: Hint | None = None) -> tuple[Hint, ...]:
    """The hints there is room for.

    Args:
        hints: All hints, the most important first.
        width: Cells at hand.
        always: One of them that has its place, as the last one, before the others.

    Returns:
        Their start: a hint is shown whole or not at all.
    """
    kept: list[Hint] = []
    left = width
    for hint in hints:
        left -= _hint_width(hint)
        if left < 0:
            break
        kept.append(hint)
        left -= 2
    if always is None or always in kept or always not in hints or _hint_width(always) > width:
        return tuple(kept)
    return (*hints_that_fit(hints, width - _hint_width(always) - 2), always)


def _hint_width(hint: Hint) -> int:
    return width_of(shown(hint[0])) + 1 + width_of(shown(hint[1]))


class HintLine(LineWidget):
    """The keys that work here, the most important first: where room is short the last ones go, but for one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"hint-line--key"}

    DEFAULT_CSS = """
    HintLine {
        height: 1;
        dock: bottom;
        background: $panel;
        & > .hint-line--key { text-style: bold; }
    }
    """

    @dataclass
    class Pressed(Message):
        """A click on a hint; whoever shows it does what its key does."""

        key: str
        label: str

    def __init__(self, hints: Sequence[Hint] = (), *, always: Hint | None = None, id: str | None = None) -> None:
        """Make the line.

        Args:
            hints: Keys and what they do, the most important first.
            always: The hint among them that does not go where room is short: the one that leads to all the others.
            id: The widget's id.
        """
        super().__init__(id=id)
        self._hints = tuple(hints)
        self._always = always
        self._waiting = ""

    @property
    def waiting(self) -> str:
        """What is waited for, in place of the hints; empty for nothing."""
        return self._waiting

    @waiting.setter
    def waiting(self, words: str) -> None:
        if words != self._waiting:
            self._waiting = words
            self.refresh()

    @property
    def hints(self) -> tuple[Hint, ...]:
        """Keys and what they do, the most important first."""
        return self._hints

    @hints.setter
    def hints(self, hints: Sequence[Hint]) -> None:
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.refresh()

    def draw_line(self, y: int, width: int) -> Iterator[Piece]:
        """What is waited for, or the hints, two cells apart."""
        yield " ", ""
        if self._waiting:
            yield cut(shown(self._waiting), width - 1), "hint-line--key"
            return
        for key, label in hints_that_fit(self._hints, width - 1, self._always):
            yield shown(key), "hint-line--key"
            yield f" {shown(label)}  ", ""

    def on_click(self, event: events.Click) -> None:
        """Say which hint was clicked."""
        if self._waiting:
            return
        x = 1
        for hint in hints_that_fit(self._hints, self.size.width - 1, self._always):
            if x <= event.x < x + _hint_width(hint):
                self.post_message(self.Pressed(*hint))
            x += _hint_width(hint) + 2
