"""Texts that try to reach the terminal, and records full of them, put past every check."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from ftos_tui.domain.record import Author, Values
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.stores.drafts import KeptDraft
from ftos_tui.stores.protocol import NewVersion
from ftos_tui.studio.session import Session, new_id
from tests.terminal.program import places_of, session_of

AT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

TEXTS: Final[Mapping[str, str]] = {
    "clip": "clip \x1b]52;c;cHduZWQ=\x07 \x1b[41;97;5m\x1b[3J end",
    "ceeone": "ceeone \x9b31;46m \x9d52;c;cHduZWQ=\x9c \x90+q\x9c end",
    "link": "link \x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\ end",
    "bidi": "bidi \u202egnp.exe\u202c \u2066x\u2069\u200e end",
    "zero": "zero \u200b\u200c\u200d\u2060\ufeff\u00ad end",
    "markup": "markup [/] [@click=app.quit]x[/] [bold] \\[ [link=https://evil.example]y",
    "control": "control \x00\x07\x08\r\n\t\x0b\x7f end",
    "wide": "wide 漢字かな交じり文全角",
    "emoji": "emoji 👩\u200d👩\u200d👧 👍🏽 ❤\ufe0f 🇷🇴 end",
    "heap": "heap Z" + "\u0300\u0315\u031b" * 20 + " end",
    "long": "long " + "x" * 5_000 + " end",
}
"""Payloads by the word each one begins with."""

ALL: Final = " ".join(TEXTS[word] for word in TEXTS if word != "long")

NEVER: Final = (
    *("\x1b]52", "\x1b]8;", "\x1b[41;97;5m", "\x1b[3J", "\x07", "\x08", "\x00", "\x7f"),
    *(chr(code) for code in range(0x80, 0xA0)),
    *"\u200b\u200c\u200d\u200e\u202e\u202c\u2060\u2066\u2069\ufeff\u00ad",
)
"""What no byte of the output may spell."""


def values_of(name: str) -> Values:
    """A record whose every text is hostile."""
    return {
        "communication_channel": "email",
        "name": name,
        "provider_name": ALL,
        "service_url": "https://" + ALL,
        "app_user": ALL,
        "app_config": json.dumps({ALL: ALL}, ensure_ascii=False),
        "from_address": ALL,
        "from_display_name": ALL,
        "bulk_no": 50,
        "interval_min": TEXTS["clip"],
        "interval_max": TEXTS["ceeone"],
        "retry_max_attempt": -3,
        "pool_time_retry": TEXTS["bidi"],
        "open_setting": None,
        "click_setting": True,
    }


STATUSES: Final = (
    *(StatusRow(text[:300], text[:300], text[:100], terminal=True) for text in TEXTS.values()),
    StatusRow("250", "Accepted", "accepted"),
)


def put_records(session: Session) -> None:
    """Writes a provider for each payload through the store, past every check; its author is hostile too."""
    for text in TEXTS.values():
        version = NewVersion(
            provider_id=uuid.uuid4().hex,
            expected_version=0,
            values=values_of(text),
            secret_versions={},
            new_secrets={},
            statuses=STATUSES,
            author=Author(TEXTS["clip"], TEXTS["ceeone"], TEXTS["bidi"]),
            at=AT,
            reason=ALL,
            action="create",
            acknowledged=(ALL,),
            operation_id=uuid.uuid4().hex,
        )
        session.store.write(version, session.vault.sign)


def put_draft(session: Session) -> None:
    """Leaves the draft of a process that is gone."""
    session.drafts.keep(
        KeptDraft(
            key=new_id(),
            environment="local",
            provider_id=None,
            provider_name=ALL,
            base_version=0,
            edits={"name": ALL, "service_url": ALL, "app_config": ALL, "bulk_no": TEXTS["clip"], ALL: ALL},
            statuses=STATUSES,
            secrets_entered=("app_key",),
            kept_at=AT,
            user=TEXTS["link"],
            pid=0,
        )
    )


def put_log(environ: Mapping[str, str]) -> None:
    """Writes lines into the status log as no console does."""
    with (places_of(environ).state / "status.log").open("a") as file:
        for text in TEXTS.values():
            entry = {"at": AT.isoformat(), "level": "error", "message": text, "environment": text, "user": text}
            file.write(json.dumps({**entry, "provider": text}) + "\n")
        file.write("\x1b]52;c;cHduZWQ=\x07 no JSON at all\n")


def put_everything(environ: Mapping[str, str]) -> None:
    """Fills the store, the drafts and the log of a program that has not started yet."""
    session = session_of(environ)
    try:
        put_records(session)
        put_draft(session)
        put_log(environ)
    finally:
        session.close()
