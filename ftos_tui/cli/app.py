"""The table of commands."""

from typing import Annotated

import typer

from ftos_tui import __version__
from ftos_tui.cli import (
    audit,
    changing,
    channels,
    environments,
    events,
    examining,
    files,
    forecasting,
    history,
    keys,
    message_files,
    message_moves,
    messages,
    outcome,
    output,
    pausing,
    processor,
    reading,
    settings,
    statuses,
    store,
    testing,
    trials,
    validating,
    watching,
)
from ftos_tui.cli.context import Start

app = typer.Typer(
    name="ftos-tui",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The channel providers of FintechOS Omnichannel Communication Automation. Without a command: the console.",
    epilog="Exit codes: 0 done, 2 usage, 3 refused by findings, 4 conflict, 5 store or key, 6 not permitted, 1 other.",
)
providers = typer.Typer(rich_markup_mode=None, help="Find, show, check and change channel providers.")
channel_commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Communication channels.")
message_commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The message queue.")
processor_commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What sends the messages.")
event_commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What providers report afterwards.")
config = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The settings file.")

audit_commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Who did what, and proof of it.")
secret_commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The keys that secrets are kept under.")

store_commands = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Set up, keep and copy stores.")


def _say_version(wanted: bool) -> None:
    if wanted:
        output.say(f"ftos-tui {__version__}")
        raise typer.Exit


@app.callback()
def _start(
    ctx: typer.Context,
    env: Annotated[
        str, typer.Option("--env", metavar="NAME", help="The environment; else FTOS_TUI_ENV.", show_default=False)
    ] = "",
    config: Annotated[
        str,
        typer.Option("--config", metavar="FILE", help="The settings file; else FTOS_TUI_CONFIG.", show_default=False),
    ] = "",
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Sign in to a shared store by the first line of standard input."),
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    # Their values are taken out of the arguments before, wherever they stand; here they are for --help and completion.
    ctx.ensure_object(Start)


@providers.callback(invoke_without_command=True)
def _providers(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        reading.list_command(ctx)


app.add_typer(providers, name="providers")
providers.command("list")(reading.list_command)
providers.command("show")(reading.show_command)
providers.command("set")(changing.set_command)
providers.command("clear-secret")(changing.clear_secret_command)
providers.command("delete")(changing.delete_command)
providers.command("confirm")(trials.confirm_command)
providers.command("export")(files.export_command)
providers.command("import")(files.import_command)
providers.command("apply")(files.apply_command)
providers.command("schema")(files.schema_command)
providers.command("validate")(validating.validate_command)
providers.command("test")(testing.try_command)
providers.command("forecast")(forecasting.forecast_command)
providers.command("statuses")(statuses.statuses_command)
providers.command("fields")(reading.fields_command)
providers.command("history")(history.history_command)
providers.command("diff")(history.diff_command)
providers.command("rollback")(history.rollback_command)
providers.command("outcome")(outcome.outcome_command)
providers.command("watch")(watching.watch_command)
providers.command("compare")(environments.compare_command)
providers.command("promote")(environments.promote_command)
app.add_typer(channel_commands, name="channels")
channel_commands.command("list")(channels.list_command)
channel_commands.command("show")(channels.show_command)
channel_commands.command("set")(channels.set_command)
channel_commands.command("delete")(channels.delete_command)
app.add_typer(audit_commands, name="audit")
audit_commands.command("list")(audit.list_command)
audit_commands.command("verify")(audit.verify_command)
audit_commands.command("checkpoint")(audit.checkpoint_command)
app.add_typer(secret_commands, name="secrets")
secret_commands.command("status")(keys.status_command)
secret_commands.command("rotate-key")(keys.rotate_command)
app.add_typer(store_commands, name="store")
store_commands.command("init")(store.init_command)
store_commands.command("upgrade")(store.upgrade_command)
store_commands.command("status")(store.status_command)
store_commands.command("grant")(store.grant_command)
store_commands.command("revoke")(store.revoke_command)
store_commands.command("copy")(store.copy_command)
app.add_typer(message_commands, name="messages")
message_commands.command("add")(messages.add_command)
message_commands.command("list")(messages.list_command)
message_commands.command("show")(messages.show_command)
message_commands.command("counts")(messages.counts_command)
message_commands.command("why")(messages.why_command)
message_commands.command("hold")(message_moves.hold_command)
message_commands.command("release")(message_moves.release_command)
message_commands.command("cancel")(message_moves.cancel_command)
message_commands.command("retry")(message_moves.retry_command)
message_commands.command("resolve")(message_moves.resolve_command)
message_commands.command("import")(message_files.import_command)
app.add_typer(processor_commands, name="processor")
processor_commands.command("run")(processor.run_command)
processor_commands.command("status")(processor.status_command)
processor_commands.command("close-breaker")(processor.close_breaker_command)
processor_commands.command("pause")(pausing.pause_command)
processor_commands.command("resume")(pausing.resume_command)
app.add_typer(event_commands, name="events")
event_commands.command("serve")(events.serve_command)
event_commands.command("bounce")(events.bounce_command)
event_commands.command("list")(events.list_command)
app.command("log")(examining.log_command)
app.command("doctor")(examining.doctor_command)
app.add_typer(config, name="config")
config.command("show")(settings.show_command)
config.command("check")(settings.check_command)
config.command("path")(settings.path_command)
