"""SafeApp without a terminal: what data may not do, what a crash tells, in which order keys arrive."""

import asyncio
import os
import stat
import threading
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea
from textual.widgets._toast import Toast

from ftos_tui.domain.log import Level
from ftos_tui.stores.sql.sqlite import open_sqlite
from ftos_tui.terminal import EditorFailed, SafeApp
from ftos_tui.terminal.crash import report_lines, write_report
from ftos_tui.terminal.editor import EditorFile, run_editor
from ftos_tui.terminal.type_ahead import TypeAhead
from ftos_tui.widgets.secret_input import SecretInput
from ftos_tui.widgets.text_input import OneLineInput


class Second(Screen[None]):
    """A screen with a field, opened by a key."""

    def compose(self) -> ComposeResult:
        yield OneLineInput(id="second")


class Small(SafeApp):
    """Two fields and a secret."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "open"),
        Binding("f3", "drop"),
        Binding("f4", "bring_focus"),
        Binding("ctrl+q", "quit"),
    ]

    def __init__(self, crash_file: Path | None = None) -> None:
        super().__init__()
        self.crash_file = crash_file
        self.reports: list[tuple[Level, str]] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="fields"):
            yield OneLineInput("first", id="one")
            yield OneLineInput(id="two")
        yield SecretInput(id="secret")
        yield Input(id="plain")
        yield TextArea(id="area")

    def report(self, level: Level, message: str) -> None:
        self.reports.append((level, message))

    def action_open(self) -> None:
        self.push_screen(Second())

    async def action_drop(self) -> None:
        await self.query_one("#fields").remove()

    def action_bring_focus(self) -> None:
        self.query_one("#two").focus()

    def value(self, selector: str) -> str:
        return self.query_one(selector, Input).value


async def together(app: SafeApp, *keys: str) -> None:
    """Keys that arrive in one read, as over a slow line."""
    from textual.events import Key

    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))


# Keys typed ahead


async def test_keys_after_tab_go_to_the_next_field() -> None:
    app = Small()
    async with app.run_test() as pilot:
        app.query_one("#two").focus()
        await pilot.pause()
        await together(app, "a", "tab", *"hunter2", "tab", "b")
        await pilot.pause()
        assert (app.value("#two"), app.value("#secret"), app.value("#plain")) == ("a", "hunter2", "b")


async def test_keys_follow_a_focus_that_an_action_asks_for() -> None:
    app = Small()
    async with app.run_test() as pilot:
        app.query_one("#one").focus()
        await pilot.pause()
        await together(app, "f4", "x", "y")
        await pilot.pause()
        assert (app.value("#one"), app.value("#two")) == ("first", "xy")


async def test_keys_follow_to_a_new_screen() -> None:
    app = Small()
    async with app.run_test() as pilot:
        app.query_one("#one").focus()
        await pilot.pause()
        await together(app, "x", "f2", "y", "z")
        await pilot.pause()
        assert app.screen.query_one("#second", Input).value == "yz"
        assert app.screen_stack[0].query_one("#one", Input).value == "firstx"


async def test_keys_go_on_when_the_widget_that_had_one_is_gone() -> None:
    app = Small()
    async with app.run_test() as pilot:
        app.query_one("#one").focus()
        await pilot.pause()
        await together(app, "f3", "tab", "k")
        for _turn in range(100):
            await pilot.pause(0.02)
            if app.focused is not None and app.value("#secret") + app.value("#plain"):
                break
        assert app.value("#secret") + app.value("#plain") == "k"


async def test_lost_marker_delays_the_next_key_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Small()
    async with app.run_test() as pilot:
        app.query_one("#one").focus()
        await pilot.pause()
        monkeypatch.setattr(TypeAhead, "_follow", lambda *arguments, **options: None)
        monkeypatch.setattr("ftos_tui.terminal.type_ahead.LONGEST_WAIT", 0.01)
        await together(app, "x", "y", "z")
        for _turn in range(100):
            await pilot.pause(0.01)
            if app.value("#one") == "firstxyz":
                return
        pytest.fail(app.value("#one"))


async def test_keys_wait_for_a_screen_on_its_way() -> None:
    app = Small()
    async with app.run_test() as pilot:
        app.query_one("#one").focus()
        await pilot.pause()
        with app.hold_keys():
            with app.hold_keys():
                await together(app, "x", "y")
                await pilot.pause()
            await pilot.pause()
            assert app.value("#one") == "first"
            app.query_one("#two").focus()
        await pilot.pause()
        assert app.value("#two") == "xy"


async def test_keys_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftos_tui.terminal.type_ahead.LONGEST_HOLD", 0.01)
    app = Small()
    async with app.run_test() as pilot:
        app.query_one("#one").focus()
        await pilot.pause()
        with app.hold_keys():
            await together(app, "x")
            for _turn in range(100):
                await pilot.pause(0.01)
                if app.value("#one") == "firstx":
                    break
        await together(app, "y")
        await pilot.pause()
        assert app.value("#one") == "firstxy"


# Data


async def test_notify_reports_without_markup() -> None:
    app = Small()
    async with app.run_test() as pilot:
        app.notify("[/] said", title="[bold]", severity="warning")
        thread = threading.Thread(target=app.notify, args=("from a thread",), kwargs={"severity": "error"})
        thread.start()
        thread.join()
        await pilot.press("ctrl+c")
        await pilot.pause()
    assert app.reports == [
        (Level.WARNING, "[bold]: [/] said"),
        (Level.ERROR, "from a thread"),
        (Level.INFO, "^q leaves ftos-tui."),
    ]


async def test_report_is_a_toast_unless_a_subclass_has_a_better_place() -> None:
    app = SafeApp()
    async with app.run_test(notifications=True) as pilot:
        app.report(Level.ERROR, "[/] \x1b")
        await pilot.pause()
        await pilot.pause()
        toast = app.screen.query_one(Toast)
        assert "[/] ␛" in str(toast.render())
        app.action_help_quit()
        app.emergency()


async def test_secret_is_not_copied() -> None:
    app = Small()
    async with app.run_test() as pilot:
        app.query_one("#secret").focus()
        await pilot.pause()
        app.copy_to_clipboard("anything")
        assert app.clipboard == ""
        assert app.reports == [(Level.WARNING, "A secret is not copied.")]
        app.query_one("#one").focus()
        await pilot.pause()
        app.copy_to_clipboard("lone \ud800 surrogate")
        assert app.clipboard == "lone ? surrogate"


async def test_nothing_blinks_or_moves() -> None:
    app = Small()
    async with app.run_test():
        assert app.animation_level == "none"
        assert not app.query_one("#plain", Input).cursor_blink
        assert not app.query_one("#area", TextArea).cursor_blink
        assert not app.query_one("#one", Input).cursor_blink


async def test_what_needs_a_terminal_does_nothing_without() -> None:
    app = Small()
    async with app.run_test():
        app.switch_mouse(True)
        app.set_window_title("title")
        with pytest.raises(EditorFailed, match="cannot be opened here"):
            app.edit_in_editor("text", ".json", "true")


# Crashes


class Broken(Small):
    """Raises when told to."""

    kept = 0

    def emergency(self) -> None:
        self.kept += 1

    async def on_key(self) -> None:
        raise ValueError(f"typed {self.value('#secret')}")


async def test_crash_keeps_values_once_and_tells_none(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    app = Broken(tmp_path / "crash.log")

    async def crash() -> None:
        async with app.run_test() as pilot:
            app.query_one("#secret", SecretInput).value = "canary"
            await pilot.press("f9")
            app._handle_exception(RuntimeError("and another"))

    with pytest.raises(ValueError, match="typed canary"):
        await crash()
    said = capfd.readouterr().err
    assert said.count("ftos-tui stopped because of an error in it; your unsaved values are kept; details in ") == 1
    report = (tmp_path / "crash.log").read_text()
    assert "canary" not in said + report
    assert "RuntimeError: and another" in report
    assert app.kept == 1
    assert app.return_code == 1


async def test_crash_without_a_place_for_the_report(capfd: pytest.CaptureFixture[str]) -> None:
    app = Broken(None)
    with pytest.raises(ValueError, match="typed"):
        async with app.run_test() as pilot:
            await pilot.press("f9")
    assert "its details could not be written" in capfd.readouterr().err


async def test_exit_message_is_plain(capfd: pytest.CaptureFixture[str]) -> None:
    app = Small()
    async with app.run_test():
        app._fatal_error()
        app.exit(0, message="left \x1b[31m [/]")
    assert capfd.readouterr().err == "left ␛[31m [/]\n"


async def test_stray_errors_go_to_the_report(tmp_path: Path) -> None:
    app = Small(tmp_path / "crash.log")
    loop = asyncio.get_running_loop()
    app._callback_failed(loop, {"message": "nothing raised"})
    app._callback_failed(loop, {"exception": ValueError("in a callback")})
    app._thread_failed(threading.ExceptHookArgs((ValueError, ValueError("in a thread"), None, None)))
    app._thread_failed(threading.ExceptHookArgs((ValueError, None, None, None)))
    report = (tmp_path / "crash.log").read_text()
    assert report.count("ValueError") == 2


def test_error_outside_of_textual_is_a_crash_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Unstartable(Small):
        def run(self, **options: Any) -> None:
            raise OSError("no loop")

    monkeypatch.setattr("ftos_tui.terminal.app.Guard", Idle)
    app = Unstartable(tmp_path / "crash.log")
    assert app.run_guarded() == 1
    assert "your unsaved values are kept" in capfd.readouterr().err
    assert "OSError: no loop" in (tmp_path / "crash.log").read_text()


class Idle:
    """A guard that watches nothing: tests have no terminal."""

    attributes = None

    def __init__(self, *arguments: object) -> None:
        """Nothing."""

    def start(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


def test_editor_without_a_guard_just_runs() -> None:
    with Small()._signals_are_the_editors():
        pass


def test_last_resort_keeps_and_cleans_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    app = Broken(tmp_path / "crash.log")
    app._leave_soon(143)  # no loop yet
    app._editor_file = EditorFile("text", ".json")
    run_editor(["true"], app._editor_file.path, lambda process: setattr(app, "_editor", process))
    app._last_resort(Idle(), 143)  # type: ignore[arg-type]
    assert codes == [143]
    assert app.kept == 1
    assert not app._editor_file.path.parent.exists()


# Reports


def raised() -> BaseException:
    """An error with a cause, a context, a group and a message that cannot be made."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no message")

    try:
        try:
            try:
                raise KeyError("the context")
            except KeyError:
                raise Mute from ValueError("the cause\x1b[2J")
        except Mute as mute:
            raise ExceptionGroup("several", [LookupError("secret-one"), mute]) from None
    except ExceptionGroup as group:
        return group


def test_report_names_all_that_led_to_it() -> None:
    text = "\n".join(report_lines(raised(), ["secret-one", ""]))
    assert "ValueError: the cause␛[2J" in text
    assert "(a message that cannot be made)" in text
    assert "LookupError: ••••••••" in text
    assert "several (2 sub-exceptions)" in text
    assert "the context" not in text


def test_report_tells_no_message_that_quotes_values(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "store.sqlite3")
    with pytest.raises(DBAPIError) as raised, store.database.engine.connect() as connection:
        connection.execute(text("SELECT :one FROM nowhere"), {"one": "canary"})
    store.close()
    assert "canary" not in str(raised.value)
    row = psycopg.errors.NotNullViolation("null value\nDETAIL: Failing row contains (canary).")
    row.__cause__ = raised.value
    lines = [line for line in report_lines(row) if not line.startswith(" ")]
    types = ["sqlalchemy.exc.OperationalError", "psycopg.errors.NotNullViolation"]
    assert lines == ["sqlite3.OperationalError: no such table: nowhere", *types]


def test_report_of_an_endless_chain_ends() -> None:
    first, second = ValueError("a" * 1000), ValueError()
    first.__cause__, second.__cause__ = second, first
    lines = list(report_lines(first))
    assert len(lines) == 2
    assert max(map(len, lines)) < 350


def test_report_is_the_operators_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "crash.log"
    assert write_report(ValueError("one"), path)
    path.chmod(0o644)
    assert write_report(ValueError("two"), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().count("ValueError") == 2


def test_report_is_written_to_a_plain_file_only(tmp_path: Path) -> None:
    link, fifo = tmp_path / "link", tmp_path / "fifo"
    link.symlink_to(tmp_path / "elsewhere")
    os.mkfifo(fifo)
    assert not write_report(ValueError(), link)
    assert not write_report(ValueError(), fifo)
    assert not (tmp_path / "elsewhere").exists()
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    assert not write_report(ValueError(), fifo)
    os.close(reader)


# The editor's file


def test_text_that_is_no_text_is_not_given_to_an_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(EditorFailed, match="cannot be given"):
        EditorFile("\ud800", ".json")
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(EditorFailed, match="No temporary file"):
        EditorFile("text", ".json")


def test_editors_own_newline_goes_and_ours_stays() -> None:
    for before, left, after in (("a", "b\n", "b"), ("a", "a\r\n", None), ("a\n", "b\n", "b\n"), ("a", "\ufeffb", "b")):
        file = EditorFile(before, "")
        file.path.write_bytes(left.encode())
        assert file.read() == after
        file.remove()


def test_program_that_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(EditorFailed, match="did not start"):
        run_editor([str(tmp_path)], tmp_path / "file", lambda process: None)


async def test_static_data_with_markup_is_shown_as_it_is() -> None:
    class Shown(SafeApp):
        def compose(self) -> ComposeResult:
            yield Static("[/] [@click=app.quit]x[/]", markup=False)

    app = Shown()
    async with app.run_test():
        assert "[@click=app.quit]" in str(app.query_one(Static).render())
