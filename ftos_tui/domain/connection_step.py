"""One step of a connection test, as operators see it in both faces."""

from dataclasses import dataclass

from ftos_tui.domain.delivery.outcome import Cause


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a test.

    Attributes:
        name: What was done: Way, Resolve, Connect, Greeting, TLS, Sign in, Key, Permission, Template, Send.
        ok: Whether it worked; after one that did not, no other follows.
        milliseconds: How long it took.
        said: What was found, or what failed and what to do; visible, without secrets.
        warning: Whether it worked, but somebody should look at it.
        cause: What kind of trouble it is where it did not work, as far as that is known; None otherwise.
    """

    name: str
    ok: bool
    milliseconds: float
    said: str
    warning: bool = False
    cause: Cause | None = None

    @property
    def verdict(self) -> str:
        """`ok`, `look` or `failed`."""
        return "failed" if not self.ok else "look" if self.warning else "ok"
