"""Programs that send, each a process of its own: `python -m benchmarks.sending WHAT ARGUMENTS`.

Each says `ready`, waits for a line, works, and says by the clock of the machine when it began and ended.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.terminal import CannotMeasure

_LOOK_S: Final = 0.05
ROOT: Final = Path(__file__).resolve().parent.parent


def seconds_of(commands: Sequence[Sequence[str]]) -> float:
    """The seconds from the first one's start to the last one's end, all at once.

    Args:
        commands: Programs that say when they are ready.

    Raises:
        CannotMeasure: One of them failed.
    """
    with ExitStack() as stack:
        running = []
        for command in commands:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
            )
            running.append(stack.enter_context(process))
            stack.callback(process.kill)
        for process in running:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise CannotMeasure(f"a sender does not start: {process.communicate()[1][-2000:]}")
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        spans = []
        for process in running:
            out, complaints = process.communicate()
            if process.returncode:
                raise CannotMeasure(f"a sender failed: {complaints[-2000:]}")
            spans.append([float(word) for word in out.split()[-2:]])
    return max(span[1] for span in spans) - min(span[0] for span in spans)


def memory_of(command: Sequence[str]) -> float:
    """The peak memory of a program that says when it is ready, and at its end how much it took, in MiB."""
    done = subprocess.run(command, input="go\n", capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise CannotMeasure(f"a sender failed: {done.stderr[-2000:]}")
    return float(done.stdout.split()[1])


def timed(work: Callable[[], object]) -> None:
    """Waits for the word, works, and tells when."""
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    work()
    ended = time.monotonic()
    print(_peak_mib(), began, ended, flush=True)


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def bare(port: int, connections: int, number: int, payload: bytes) -> None:
    """A loop on each connection, by aiosmtplib, with bytes that are ready."""
    from aiosmtplib import SMTP

    async def one(messages: int) -> None:
        async with SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for _ in range(messages):
                await client.sendmail("office@example.com", ["client@example.com"], payload)

    async def all_of_them() -> None:
        share = number // connections
        await asyncio.gather(*(one(share) for _ in range(connections)))

    timed(lambda: asyncio.run(all_of_them()))


def worker(place: dict[str, Any]) -> None:
    """A worker of the processor, until nothing is left."""
    from benchmarks.queues import session_at
    from ftos_tui.domain.delivery.states import IN_HAND, WAITING, Dispatch
    from ftos_tui.processor.backing import Pace
    from ftos_tui.processor.worker import Worker
    from ftos_tui.studio.processor import backing_of

    session = session_at(place)
    session.store.messages.counts()

    async def work() -> None:
        # smtp-sink offers to sign in and then takes nobody: without a password it is not asked.
        backing = replace(backing_of(session), secrets=lambda version: {})
        # Two share a provider's Bulk No: one that finds nothing free must look again, not end.
        pace = Pace(step_s=0, look_s=_LOOK_S, sleep_s=_LOOK_S)
        worker = Worker(backing, pace, alone=not session.shared)
        running = asyncio.create_task(worker.run())
        while not running.done() and not over(await asyncio.to_thread(session.store.messages.counts)):
            await asyncio.sleep(_LOOK_S)
        worker.stop()
        await running

    def over(counts: Mapping[Dispatch, int]) -> bool:
        return not any(number for state, number in counts.items() if state in WAITING | IN_HAND)

    timed(lambda: asyncio.run(work()))
    session.close()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        worker(json.loads(sys.argv[2]))
    else:
        bare(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]).read_bytes())
