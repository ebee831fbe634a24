"""What can go wrong with an operation, for faces to catch. Each has one sentence that says what to do."""

from typing import TYPE_CHECKING

from ftos_tui.domain.channel import CHANNEL_FIELD_BY_ID
from ftos_tui.domain.checks.context import Checked
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.stores.protocol import (
    NameTaken,
    NotFound,
    OutcomeUnknown,
    ProviderInUse,
    SignInRefused,
    StaleVersion,
    StoreDamaged,
    StoreError,
    StoreForbidden,
    StoreFull,
    StoreNewer,
    StoreReadOnly,
    StoreUnreachable,
)
from ftos_tui.vault.errors import VaultError

if TYPE_CHECKING:
    from ftos_tui.studio.session import Session

__all__ = [
    "CopyRefused",
    "Failure",
    "FileProblem",
    "GivenUp",
    "MessageRefused",
    "NameTaken",
    "NoTrial",
    "NotFound",
    "NotPermitted",
    "NotTestable",
    "OutcomeUnknown",
    "ProviderInUse",
    "Refused",
    "SignInNeeded",
    "SignInRefused",
    "StaleVersion",
    "StoreDamaged",
    "StoreError",
    "StoreForbidden",
    "StoreFull",
    "StoreNewer",
    "StoreReadOnly",
    "StoreUnreachable",
    "VaultError",
    "WarningsOpen",
    "WrongConfirmation",
]


class NotPermitted(Failure):
    """The environment is read-only, or the one who is signed in may not do that."""


class NotTestable(Failure):
    """A provider cannot be tested as it stands: a field that says where the test would lead is refused, a secret that
    it needs has to be typed, or the recipient is none.
    """


class SignInNeeded(Failure):
    """Somebody has to sign in to the shared store first, and could not be asked.

    Attributes:
        session: In which session.
    """

    def __init__(self, message: str, session: "Session") -> None:
        super().__init__(message)
        self.session = session


class GivenUp(Failure):
    """The operator stopped waiting for the store."""


class NoTrial(Failure):
    """There is no trial to confirm any more, or nothing that a trial could go back to."""


class FileProblem(Failure):
    """A file cannot be taken as it is: it is no document of providers, or what it says is refused."""


class CopyRefused(Failure):
    """A store is not copied: the source is not whole or not at rest, or the target is not empty."""


class WrongConfirmation(Failure):
    """What was typed to confirm is not what was asked for."""


class Refused(Failure):
    """The check refuses the record.

    Attributes:
        checked: The whole outcome of the check.
    """

    def __init__(self, checked: Checked) -> None:
        refused = {finding.field for finding in checked.findings if finding.severity is Severity.REFUSE}
        super().__init__(f"Not saved: {counted(len(refused), 'field needs', 'fields need')} to be put right.")
        self.checked = checked


class MessageRefused(Failure):
    """A message is not queued: the check refuses it, or a warning was not acknowledged.

    Attributes:
        findings: What the check said.
    """

    def __init__(self, message: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(message)
        self.findings = findings


class WarningsOpen(Failure):
    """Warnings stand that were not acknowledged by name.

    Attributes:
        checked: The whole outcome of the check.
        open: The warnings to acknowledge.
    """

    def __init__(self, checked: Checked, open: tuple[Finding, ...]) -> None:
        names = ", ".join(f"{finding.code} ({field_label(finding.field)})" for finding in open)
        super().__init__(f"Not saved: acknowledge {names}.")
        self.checked = checked
        self.open = open


def field_label(field_id: str) -> str:
    """The vendor's label of a field; `Statuses` for the list of statuses."""
    spec = FIELD_BY_ID.get(field_id) or CHANNEL_FIELD_BY_ID.get(field_id)
    return spec.label if spec else field_id.capitalize()


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: `1 field`, `2 fields`."""
    return f"{number:,} {one if number == 1 else many}"
