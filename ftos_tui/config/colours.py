"""The colours an environment's name may have."""

import difflib
import re

COLOUR_NAMES = (
    "aqua", "black", "blue", "brown", "coral", "crimson", "cyan", "fuchsia", "gold", "gray", "green", "grey",
    "indigo", "khaki", "lime", "magenta", "maroon", "navy", "olive", "orange", "orchid", "pink", "plum", "purple",
    "red", "salmon", "silver", "tan", "teal", "tomato", "turquoise", "violet", "wheat", "white", "yellow",
)  # fmt: skip
"""Names of CSS colours; each is one that the terminal layer knows."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def is_colour(written: str) -> bool:
    """Whether a text is one of `COLOUR_NAMES`, whatever its case, or #rrggbb."""
    return written.lower() in COLOUR_NAMES or bool(_HEX.fullmatch(written))


def nearest_colours(written: str) -> str:
    """Up to three names like the one written; the most used ones when none is like it."""
    return ", ".join(
        difflib.get_close_matches(written.lower()[:40], COLOUR_NAMES, 3, 0.5) or ("red", "orange", "green")
    )
