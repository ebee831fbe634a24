"""A question in the frame: every key is the answer's or nobody's, and the focus goes back."""

from collections.abc import Callable, Coroutine
from typing import ClassVar

import pytest
from textual import events
from textual.binding import BindingType
from textual.pilot import Pilot
from textual.worker import NoActiveWorker

from ftos_tui.widgets.choice_field import ChoiceField
from ftos_tui.widgets.confirm_line import ConfirmLine
from ftos_tui.widgets.frame import HintLine
from ftos_tui.widgets.text_input import OneLineInput
from tests.widgets.stage import Stage, lines, until, widths

LEAVE = {"k": "keep draft", "x": "discard", "escape": "stay"}


class Form(Stage):
    """A form with keys of its own, a question and a line of hints."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("k", "note", ""),
        ("ctrl+s", "note", ""),
        ("tab", "note", ""),
        ("down", "note", ""),
    ]

    def __init__(self) -> None:
        self.field = ChoiceField(("email", "sms"), "email")
        self.question = ConfirmLine()
        super().__init__([self.field, self.question, HintLine((("^S", "Save"),))], OneLineInput.Changed)
        self.answers: list[object] = []
        self.noted = 0

    def action_note(self) -> None:
        self.noted += 1

    def put(self, ask: Callable[[], Coroutine[None, None, object]]) -> None:
        async def work() -> None:
            self.answers.append(await ask())

        self.run_worker(work())


async def _asked(pilot: Pilot[None], app: Form) -> None:
    await until(pilot, lambda: app.question.asking and app.focused in (app.question, *app.question.children))
    await pilot.pause()


async def test_a_key_answers_and_the_focus_goes_back() -> None:
    app = Form()
    async with app.run_test(size=(80, 6)) as pilot:
        app.field.focus()
        await pilot.pause()
        assert lines(app) == ["email ▾", "", "", "", "", " ^S Save"]
        app.put(lambda: app.question.ask("Leave?", LEAVE))
        await _asked(pilot, app)
        assert "? Leave? k keep draft · x discard · Esc stay" in lines(app)
        await pilot.press("right", "tab", "ctrl+s", "down", "q", "k")
        await until(pilot, lambda: app.answers)
        assert app.answers == ["k"]
        assert (app.field.value, app.noted) == ("email", 0)
        await pilot.pause()
        assert app.focused is app.field
        assert lines(app) == ["email ▾", "", "", "", "", " ^S Save"]
        app.put(lambda: app.question.ask("Leave?", LEAVE))
        await _asked(pilot, app)
        await pilot.press("X")
        app.put(lambda: app.question.ask("Leave?", LEAVE))
        await _asked(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.answers) == 3)
        assert app.answers == ["k", "x", None]


async def test_a_text_is_typed_beside_its_question() -> None:
    app = Form()
    async with app.run_test(size=(80, 6)) as pilot:
        app.field.focus()
        app.put(lambda: app.question.ask_text("Why this change?", "as agreed"))
        await _asked(pilot, app)
        assert "? Why this change? as agreed" in lines(app)
        await pilot.press("tab", "ctrl+s", "down", "left", "backspace", "k", "enter")
        await until(pilot, lambda: app.answers)
        assert app.answers == ["as agrekd"]
        assert app.noted == 0
        await pilot.pause()
        assert app.focused is app.field
        app.put(lambda: app.question.ask_text("Load which file?"))
        await _asked(pilot, app)
        await pilot.press("a", "escape")
        await until(pilot, lambda: len(app.answers) == 2)
        assert app.answers[1] is None


async def test_what_is_typed_takes_the_place_of_a_proposal() -> None:
    app = Form()
    async with app.run_test(size=(80, 6)) as pilot:
        app.put(lambda: app.question.ask_text("How many minutes?", "10", typing_replaces=True))
        await _asked(pilot, app)
        assert "? How many minutes? 10" in lines(app)
        await pilot.press("5", "enter")
        await until(pilot, lambda: app.answers)
        app.put(lambda: app.question.ask_text("How many minutes?", "10", typing_replaces=True))
        await _asked(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: len(app.answers) == 2)
        assert app.answers == ["5", "10"]


async def test_what_must_be_typed_must_be_typed() -> None:
    app = Form()
    async with app.run_test(size=(80, 6)) as pilot:
        for typed in ("FTOSEmailGateway", " FTOSEmailGateway ", "FTOSEmailGatewa", "escape"):
            app.put(lambda: app.question.ask_typed("Delete FTOSEmailGateway? Type its name:", "FTOSEmailGateway"))
            await _asked(pilot, app)
            if typed == "escape":
                await pilot.press("escape")
            else:
                app.query_one(OneLineInput).value = typed
                await pilot.press("enter")
            await until(pilot, lambda: not app.question.asking)
        assert app.answers == [True, True, False, False]
        assert app.seen == [], "nobody else hears what is typed"


async def test_long_and_hostile_questions_wrap_and_keep_their_choices() -> None:
    app = Form()
    async with app.run_test(size=(60, 16)) as pilot:
        app.put(lambda: app.question.ask("Throw the draft of 漢字\x1b[/] away? " + "It is gone then. " * 3, LEAVE))
        await _asked(pilot, app)
        assert lines(app)[1:4] == [
            "? Throw the draft of 漢字␛[/] away? It is gone then. It is",
            "  gone then. It is gone then.  k keep draft · x discard ·",
            "  Esc stay",
        ]
        assert widths(app) == {60}
        await pilot.press("x")
        await until(pilot, lambda: app.answers)
        app.put(lambda: app.question.ask_text("Delete FTOSEmailGateway? Type its name, Esc keeps it:", "漢字"))
        await _asked(pilot, app)
        text = lines(app)
        at = text.index("? Delete FTOSEmailGateway? Type its name, Esc keeps it:")
        assert text[at + 1].strip() == "漢字"
        await pilot.resize_terminal(100, 16)
        await until(pilot, lambda: "? Delete FTOSEmailGateway? Type its name, Esc keeps it: 漢字" in lines(app))
        await pilot.press("escape")


async def test_turning_away_is_no_answer_but_a_window_without_focus_is() -> None:
    app = Form()
    async with app.run_test(size=(80, 6)) as pilot:
        for ask in (lambda: app.question.ask("Leave?", LEAVE), lambda: app.question.ask_text("Why?")):
            app.answers.clear()
            app.put(ask)
            await _asked(pilot, app)
            app.post_message(events.AppBlur())
            await until(pilot, lambda: app.focused is None)
            await pilot.pause()
            assert app.question.asking
            app.post_message(events.AppFocus())
            await _asked(pilot, app)
            await pilot.click(ChoiceField)
            await until(pilot, lambda: app.answers)
            assert app.answers == [None]
            assert app.focused is app.field


async def test_a_newer_question_ends_the_one_before() -> None:
    app = Form()
    async with app.run_test(size=(80, 6)) as pilot:
        app.field.focus()
        await pilot.pause()
        app.put(lambda: app.question.ask_text("First?"))
        await _asked(pilot, app)
        app.put(lambda: app.question.ask("Second?", {"y": "yes"}))
        await until(pilot, lambda: app.answers == [None])
        await _asked(pilot, app)
        assert "? Second? y yes" in lines(app)
        await pilot.press("y")
        await until(pilot, lambda: app.answers == [None, "y"])
        await pilot.pause()
        assert app.focused is app.field


async def test_a_question_taken_off_the_screen_is_no_answer() -> None:
    app = Form()
    async with app.run_test(size=(80, 6)) as pilot:
        app.put(lambda: app.question.ask("Leave?", LEAVE))
        await _asked(pilot, app)
        await app.question.remove()
        await until(pilot, lambda: app.answers)
        assert app.answers == [None]


async def test_the_field_it_came_from_may_be_gone() -> None:
    app = Form()
    async with app.run_test(size=(80, 6)) as pilot:
        app.field.focus()
        await pilot.pause()
        app.put(lambda: app.question.ask("Leave?", LEAVE))
        await _asked(pilot, app)
        await app.field.remove()
        await pilot.press("x")
        await until(pilot, lambda: app.answers)
        assert app.focused is None


async def test_a_message_handler_may_not_wait_for_it() -> None:
    app = Form()
    async with app.run_test(size=(80, 6)):
        with pytest.raises(NoActiveWorker):
            await app.question.ask("Leave?", LEAVE)


async def test_a_question_that_follows_upon_a_text_waits_for_its_own_answer() -> None:
    app = Form()

    async def two() -> object:
        return await app.question.ask_text("Which file?"), await app.question.ask("Replace it?", {"y": "yes"})

    async with app.run_test(size=(80, 6)) as pilot:
        app.field.focus()
        app.put(two)
        await _asked(pilot, app)
        await pilot.press("a", "enter")
        await until(pilot, lambda: app.focused is app.question)
        await pilot.pause()
        assert app.question.asking
        await pilot.press("y")
        await until(pilot, lambda: app.answers)
        assert app.answers == [("a", "y")]
        assert app.focused is app.field
