"""Makes the picture of two operators on a shared store in the README. Run by `make pictures`."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from docs.pictures import FOLDER
from docs.svg import stacked, svg_of
from tests.postgres import PostgresServer
from tests.terminal.harness import Console
from tests.terminal.people import Person, person
from tests.terminal.program import GATEWAY, VALUES, field_text, put_cursor_on


def carry_out(who: Person, line: str) -> None:
    """Carries out a line to its end."""
    with who.shell(line, columns=200) as console:
        if console.wait_end() != 0:
            raise RuntimeError(console.text)


def settle_in(homes: Path, server: PostgresServer) -> dict[str, Person]:
    """The homes of the keeper, of ana and of ben."""
    people = {
        user: person(homes, user, host) for user, host in (("keeper", "jump0"), ("ana", "jump1"), ("ben", "jump2"))
    }
    for user, who in people.items():
        file = who.home / ".config/ftos-tui/config.toml"
        file.parent.mkdir(parents=True)
        url = f"postgresql://{user}@{server.host}:{server.port}/ftos?sslmode=disable"
        file.write_text(f'environment = "team"\n[environments.team]\nstore = "{url}"\ncolour = "red"\n')
    return people


def change(console: Console, label: str, downs: int, text: str) -> None:
    """Replaces the text of a field."""
    console.press(*["down"] * downs, "end", "ctrl+u")
    console.type(text)
    console.wait_for(lambda console: field_text(console, label) == text)


def picture(console: Console) -> str:
    """The screen as SVG."""
    console.wait_quiet()
    terminal = console.emulator
    return svg_of(terminal.buffer, terminal.columns, terminal.lines)


def main() -> None:
    """Lets ana save while ben edits."""
    with ExitStack() as stack:
        homes = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(PostgresServer())
        server.execute("CREATE ROLE keeper LOGIN CREATEROLE")
        for user in ("ana", "ben"):
            server.execute(f"CREATE ROLE {user} LOGIN")
        server.execute("CREATE DATABASE ftos OWNER keeper")
        people = settle_in(homes, server)
        carry_out(people["keeper"], "ftos-tui store init && ftos-tui store grant developer ana ben --apply")
        for user in ("ana", "ben"):
            line = f"ssh {user}@jump install -D -m 600 /dev/stdin .local/share/ftos-tui/team.key"
            carry_out(people["keeper"], f"{line} < ~/.local/share/ftos-tui/team.key")
        values = " ".join(f"'{field_id}={text}'" for field_id, text in VALUES.items())
        secrets = "--secret app_password --secret app_key"
        typed = "printf 'not-a-password\\nnot-a-key\\n'"
        carry_out(people["ana"], f"{typed} | ftos-tui providers set {GATEWAY} {values} {secrets}")
        ana, ben = (
            stack.enter_context(people[user].shell("ftos-tui providers", COLORTERM="truecolor"))
            for user in ("ana", "ben")
        )
        for console in (ana, ben):
            put_cursor_on(console, GATEWAY)
            console.press("enter")
            console.wait_for("also open" if console is ben else "Edit Channel Provider")
        change(ben, "Interval Max", 12, "17:30:00")
        change(ana, "Bulk No", 10, "100")
        ana.press("ctrl+r")
        ana.wait_for("Saved")
        ben.wait_for("You are editing it")
        pictures = [picture(console) for console in (ana, ben)]
        (FOLDER / "team.svg").write_text(stacked(pictures, ana.emulator.lines), "utf-8")
        both = "\n\n".join("\n".join(console.screen) for console in (ana, ben))
        (FOLDER / "team.txt").write_text(both + "\n", "utf-8")
        print("docs/pictures/team.svg")


if __name__ == "__main__":
    main()
