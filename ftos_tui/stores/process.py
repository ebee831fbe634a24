"""Which process left a file behind, and whether it still runs: a process id alone is given out again."""

import os
from pathlib import Path


def process_started(pid: int) -> str:
    """When a process started, as text to compare; empty where the system does not tell or there is no such process.

    It is the boot's id and the start in clock ticks since then (proc_pid_stat(5), field 22).

    Args:
        pid: The process id.
    """
    try:
        # The name of the program, field 2, may hold anything, brackets too: fields are counted behind it.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
    return f"{boot}/{fields[19]}"


def still_runs(pid: int, started: str) -> bool:
    """Whether the very process runs that once had this id and start.

    Args:
        pid: The process id.
        started: What `process_started` said then; empty for unknown, then any process of that id counts.
    """
    if pid <= 0:
        return False
    if started:
        return process_started(pid) == started
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is there, but somebody else's
    return True
