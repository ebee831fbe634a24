"""Exports providers: as a document in YAML or JSON, or as a spreadsheet. Secrets leave only as references."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from ftos_tui.domain.exchange import FORMAT, MARK, Reference, ReferenceKind, provider_object
from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import ProviderVersion
from ftos_tui.domain.visible import shortened
from ftos_tui.stores.audit_chain import unchained
from ftos_tui.studio.failures import Failure, NotFound, field_label
from ftos_tui.studio.files.references import own_reference
from ftos_tui.studio.files.spreadsheet import csv_text
from ftos_tui.studio.files.writing import json_text, yaml_text
from ftos_tui.studio.reading import ListQuery, list_providers, opened_secret
from ftos_tui.studio.session import Session

SECRETS_FOLDER: Final = "/run/secrets"
"""Where `file:` references of an export point unless the operator says otherwise."""

_PAGE: Final = 250


class Format(StrEnum):
    """How providers are written."""

    YAML = "yaml"
    JSON = "json"
    CSV = "csv"
    """For spreadsheets; it cannot be imported."""


class SecretsAs(StrEnum):
    """What an export says of the secrets that are set."""

    OMIT = "omit"
    """Nothing: the target keeps its own."""
    ENV = "env"
    """A variable that the importing process is to have."""
    FILE = "file"
    """A file that the importing machine is to have."""
    AGE = "age"
    """The secret itself, encrypted for the recipients."""


class NotExported(Failure):
    """What was asked for cannot be exported; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Export:
    """What to export, and how.

    Attributes:
        names: Names of providers, in the order wanted; None for all that match `filter`.
        filter: As the list's filter.
        format: How providers are written.
        secrets: What is said of their secrets.
        recipients: Public keys, for `SecretsAs.AGE`.
        folder: Where `file:` references point.
    """

    names: tuple[str, ...] | None = None
    filter: str = ""
    format: Format = Format.YAML
    secrets: SecretsAs = SecretsAs.OMIT
    recipients: tuple[str, ...] = ()
    folder: str = SECRETS_FOLDER


def export_text(session: Session, wanted: Export, progress: Callable[[int], None] = lambda done: None) -> Iterator[str]:
    """The export, in pieces.

    An export that encrypts secrets for somebody is audited before the first of them is.

    Args:
        session: The operator's session.
        wanted: What to export.
        progress: Told how many providers were written, now and then.

    Raises:
        NotFound: No provider bears one of the names; nothing was given yet.
        NotExported: Recipients are missing or unnecessary, or a secret does not open.
        Failure: The store does not answer, or the export could not be audited.
    """
    recipients = _recipients(wanted)
    if wanted.names is not None:
        _refuse_unknown(session, wanted.names)
    if recipients:
        _audit(session, wanted)
    versions = _counted(_versions(session, wanted), progress)
    if wanted.format is Format.CSV:
        return csv_text(versions)
    header = {MARK: FORMAT, "environment": session.environment.name}
    providers = (provider_object(version, _references(session, version, wanted, recipients)) for version in versions)
    return (json_text if wanted.format is Format.JSON else yaml_text)(header, providers)


def _recipients(wanted: Export) -> list[object]:
    if wanted.secrets is not SecretsAs.AGE:
        if wanted.recipients:
            raise NotExported("Recipients are for secrets as age only: add that, or leave the recipients out.")
        return []
    if wanted.format is Format.CSV:
        raise NotExported("A spreadsheet takes no secrets: export YAML or JSON.")
    if not wanted.recipients:
        raise NotExported("Name a recipient, the public key that the secrets are encrypted for: age1….")
    from ftos_tui.vault.age import AgeUnusable, recipient_named

    try:
        return [recipient_named(text) for text in wanted.recipients]
    except AgeUnusable as problem:
        raise NotExported(str(problem)) from None


def _refuse_unknown(session: Session, names: Sequence[str]) -> None:
    for batch in _batches(names):
        found = session.store.by_names(batch)
        for name in batch:
            if name_key(name) not in found:
                raise NotFound(f"There is no provider {shortened(name, 60)}: see the list for the names there are.")


def _versions(session: Session, wanted: Export) -> Iterator[ProviderVersion]:
    """The current versions, read page by page; one that vanishes meanwhile is left out."""
    pages = _listed(session, wanted.filter) if wanted.names is None else _batches(dict.fromkeys(wanted.names))
    for names in pages:
        found = session.store.by_names(names)
        for key in dict.fromkeys(map(name_key, names)):
            if key in found:
                yield found[key]


def _listed(session: Session, filter: str) -> Iterator[list[str]]:
    query = ListQuery(filter=filter, limit=_PAGE)
    while page := list_providers(session, query):
        yield [summary.name for summary in page]
        query = ListQuery(filter=filter, limit=_PAGE, after=page[-1].cursor)


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while batch := list(islice(rest, _PAGE)):
        yield batch


def _counted(versions: Iterator[ProviderVersion], progress: Callable[[int], None]) -> Iterator[ProviderVersion]:
    for number, version in enumerate(versions):
        if number % _PAGE == 0:
            progress(number)
        yield version


def _references(
    session: Session, version: ProviderVersion, wanted: Export, recipients: list[object]
) -> dict[str, Reference]:
    if wanted.secrets is SecretsAs.OMIT:
        return {}
    return {
        field_id: _reference(session, version, field_id, wanted, recipients)
        for field_id in SECRET_IDS
        if version.secrets[field_id].is_set
    }


def _reference(
    session: Session, version: ProviderVersion, field_id: str, wanted: Export, recipients: list[object]
) -> Reference:
    if wanted.secrets is SecretsAs.ENV:
        return own_reference(ReferenceKind.ENV, version.name, field_id)
    if wanted.secrets is SecretsAs.FILE:
        return own_reference(ReferenceKind.FILE, version.name, field_id, wanted.folder)
    from ftos_tui.vault.age import wrapped

    secret = opened_secret(session, version, field_id)
    if secret is None:
        name, label = shortened(version.name, 60), field_label(field_id)
        raise NotExported(f"{label} of {name} does not decrypt: enter it again there, or leave that provider out.")
    destination = version.secrets[field_id].destination
    return Reference(ReferenceKind.AGE, wrapped(secret, field_id, destination, recipients))


def _audit(session: Session, wanted: Export) -> None:
    """Writes down that secrets are given to somebody; what cannot be written down does not happen."""
    from ftos_tui.stores.key_protocol import FactsChange

    session.permit_change()
    detail = {
        "recipients": [shortened(text.strip(), 120) for text in wanted.recipients],
        "providers": "all" if wanted.names is None else [shortened(name, 100) for name in wanted.names],
        "filter": wanted.filter,
    }
    entry = unchained(session.clock(), session.author, "export_secrets", detail)
    session.store.change_facts(FactsChange({}, {}, entry), session.vault.sign)
