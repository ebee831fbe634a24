"""A worker as a process of its own with a pace of the test's, on a shared store.

`python -m tests.processor.runner HOST PORT DATABASE FOLDER LEASE_S`
"""

import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path

from tests.processor.post import QUICK
from tests.processor.shared import shared_session


async def main() -> None:
    """Works until SIGTERM."""
    host, port, database, folder, lease_s = sys.argv[1:]
    from ftos_tui.processor.worker import Worker
    from ftos_tui.studio.processor import backing_of

    session = shared_session(host, int(port), database, Path(folder))
    worker = Worker(backing_of(session), replace(QUICK, lease_s=float(lease_s), heartbeat_s=float(lease_s) / 4))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await worker.run()
    session.close()


if __name__ == "__main__":
    asyncio.run(main())
