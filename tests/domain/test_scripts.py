"""Scripts of letters, and the mixtures that deceive."""

import pytest

from ftos_tui.domain.scripts import deceptive_scripts, script_of, scripts_of


@pytest.mark.parametrize(
    ("character", "script"),
    [
        ("a", "Latin"),
        ("ａ", "Latin"),
        ("а", "Cyrillic"),
        ("α", "Greek"),
        ("ք", "Armenian"),
        ("漢", "Han"),
        ("ひ", "Hiragana"),
        ("カ", "Katakana"),
        ("한", "Hangul"),
        ("ㄅ", "Bopomofo"),
        ("1", ""),
        ("-", ""),
        ("́", ""),
        ("ー", ""),
    ],
)
def test_script_of(character: str, script: str) -> None:
    assert script_of(character) == script


def test_scripts_of() -> None:
    assert scripts_of("ab-вг 1") == ("Latin", "Cyrillic")


@pytest.mark.parametrize(
    "text",
    ["plain", "münchen", "Банк", "Банк Bank", "日本語カナひらabc", "한국語abc", "ㄅ漢a", "Ελληνικά", "я", "с ними"],
)
def test_honest(text: str) -> None:
    assert deceptive_scripts(text) == ""


@pytest.mark.parametrize("text", ["РayРal", "gооgle", "раураl", "αpple", "ひ한", "漢я"])
def test_mixed(text: str) -> None:
    assert "mixed in one word" in deceptive_scripts(text)


@pytest.mark.parametrize("text", ["аррӏе", "АВС Bank", "οικ", "ΑΒΕ"])
def test_look_alike(text: str) -> None:
    assert "look like Latin" in deceptive_scripts(text)
