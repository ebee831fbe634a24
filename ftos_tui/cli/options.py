"""Options that several commands share, and what completes them."""

from typing import Annotated, Any

import typer

from ftos_tui.cli.completion import complete_assignments, complete_names, complete_secret_ids

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The provider's Name.", show_default=False, autocompletion=complete_names)
]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why, kept with the version.", show_default=False)
]
Trial = Annotated[
    str | None,
    typer.Option(
        "--trial",
        metavar="MINUTES",
        help="Revert by itself after so long unless confirmed: 10, or 30s, 10m, 2h.",
        show_default=False,
    ),
]
Acknowledge = Annotated[
    list[str] | None,
    typer.Option("--acknowledge", metavar="CODE", help="Acknowledge a warning by its code.", show_default=False),
]
ExpectVersion = Annotated[
    int | None,
    typer.Option(
        "--expect-version", min=0, metavar="N", help="Refuse unless this is the saved version.", show_default=False
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what it would do, and store nothing.")]
SecretId = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="app_password or app_key.", show_default=False, autocompletion=complete_secret_ids
    ),
]


def given_fields(help: str) -> Any:
    """The argument of a command that takes fields with their values.

    Args:
        help: What becomes of them, a sentence.
    """
    return typer.Argument(metavar="[ID=VALUE]...", help=help, show_default=False, autocompletion=complete_assignments)


def asked_secrets(help: str) -> Any:
    """The option of a command that asks for secrets.

    Args:
        help: How or what for, a sentence.
    """
    return typer.Option("--secret", metavar="ID", help=help, show_default=False, autocompletion=complete_secret_ids)


IfSaved = Annotated[list[str] | None, given_fields("Fields as they would be; nothing of it is saved.")]
