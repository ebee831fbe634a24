"""`secrets status` and `rotate-key`: how the keys stand, and another master key."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.options import AsJson, Reason
from ftos_tui.cli.progress import ProgressLine

if TYPE_CHECKING:
    from ftos_tui.studio.rotation import KeyStatus


def status_command(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Say which master key is in force, how many secrets each key wrapped, and which of them do not open."""
    from ftos_tui.studio.failures import counted
    from ftos_tui.studio.rotation import key_status

    start: Start = ctx.obj
    with start.session() as session:
        status = key_status(session)
    if as_json:
        output.say_json(shapes.keys_shape(status))
        return _code(status)
    output.say(f"Master key {status.key_id} from {status.source}")
    if status.warning:
        output.complain(status.warning)
    for key_id, number in sorted(status.counts.items(), key=lambda item: item[0] != status.key_id):
        which = "in force" if key_id == status.key_id else "being replaced" if key_id == status.retiring else "unknown"
        output.say(f"{counted(number, 'secret', 'secrets')} under key {key_id} ({which})")
    if not status.counts:
        output.say("No secret is stored yet.")
    if status.retiring:
        output.say(f"A rotation from key {status.retiring} was stopped: `ftos-tui secrets rotate-key` goes on with it.")
    for lost in status.lost:
        where = "" if lost.current else ", no longer in use"
        output.say(f"Unreadable: {lost.field} of {lost.provider}, secret version {lost.version}{where}")
    return _code(status)


def rotate_command(
    ctx: typer.Context,
    new_key_file: Annotated[
        Path | None,
        typer.Option(
            "--new-key-file", metavar="FILE", help="Take the new key from a file of yours.", show_default=False
        ),
    ] = None,
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Derive the new key from a passphrase, asked for twice.")
    ] = False,
    reason: Reason = "",
    as_json: AsJson = False,
) -> int:
    """Replace the master key and wrap every secret anew; goes on with a rotation that was stopped."""
    from ftos_tui.studio.rotation import NewKey, in_words, rotate_key

    start: Start = ctx.obj
    if passphrase and new_key_file is not None:
        raise UsageProblem("Choose one: --new-key-file or --passphrase.")
    with start.session() as session:
        with ProgressLine("Wrapping anew") as progress:
            done = rotate_key(session, NewKey(new_key_file, passphrase), reason=reason, progress=progress.of)
        setting = session.environment.key
    if as_json:
        output.say_json(shapes.rotated_shape(done))
    else:
        output.say(f"{'Went on with a stopped rotation. ' if done.resumed else ''}{in_words(done)}")
    if passphrase and not done.resumed and setting != "passphrase":
        output.complain('Set key = "passphrase" in the settings of this environment, so that the console asks for it.')
    return ExitCode.DONE


def _code(status: "KeyStatus") -> ExitCode:
    return ExitCode.STORE if any(lost.current for lost in status.lost) else ExitCode.DONE
