"""What it costs to verify the audit, beside the bare cost of hashing the same bytes, and whether memory stays flat.

By itself it is the process that is measured: `python -m benchmarks.audit HOME` verifies the store of an operator.
"""

import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, insert, select

from benchmarks.figures import Figure
from benchmarks.places import Operator, new_operator
from benchmarks.terminal import CannotMeasure
from ftos_tui.domain.record import Author
from ftos_tui.stores.audit_chain import canonical, chained
from ftos_tui.stores.plain_json import time_to_text
from ftos_tui.stores.protocol import AuditEntry
from ftos_tui.stores.sql.rows import audit_row, version_digest
from ftos_tui.stores.sql.schema import audit, provider_version
from ftos_tui.studio.audit import verify
from ftos_tui.studio.session import Session

ENTRIES: Final = 1_000_000
"""How many entries are verified unless another number is asked for."""

_FEW: Final = 10_000
_AT_ONCE: Final = 10_000
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Verified:
    """What one verification took.

    Attributes:
        entries: How many entries there were.
        verify_s: Seconds for all of it.
        hash_s: Seconds for HMAC-SHA-256 over the same bytes, and nothing else.
        peak_mib: The greatest resident size of its process, without the hashing.
    """

    entries: int
    verify_s: float
    hash_s: float
    peak_mib: float


def audit_figures(folder: Path, entries: int = ENTRIES) -> list[Figure]:
    """Verifies a long audit and a short one, each in a process of its own, and one with the versions it tells of.

    Args:
        folder: Where stores may be made.
        entries: How many entries the long one has.

    Raises:
        CannotMeasure: An audit is not whole.
    """
    few, many = (_measured(new_operator(folder / f"audit-{number}"), number) for number in (_FEW, entries))
    told = _measured(new_operator(folder / "audit-versions"), entries // 10, versions=True)
    return [
        _cost(f"audit verify, {many.entries:,} entries", many),
        _cost(f"audit verify, {told.entries:,} with their versions", told),
        Figure(
            f"memory verifying {many.entries:,}",
            many.peak_mib,
            "MiB",
            1.1,
            few.peak_mib,
            note=f"peak, verifying {few.entries:,}",
        ),
    ]


def _cost(measure: str, verified: Verified) -> Figure:
    rate, bare = (verified.entries / seconds for seconds in (verified.verify_s, verified.hash_s))
    note = f"HMAC-SHA-256 of the same bytes; {rate:,.0f} and {bare:,.0f} entries a second"
    return Figure(measure, verified.verify_s, "s", None, verified.hash_s, note=note)


def _measured(operator: Operator, entries: int, *, versions: bool = False) -> Verified:
    _fill(operator, entries, versions)
    command = [sys.executable, "-m", "benchmarks.audit", str(operator.home)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMeasure(f"the audit was not verified: {done.stderr.strip()}")
    return Verified(**json.loads(done.stdout))


def _fill(operator: Operator, entries: int, versions: bool) -> None:
    """Writes entries as saves would, many at a time; with `versions` also what they tell of."""
    with operator.session() as session:
        [last] = session.store.audit_entries(5)
        sign, path = session.vault.sign, session.store_path
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            template = connection.execute(select(provider_version).where(provider_version.c.number == 1)).first()
            if template is None:
                raise CannotMeasure("the store has no version")
            pending: list[AuditEntry] = []
            rows: list[dict[str, Any]] = []
            for number in range(last.sequence + 1, entries + 1):
                row = _version_row(dict(template._mapping), number) if versions else None
                last = chained(_entry(number, row), last, sign)
                pending.append(last)
                rows += [row] if row else []
                if len(pending) == _AT_ONCE or number == entries:
                    connection.execute(insert(audit), [audit_row(entry) for entry in pending])
                    if rows:
                        connection.execute(insert(provider_version), rows)
                    pending, rows = [], []
    finally:
        engine.dispose()


def _version_row(template: dict[str, Any], number: int) -> dict[str, Any]:
    return {**template, "provider_id": f"{number:032x}", "operation_id": f"{number:032x}"}


def _entry(number: int, row: dict[str, Any] | None) -> AuditEntry:
    detail: dict[str, Any] = {"changed": ["bulk_no"], "acknowledged": [], "reason": f"Change {number} of a benchmark"}
    if row is not None:
        detail["digest"] = version_digest(row)
    return AuditEntry(
        sequence=0,
        at=time_to_text(_START + timedelta(days=400, seconds=number)),
        author=Author("benchmark", "localhost", "192.0.2.7"),
        action="save",
        provider_id=f"{number:032x}",
        provider_name=f"Benchmark-{number % 1000:06}",
        version=1,
        detail=json.dumps(detail, separators=(",", ":")),
        previous="",
        mac="",
    )


def _messages(session: Session) -> Iterator[list[bytes]]:
    after = 0
    while page := session.store.audit_entries(after, 2000):
        yield [canonical(replace(entry, mac="")) for entry in page]
        after = page[-1].sequence


def _peak_mib() -> float:
    # Not getrusage: its figure begins with that of the process this one was forked from.
    status = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line for line in status if line.startswith("VmHWM:")).split()[1]) / 1024


def main() -> int:
    """Verifies the store of the operator named by the argument and prints what it took, as JSON."""
    with Operator(Path(sys.argv[1])).session() as session:
        session.vault.sign(b"")
        before = time.perf_counter()
        report = verify(session)
        taken = time.perf_counter() - before
        peak = _peak_mib()
        if report.problem is not None:
            print(report.sentence, file=sys.stderr)
            return 1
        hashing = 0.0
        key = bytes(32)
        for messages in _messages(session):
            before = time.perf_counter()
            for message in messages:
                hmac.new(key, message, hashlib.sha256).digest()
            hashing += time.perf_counter() - before
    print(json.dumps({"entries": report.checked, "verify_s": taken, "hash_s": hashing, "peak_mib": peak}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
