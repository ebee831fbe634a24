"""The field for a secret."""

import pytest
from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.events import Paste
from textual.message import Message
from textual.widgets import Input
from textual.widgets._input import Selection

from ftos_tui.domain.secret import MASK, Secret
from ftos_tui.terminal import SafeApp
from ftos_tui.widgets.secret_input import SecretInput
from ftos_tui.widgets.text_input import OneLineInput

CANARY = "canary-7c1f"


class Form(SafeApp):
    """A secret between two fields, and every message that came of it."""

    def __init__(self) -> None:
        super().__init__()
        self.field = SecretInput(placeholder="set, version 3", limit=20, id="secret")
        self.messages: list[Message] = []
        self.refusals: list[str] = []

    def compose(self) -> ComposeResult:
        yield OneLineInput(id="before")
        yield self.field

    async def on_mount(self) -> None:
        self.field.focus()

    @on(Input.Changed, "#secret")
    @on(Input.Submitted, "#secret")
    @on(Input.Blurred, "#secret")
    def note(self, event: Message) -> None:
        self.messages.append(event)

    @on(OneLineInput.PasteRefused)
    def note_refusal(self, event: OneLineInput.PasteRefused) -> None:
        self.refusals.append(event.sentence)


async def test_it_shows_the_same_whatever_it_holds() -> None:
    app = Form()
    async with app.run_test() as pilot:
        assert app.field.render_line(0).text.rstrip() == "set, version 3"
        seen = set()
        for text in ("x", CANARY):
            app.field.value = text
            await pilot.press("left", "home", "shift+left", "ctrl+left")
            await pilot.click("#secret", offset=(2, 0))
            strip = app.field.render_line(0)
            seen.add((tuple(strip), app.field.cursor_screen_offset, app.field.virtual_size, app.field.selected_text))
            assert strip.text.rstrip() == MASK
        assert len(seen) == 1
        assert app.field.render_line(1).text.strip() == ""
        await pilot.press("shift+tab")
        assert app.field.render_line(0).text.rstrip() == MASK


async def test_messages_carry_no_value() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press(*CANARY, "enter", "shift+tab")
        await pilot.pause()
        assert app.field.take() == Secret(CANARY)
    assert {type(message).__name__ for message in app.messages} == {"Changed", "Submitted", "Blurred"}
    assert all(getattr(message, "value", None) == "" for message in app.messages)
    assert CANARY not in repr(app.messages)


async def test_its_repr_does_not_tell() -> None:
    app = Form()
    async with app.run_test():
        field = app.field
        field.value = CANARY
        assert CANARY not in f"{field!r} {field!s} {list(field.__rich_repr__())}"


async def test_nothing_is_copied_cut_or_selected() -> None:
    app = Form()
    async with app.run_test() as pilot:
        app.field.value = CANARY
        app.field.selection = Selection(0, 5)
        assert app.field.selected_text == ""
        await pilot.press("ctrl+shift+a", "ctrl+c", "super+c", "ctrl+x")
        assert app.clipboard == ""
        assert app.field.value == CANARY
        for action in (app.field.action_copy, app.field.action_cut):
            with pytest.raises(SkipAction):
                action()
        assert not app.field.allow_select


async def test_it_is_edited_at_its_end_or_emptied() -> None:
    app = Form()
    async with app.run_test() as pilot:
        await pilot.press("a", "b", "home", "c", "backspace", "d")
        assert app.field.take().reveal() == "abd"
        await pilot.press("ctrl+w")
        assert not app.field.take()


async def test_paste_goes_in_whole_or_not_at_all() -> None:
    app = Form()
    async with app.run_test() as pilot:
        app.field.post_message(Paste(f"{CANARY}\n"))
        app.field.post_message(Paste("two\nlines"))
        app.field.post_message(Paste("x" * 20))
        await pilot.pause()
        assert app.field.take().reveal() == CANARY
    assert len(app.refusals) == 2
    assert CANARY not in " ".join(app.refusals)
