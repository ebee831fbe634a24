"""`config show`, `check`, `path`: the settings in force."""

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import typer

from ftos_tui.cli import output
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode
from ftos_tui.cli.options import AsJson

if TYPE_CHECKING:
    from ftos_tui.config import Environment, Settings


def show_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show the settings in force, defaults included."""
    start: Start = ctx.obj
    settings = start.settings()
    shape = _shape(settings, start.chosen(settings))
    if as_json:
        output.say_json(shape)
        return
    if settings.source is None:
        output.say(f"# defaults: there is no file {start.places.config}")
    environments, keys = shape.pop("environments"), shape.pop("keys")
    shape.pop("source")
    _say_toml(shape)
    for name, environment in environments.items():
        shared = environment.pop("postgresql")
        output.say("")
        output.say(f"[environments.{_toml_key(name)}]")
        _say_toml(environment)
        if shared is not None:
            output.say("")
            output.say(f"[environments.{_toml_key(name)}.postgresql]")
            _say_toml(shared)
    if keys:
        output.say("")
        output.say("[keys]")
        _say_toml(keys)


def check_command(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Check the settings file."""
    from ftos_tui.config.settings_file import ConfigError

    start: Start = ctx.obj
    path = start.places.config
    try:
        settings = start.settings()
    except ConfigError as error:
        if as_json:
            problems = [{"line": problem.line, "message": problem.message} for problem in error.problems]
            output.say_json({"path": str(path), "ok": False, "problems": problems})
        else:
            for problem in error.problems:
                output.complain(f"{path}: {problem}")
        return ExitCode.USAGE
    if as_json:
        output.say_json({"path": str(path), "ok": True, "problems": []})
    elif settings.source is None:
        output.say(f"There is no file {path}: defaults are in force.")
    else:
        output.say(f"{path}: no mistakes.")
    return ExitCode.DONE


def path_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Say where the settings file is looked for, and where data are kept."""
    places = ctx.obj.places
    if as_json:
        output.say_json({name: str(getattr(places, name)) for name in ("config", "data", "state")})
    else:
        output.say(str(places.config))


def _shape(settings: "Settings", environment: str) -> dict[str, Any]:
    return {
        "environment": environment,
        "mouse": settings.mouse,
        "editor": settings.editor,
        "theme": settings.theme,
        "environments": {name: _environment_shape(one) for name, one in settings.environments.items()},
        "keys": {name: list(keys) for name, keys in settings.keys.items()},
        "source": None if settings.source is None else str(settings.source),
    }


def _environment_shape(environment: "Environment") -> dict[str, Any]:
    shape = {spec.name: getattr(environment, spec.name) for spec in fields(environment) if spec.name != "name"}
    shape["allowed_hosts"] = sorted(environment.allowed_hosts)
    if environment.postgresql is not None:
        del shape["store"]
        written = asdict(environment.postgresql).items()
        shape["postgresql"] = {key: list(value) if isinstance(value, tuple) else value for key, value in written}
    return shape


def _say_toml(table: dict[str, Any]) -> None:
    # JSON texts, numbers, booleans and flat lists are TOML as well.
    for key, value in table.items():
        output.say(f"{_toml_key(key)} = {output.json_text(value)}")


def _toml_key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else output.json_text(name)
