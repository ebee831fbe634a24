"""Texts in cells: exact widths whatever the characters."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from ftos_tui.domain.visible import is_safe
from ftos_tui.widgets.cells import Align, cut, cut_end, fit, shown, width_of, wrapped

_TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="aé漢字😀\u0301\u200d\ufe0f\x1b\u202e \t", max_size=60),
)


@pytest.mark.parametrize(
    ("text", "width", "align", "expected"),
    [
        ("name", 6, "left", "name  "),
        ("50", 6, "right", "    50"),
        ("FTOSEmailGateway", 9, "left", "FTOS…eway"),
        ("漢字漢字漢字", 7, "left", "漢…漢字"),
        ("漢字漢字漢字", 6, "left", "漢…字 "),
        ("漢字", 3, "right", "…字"),
        ("e\u0301e\u0301e\u0301e\u0301", 3, "left", "e\u0301…e\u0301"),
        ("a\x1b]52;c;x\x07", 20, "left", "a␛]52;c;x␇          "),
        ("\u202eevil", 6, "left", "�evil "),
        ("[/] [@click=x]", 14, "left", "[/] [@click=x]"),
        ("❤\ufe0f!", 3, "left", "❤! "),
        ("👍🏽!", 4, "left", "👍! "),
        ("🇷🇴!", 4, "left", "RO! "),
        ("any", 0, "left", ""),
        ("any", -3, "left", ""),
        ("any", 1, "left", "…"),
        ("", 2, "left", "  "),
    ],
)
def test_fit_fills_exactly_its_width(text: str, width: int, align: Align, expected: str) -> None:
    assert fit(text, width, align) == expected


@given(_TEXTS, st.integers(0, 40), st.sampled_from(["left", "right"]))
def test_fit_is_exact_and_safe_for_any_text(text: str, width: int, align: Align) -> None:
    line = fit(text, width, align)
    assert cell_len(line) == width
    assert is_safe(line)
    assert cell_len(cut(text, width)) <= width
    line = cut_end(text, width)
    assert cell_len(line) <= width
    assert is_safe(line)
    assert fit(text, width, align, sentence=True).strip() == line.strip()


def test_a_sentence_gives_way_at_its_end_behind_a_whole_word_where_it_can() -> None:
    assert cut_end("Statement for November", 22) == "Statement for November"
    assert cut_end("Statement for November", 21) == "Statement for…"
    assert cut_end("Statement for November", 14) == "Statement for…"
    assert cut_end("Statement for November", 13) == "Statement…"
    assert cut_end("Name, Service Url, App user", 24) == "Name, Service Url, App…"
    assert cut_end("Name, Service Url, App user", 20) == "Name, Service Url…"
    assert cut_end("a configuration", 10) == "a configu…"
    assert (cut_end("ab", 1), cut_end("ab", 0), cut_end("ab", -1)) == ("…", "", "")


@example("\xa0⺀", 2)  # a space that does not break
@given(_TEXTS, st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert lines
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == shown(text).replace(" ", "")


def test_wrapped_breaks_at_spaces_and_inside_long_words() -> None:
    assert wrapped("Write HH:MM:SS, for example 09:00:00", 16) == ["Write HH:MM:SS,", "for example", "09:00:00"]
    assert wrapped("0123456789", 4) == ["0123", "4567", "89"]
    assert wrapped("漢字漢字", 5) == ["漢字", "漢字"]
    assert wrapped("ab cd", 2) == ["ab", "cd"]
    assert wrapped("", 9) == [""]
    assert wrapped("漢", 0) == ["漢"]


def test_a_heap_of_marks_is_thinned_out() -> None:
    assert shown("e" + "\u0301" * 50 + "x") == "e" + "\u0301" * 4 + "x"
    assert width_of(shown("\u0301" * 50)) == 0
