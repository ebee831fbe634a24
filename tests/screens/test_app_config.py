"""appConfig in its small editor: where the mistake is, accept, leave, a file, another editor."""

import os
from pathlib import Path

import pytest
from textual.app import SuspendNotSupported

from ftos_tui.config import Environment
from ftos_tui.domain.log import Level
from ftos_tui.screens.edit import EditScreen
from ftos_tui.screens.help import HelpScreen
from ftos_tui.screens.json_editor import JsonEditorScreen
from ftos_tui.studio.session import Session
from tests.screens.conftest import Opener
from tests.screens.operator import Operator, at_console
from tests.screens.values import NAME


async def open_editor(operator: Operator) -> JsonEditorScreen:
    """Opens the editor from its field."""
    await operator.open(NAME)
    await operator.go_to("app_config")
    await operator.press("enter")
    return await operator.until_on(JsonEditorScreen)


async def write(operator: Operator, text: str) -> None:
    """Replaces the text in the editor."""
    operator.on(JsonEditorScreen).area.text = text
    await operator.pilot.pause()


async def test_a_mistake_is_told_with_line_and_column_while_typing(session: Session) -> None:
    async with at_console(session) as operator:
        editor = await open_editor(operator)
        assert editor.area.has_focus
        assert "✓ One JSON object. Ctrl+S or F2 takes it into the form." in operator.text
        await write(operator, '{\n  "timeout": 5,\n  oops\n}')
        assert "✗ " in operator.text
        assert "line 3, column 3" in operator.text
        await operator.press("f1")
        await operator.until_on(HelpScreen)
        assert "appConfig is the provider's configuration file" in operator.text
        await operator.press("escape")
        await operator.until_on(JsonEditorScreen)
        await write(operator, '{\n  "timeout": 5\n}')
        await operator.press("ctrl+s")
        await operator.until_on(EditScreen)
        assert operator.form.model.draft.text("app_config") == '{"timeout": 5}'
        assert operator.focused_field == "app_config"
        await operator.press("ctrl+z")
        assert operator.form.model.draft.text("app_config") == "{}"
        assert operator.row("app_config").control.value == "{}"


async def test_a_mistake_may_be_taken_along_and_then_stands_at_the_field(session: Session) -> None:
    async with at_console(session) as operator:
        await open_editor(operator)
        await write(operator, "{oops")
        await operator.press("f2")
        await operator.until_on(EditScreen)
        assert operator.codes("app_config") == ["app_config_json"]
        assert operator.form.model.draft.text("app_config") == "{oops"
        await operator.press("enter")
        editor = await operator.until_on(JsonEditorScreen)
        assert editor.area.text == "{oops"


async def test_leaving_the_editor_asks_when_the_text_was_changed(session: Session) -> None:
    async with at_console(session) as operator:
        editor = await open_editor(operator)
        await operator.press("escape")
        await operator.until_on(EditScreen)
        await operator.press("enter")
        editor = await operator.until_on(JsonEditorScreen)
        await write(operator, '{"timeout": 5}')
        await operator.press("escape")
        await operator.until_asked("The text was changed. a accept it · x leave it as it was · Esc stay")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        assert operator.app.screen is editor
        await operator.press("escape")
        await operator.until_asked("The text was changed.")
        await operator.press("x")
        await operator.until_on(EditScreen)
        assert operator.form.model.unsaved == ()
        await operator.press("enter")
        await operator.until_on(JsonEditorScreen)
        await write(operator, '{"timeout": 6}')
        await operator.press("escape")
        await operator.until_asked("The text was changed.")
        await operator.press("a")
        await operator.until_on(EditScreen)
        await operator.until(lambda: operator.form.model.draft.text("app_config") == '{"timeout": 6}')


async def test_a_file_is_loaded_or_one_sentence_says_why_not(session: Session, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text('\ufeff{"timeout": 7}', "utf-8")
    (tmp_path / "latin1.json").write_bytes(b'{"name": "\xe9"}')
    (tmp_path / "huge.json").write_bytes(b" " * 300_000)
    async with at_console(session) as operator:
        editor = await open_editor(operator)
        await operator.press("f3")
        await operator.until_asked("Load which file?")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        for name, why in {
            "missing.json": "No such file or directory",
            "latin1.json": "it is not UTF-8 text",
            "huge.json": "it is larger than appConfig may be (65536 characters)",
            "": "Is a directory",
        }.items():
            await operator.press("ctrl+o")
            await operator.answer(str(tmp_path / name))
            await operator.until_logged(f"was not loaded: {why}. The text is as it was.")
            assert editor.area.text == "{}"
        await operator.press("ctrl+o")
        await operator.answer(str(tmp_path / "good.json"))
        await operator.until(lambda: editor.area.text == '{"timeout": 7}')
        assert editor.area.has_focus


async def test_where_no_editor_can_be_opened_a_sentence_says_so(open_with: Opener) -> None:
    async with at_console(open_with(editor="true")) as operator:
        await open_editor(operator)
        await operator.press("f4")
        await operator.until_logged("An editor cannot be opened here.")
        assert operator.levels("An editor cannot") == [Level.ERROR]


@pytest.mark.parametrize(("script", "text"), [("echo '{\"timeout\": 8}' > $1", '{"timeout": 8}'), ("true", "{}")])
async def test_another_editor_gives_its_text_back(open_with: Opener, tmp_path: Path, script: str, text: str) -> None:
    program = tmp_path / "editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    session = open_with(Environment(), editor=str(program))
    async with at_console(session) as operator:
        editor = await open_editor(operator)
        driver = operator.app._driver
        assert driver is not None
        with pytest.raises(SuspendNotSupported), operator.app.suspend():
            pass
        # The driver of a test run has no terminal to give away; this one gives nothing, which is all the editor needs.
        type(driver).can_suspend = property(lambda self: True)  # type: ignore[method-assign,assignment]
        try:
            await operator.press("ctrl+e")
            await operator.until(lambda: editor.area.text == text)
        finally:
            del type(driver).can_suspend
        assert not operator.logged
        assert operator.app.editor_command == str(program)
    assert os.access(program, os.X_OK)
