"""A plan on disk: made now, applied later, refused when its targets have moved meanwhile.

It is a document whose providers say on which version they are based, behind a `plan` that says what it is. Secrets are
in it only as the references they were. Its id is a digest of what it does; its checksum one of all that it says of
itself, the id and the acknowledged warnings among it. Both tell that it was altered by hand, not who made it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from ftos_tui.domain.exchange import FORMAT, MARK
from ftos_tui.domain.fields import PLAIN_IDS
from ftos_tui.studio.files.applying import PlanRefused, TargetsMoved, moved_targets
from ftos_tui.studio.files.entries import Document
from ftos_tui.studio.files.plan import Action, Plan, PlanRow
from ftos_tui.studio.files.planning import Progress, make_plan
from ftos_tui.studio.files.records import BASED_ON
from ftos_tui.studio.files.references import Resolver
from ftos_tui.studio.files.writing import json_text, private_file
from ftos_tui.studio.session import Session

_ALTERED: Final = "This plan was changed after it was made, or no longer says the same: make it again from the file."

_CHECKSUM: Final = "checksum"


def write_plan(session: Session, plan: Plan, acknowledged: Iterable[str], path: str) -> None:
    """Writes a plan to a file, 0600.

    Args:
        session: The operator's session.
        plan: The plan; one that refuses a provider cannot be applied and is not written.
        acknowledged: Codes of warnings acknowledged with it.
        path: The file.

    Raises:
        PlanRefused: The plan refuses a provider.
        NotWritten: The file cannot be written.
    """
    if plan.counts[Action.REFUSED]:
        raise PlanRefused("No plan was written: it refuses providers; correct the file first.")
    origin = plan.origin or plan.environment
    about = {
        "id": plan.id,
        "environment": plan.environment,
        "source": plan.source,
        "digest": plan.digest,
        "made_at": session.clock().isoformat(timespec="seconds"),
        "made_by": str(session.author),
        "acknowledged": sorted(acknowledged),
    }
    header = {MARK: FORMAT, "environment": origin, "plan": {**about, _CHECKSUM: _checksum(origin, about)}}
    with private_file(path) as file:
        file.writelines(json_text(header, map(_provider, plan.rows)))


def read_plan(
    session: Session, document: Document, resolver: Resolver, progress: Progress = lambda done: None
) -> tuple[Plan, tuple[str, ...]]:
    """The plan out of its file, judged anew against the store as it is now.

    Args:
        session: The operator's session.
        document: The file, at its start.
        resolver: Where references to secrets are looked up.
        progress: Told after each batch of providers.

    Returns:
        The plan, and the codes of warnings acknowledged with it.

    Raises:
        FileRefused: The file cannot be read.
        PlanRefused: It is no plan, of another environment, or was altered.
        TargetsMoved: A provider is no longer at the version the plan found.
    """
    based: list[PlanRow] = []
    plan = make_plan(session, document, "", resolver, planned=based.append, progress=progress)
    said = document.header.values.get("plan")
    if not isinstance(said, Mapping):
        raise PlanRefused("This file is no plan: make one with --plan-out, or apply the file itself.")
    if said.get("environment") != session.environment.name:
        raise PlanRefused("This plan was made for another environment: make it again for this one.")
    if said.get(_CHECKSUM) != _checksum(document.header.environment, said):
        raise PlanRefused(_ALTERED)
    plan.source = str(said.get("source", ""))
    acknowledged = tuple(map(str, said.get("acknowledged") or ()))
    moved = moved_targets(session, based)
    if moved:
        raise TargetsMoved(moved)
    if plan.id != said.get("id") and not plan.counts[Action.REFUSED]:
        raise PlanRefused(_ALTERED)
    return plan, acknowledged


def _checksum(origin: str, about: Mapping[str, Any]) -> str:
    """The digest of all that a plan says of itself, 16 hex digits."""
    said = {key: value for key, value in about.items() if key != _CHECKSUM}
    return hashlib.sha256(json.dumps([origin, said], sort_keys=True, default=str).encode()).hexdigest()[:16]


def _provider(row: PlanRow) -> dict[str, Any]:
    based_on = {BASED_ON: f"{row.provider_id}/{row.version}" if row.provider_id else ""}
    if row.content is None:
        return {"name": row.name, **based_on}
    found: dict[str, Any] = dict(zip(PLAIN_IDS, row.content.values, strict=True))
    found["statuses"] = [asdict(status) for status in row.content.statuses]
    if row.content.references:
        found["secrets"] = dict(row.content.references)
    return found | based_on
