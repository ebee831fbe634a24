"""Export and import from the list, and the plan of a file."""

import json
from collections.abc import Mapping
from pathlib import Path

import pyrage
import pytest

from ftos_tui.config import Environment
from ftos_tui.domain.log import Level
from ftos_tui.screens.plan import PlanScreen
from ftos_tui.screens.providers import ProvidersScreen
from ftos_tui.studio.files import applying
from ftos_tui.studio.providers import open_provider
from ftos_tui.studio.session import Session
from tests.screens.conftest import Opener
from tests.screens.operator import Operator, at_console
from tests.screens.values import HOSTILE, NAME, SECRETS, TEXTS, change

FOREIGN = {"app_password": "env:NEW_PASSWORD", "app_key": "env:NEW_KEY"}


def references(name: str) -> dict[str, str]:
    """The references that are named after a provider."""
    return {field_id: f"env:{name.upper()}_{field_id.upper()}" for field_id in FOREIGN}


def record(name: str = NAME, **changed: object) -> dict[str, object]:
    return {"name": name, "communication_channel": "email", **TEXTS, **changed}


def write(path: Path, *providers: Mapping[str, object], **header: object) -> Path:
    path.write_text(json.dumps({"ftos_tui": 1, **header, "providers": providers}))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that changes one provider, makes one and leaves the name of a third without its fields."""
    new = record("New", secrets=references("New"))
    return write(tmp_path / "in.json", record(bulk_no=60), new)


@pytest.fixture
def prepared(session: Session) -> Session:
    """A session whose environment holds the secrets that files refer to."""
    named = {f"{name}_{field_id}".upper(): secret for name in ("New", "Bad") for field_id, secret in SECRETS.items()}
    session.environ = {"NEW_PASSWORD": SECRETS["app_password"], "NEW_KEY": SECRETS["app_key"], **named}
    return session


async def plan_of(operator: Operator, path: Path, allow: str = "") -> PlanScreen:
    """Imports a file up to its plan; answers about references that are not named after their provider."""
    await operator.listed()
    await operator.press("i")
    await operator.answer(str(path))
    if allow:
        await operator.until_asked("not named after their provider")
        await operator.press(allow)
    screen = await operator.until_on(PlanScreen)
    await operator.until(lambda: operator.row_list("plan").rows)
    return screen


def detail(operator: Operator, name: str = "detail") -> str:
    from ftos_tui.widgets.line import Line

    return operator.app.screen.query_one(f"#{name}", Line).text


async def test_a_plan_is_shown_and_enter_applies_it(prepared: Session, file: Path) -> None:
    async with at_console(prepared) as operator:
        await plan_of(operator, file)
        assert "Plan of in.json" in operator.lines[0]
        assert detail(operator, "summary") == "0 refused, 1 to create, 1 to change, 0 unchanged"
        assert [cells[0] for cells in operator.cells("plan")] == ["create", "change"]
        assert operator.cells("plan")[1][2:] == (NAME, "Bulk No 50 → 60")
        await operator.until(lambda: "App Key: from env:NEW_APP_KEY" in detail(operator))
        await operator.press("j")
        await operator.until(lambda: detail(operator) == "Bulk No: 50 → 60")
        await operator.snapshot("plan")
        await operator.press("enter")
        await operator.until_asked("Apply to local: 2 written in one step")
        await operator.answer("for the campaign")
        await operator.until_on(ProvidersScreen)
        await operator.until_logged("Applied in.json: 1 provider created, 1 changed")
        assert open_provider(prepared, name=NAME).values["bulk_no"] == 60
        assert open_provider(prepared, name="New").reason == "for the campaign"
        await operator.until(lambda: "New" in [cells[0] for cells in operator.cells("providers")])


async def test_escape_leaves_everything_as_it_is(prepared: Session, file: Path) -> None:
    async with at_console(prepared) as operator:
        await plan_of(operator, file)
        await operator.press("f2")
        await operator.until_asked("Apply to")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("escape")
        await operator.until_on(ProvidersScreen)
        assert open_provider(prepared, name=NAME).values["bulk_no"] == 50


async def test_what_is_refused_comes_first_with_its_line_and_cannot_be_applied(
    prepared: Session, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "in.json", record(), record("Bad", interval_min="9am", secrets=references("Bad")), environment="test"
    )
    async with at_console(prepared) as operator:
        await plan_of(operator, path)
        summary = detail(operator, "summary")
        assert summary == "1 refused, 0 to create, 0 to change, 1 unchanged · exported from test"
        first, second = operator.cells("plan")
        assert first[0] == "refused"
        assert first[3].startswith("Interval Min: Write 09:00:00 instead of 9am.")
        assert second[0] == "unchanged"
        await operator.until(lambda: "[time_format]" in detail(operator))
        await operator.press("enter")
        await operator.until_logged("1 provider is refused")
        await operator.press("j")
        await operator.until(lambda: detail(operator) == "unchanged, line 1")
        await operator.press("f7")
        await operator.until_logged("No warning about this provider.")


async def test_warnings_are_acknowledged_by_name(prepared: Session, tmp_path: Path) -> None:
    path = write(tmp_path / "in.json", record(pool_time_retry="00:00:30"))
    async with at_console(prepared) as operator:
        await plan_of(operator, path)
        assert "warnings to acknowledge: pool_short" in detail(operator, "summary")
        await operator.press("enter")
        await operator.until_logged("acknowledge pool_short. F7 acknowledges by name.")
        await operator.press("f7")
        await operator.until(lambda: "acknowledge" not in detail(operator, "summary"))
        await operator.press("f7")
        await operator.until(lambda: "acknowledge" in detail(operator, "summary"))
        await operator.press("f7", "enter")
        await operator.answer("")
        await operator.until_on(ProvidersScreen)
        assert open_provider(prepared, name=NAME).acknowledged == ("pool_short",)


async def test_a_target_that_moved_is_named_and_the_plan_stays(prepared: Session, file: Path) -> None:
    async with at_console(prepared) as operator:
        await plan_of(operator, file)
        change(prepared, "bob", bulk_no="70")
        await operator.press("enter")
        await operator.answer("")
        await operator.until_logged(f"{NAME} is at version 3 saved by bob, no longer at 2 (Bulk No)")
        operator.on(PlanScreen)


async def test_nothing_to_apply_and_an_empty_file_are_said(prepared: Session, tmp_path: Path) -> None:
    path = write(tmp_path / "in.json", record())
    async with at_console(prepared) as operator:
        await plan_of(operator, path)
        await operator.press("enter")
        await operator.until_logged("there is nothing to apply")
        await operator.press("escape", "i")
        await operator.answer(str(write(tmp_path / "empty.json")))
        await operator.until_on(PlanScreen)
        await operator.until(lambda: "The file names no provider." in operator.text)
        await operator.press("enter", "f7")
        await operator.until_logged("No warning about this provider.")


async def test_a_read_only_environment_shows_the_plan_only(open_with: Opener, file: Path) -> None:
    session = open_with(Environment(read_only=True))
    async with at_console(session) as operator:
        await plan_of(operator, file)
        await operator.press("enter")
        await operator.until_logged("is read-only")
        operator.on(PlanScreen)


async def test_secrets_of_other_names_are_taken_only_when_they_were_named_and_allowed(
    prepared: Session, tmp_path: Path
) -> None:
    path = write(tmp_path / "in.json", record("New", secrets=FOREIGN))
    hidden = write(tmp_path / "hidden.json", record("New", secrets={**FOREIGN, "app_key": f"file:/{'a' * 300}"}))
    async with at_console(prepared) as operator:
        for file, answer, expected in (
            (path, "escape", "1 refused"),
            (hidden, "y", "1 refused"),
            (path, "y", "0 refused"),
        ):
            await operator.listed()
            await operator.press("i")
            await operator.answer(str(file))
            await operator.until_asked("provider: env:NEW_PASSWORD" + (", env:NEW_KEY" if file is path else ". y take"))
            await operator.press(answer)
            await operator.until_on(PlanScreen)
            await operator.until(lambda: operator.row_list("plan").rows)
            assert detail(operator, "summary").startswith(expected)
            await operator.press("escape")
            await operator.until_on(ProvidersScreen)


async def test_while_it_is_written_the_screen_stays(
    prepared: Session, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    go_on = threading.Event()
    looked = applying.moved_targets
    monkeypatch.setattr(applying, "moved_targets", lambda *args: (go_on.wait(20), looked(*args))[1])
    async with at_console(prepared) as operator:
        screen = await plan_of(operator, file)
        await operator.press("enter")
        await operator.answer("")
        await operator.until(lambda: screen.applying)
        await operator.press("enter", "escape")
        await operator.until_logged("Still writing")
        operator.on(PlanScreen)
        go_on.set()
        await operator.until_on(ProvidersScreen)


async def test_a_file_that_is_no_document_is_told_in_the_log(prepared: Session, tmp_path: Path) -> None:
    path = tmp_path / "in.yaml"
    path.write_text("ftos_tui: 1\nproviders:\n  - name: &x A\n")
    async with at_console(prepared) as operator:
        await operator.listed()
        for name, sentence in ((str(path), "Line 3: Remove the anchor"), ("/no/such/file", "cannot be read")):
            await operator.press("i")
            await operator.answer(name)
            await operator.until_logged(sentence)
            await operator.until(lambda: not operator.asked)
        await operator.press("i")
        await operator.until_asked("Import providers")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        operator.on(ProvidersScreen)


async def test_hostile_text_of_a_file_reaches_no_terminal(prepared: Session, tmp_path: Path) -> None:
    path = write(
        tmp_path / "in.json",
        record(HOSTILE, app_user=HOSTILE),
        record(from_display_name="[red]x[/]"),
        environment=HOSTILE,
    )
    async with at_console(prepared) as operator:
        await plan_of(operator, path)
        assert "\x1b" not in operator.raw_cells()
        assert "[red]x[/]" in operator.text


async def test_a_plan_longer_than_a_screen_is_paged(prepared: Session, tmp_path: Path) -> None:
    path = write(tmp_path / "in.json", *({"name": f"P{number}"} for number in range(900)))
    async with at_console(prepared) as operator:
        screen = await plan_of(operator, path)
        assert await screen.source.fetch(None, False, 5) == await screen.source.fetch(-1, False, 5)
        await operator.press("G")
        await operator.until(lambda: screen.rows.row is not None and screen.rows.row.cells[2] == "P899")
        await operator.press("g")
        await operator.until(lambda: screen.rows.row is not None and screen.rows.row.cells[2] == "P0")


# Export


async def test_the_listed_providers_are_exported(prepared: Session, tmp_path: Path) -> None:
    path = tmp_path / "out.yaml"
    async with at_console(prepared) as operator:
        await operator.listed()
        await operator.press("slash", *"sms", "enter")
        await operator.until(lambda: operator.providers.total == 3)
        await operator.press("x")
        await operator.until_asked("Export 3 providers that match “sms”")
        await operator.answer(str(path))
        await operator.until_asked("Secrets never leave in clear")
        await operator.press("o")
        await operator.until_logged(f"Exported 3 providers to {path}, secrets: omit.")
        assert path.read_text().count("  - name:") == 3
        await operator.press("x")
        await operator.answer(str(path))
        await operator.until_asked("is there already")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("x")
        await operator.answer(str(path))
        await operator.until_asked("is there already")
        await operator.press("y")
        await operator.until_asked("Secrets")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)


async def test_an_export_needs_a_name_with_a_format(prepared: Session, tmp_path: Path) -> None:
    async with at_console(prepared) as operator:
        await operator.listed()
        await operator.press("x")
        await operator.until_asked("Export 6 providers to which file")
        await operator.press("escape")
        await operator.until(lambda: not operator.asked)
        await operator.press("x")
        await operator.answer(str(tmp_path / "out.xlsx"))
        await operator.until_logged("end in .yaml, .json or .csv")
        await operator.press("x")
        await operator.answer(str(tmp_path / "none" / "out.csv"))
        await operator.until_logged("cannot be written")
        await operator.press("x")
        await operator.answer(str(tmp_path / "out.csv"))
        await operator.until_logged("Exported 6 providers")
        assert (tmp_path / "out.csv").read_text("utf-8").startswith("\ufeff")


async def test_secrets_are_encrypted_and_come_back(prepared: Session, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    key, path = tmp_path / "identity", tmp_path / "out.json"
    key.write_text(f"{identity}\n")
    key.chmod(0o600)
    async with at_console(prepared) as operator:
        await operator.listed()
        for recipient, expected in (
            (None, ""),
            ("nonsense", "no public key"),
            (str(identity.to_public()), "secrets: age"),
        ):
            await operator.press("x")
            await operator.answer(str(path))
            await operator.until_asked("Secrets")
            await operator.press("a")
            await operator.until_asked("which public key")
            if recipient is None:
                await operator.press("escape")
                await operator.until(lambda: not operator.asked)
                continue
            await operator.answer(recipient)
            await operator.until_logged(expected)
        text = path.read_text()
        assert SECRETS["app_key"] not in text
        path.write_text(text.replace('"bulk_no": 50', '"bulk_no": 55'))
        await operator.press("i")
        await operator.answer(str(path))
        await operator.until_asked("age identity file")
        await operator.press("escape")
        await operator.until_on(PlanScreen)
        assert detail(operator, "summary").startswith("1 refused")
        await operator.press("escape", "i")
        await operator.answer(str(path))
        await operator.until_asked("age identity file")
        await operator.answer(str(key))
        await operator.until_on(PlanScreen)
        assert detail(operator, "summary").startswith("0 refused, 0 to create, 1 to change")


async def test_a_long_export_and_import_tell_how_far_they_are(
    prepared: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ftos_tui.screens.provider_files.TOLD_EVERY", 200)
    many = [record(f"P{number}", secrets=references("New")) for number in range(260)]
    async with at_console(prepared) as operator:
        await plan_of(operator, write(tmp_path / "in.json", *many), "y")
        assert "Read 250 providers so far." in operator.logged
        await operator.press("enter")
        await operator.answer("")
        await operator.until_on(ProvidersScreen)
        assert "Written 250 providers so far." in operator.logged
        assert operator.levels("so far") == [Level.INFO, Level.INFO]
