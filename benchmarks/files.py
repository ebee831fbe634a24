"""What a plan against the store costs beside reading and checking the file, and how fast a plan is applied."""

import statistics
import time
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure
from benchmarks.places import Operator, new_operator
from ftos_tui.domain.checks.draft import check_draft
from ftos_tui.domain.draft import Base, Draft
from ftos_tui.domain.record import EMPTY_VALUES
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.files.applying import apply_plan
from ftos_tui.studio.files.plan import Plan
from ftos_tui.studio.files.planning import make_plan
from ftos_tui.studio.files.reading import document_in, opened
from ftos_tui.studio.files.records import incoming
from ftos_tui.studio.files.references import Resolver
from ftos_tui.studio.files.writing import json_text, yaml_text
from ftos_tui.studio.providers import check_context
from ftos_tui.studio.session import Session

PROVIDERS: Final = 10_000

_ENVIRON: Final = {"BENCHMARK_PASSWORD": "benchmark-password-1", "BENCHMARK_KEY": "benchmark-key-2"}
_ROUNDS: Final = 3


def file_figures(folder: Path) -> list[Figure]:
    """The plan of a file of 10,000 providers, a tenth of them changed and a tenth new, in JSON and in YAML.

    Args:
        folder: Where an operator and files may be made.
    """
    operator = new_operator(folder / "files")
    seconds = _filled(operator, folder / "first.json")
    figures = []
    for suffix, write in (("json", json_text), ("yaml", yaml_text)):
        path = folder / f"second.{suffix}"
        path.write_text("".join(write({"ftos_tui": 1}, map(_second, range(PROVIDERS)))), "utf-8")
        with operator.session() as session:
            ours = _seconds(lambda path=path, session=session: _plan(session, path))  # type: ignore[misc]
            reference = _seconds(lambda path=path, session=session: _read_and_check(session, path))  # type: ignore[misc]
        note = f"median of {_ROUNDS}, reading and checking"
        figures.append(Figure(f"plan of {PROVIDERS:,} providers, {suffix}", ours, "s", 3.0, reference, note=note))
    figures.append(Figure(f"applying {PROVIDERS:,} new providers", seconds, "s", None, note="once, one transaction"))
    return figures


def _filled(operator: Operator, path: Path) -> float:
    """Imports the providers; seconds that the writing took."""
    path.write_text("".join(json_text({"ftos_tui": 1}, map(_provider, range(PROVIDERS * 9 // 10)))), "utf-8")
    with operator.session() as session:
        plan = _plan(session, path)
        before = time.perf_counter()
        apply_plan(session, plan)
        return (time.perf_counter() - before) * PROVIDERS / plan.writes


def _provider(number: int) -> dict[str, object]:
    return {
        "name": f"Benchmark-{number:06}",
        "communication_channel": "email",
        "provider_name": "SendGrid",
        "service_url": f"https://gateway{number}.example.com",
        "app_user": "apikey",
        "app_config": "{}",
        "from_address": f"office{number}@bank.example.com",
        "from_display_name": "Example Bank",
        "bulk_no": 1 + number % 1000,
        "interval_min": "06:00:00",
        "interval_max": "20:00:00",
        "retry_max_attempt": 3,
        "pool_time_retry": "00:05:00",
        "open_setting": True,
        "click_setting": True,
        "secrets": {"app_password": "env:BENCHMARK_PASSWORD", "app_key": "env:BENCHMARK_KEY"},
    }


def _second(number: int) -> dict[str, object]:
    """Every tenth differs from what was imported; the last tenth is new."""
    return _provider(number) | ({"from_display_name": "Another Bank"} if number % 10 == 0 else {})


def _plan(session: Session, path: Path) -> Plan:
    with opened(str(path)) as source:
        return make_plan(session, document_in(source), path.name, Resolver(_ENVIRON, prefixes=("env:",)))


def _read_and_check(session: Session, path: Path) -> None:
    """Every provider read and checked by itself, the store left aside."""
    base, secrets = Base(None, 0, EMPTY_VALUES), {"app_password": Secret("one-secret"), "app_key": Secret("another")}
    context = check_context(session, Draft(base), ask_store=False)
    with opened(str(path)) as source:
        for entry in document_in(source):
            each = incoming(entry)
            check_draft(Draft(base, each.edits, secrets, each.statuses), context)


def _seconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in repeat(None, _ROUNDS):
        before = time.perf_counter()
        work()
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)
