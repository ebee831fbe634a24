"""Test before trust: the way of a provider as it stands in a form or in the store, tried step by step."""

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from ftos_tui.domain.connection_step import Step
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.fields import SECRET_IDS
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.record import Values
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.failures import NotPermitted
from ftos_tui.studio.master_key import lasting_name
from ftos_tui.studio.providers import check
from ftos_tui.studio.session import Session

if TYPE_CHECKING:
    from ftos_tui.transports.protocol import Reach

_DECIDING = ("provider_name", "communication_channel", "service_url", "app_user", "app_config")
"""The fields a connection depends on; a refusal at another one does not keep it from being tested."""


def reach_of(session: Session) -> "Reach":
    """What the session's environment lets a connection reach."""
    from ftos_tui.transports.protocol import Reach

    return Reach(session.environment.allowed_hosts, session.environment.allow_http)


def secrets_for(session: Session, draft: Draft, values: Values) -> Mapping[str, Secret]:
    """The secrets a test goes with: typed ones, else stored ones, these only to the destination they were entered for.

    Args:
        session: The operator's session.
        draft: What is edited.
        values: Its canonical values.

    Raises:
        VaultError: A stored secret does not open.
    """
    from ftos_tui.vault.envelope import Binding

    destination = destination_of(values)
    found = {field_id: secret for field_id, secret in draft.secrets.items() if secret}
    provider_id = draft.base.provider_id
    for field_id in SECRET_IDS:
        state = draft.base.secrets.get(field_id)
        if field_id in found or provider_id is None or state is None or not state.is_set:
            continue
        sealed = session.store.sealed_secret(provider_id, field_id, state.version)
        if sealed is None or not destination or sealed.destination != destination:
            continue
        binding = Binding(lasting_name(session), provider_id, field_id, sealed.version, sealed.destination)
        found[field_id] = session.vault.unseal(sealed.sealed, binding, sealed.key_id)
    return found


def parts_of(session: Session, draft: Draft) -> tuple[Values, Mapping[str, Secret]]:
    """The values and secrets of a draft, fit for a test; call it in a thread, it asks store and vault.

    Raises:
        NotPermitted: A field that says where the test would lead is refused; the sentence is that finding's.
        VaultError: A stored secret does not open.
        StoreError: The store cannot be read.
    """
    checked = check(session, draft)
    for finding in checked.findings:
        if finding.severity is Severity.REFUSE and finding.field in _DECIDING:
            raise NotPermitted(finding.message)
    return checked.values, secrets_for(session, draft, checked.values)


def connection_steps(session: Session, values: Values, secrets: Mapping[str, Secret]) -> AsyncIterator[Step]:
    """*Test connection*: the steps as they are done; sends nothing.

    Args:
        session: The operator's session.
        values: As `parts_of` gave them.
        secrets: As `parts_of` gave them.
    """
    from ftos_tui.transports.connection_test import check_connection

    return check_connection(values, secrets, reach_of(session))


def message_steps(
    session: Session, values: Values, secrets: Mapping[str, Secret], recipient: str
) -> AsyncIterator[Step]:
    """*Send a test message* to one address: the way, then what became of it.

    Args:
        session: The operator's session.
        values: As `parts_of` gave them.
        secrets: As `parts_of` gave them.
        recipient: An address, or a telephone number for the sms channel.

    Raises:
        NotPermitted: The environment is read-only.
    """
    if session.environment.read_only:
        raise NotPermitted(f"Environment {session.environment.name} is read-only: nothing is sent from it.")
    from ftos_tui.transports.connection_test import send_test_message

    return send_test_message(values, secrets, reach_of(session), recipient, session.environment.name)
