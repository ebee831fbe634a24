"""The text of one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.events import Paste
from textual.strip import Strip

from ftos_tui.domain.visible import is_safe
from ftos_tui.terminal import SafeApp
from ftos_tui.widgets.text_input import OneLineInput, changed_cells, paste_refusal


class Form(SafeApp):
    """One field, and what it refused."""

    CSS = "OneLineInput { width: 20; } .auto { width: auto; }"

    def __init__(self, value: str = "", limit: int = 0, classes: str = "") -> None:
        super().__init__()
        self.held, self.limit, self.field_classes = value, limit, classes
        self.refusals: list[str] = []

    def compose(self) -> ComposeResult:
        yield OneLineInput(
            self.held, limit=self.limit, placeholder="type\x1b here", id="field", classes=self.field_classes
        )

    @property
    def field(self) -> OneLineInput:
        return self.query_one(OneLineInput)

    @on(OneLineInput.PasteRefused, "#field")
    def note(self, event: OneLineInput.PasteRefused) -> None:
        self.refusals.append(event.sentence)

    @property
    def row(self) -> str:
        return self.field.render_line(0).text.rstrip()


async def test_what_cannot_be_shown_is_a_sign_and_keeps_its_place() -> None:
    app = Form("a\x1bb\u200bc日d")
    async with app.run_test() as pilot:
        assert app.row == "a␛b�c日d"
        assert app.field.cursor_screen_offset.x == 9
        await pilot.click("#field", offset=(3, 0))
        assert app.field.cursor_position == 3
        await pilot.click("#field", offset=(6, 0))
        assert app.field.cursor_position == 5
        await pilot.press("end", "left", "left", "x", "end", "ctrl+w")
        assert "\x1b" in app.field.value
        app.field.value = "ab"
        await pilot.click("#field", offset=(15, 0))
        assert app.field.cursor_position == 2


async def test_placeholder_is_made_visible() -> None:
    app = Form()
    async with app.run_test():
        assert app.row == "type␛ here"
        app.field.placeholder = "\u202enew"
        assert app.row == "�new"


async def test_limit_refuses_a_key_and_says_so() -> None:
    app = Form("abc", limit=4)
    async with app.run_test() as pilot:
        await pilot.press("d", "e", "backspace", "f")
        assert app.field.value == "abcf"
    assert app.refusals == ["This field takes at most 4 characters, this would make 5."]


async def test_paste_replaces_the_selection() -> None:
    app = Form("abc", limit=5)
    async with app.run_test() as pilot:
        app.field.select_all()
        app.field.post_message(Paste("vwxyz\r\n"))
        app.field.post_message(Paste(""))
        app.field.post_message(Paste("one\ntwo"))
        await pilot.pause()
        assert app.field.value == "vwxyz"
    assert app.refusals == ["The paste has 2 lines and this field takes one. Nothing was pasted."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain", None),
        ("zero\u200bwidth", None),
        ("one\rtwo\rthree", "The paste has 3 lines and this field takes one."),
        ("tab\t", "The paste has a control character in it (U+0009)."),
        ("c1\x85", "The paste has a control character in it (U+0085)."),
    ],
)
def test_paste_refusal(text: str, said: str | None) -> None:
    assert paste_refusal(text) == said


async def test_copy_takes_the_selection_only() -> None:
    app = Form("abc")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+c")
        assert app.clipboard == ""
        await pilot.press("shift+left", "ctrl+c")
        assert app.clipboard == "c"
        app.field.action_cut()
        assert app.field.value == "ab"


async def test_unprintable_keys_are_ignored() -> None:
    app = Form("abc")
    async with app.run_test() as pilot:
        await pilot.press("ctrl+v", "ctrl+x", "ctrl+f", "f5", "ctrl+s")
        assert app.field.value == "abc"
        app.field.restricted()


async def test_long_text_scrolls_with_the_cursor() -> None:
    app = Form("0123456789" * 10)
    async with app.run_test() as pilot:
        await pilot.press("!")
        assert app.row.rstrip().endswith("789!")
        await pilot.press("home")
        assert app.row.startswith("01234567890123456789")


async def test_auto_width_is_that_of_the_text() -> None:
    app = Form("abc", classes="auto")
    async with app.run_test() as pilot:
        app.field.styles.width = "auto"
        await pilot.pause()
        assert app.field.size.width == 4


async def test_any_text_is_shown_safely() -> None:
    app = Form()
    async with app.run_test():

        @given(st.text(st.characters(exclude_categories=()), max_size=40))
        def show(value: str) -> None:
            app.field.value = value
            assert is_safe(app.field.render_line(0).text)
            assert len(app.field.shown_value) == len(value)

        show()


def test_changed_cells() -> None:
    bold = Style(bold=True)
    before = Strip([Segment("a日c"), Segment("  ")])
    assert changed_cells(before, before) is None
    assert changed_cells(before, Strip([Segment("a日d"), Segment("  ")])) == (3, 4)
    assert changed_cells(before, Strip([Segment("a日"), Segment("c", bold), Segment("  ")])) == (3, 4)
    assert changed_cells(before, Strip([Segment("b日c  ")])) == (0, 1)
    assert changed_cells(before, Strip([Segment("shorter")])) is None


def test_changed_half_of_a_wide_character_counts_as_both() -> None:
    assert changed_cells(Strip([Segment("日x")]), Strip([Segment("本x")])) == (0, 2)
    assert changed_cells(Strip([Segment("日x")]), Strip([Segment("a x")])) == (0, 2)


async def test_only_the_end_of_the_row_is_painted() -> None:
    app = Form("abc")
    async with app.run_test() as pilot:
        await pilot.pause()
        app.field.render_line(0)
        app.field._repaint_regions.clear()
        app.field.insert_text_at_cursor("d")
        assert {(region.x, region.right) for region in app.field._repaint_regions} == {(3, 4), (3, 5)}
        app.field.render_line(0)
        app.field._repaint_regions.clear()
        app.field.refresh(layout=True)
        (region,) = app.field._repaint_regions
        assert region.width == 20
