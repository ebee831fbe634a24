"""The line on top and the line of keys."""

import pytest
from rich.cells import cell_len

from ftos_tui.widgets.frame import HintLine, TopLine, hints_that_fit, path_line
from tests.widgets.stage import Stage, lines, widths

PATH = ("Admin", "Omnichannel Communication Automation", "Channel Providers", "FTOSEmailGateway")
HINTS = (("^S", "Save and close"), ("^R", "Save and reload"), ("Esc", "Back"), ("F1", "Help"), ("F3", "Statuses"))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (90, "Admin › Omnichannel Communication Automation › Channel Providers › FTOSEmailGateway"),
        (70, "Admin › … › Channel Providers › FTOSEmailGateway"),
        (40, "Admin › … › FTOSEmailGateway"),
        (24, "… › FTOSEmailGateway"),
        (16, "FTOSEmailGateway"),
        (10, "FTOSE…eway"),
        (0, ""),
    ],
)
def test_the_middle_of_a_path_gives_way_first_its_end_last(width: int, expected: str) -> None:
    assert path_line(PATH, width) == expected
    assert cell_len(path_line(PATH, width)) <= width


def test_paths_of_one_part_or_two() -> None:
    assert path_line((), 10) == ""
    assert path_line(("Admin",), 4) == "Ad…n"
    assert path_line(("Admin", "Providers"), 14) == "… › Providers"


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
async def test_the_environment_is_always_in_sight(theme: str) -> None:
    top = TopLine(PATH, "PROD", colour="red", read_only=True)
    app = Stage([top, HintLine(HINTS)])
    app.theme = theme
    async with app.run_test(size=(80, 3)) as pilot:
        assert lines(app) == [
            " Admin › … › Channel Providers › FTOSEmailGateway                PROD READ-ONLY",
            "",
            " ^S Save and close  ^R Save and reload  Esc Back  F1 Help  F3 Statuses",
        ]
        await pilot.resize_terminal(30, 3)
        assert lines(app)[0] == " FTOSEm…teway  PROD READ-ONLY"
        assert lines(app)[2] == " ^S Save and close"
        assert widths(app) == {30}
        await pilot.resize_terminal(250, 60)
        assert lines(app)[0].startswith(" Admin › Omnichannel Communication Automation › Channel Providers › FTOS")


async def test_the_environment_wears_its_colour() -> None:
    top = TopLine(PATH, "PROD", colour="red")
    app = Stage([top])

    def background() -> str:
        strip = app.screen._compositor.render_strips()[0]
        segment = next(segment for segment in strip if "PROD" in segment.text)
        assert segment.style is not None
        if segment.style.reverse:
            colour = segment.style.color
            return f"reverse {colour.number if colour else None}"
        assert segment.style.bgcolor is not None
        return segment.style.bgcolor.name

    async with app.run_test(size=(80, 3)) as pilot:
        assert background() == "#ff0000"
        top.show_environment("PROD", "lightyellow", False)
        await pilot.pause()
        assert background() == "#ffffe0"
        app.theme = "ansi-dark"
        top.show_environment("PROD", "red", False)
        await pilot.pause()
        assert background() == "reverse 1"
        top.show_environment("PROD", "no such colour", False)
        await pilot.pause()
        assert background() == "reverse None"
        top.show_environment("PROD", "", True)
        await pilot.pause()
        assert background() == "reverse None"


async def test_without_colour_the_environment_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    top = TopLine(("Admin",), "PROD", colour="red")
    app = Stage([top])
    async with app.run_test(size=(80, 3)):
        assert app.no_color
        assert top.badge_style == "top-line--environment"
        assert lines(app)[0].endswith(" PROD")


async def test_hostile_and_wide_names_stay_in_their_line() -> None:
    top = TopLine(("Admin", "漢字 [/] \x1b[31m\u202e" * 9), "日本\x07" * 20)
    hints = HintLine((("\x1b", "[b]Esc[/b]"),))
    app = Stage([top, hints])
    async with app.run_test(size=(60, 4)):
        assert widths(app) == {60}
        assert "\x1b" not in "".join(lines(app))
        assert lines(app)[-1] == " ␛ [b]Esc[/b]"


@pytest.mark.parametrize(
    ("width", "kept"),
    [
        (80, ["^S", "^R", "Esc", "F1", "F3"]),
        (62, ["^S", "^R", "Esc", "F1"]),
        (46, ["^S", "^R", "F1"]),
        (45, ["^S", "F1"]),
        (20, ["F1"]),
        (6, []),
    ],
)
def test_where_room_is_short_the_last_hints_go_but_for_the_one_that_is_always_there(
    width: int, kept: list[str]
) -> None:
    shown = hints_that_fit(HINTS, width, ("F1", "Help"))
    assert [key for key, _ in shown] == kept
    assert sum(len(f"{key} {label}") for key, label in shown) + 2 * (len(shown) - 1) <= width
    assert hints_that_fit(HINTS, width, ("F9", "Elsewhere")) == hints_that_fit(HINTS, width)


async def test_path_and_hints_can_change_and_a_hint_can_be_clicked() -> None:
    top, hints = TopLine(PATH), HintLine()
    app = Stage([top, hints], HintLine.Pressed)
    async with app.run_test(size=(80, 4)) as pilot:
        assert lines(app)[0] == " Admin › … › Channel Providers › FTOSEmailGateway"
        top.breadcrumb = ("Admin",)
        hints.hints = HINTS
        await pilot.pause()
        assert (top.breadcrumb, hints.hints) == (("Admin",), HINTS)
        assert lines(app)[0] == " Admin"
        assert lines(app)[-1].startswith(" ^S Save and close  ^R")
        top.breadcrumb = ("Admin",)
        hints.hints = list(HINTS)
        await pilot.click(offset=(22, 3))
        await pilot.click(offset=(19, 3))
        assert [(m.key, m.label) for m in app.seen if isinstance(m, HintLine.Pressed)] == [("^R", "Save and reload")]
