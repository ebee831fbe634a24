"""Makes the pictures of the documentation: the real program in a real terminal, driven by keys.

Run by `make pictures`; writes docs/pictures/*.svg, and the same screens as text beside them.
"""

import sys
import tempfile
from pathlib import Path

from docs.svg import svg_of
from tests.terminal.harness import Console, isolated_environ
from tests.terminal.program import GATEWAY, put_cursor_on

FOLDER = Path(__file__).parent / "pictures"

PASSWORD = "not-a-real-password"
KEY = "not-a-real-subscription-key"


OPERATOR = """
import pwd, socket
entry = pwd.struct_passwd(("ana", "x", 1000, 1000, "", "/", "/bin/sh"))
pwd.getpwuid = lambda uid: entry
socket.gethostname = lambda: "jump1"
"""
"""What every Python of the pictures runs first, so that they show ana on jump1 wherever they are made."""


def operators_home(home: Path) -> dict[str, str]:
    """The environment of an operator's terminal, everything below one folder."""
    (home / "sitecustomize.py").write_text(OPERATOR)
    environ = isolated_environ(home, TERM="xterm-256color", COLORTERM="truecolor", TZ="UTC", HOME=str(home))
    return dict(environ) | {
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "PYTHONPATH": str(home),
    }


def shoot(console: Console, name: str) -> None:
    """Keeps the screen as it stands."""
    console.wait_quiet()
    terminal = console.emulator
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.svg").write_text(svg_of(terminal.buffer, terminal.columns, terminal.lines), "utf-8")
    (FOLDER / f"{name}.txt").write_text("\n".join(line.rstrip() for line in console.screen) + "\n", "utf-8")
    print(f"docs/pictures/{name}.svg")


def fill(console: Console) -> None:
    """Fills the form of FTOSEmailGateway in the vendor's order, one mistake among it."""
    for text in ("FtosProvider", "https://api.sendgrid.com", "apikey", PASSWORD, KEY, "{}", "office@bank.example.com"):
        console.press("down")
        console.type(text)
    console.press("down")
    console.type("Example Bank")
    console.press("down")
    console.type("50")
    console.press("down")
    console.type("9am")


def main() -> None:
    """Walks the console once and takes the pictures on the way."""
    with tempfile.TemporaryDirectory() as folder:
        environ = operators_home(Path(folder))
        command = [sys.executable, "-m", "ftos_tui"]
        with Console(command, environ=environ, columns=80, rows=24) as console:
            console.wait_for("Admin")
            shoot(console, "menu")
            for wanted in ("Omnichannel", "Channel Providers", "FTOSEmailGateway"):
                console.press("enter")
                console.wait_for(wanted)
            console.wait_for("6 providers")
            shoot(console, "list")
            console.press("j", "enter")
            console.wait_for("Edit Channel Provider")
            console.press("down")
            fill(console)
            console.wait_for("Write 09:00:00")
            shoot(console, "form")
            console.press("ctrl+u")
            console.type("09:00:00")
            console.press("down")
            console.type("18:00:00")
            console.press("down")
            console.type("3")
            console.press("down")
            console.type("00:30:00")
            console.press("down", "y", "down", "n", "f4")
            console.wait_for("Readiness")
            shoot(console, "meaning")
            console.press("escape")
            console.wait_for("unsaved")
            console.press("f3")
            console.wait_for("Meaning")
            shoot(console, "statuses")
            console.press("escape", "f2")
            console.wait_for("Saved FTOSEmailGateway version 2")
            shoot(console, "saved")
            console.press("?")
            console.wait_for("What it does")
            shoot(console, "keys")
        with Console([*command, "providers"], environ=environ, columns=120, rows=34) as console:
            put_cursor_on(console, GATEWAY)
            console.press("enter")
            console.wait_for("Way out")
            shoot(console, "wide")


if __name__ == "__main__":
    main()
