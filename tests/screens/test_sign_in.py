"""Signing in to a shared store at the console: asked, refused, tried again, left, and never kept."""

import asyncio
import dataclasses
from pathlib import Path

import pytest

from ftos_tui.domain.secret import MASK
from ftos_tui.screens.compare import CompareScreen
from ftos_tui.screens.menu import MenuScreen
from ftos_tui.screens.sign_in import SignInScreen
from ftos_tui.stores.sql.roles import Role
from ftos_tui.studio.session import Session, open_session
from tests.postgres import PostgresServer
from tests.screens.operator import Operator, at_console
from tests.team import NAME, Team, new_team

PASSWORD = "canary-sign-in-1789"


@pytest.fixture(scope="module")
def team(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Team:
    return new_team(postgres_server, tmp_path_factory.mktemp("owner"))


@pytest.fixture
def asking(team: Team, tmp_path: Path) -> Session:
    """A session of a developer who has to sign in."""
    user = team.person(Role.DEVELOPER, PASSWORD)
    return team.session(tmp_path, user=user, sign_in="ask")


async def enter(operator: Operator, password: str) -> None:
    """Types a password where the cursor stands, and Enter."""
    await operator.press(*password, "enter")


async def test_it_asks_first_and_opens_the_list_then(asking: Session) -> None:
    async with at_console(asking) as operator:
        await operator.until_on(SignInScreen)
        assert asking.environment.postgresql is not None
        user = asking.environment.postgresql.user
        assert operator.lines[0].strip().startswith(f"Sign in to {NAME.upper()}")
        assert user in operator.text
        await operator.press(*PASSWORD)
        assert PASSWORD not in operator.raw_cells()
        assert MASK in operator.text
        await operator.press("enter")
        await operator.listed()
        assert f"Signed in to {NAME} as {user}." in operator.logged
        assert f"{user}@{NAME.upper()}"[:10] not in operator.lines[0]  # too long for a third of the line
        assert asking.author.user == user


async def test_the_top_line_says_who_where_there_is_room(asking: Session, team: Team) -> None:
    async with at_console(asking, size=(160, 30)) as operator:
        await operator.until_on(SignInScreen)
        await enter(operator, PASSWORD)
        await operator.listed()
        assert f"{asking.author.user}@{NAME.upper()}" in operator.lines[0]


async def test_a_refusal_empties_the_password_and_keeps_the_user(asking: Session) -> None:
    async with at_console(asking) as operator:
        screen = await operator.until_on(SignInScreen)
        await enter(operator, "wrong")
        await operator.until(lambda: operator.codes("password") == ["sign_in_refused"])
        assert "does not accept this user and password" in operator.text
        assert (screen._secret.value, bool(screen._user.value)) == ("", True)
        assert screen.focused is screen._secret
        assert asking.credentials is None
        await operator.press("x")
        await operator.until(lambda: not operator.codes("password"))
        await operator.press("backspace")
        await enter(operator, PASSWORD)
        await operator.listed()


async def test_escape_leaves_it_to_the_menu_and_entering_the_list_asks_again(asking: Session) -> None:
    async with at_console(asking) as operator:
        await operator.until_on(SignInScreen)
        await operator.press("escape")
        await operator.until_on(MenuScreen)
        await operator.press("enter")
        await operator.until(lambda: isinstance(operator.app.screen, MenuScreen) and operator.app.screen.level == 1)
        await operator.press("enter")
        await operator.until(lambda: isinstance(operator.app.screen, MenuScreen) and operator.app.screen.level == 2)
        await operator.press("enter")
        await operator.until_on(SignInScreen)
        await enter(operator, PASSWORD)
        await operator.listed()


async def test_a_store_that_is_away_is_said_and_r_tries_again(asking: Session, team: Team) -> None:
    good = asking.environment
    assert good.postgresql is not None
    asking.environment = dataclasses.replace(good, postgresql=dataclasses.replace(good.postgresql, port=(1,)))
    async with at_console(asking) as operator:
        await operator.until_on(SignInScreen)
        await enter(operator, PASSWORD)
        await operator.until(lambda: "tries again" in operator.text)
        assert "not running or not reachable" in operator.text
        asking.environment = good
        await operator.press("r")
        await operator.listed()


async def test_a_server_that_wants_a_password_nobody_gave_shows_the_screen_too(team: Team, tmp_path: Path) -> None:
    session = team.session(tmp_path, user=team.person(Role.CONSULTANT, PASSWORD))
    async with at_console(session) as operator:
        await operator.until_on(SignInScreen)
        assert "does not accept this user and password" in operator.text
        await enter(operator, PASSWORD)
        await operator.listed()
        await operator.until(lambda: "READ-ONLY" in operator.lines[0])


async def test_the_user_can_be_another_one(asking: Session, team: Team) -> None:
    other = team.person(Role.CONSULTANT, PASSWORD)
    async with at_console(asking) as operator:
        screen = await operator.until_on(SignInScreen)
        await operator.press("up")
        assert screen.focused is screen._user
        screen._user.value = ""
        await operator.press("enter", "down", "enter")
        screen._secret.value = ""
        screen.action_sign_in()
        await operator.until(lambda: "Enter a user" in operator.text)
        screen._user.value = other
        screen._secret.value = PASSWORD
        await operator.press("f5")
        await operator.listed()
        assert asking.author.user == other


async def test_a_form_opens_for_who_may_only_read_and_refuses_to_save(team: Team, tmp_path: Path) -> None:
    session = team.session(tmp_path, user=team.person(Role.CONSULTANT))
    async with at_console(session) as operator:
        await operator.open("FTOSEmailGateway")
        assert "READ-ONLY" in operator.lines[0]
        await operator.until_logged("may read here, not change")
        before = len(operator.logged)
        await operator.type("bulk_no", "51")
        await operator.press("ctrl+s")
        await operator.until(lambda: any("may read here" in line for line in operator.logged[before:]))
        assert session.store.by_name("FTOSEmailGateway").number == 1


async def test_comparing_asks_for_the_other_environment(team: Team, tmp_path: Path) -> None:
    user = team.person(Role.CONSULTANT, PASSWORD)
    shared = team.session(tmp_path, user=user, sign_in="ask")
    session = open_session(dataclasses.replace(shared.settings, environment="local"), shared.places)
    session.environ = {}
    async with at_console(session) as operator:
        await operator.listed()
        await operator.press("v")
        screen = await operator.until_on(SignInScreen)
        assert NAME.upper() in operator.lines[0]
        await operator.press("escape")
        await operator.until_logged(f"Sign in to {NAME} first.")
        await operator.until_on(CompareScreen)
        await operator.press("r")
        await operator.until(
            lambda: operator.app.screen is not screen and isinstance(operator.app.screen, SignInScreen)
        )
        await enter(operator, PASSWORD)
        await operator.until_on(CompareScreen)
        await operator.until(lambda: "6 providers are the same" in operator.text or "the same" in operator.text)
        assert session.author.user != user


async def test_two_that_wait_for_different_stores_are_asked_one_after_the_other(team: Team, tmp_path: Path) -> None:
    user = team.person(Role.CONSULTANT, PASSWORD)
    sessions = [team.session(tmp_path / name, user=user, sign_in="ask") for name in ("one", "two", "two")]
    sessions[2] = sessions[1]
    local = open_session(dataclasses.replace(sessions[0].settings, environment="local"), sessions[0].places)
    local.environ = {}
    async with at_console(local) as operator:
        await operator.listed()
        waiting = [asyncio.ensure_future(operator.app.carrier.sign_in(session)) for session in sessions]
        for session in sessions[:2]:
            await operator.until(
                lambda session=session: (
                    isinstance(operator.app.screen, SignInScreen)  # type: ignore[misc]
                    and operator.app.screen.session is session
                )
            )
            await operator.pilot.pause()
            await enter(operator, PASSWORD)
        assert await asyncio.gather(*waiting) == [True, True, True]
    for session in sessions:
        session.close()


async def test_f1_says_who_gives_users_and_what_is_kept(asking: Session) -> None:
    async with at_console(asking) as operator:
        await operator.until_on(SignInScreen)
        await operator.press("f1")
        await operator.until(lambda: "database knows its users" in " ".join(operator.text.split()))
