"""One step of a connection test, as operators see it in both faces."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a test.

    Attributes:
        name: What was done: Way, Resolve, Connect, Greeting, TLS, Sign in, Key, Permission, Template, Send.
        ok: Whether it worked; after one that did not, no other follows.
        milliseconds: How long it took.
        said: What was found, or what failed and what to do; visible, without secrets.
        warning: Whether it worked, but somebody should look at it.
    """

    name: str
    ok: bool
    milliseconds: float
    said: str
    warning: bool = False
