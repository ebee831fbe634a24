"""Test before trust: the way of a provider as it stands in a form or in the store, tried step by step.

`ready_test` asks store and vault, so it is called in a thread; `steps_of` then goes the way within an event loop and
ends when it is cancelled. Both faces tell the same: each step is a line in the status log.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ftos_tui.domain.connection_step import Step
from ftos_tui.domain.destination import destination_of
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.fields import FIELD_BY_ID, SECRET_IDS
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.log import Level
from ftos_tui.domain.record import Values
from ftos_tui.domain.route import NoRoute, route_of, secrets_used, way_in_words
from ftos_tui.domain.secret import Secret
from ftos_tui.domain.visible import shortened, visible
from ftos_tui.stores.audit_chain import unchained
from ftos_tui.stores.key_protocol import FactsChange
from ftos_tui.studio.failures import NotTestable, counted, field_label
from ftos_tui.studio.log import note
from ftos_tui.studio.master_key import lasting_name
from ftos_tui.studio.providers import check
from ftos_tui.studio.session import Session
from ftos_tui.studio.state_file import remember, remembered

if TYPE_CHECKING:
    from ftos_tui.transports.protocol import Reach

DECIDING: Final = (
    "provider_name",
    "communication_channel",
    "service_url",
    "app_user",
    "app_config",
)
"""The plain fields a connection depends on; a refusal at another one does not keep it from being tested."""

_SENDING: Final = (*DECIDING, "from_address", "from_display_name")
_STATE_FILE: Final = "test_recipients.json"
_LEVELS: Final = {"ok": Level.INFO, "look": Level.WARNING, "failed": Level.ERROR}


@dataclass(frozen=True, slots=True)
class ReadyTest:
    """A test that may be carried out: what it needs passed its checks, and the audit tells of it.

    Attributes:
        name: The provider's Name, visible.
        values: Canonical plain values, saved or not.
        secrets: App Password and App Key by field id, as far as they are known.
        recipient: To whom a test message goes; empty to test the connection only.
        unsaved: How many fields differ from what is saved.
    """

    name: str
    values: Values
    secrets: Mapping[str, Secret]
    recipient: str = ""
    unsaved: int = 0


def reach_of(session: Session) -> "Reach":
    """What the session's environment lets a connection reach."""
    from ftos_tui.transports.protocol import Reach

    return Reach(session.environment.allowed_hosts, session.environment.allow_http)


def ready_test(session: Session, draft: Draft, recipient: str | None = None) -> ReadyTest:
    """Checks that a draft may be tested, and writes down in the audit that it is; call it in a thread.

    Args:
        session: The operator's session.
        draft: What is tested, saved or not.
        recipient: To whom a test message goes: an address, or a telephone number on the sms channel; None to test the
            connection only, which sends nothing but the sign-in.

    Raises:
        NotPermitted: The environment is read-only, or the one who is signed in may not change anything.
        NotTestable: A field that is needed is refused, a secret has to be typed first, or the recipient is none.
        VaultError: A stored secret does not open.
        StoreError: The store cannot be used.
    """
    session.permit_change()
    sends = recipient is not None
    values, secrets = parts_of(session, draft, sends=sends)
    to = _recipient(session, values, recipient) if recipient is not None else ""
    test = ReadyTest(visible(str(values.get("name") or "")), values, secrets, to, len(draft.changed))
    _audit(session, draft, test)
    if sends:
        _remember(session, values, to)
    return test


def parts_of(session: Session, draft: Draft, *, sends: bool = False) -> tuple[Values, Mapping[str, Secret]]:
    """The values and secrets of a draft, fit for a test.

    Args:
        session: The operator's session.
        draft: What is edited.
        sends: Whether a message is sent, which needs more fields than a connection.

    Raises:
        NotTestable: A field that is needed is refused, or a secret has to be typed first.
        VaultError: A stored secret does not open.
        StoreError: The store cannot be read.
    """
    checked = check(session, draft)
    needed = _SENDING if sends else DECIDING
    refused = [finding for finding in checked.findings if finding.severity is Severity.REFUSE]
    for finding in refused:
        if finding.field in needed:
            raise NotTestable(f"{field_label(finding.field)}: {finding.message}")
    try:
        used = secrets_used(route_of(checked.values))
    except NoRoute as fault:  # pragma: no cover (whatever leads nowhere has a finding, too)
        raise NotTestable(f"{field_label(fault.field_id)}: {fault}") from None
    for finding in refused:
        if finding.field in used:
            raise NotTestable(f"{field_label(finding.field)}: {finding.message}")
    return checked.values, _secrets(session, draft, checked.values, used)


def _secrets(session: Session, draft: Draft, values: Values, used: frozenset[str]) -> Mapping[str, Secret]:
    """The secrets a test goes with: typed ones, else stored ones, but only to the destination they were entered for."""
    from ftos_tui.vault.envelope import Binding

    destination = destination_of(values)
    found = {field_id: secret for field_id, secret in draft.secrets.items() if secret and field_id in used}
    provider_id = draft.base.provider_id
    for field_id in SECRET_IDS:
        state = draft.base.secrets.get(field_id)
        if field_id in found or field_id not in used or provider_id is None or state is None or not state.is_set:
            continue
        label = FIELD_BY_ID[field_id].label
        if not session.may_unseal:
            raise NotTestable(f"Type {label} for the test: you may not read the stored one.")
        sealed = session.store.sealed_secret(provider_id, field_id, state.version)
        if sealed is None or not destination or sealed.destination != destination:
            raise NotTestable(f"Type {label} for the test: the stored one was entered for another destination.")
        binding = Binding(lasting_name(session), provider_id, field_id, sealed.version, sealed.destination)
        found[field_id] = session.vault.unseal(sealed.sealed, binding, sealed.key_id)
    return found


async def steps_of(session: Session, test: ReadyTest) -> AsyncGenerator[Step, None]:
    """Carries a test out; each step is told in the status log when it is done.

    Args:
        session: The operator's session.
        test: As `ready_test` gave it.

    Yields:
        The steps; the first that fails is the last. Cancelled, it lets go of the connection and says so in the log.
    """
    from ftos_tui.transports.connection_test import check_connection, send_test_message

    what = f"Test message to {shortened(test.recipient, 60)}" if test.recipient else "Connection test"
    unsaved = f", {counted(test.unsaved, 'field', 'fields')} unsaved" if test.unsaved else ""
    note(session, Level.INFO, f"{what} with {test.name or 'the new provider'}{unsaved}", test.name)
    reach = reach_of(session)
    if test.recipient:
        environment = session.environment.name
        steps = send_test_message(test.values, test.secrets, reach, test.recipient, environment)
    else:
        steps = check_connection(test.values, test.secrets, reach)
    worked, over = True, False
    try:
        async with aclosing(steps):
            async for step in steps:
                worked = worked and step.ok
                note(session, _LEVELS[step.verdict], in_words(step), test.name)
                yield step
        over = True
    finally:
        if not over:
            doubt = " The message may have left." if test.recipient else ""
            note(session, Level.WARNING, f"{what}: cancelled.{doubt}", test.name)
    if worked:
        done = "The provider took it." if test.recipient else "Messages can leave this way; none was sent."
        note(session, Level.SUCCESS, f"{what}: every step worked. {done}", test.name)


def in_words(step: Step) -> str:
    """A step on one line: `Sign in ok, 34 ms: apikey may sign in.`"""
    return f"{step.name} {step.verdict}, {step.milliseconds:,.0f} ms: {step.said}"


def last_recipient(session: Session, channel: str) -> str:
    """To whom the last test message of a channel went from here, in this environment; empty for nobody."""
    kept = remembered(session.places.state / _STATE_FILE, session.environment.name)
    found = kept.get(channel) if isinstance(kept, dict) else None
    return found if isinstance(found, str) else ""


def _remember(session: Session, values: Values, recipient: str) -> None:
    """A proposal for the next time: where it cannot be kept, it is typed again."""
    path, name = session.places.state / _STATE_FILE, session.environment.name
    kept = remembered(path, name)
    by_channel = kept if isinstance(kept, dict) else {}
    try:
        remember(path, name, {**by_channel, str(values.get("communication_channel") or "email"): recipient})
    except OSError as error:
        note(session, Level.WARNING, f"The recipient could not be kept for the next time: {error.strerror}.")


def _recipient(session: Session, values: Values, written: str) -> str:
    """The one address or number, in its canonical form.

    Raises:
        NotTestable: It is none, or there are several.
    """
    from ftos_tui.domain.delivery.recipients import check_addresses, check_numbers

    if values.get("communication_channel") == "sms":
        found, findings = check_numbers("to", written)
    else:
        found, findings = check_addresses("to", written, test=session.environment.test)
    for finding in findings:
        if finding.severity is Severity.REFUSE:
            raise NotTestable(finding.message)
    if len(found) != 1:
        raise NotTestable("Name one recipient: a test message goes to one only.")
    return found[0]


def _audit(session: Session, draft: Draft, test: ReadyTest) -> None:
    """Writes down what is tested, and whom a message goes to; what cannot be written down is not done."""
    detail: dict[str, str | list[str]] = {"way": way_in_words(test.values), "unsaved": list(draft.changed)}
    if test.recipient:
        detail["to"] = shortened(test.recipient, 120)
    entry = unchained(
        session.clock(),
        session.author,
        "test_message" if test.recipient else "test_connection",
        detail,
        provider_id=draft.base.provider_id or "",
        provider_name=str(draft.base.values.get("name") or test.values.get("name") or ""),
    )
    session.store.change_facts(FactsChange({}, {}, entry), session.vault.sign)
