"""The menu path by keys, and where the console opens."""

from ftos_tui.screens.menu import MenuScreen
from ftos_tui.studio.session import Session
from tests.screens.operator import Operator, at_console


def entry(operator: Operator) -> str:
    """The entry of the menu under the cursor."""
    row = operator.row_list("menu").row
    return row.cells[0] if row else ""


async def test_the_vendors_menu_path_is_walked_by_keys(shipped: Session) -> None:
    async with at_console(shipped, None) as operator:
        menu = await operator.until_on(MenuScreen)
        assert operator.cells("menu")[0][0] == "Admin"
        assert "FintechOS Innovation Studio" in operator.lines[0]
        assert operator.lines[0].endswith("LOCAL")
        await operator.press("enter")
        await operator.until(lambda: operator.app.screen is not menu)
        await operator.until_on(MenuScreen)
        assert operator.cells("menu")[0][0] == "Omnichannel Communication Automation"
        await operator.press("right")
        await operator.until(lambda: len(operator.cells("menu")) == 3)
        entries = ["Communication Channels", "Channel Providers", "Message Queues"]
        assert [cells[0] for cells in operator.cells("menu")] == entries
        await operator.press("left")
        await operator.until(lambda: operator.cells("menu")[0][0] == "Omnichannel Communication Automation")
        await operator.press("enter")
        await operator.until(lambda: entry(operator) == "Channel Providers")
        await operator.press("enter")
        await operator.listed()
        assert len(operator.cells("providers")) == 6
        await operator.press("escape")
        await operator.until_on(MenuScreen)
        for _ in range(4):
            await operator.press("escape")
        await operator.until(lambda: operator.cells("menu")[0][0] == "Admin")
        await operator.press("q")
    assert operator.app.return_value == 0


async def test_the_last_place_is_where_the_console_opens_again(session: Session) -> None:
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("j", "j")
        chosen = operator.providers.cursor_on
        await operator.press("q")
    assert operator.app.return_value == 0
    async with at_console(session, None) as operator:
        await operator.listed()
        await operator.until(lambda: operator.providers.cursor_on == chosen)
        assert operator.app.screen_stack[1:] == [operator.app.screen], "the levels above are made when they are needed"
        await operator.press("escape")
        await operator.until_on(MenuScreen)
        await operator.until(lambda: entry(operator) == "Channel Providers")
        await operator.press("escape")
        await operator.until(lambda: operator.cells("menu")[0][0] == "Omnichannel Communication Automation")
        await operator.press("enter", "enter")
        await operator.listed()
        await operator.press("escape")
        await operator.until_on(MenuScreen)
        await operator.press("q")
    async with at_console(session, None) as operator:
        await operator.until_on(MenuScreen)
        assert operator.cells("menu")[0][0] == "Admin"
