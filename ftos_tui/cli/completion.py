"""What the shell offers when Tab is pressed: names of providers, ids of fields. It makes no store and says nothing."""

import typer

from ftos_tui.cli.context import Start
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.fields import FIELD_BY_ID, PLAIN_IDS, SECRET_IDS
from ftos_tui.domain.visible import is_safe

_MOST = 100


def complete_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of providers that begin with what is typed; none where the store is not there or not to be had."""
    options = ctx.find_root().params
    try:
        session = Start(options.get("env") or None, options.get("config") or None).open_session()
        session.ask_passphrase = session.ask_sign_in = None
    except Failure:
        return []
    try:
        if not session.store_made:
            return []
        from ftos_tui.studio.reading import ListQuery, list_providers

        rows = list_providers(session, ListQuery(filter=incomplete, limit=_MOST))
    except Failure:
        return []
    finally:
        session.close()
    return [row.name for row in rows if row.name.startswith(incomplete) and is_safe(row.name)]


def complete_assignments(incomplete: str) -> list[tuple[str, str]]:
    """`id=` for the plain fields, and `id=value` for option sets and switches."""
    field_id, sign, _ = incomplete.partition("=")
    if not sign:
        return [(f"{other}=", FIELD_BY_ID[other].label) for other in PLAIN_IDS]
    spec = FIELD_BY_ID.get(field_id)
    if spec is None:
        return []
    options = ("on", "off") if spec.data_type == "bool" else spec.options
    return [(f"{field_id}={option}", spec.label) for option in options]


def complete_secret_ids() -> list[tuple[str, str]]:
    """The ids of the secret fields."""
    return [(field_id, FIELD_BY_ID[field_id].label) for field_id in SECRET_IDS]
