"""Terminal safety, and every workaround for Textual 8.2.8.

- `filter`: no control character reaches the terminal, whatever a widget renders.
- `driver`: the terminal is written to and read from without hanging, crashing or typing what was pasted.
- `compositor`: what changed is painted, also where the focus moves without painting the screen again.
- `type_ahead`: keys reach what has the focus when their turn comes.
- `guard`: signals and a vanished terminal end the process within half a second.
- `crash`: the crash report without values.
- `editor`: the operator's editor on a private file.
- `app`: the App that ties them together.
"""

from ftos_tui.terminal.app import SafeApp
from ftos_tui.terminal.editor import EditorFailed
from ftos_tui.tty import mouse_wanted

__all__ = ["EditorFailed", "SafeApp", "mouse_wanted"]
