"""What is settled about the terminal before Textual is imported: whether it will do, how many colours it has.

Textual and Rich read the process environment while they are imported, so this comes first and imports neither.
"""

import resource
from collections.abc import Mapping, MutableMapping
from typing import Final

# Textual variables that change nothing but looks and speed. All others go: TEXTUAL_LOG and TEXTUAL_DEBUG write every
# key to a file, passwords too; TEXTUAL_DRIVER and TEXTUAL_PRESS run somebody else's code and keys.
_HARMLESS: Final = frozenset({"TEXTUAL_COLOR_SYSTEM", "TEXTUAL_DIM_FACTOR", "TEXTUAL_DISABLE_KITTY_KEY", "TEXTUAL_FPS"})
_COLOUR_SYSTEMS: Final = frozenset({"standard", "256", "truecolor"})
# Terminals that know nothing of SGR colours.
_MONOCHROME: Final = ("vt1", "vt2", "vt3", "vt4", "vt5", "ansi-m", "xterm-mono", "sun-m")
# Terminals whose name does not end in -256color though they have at least that many; COLORTERM is lost over SSH.
_RICH_IN_COLOUR: Final = (
    "alacritty",
    "contour",
    "foot",
    "ghostty",
    "iterm",
    "kitty",
    "wezterm",
    "xterm-ghostty",
    "xterm-kitty",
)


def prepare_terminal(environ: MutableMapping[str, str], stdin_isatty: bool, stdout_isatty: bool) -> str | None:
    """Settles the environment for Textual, or says why the console cannot be opened.

    To be called before Textual is imported. Switches core dumps off too: one would hold the secrets in memory.

    Args:
        environ: The process environment; changed in place.
        stdin_isatty: Whether standard input is a terminal.
        stdout_isatty: Whether standard output is a terminal.

    Returns:
        One sentence to print before leaving with exit code 2, or None when all is well.
    """
    if not (stdin_isatty and stdout_isatty):
        return "ftos-tui needs a terminal on standard input and output; `ftos-tui --help` names what does without."
    term = environ.get("TERM", "").strip().lower()
    if term in ("", "dumb", "unknown"):
        said = f"TERM={term}" if term else "TERM is not set: this"
        return f"{said} is no terminal ftos-tui can draw on; set TERM to what yours is, for example xterm-256color."
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    for name in [name for name in environ if name.startswith("TEXTUAL") and name not in _HARMLESS]:
        del environ[name]
    # Exported ones would freeze the size: shutil.get_terminal_size believes them rather than the terminal.
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)
    environ["TEXTUAL_ANIMATIONS"] = "none"
    environ["TEXTUAL_SMOOTH_SCROLL"] = "0"
    # What a key changes beside its own field comes with the second frame, two periods later: 33 ms at Textual's 60.
    environ.setdefault("TEXTUAL_FPS", "200")
    if environ.get("NO_COLOR") == "":
        del environ["NO_COLOR"]  # empty means colour (no-color.org); Textual asks only whether it is there
    if term.startswith(_MONOCHROME):
        environ.setdefault("NO_COLOR", "1")
    if environ.get("TEXTUAL_COLOR_SYSTEM") not in _COLOUR_SYSTEMS:
        environ["TEXTUAL_COLOR_SYSTEM"] = colour_system(environ)
    if term == "linux" or term.startswith((*_MONOCHROME, "screen")):
        # They take the kitty protocol's `CSI > n u` for `CSI u`, restore cursor.
        environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")
    return None


def colour_system(environ: Mapping[str, str]) -> str:
    """How many colours the terminal has, as Rich names it: standard (16), 256 or truecolor.

    Rich by itself believes COLORTERM whatever TERM says, and GNU screen inherits COLORTERM from the terminal around it
    but garbles 24-bit colours; and it takes alacritty, foot and others for 16 colours where COLORTERM did not come
    along over SSH.

    Args:
        environ: TERM, COLORTERM and TMUX are read.
    """
    term = environ.get("TERM", "").strip().lower()
    in_gnu_screen = term.startswith("screen") and "TMUX" not in environ
    if term.startswith(("linux", *_MONOCHROME)):
        return "standard"
    if not in_gnu_screen and environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "truecolor"
    if term.endswith("-direct"):
        return "truecolor"
    if "256color" in term or term.startswith(_RICH_IN_COLOUR):
        return "256"
    return "standard"


def mouse_wanted(setting: str, environ: Mapping[str, str]) -> bool:
    """Whether to switch the mouse on at the start.

    Args:
        setting: on, off, or auto: on but under SSH, where the terminal's own selection is how people copy.
        environ: SSH_CONNECTION and SSH_TTY are read.
    """
    if setting == "auto":
        return not (environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    return setting == "on"
