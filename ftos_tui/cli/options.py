"""Options that several commands share, and what completes them."""

from typing import Annotated

import typer

from ftos_tui.cli.completion import complete_names, complete_secret_ids

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
