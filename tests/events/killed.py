"""An endpoint that is killed between the commit of its first post and the answer.

`python -m tests.events.killed FOLDER`
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from ftos_tui.processor.events.listening import Listening
from ftos_tui.processor.events.service import serve
from ftos_tui.processor.notify import Notifier
from ftos_tui.studio.events import webhook_of
from tests.studio.making import session_in


def main() -> None:
    """Takes one post."""
    session = session_in(Path(sys.argv[1]))
    messages: Any = type(session.store.messages)
    take = messages.take_events

    def take_and_die(*arguments: Any) -> None:
        take(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    messages.take_events = take_and_die
    told = lambda text: print(text, flush=True)  # noqa: E731
    asyncio.run(serve(webhook_of(session), Listening("127.0.0.1", 0), Notifier({}), told))


if __name__ == "__main__":
    main()
