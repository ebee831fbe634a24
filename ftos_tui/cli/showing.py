"""Shows one provider. Needs no typer: what scripts ask most often starts without it, see `run`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.domain.draft import text_of
from ftos_tui.domain.fields import FIELD_BY_ID, FIELDS
from ftos_tui.domain.record import ProviderVersion, SecretState

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session


def show(start: Start, name: str, *, as_json: bool) -> None:
    """Prints a provider; of its secrets only whether they are set.

    Raises:
        NotFound: There is no provider of this name.
    """
    with start.session() as session:
        version = provider_named(session, name)
    if as_json:
        output.say_json(shapes.version_shape(version))
    else:
        output.say_pairs(_pairs(version))


def provider_named(session: "Session", name: str) -> ProviderVersion:
    """The provider of a name.

    Raises:
        NotFound: There is none; the text names the nearest ones.
    """
    from ftos_tui.studio.failures import NotFound
    from ftos_tui.studio.reading import open_provider

    try:
        return open_provider(session, name=name)
    except NotFound:
        pass
    from ftos_tui.domain.visible import shortened
    from ftos_tui.studio.nearest import nearest_names

    names = nearest_names(session, name)
    hint = f": did you mean {' or '.join(names)}?" if names else ": `ftos-tui providers list` lists them."
    raise NotFound(f"There is no provider {shortened(name, 60)}{hint}")


def secret_text(state: SecretState) -> str:
    """What may be told of a secret, in words."""
    if not state.is_set:
        return "not set"
    day = f", {state.set_at:%Y-%m-%d}" if state.set_at else ""
    return f"{'set' if state.readable else 'unreadable'}, version {state.version}{day} by {state.set_by}"


def _pairs(version: ProviderVersion) -> Iterator[tuple[str, str]]:
    for spec in FIELDS:
        text = secret_text(version.secrets[spec.id]) if spec.secret else text_of(spec.id, version.values.get(spec.id))
        yield spec.label, text or "—"
    yield "Statuses", f"{len(version.statuses)} rows"
    missing = ", ".join(FIELD_BY_ID[field_id].label for field_id in version.missing)
    yield "Readiness", "ready" if version.ready else f"missing: {missing}"
    yield "Version", f"{version.number}, {shapes.time_text(version.saved_at)} by {version.saved_by}"
    if version.reason:
        yield "Reason", version.reason
