"""Processes that tests start beside them."""

import os


def unmeasured() -> dict[str, str]:
    """The environment of a process in which coverage is not measured.

    For processes that are killed, as they may leave half a file of it, and for those that do a thousand times what
    other tests cover anyway.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")}
