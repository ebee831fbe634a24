"""The line filters: the net beneath everything that is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.color import Color

from ftos_tui.domain.visible import is_safe
from ftos_tui.terminal.filter import NoColour, SafeText

BACKGROUND = Color(18, 18, 18)
ANY_TEXT = st.text(st.characters(exclude_categories=()))


def safe(*segments: Segment) -> list[Segment]:
    return SafeText().apply(list(segments), BACKGROUND)


def text_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def test_plain_line_is_passed_on_as_it_is() -> None:
    line = [Segment("plain", Style(bold=True)), Segment(" größe 日本 "), Segment("x", Style(meta={"offset": (0, 1)}))]
    assert SafeText().apply(line, BACKGROUND) is line


@given(st.lists(ANY_TEXT))
def test_nothing_unsafe_passes_and_the_width_stays(texts: list[str]) -> None:
    line = [Segment(text) for text in texts]
    filtered = safe(*line)
    assert is_safe(text_of(filtered))
    assert sum(segment.cell_length for segment in filtered) == sum(segment.cell_length for segment in line)


@pytest.mark.parametrize("character", ["\x1b", "\x07", "\x9b", "\u202e", "\u200b", "\ufeff", "\ud800", "\x7f", "\n"])
def test_unsafe_character_becomes_a_sign_and_the_line_keeps_its_width(character: str) -> None:
    filtered = safe(Segment(f"a{character}b"), Segment("     "))
    assert character not in text_of(filtered)
    assert text_of(filtered).startswith("a")
    assert cell_len(text_of(filtered)) == cell_len(f"a{character}b     ")


def test_control_segments_are_dropped() -> None:
    bell = Segment("\x07", None, [(ControlType.BELL,)])
    assert text_of(safe(Segment("a"), bell, Segment("b"))) == "ab"


def test_links_and_actions_go_and_rows_of_lists_stay() -> None:
    style = Style(bold=True, link="https://evil.example", meta={"@click": "app.quit", "row": 3})
    (segment,) = safe(Segment("x", style))
    assert segment.style is not None
    assert segment.style.link is None
    assert segment.style.meta == {"row": 3}
    assert segment.style.bold
    (segment,) = safe(Segment("x", Style(meta={"@click": "app.quit"})))
    assert segment.style == Style()


def test_harmless_styles_of_a_changed_line_are_kept() -> None:
    style = Style(meta={"row": 3})
    filtered = safe(Segment("\x1b ", style), Segment("x"))
    assert filtered[0].style is style


@pytest.mark.parametrize(
    ("style", "reverse"),
    [
        (Style(color="red", bgcolor="#121212"), False),
        (Style(color="black", bgcolor="#e0e0e0"), True),
        (Style(bgcolor="#1e1e1e"), False),
        (Style(reverse=True, bgcolor="#121212"), True),
        (Style(bgcolor="default"), False),
    ],
)
def test_colour_becomes_reverse_video(style: Style, reverse: bool) -> None:
    (segment, bare) = NoColour().apply([Segment("x", style + Style(meta={"row": 1})), Segment("y")], BACKGROUND)
    assert segment.style is not None
    assert segment.style.color is None
    assert segment.style.bgcolor is None
    assert bool(segment.style.reverse) is reverse
    assert segment.style.meta == {"row": 1}
    assert bare.style is None
