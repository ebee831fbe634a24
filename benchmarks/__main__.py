"""`make bench`: measures, prints the table, judges nothing by its exit code."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.audit import ENTRIES, audit_figures
from benchmarks.commands import command_figure
from benchmarks.figures import HEADERS, Figure, table
from benchmarks.files import file_figures
from benchmarks.hangup import hangup_figure
from benchmarks.history import history_figures
from benchmarks.keys import key_figures
from benchmarks.pages import page_figures
from benchmarks.peers import HEADERS as PEER_HEADERS
from benchmarks.peers import peer_rows
from benchmarks.places import Operator, configure, new_operator
from benchmarks.starts import start_figures
from benchmarks.terminal import CannotMeasure


def main() -> int:
    """Runs the benchmarks.

    Returns:
        0 whether the targets are met or not; 1 when something could not be measured.
    """
    arguments = _arguments()
    peers: list[tuple[str, ...]] = []
    try:
        with tempfile.TemporaryDirectory(prefix="ftos-tui-bench-") as name:
            folder = Path(name)
            figures = _measure(folder, arguments.rounds, arguments.audit_entries, peers=arguments.peers)
            print(_machine(), table(HEADERS, [figure.row() for figure in figures]), sep="\n\n", flush=True)
            if arguments.peers:
                _say("Peers")
                peers = peer_rows(new_operator(folder / "peers"), max(arguments.rounds // 3, 3))
                print("", table(PEER_HEADERS, peers), sep="\n")
    except CannotMeasure as reason:
        print(f"Not measured: {reason}", file=sys.stderr)
        return 1
    if arguments.json:
        shape = _shape(figures, peers)
        Path(arguments.json).write_text(json.dumps(shape, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the console in a real terminal.")
    parser.add_argument("--rounds", type=int, default=15, help="starts of each program (default: 15)")
    parser.add_argument("--audit-entries", type=int, default=ENTRIES, help=f"entries to verify (default: {ENTRIES:,})")
    parser.add_argument("--peers", action="store_true", help="install others apart, measure them too")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    return parser.parse_args()


def _measure(folder: Path, rounds: int, entries: int, *, peers: bool) -> list[Figure]:
    _say("Preparing stores with 6, 200 and 100,000 providers")
    few = new_operator(folder / "few")
    configure(few)
    many = new_operator(folder / "many", 200)
    most = new_operator(folder / "most", 100_000)
    _say("Starts and memory")
    figures = start_figures(few, many, most, rounds)
    _say("Keys")
    figures += key_figures(few)
    _say("Hang-ups")
    figures.append(hangup_figure(few))
    _say("Pages")
    figures += page_figures(many, most)
    _say("History")
    figures += history_figures(folder, rounds)
    _say("Files of 10,000 providers")
    figures += file_figures(folder)
    _say(f"Audit of {entries:,} entries")
    figures += audit_figures(folder, entries)
    figures += _shared_figures(folder, many, rounds)
    figures += _delivery_figures(folder, peers=peers)
    _say("Commands")
    figures.append(command_figure(few, rounds))
    return figures


def _shared_figures(folder: Path, local: Operator, rounds: int) -> list[Figure]:
    # Imported here: without these packages the rest can be measured all the same.
    from benchmarks.shared_console import console_figures
    from benchmarks.shared_places import SETTINGS
    from benchmarks.shared_store import shared_stores, store_figures
    from tests.postgres import PostgresServer

    _say("Preparing shared stores with 200 and 100,000 providers, 1,000,000 versions")
    with PostgresServer(SETTINGS) as server:
        few, most = shared_stores(server)
        _say("The shared store")
        figures = store_figures(server, few, most)
        _say("The console on a shared store")
        return [*figures, *console_figures(folder, server, few, local, rounds)]


def _delivery_figures(folder: Path, *, peers: bool) -> list[Figure]:
    from benchmarks.delivery import delivery_figures
    from benchmarks.events import event_figures
    from benchmarks.peers import post_office_python
    from benchmarks.queue_scale import memory_figure, scale_figures
    from benchmarks.shared_places import SETTINGS
    from tests.postgres import PostgresServer

    with PostgresServer(SETTINGS) as server:
        _say("Sending")
        figures = delivery_figures(folder, server, post_office_python() if peers else None)
        figures.append(memory_figure(folder))
        _say("Queues of 1,000 and 1,000,000 messages")
        figures += scale_figures(folder, server)
    _say("Events")
    place = folder / "events"
    place.mkdir()
    return [*figures, *event_figures(place)]


def _say(doing: str) -> None:
    print(f"{doing} …", file=sys.stderr, flush=True)


def _machine() -> str:
    return (
        f"Python {platform.python_version()}, Textual {version('textual')}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores, terminal 80x24"
    )


def _shape(figures: Sequence[Figure], peers: Sequence[Sequence[str]]) -> dict[str, Any]:
    return {
        "machine": _machine(),
        "figures": [figure.shape() for figure in figures],
        "peers": [list(row) for row in peers],
    }


if __name__ == "__main__":
    sys.exit(main())
