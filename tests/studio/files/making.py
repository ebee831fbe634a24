"""Documents for tests, and short ways to read, plan and apply them."""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from ftos_tui.studio.files.applying import apply_plan
from ftos_tui.studio.files.entries import Entry
from ftos_tui.studio.files.exporting import Export, Format, SecretsAs, export_text
from ftos_tui.studio.files.plan import Action, Plan, PlanRow
from ftos_tui.studio.files.planning import make_plan
from ftos_tui.studio.files.reading import document_in
from ftos_tui.studio.files.references import Resolver
from ftos_tui.studio.files.source import Source
from ftos_tui.studio.session import Session
from tests.studio.making import GOOD, KEY, PASSWORD

ENVIRON = {"THE_PASSWORD": PASSWORD, "THE_KEY": KEY}
SECRETS = {"app_password": "env:THE_PASSWORD", "app_key": "env:THE_KEY"}


def provider(name: str = "Gateway", **changed: Any) -> dict[str, Any]:
    """One provider of a document, whole and good, with what the test changes."""
    return {**GOOD, "name": name, "secrets": SECRETS, **changed}


def document(*providers: Mapping[str, Any], **header: Any) -> str:
    """A document in JSON."""
    return json.dumps({"ftos_tui": 1, **header, "providers": list(providers)}, indent=1)


def source_of(text: str | bytes) -> Source:
    """A text as it is read from a file."""
    return Source(io.BytesIO(text if isinstance(text, bytes) else text.encode()))


def entries(text: str | bytes, name: str = "") -> list[Entry]:
    """All providers of a document."""
    return list(document_in(source_of(text), name))


def resolver(environ: Mapping[str, str] = ENVIRON, identities: Iterable[object] = ()) -> Resolver:
    """Where references are looked up by an operator who allowed every one of them."""
    return Resolver(environ, tuple(identities), prefixes=("env:", "file:"))


def planned(
    session: Session, text: str | bytes, environ: Mapping[str, str] = ENVIRON, identities: Iterable[object] = ()
) -> Plan:
    """The plan of a document."""
    return make_plan(session, document_in(source_of(text)), "gateways.json", resolver(environ, identities))


def applied(session: Session, text: str | bytes, **options: Any) -> Plan:
    """The plan of a document, applied."""
    plan = planned(session, text)
    apply_plan(session, plan, **options)
    return plan


def row_of(plan: Plan, name: str = "Gateway") -> PlanRow:
    """The row of a provider."""
    [row] = [row for row in plan.rows if row.name == name]
    return row


def codes(row: PlanRow) -> list[str]:
    """The codes of what is said of a row."""
    return [each.finding.code for each in row.findings]


def actions(plan: Plan) -> dict[str, int]:
    """How many providers each action has, those with none left out."""
    return {str(action): plan.counts[action] for action in Action if plan.counts[action]}


def exported(session: Session, **wanted: Any) -> str:
    """An export, JSON and without secrets unless it is said."""
    wanted["format"] = Format(wanted.get("format", "json"))
    wanted["secrets"] = SecretsAs(wanted.get("secrets", "omit"))
    return "".join(export_text(session, Export(**wanted)))
