"""What every command starts from: the settings in force, the operator's folders, the environment asked for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import ftos_tui.config
from ftos_tui.cli.exits import UsageProblem
from ftos_tui.config import Places, Settings
from ftos_tui.domain.visible import shortened

if TYPE_CHECKING:
    from ftos_tui.domain.secret import Secret
    from ftos_tui.studio.session import Session
    from ftos_tui.studio.sign_in import Credentials


@dataclass(frozen=True, slots=True)
class Start:
    """The options that stand before every command.

    Attributes:
        environment: `--env`; None for FTOS_TUI_ENV or the settings' own.
        config: `--config`; None for FTOS_TUI_CONFIG or the default place.
        password_stdin: `--password-stdin`: who signs in gives the password as a line of standard input.
    """

    environment: str | None = None
    config: str | None = None
    password_stdin: bool = False

    @property
    def places(self) -> Places:
        """The operator's folders, with the settings file that was asked for."""
        places = ftos_tui.config.places(os.environ)
        return places if self.config is None else replace(places, config=Path(self.config).expanduser())

    def settings(self) -> Settings:
        """The settings in force.

        Raises:
            ConfigError: The settings file cannot be used.
        """
        path = self.places.config
        named = self.config is not None or bool(os.environ.get("FTOS_TUI_CONFIG"))
        if not named and not os.path.lexists(path):
            return Settings()
        from ftos_tui.actions import ACTIONS
        from ftos_tui.config.settings_file import load_settings

        return load_settings(path, ACTIONS, must_exist=named, data_folder=self.places.data)

    def chosen(self, settings: Settings) -> str:
        """The name of the environment to open.

        Raises:
            UsageProblem: The settings know no such environment.
        """
        name = self.environment or os.environ.get("FTOS_TUI_ENV") or settings.environment
        if name not in settings.environments:
            from ftos_tui.config.settings_file import nearest

            raise UsageProblem(f"There is no environment {shortened(name, 40)}{nearest(name, settings.environments)}")
        return name

    def open_session(self) -> "Session":
        """A session in the environment asked for; the caller closes it.

        Raises:
            Failure: The settings or the environment are not to be had.
        """
        from ftos_tui.studio.session import open_session

        settings = self.settings()
        session = open_session(settings, self.places, self.chosen(settings))
        session.ask_passphrase = _ask_passphrase
        session.ask_sign_in = _ask_sign_in
        if self.password_stdin and session.shared:
            from ftos_tui.cli.sign_in import read_credentials

            # Before anything else is read there.
            session.credentials = read_credentials(session)
        return session

    @contextmanager
    def session(self) -> "Iterator[Session]":
        """A session for the length of a command."""
        session = self.open_session()
        try:
            yield session
        finally:
            session.close()
            for sentence in session.trial_news:
                from ftos_tui.cli import output

                output.complain(sentence)


def _ask_passphrase(prompt: str) -> "Secret":
    from ftos_tui.cli.passphrase import ask_passphrase

    return ask_passphrase(prompt)


def _ask_sign_in(environment: str, user: str) -> "Credentials":
    from ftos_tui.cli.sign_in import ask_sign_in

    return ask_sign_in(environment, user)


def split_start(arguments: list[str]) -> tuple[Start, list[str]]:
    """Takes --env, --config and --password-stdin out of the arguments, wherever they stand before `--`.

    Args:
        arguments: The command line without the program's name.

    Returns:
        The options, and the other arguments. One without its value is left among them, to be complained about.
    """
    found: dict[str, str] = {}
    rest: list[str] = []
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if argument == "--":
            rest += arguments[position:]
            break
        option, sign, value = argument.partition("=")
        if option in ("--env", "--config") and sign:
            found[option] = value
        elif option in ("--env", "--config") and position + 1 < len(arguments):
            position += 1
            found[option] = arguments[position]
        elif argument == "--password-stdin":
            found[argument] = argument
        else:
            rest.append(argument)
        position += 1
    start = Start(found.get("--env") or None, found.get("--config") or None, "--password-stdin" in found)
    return start, rest
