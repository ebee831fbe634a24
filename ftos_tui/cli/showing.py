"""Shows one provider. Needs no typer: what scripts ask most often starts without it, see `run`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ftos_tui.cli import output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.domain.draft import text_of
from ftos_tui.domain.fields import FIELD_BY_ID, FIELDS
from ftos_tui.domain.record import ProviderVersion, SecretState

if TYPE_CHECKING:
    from ftos_tui.domain.trial import Trial
    from ftos_tui.studio.session import Session


def show(start: Start, name: str, *, as_json: bool, number: int | None = None) -> None:
    """Prints a provider; of its secrets only whether they are set.

    Args:
        start: The options before the command.
        name: The provider's Name.
        as_json: Whether to print JSON.
        number: Which version, of a deleted provider, too; None for the current one.

    Raises:
        NotFound: There is no provider of this name, or no such version.
    """
    from ftos_tui.studio.reading import trial_of

    with start.session() as session:
        version = provider_named(session, name) if number is None else version_named(session, name, number)
        trial = trial_of(session, version.provider_id)
        trial = trial if trial is not None and trial.version == version.number else None
        around = [] if as_json else list(_around(session, version, trial, current=number is None))
    if as_json:
        output.say_json(shapes.version_shape(version, trial))
    else:
        output.say_pairs([*_pairs(version), *around])


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


def _around(
    session: "Session", version: ProviderVersion, trial: "Trial | None", *, current: bool
) -> Iterator[tuple[str, str]]:
    """What hangs on a provider: its trial, the channels that send through it, the messages that wait for it."""
    from ftos_tui.studio.channels import served_in_words

    if trial is not None:
        yield "Trial", trial.words
    served = served_in_words(session, version.provider_id)
    if served:
        yield "Serves", served.removeprefix("serves ")
    if current:
        from ftos_tui.studio.forecast import look_ahead, queue_of

        queue = queue_of(session, version.provider_id)
        if queue.waiting:
            outlook = look_ahead(queue, queue.saved)
            yield "Queue", " ".join((outlook.sentence, *outlook.warnings, *outlook.unusual_pace))


def version_named(session: "Session", name: str, number: int | None = None) -> ProviderVersion:
    """A version of the provider of a name; where nobody bears it, of the last deleted one that did.

    Args:
        session: The operator's session.
        name: The provider's Name.
        number: Which version; None for the last.

    Raises:
        NotFound: There never was one, or not that version.
    """
    from ftos_tui.studio.failures import NotFound
    from ftos_tui.studio.history import find_with_deleted, version

    try:
        found = find_with_deleted(session, name)
    except NotFound:
        found = provider_named(session, name)  # says what is near
    return found if number is None else version(session, found.provider_id, number)


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
