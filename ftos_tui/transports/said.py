"""What a provider said, fit to be kept and shown: never a secret, not even one that the provider sends back."""

import base64
import html
import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from ftos_tui.domain.delivery.outcome import LONGEST_ANSWER
from ftos_tui.domain.secret import MASK, Secret
from ftos_tui.domain.visible import visible

_SHORTEST: Final = 4
"""Characters below which a secret is no secret, and hiding it would tear words apart."""


class Cleaner:
    """Takes secrets out of answers, in the spellings in which they travel.

    Args:
        secrets: What was or may have been sent.
        user: The user they belong to.
    """

    def __init__(self, secrets: Iterable[Secret | None], user: str = "") -> None:
        spellings: set[str] = set()
        for secret in secrets:
            if secret:
                spellings |= _spellings(secret.reveal(), user)
        # The longest first: a shorter spelling may stand within it.
        self._spellings = sorted((text for text in spellings if len(text) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The first 512 characters of a text, visible and without secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        cut = text[:LONGEST_ANSWER]
        return visible(" ".join(cut.split()) if cut.isprintable() else " ".join(cut.replace("\r", "").split("\n")))

    def __repr__(self) -> str:
        return "Cleaner(…)"


def _spellings(secret: str, user: str) -> set[str]:
    plain = {secret, quote(secret, safe=""), html.escape(secret)}
    # What a gateway sends back as JSON may be shown as it came.
    plain |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    combined = (secret, f"\0{user}\0{secret}", f"{user}:{secret}")
    encoded = {base64.b64encode(text.encode("utf-8", "replace")).decode("ascii") for text in combined}
    return plain | encoded | {text.rstrip("=") for text in encoded}
