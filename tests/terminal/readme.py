"""The README as a script: its commands, its settings and what it says that one reads on the screen."""

import re
from pathlib import Path
from typing import Final

README: Final = Path(__file__).parents[2] / "README.md"

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_QUOTED: Final = re.compile(r'"([^"]+)"')


class Section:
    """A section of the README.

    Args:
        title: Its heading.

    Attributes:
        commands: The lines of each block of commands, in order.
        settings: The one block of settings.
    """

    def __init__(self, title: str) -> None:
        text = README.read_text("utf-8")
        self.text = text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
        blocks = _BLOCK.findall(self.text)
        self.commands = [body.splitlines() for language, body in blocks if not language]
        (self.settings,) = (body for language, body in blocks if language == "toml")
        self._quotations = {" ".join(said.split()): False for said in _QUOTED.findall(_BLOCK.sub("", self.text))}

    def said(self, beginning: str) -> str:
        """The one quotation that begins so."""
        (found,) = (quotation for quotation in self._quotations if quotation.startswith(beginning))
        self._quotations[found] = True
        return found

    @property
    def not_said(self) -> list[str]:
        """The quotations that nobody asked for: the README says more than is tried."""
        return [quotation for quotation, asked in self._quotations.items() if not asked]
