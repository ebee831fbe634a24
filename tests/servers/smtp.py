"""An SMTP server that behaves or misbehaves at each stage as it is told, and keeps what it took.

As a process of its own: `python -m tests.servers.smtp --port 2525 --record copies.txt`.
"""

import argparse
import asyncio
import base64
import re
import ssl
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.serving import DROP, HANG, RESET, Server, hang, reset, run_forever

TAKE_AND_DROP = "\0take-drop"
"""At `final`: the message is taken, and the connection closed before the reply."""

TAKE_AND_HANG = "\0take-hang"
"""At `final`: the message is taken, and no reply comes."""

Action = str | Callable[[str], str | None]
"""A reply (lines parted by newlines; by CRLF: sent to the letter), a sign, or what decides by the command line."""

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)
_STAGES = ("greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "final", "rset", "noop", "quit")


@dataclass(frozen=True, slots=True)
class Copy:
    """One message that was taken."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    user: str
    tls: bool

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        found = _MESSAGE_ID.search(self.data)
        return found[1].decode() if found else ""


@dataclass
class _Talk:
    """The state of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tls: bool
    user: str = ""
    mail: str = ""
    recipients: list[str] = field(default_factory=list)

    def forget(self) -> None:
        self.mail, self.recipients = "", []


class _End(Exception):
    """The connection is over."""


class SmtpServer(Server):
    """Takes every message unless told otherwise.

    Args:
        tls: `none`, `starttls` or `implicit`.
        context: For TLS.
        users: Passwords by user; a message then needs a sign-in.
        extensions: What EHLO offers beside STARTTLS and AUTH.
        port: Where it listens; 0 for a free port.
        record: A file that gets a line with the Message-ID and recipient of each message taken.

    Attributes:
        copies: What was taken.
        commands: Every command line that came, secrets as they came.
    """

    def __init__(
        self,
        *,
        tls: str = "none",
        context: ssl.SSLContext | None = None,
        users: dict[str, str] | None = None,
        extensions: tuple[str, ...] = ("SIZE 35882577", "8BITMIME", "PIPELINING"),
        methods: str = "PLAIN LOGIN",
        port: int = 0,
        record: Path | None = None,
    ) -> None:
        super().__init__(port=port, context=context if tls == "implicit" else None)
        self.copies: list[Copy] = []
        self.commands: list[str] = []
        self.tls = tls
        self.users = users or {}
        self.extensions = extensions
        self.methods = methods
        self._starttls_context = context
        self._always: dict[str, Action] = {}
        self._next: dict[str, deque[Action]] = {stage: deque() for stage in _STAGES}
        self._record = record.open("a", encoding="utf-8") if record else None

    def always(self, stage: str, action: Action | None) -> None:
        """What it does at a stage from now on; None for what is right."""
        assert stage in _STAGES
        if action is None:
            self._always.pop(stage, None)
        else:
            self._always[stage] = action

    def once(self, stage: str, *actions: Action) -> None:
        """What it does at a stage the next times; after that what it always does."""
        self._next[stage].extend(actions)

    def by_message_id(self) -> Counter[str]:
        """How often each message was taken."""
        return Counter(copy.message_id for copy in self.copies)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        talk = _Talk(reader, writer, tls=self.tls == "implicit")
        try:
            await self._act(talk, "greeting", "", "220 mail.test ESMTP")
            while line := (await talk.reader.readline()).decode("utf-8", "surrogateescape").rstrip("\r\n"):
                self.commands.append(line)
                await self._command(talk, line)
        except _End:
            return

    async def _command(self, talk: _Talk, line: str) -> None:
        verb = line.split(" ")[0].upper()
        if verb in ("EHLO", "HELO"):
            await self._act(talk, "ehlo", line, self._ehlo(talk))
        elif verb == "STARTTLS":
            await self._start_tls(talk)
        elif verb == "AUTH":
            await self._auth(talk, line)
        elif verb == "MAIL":
            right = "530 5.7.0 Authentication required" if self.users and not talk.user else "250 2.1.0 Ok"
            if (await self._act(talk, "mail", line, right)).startswith("250"):
                talk.mail = _address(line)
        elif verb == "RCPT":
            right = "250 2.1.5 Ok" if talk.mail else "503 5.5.1 MAIL first"
            if (await self._act(talk, "rcpt", line, right)).startswith("25"):
                talk.recipients.append(_address(line))
        elif verb == "DATA":
            await self._data(talk)
        elif verb == "RSET":
            talk.forget()
            await self._act(talk, "rset", line, "250 2.0.0 Ok")
        elif verb == "NOOP":
            await self._act(talk, "noop", line, "250 2.0.0 Ok")
        elif verb == "QUIT":
            await self._act(talk, "quit", line, "221 2.0.0 Bye")
            raise _End
        else:
            await self._say(talk, "500 5.5.2 Unknown")

    def _decide(self, stage: str, line: str, right: str) -> str:
        """What is told for a stage, or what is right."""
        action: Action | None = self._next[stage].popleft() if self._next[stage] else self._always.get(stage)
        if callable(action):
            action = action(line)
        return right if action is None else action

    async def _act(self, talk: _Talk, stage: str, line: str, right: str) -> str:
        """Does what is told for a stage, or what is right; the reply that was given."""
        reply = self._decide(stage, line, right)
        await self._do(talk, reply)
        return reply

    async def _do(self, talk: _Talk, reply: str) -> None:
        if reply in (HANG, TAKE_AND_HANG):
            await hang()
        if reply == RESET:
            reset(talk.writer)
        if reply in (DROP, RESET, TAKE_AND_DROP):
            raise _End
        await self._say(talk, reply)

    async def _say(self, talk: _Talk, reply: str) -> None:
        if "\r\n" in reply:  # to the letter
            talk.writer.write(f"{reply}\r\n".encode())
            await talk.writer.drain()
            return
        lines = reply.split("\n")
        shown = [
            f"{line[:3]}-{line[4:]}" if number < len(lines) - 1 and line[:3].isdigit() else line
            for number, line in enumerate(lines)
        ]
        talk.writer.write("".join(f"{line}\r\n" for line in shown).encode("utf-8", "surrogateescape"))
        await talk.writer.drain()

    def _ehlo(self, talk: _Talk) -> str:
        offers = list(self.extensions)
        if self.tls == "starttls" and not talk.tls:
            offers.append("STARTTLS")
        if self.users and (talk.tls or self.tls == "none"):
            offers.append(f"AUTH {self.methods}")
        return "\n".join(f"250 {offer}" for offer in ("mail.test", *offers))

    async def _start_tls(self, talk: _Talk) -> None:
        reply = await self._act(talk, "starttls", "STARTTLS", "220 2.0.0 Ready")
        if reply.startswith("220"):
            assert self._starttls_context is not None
            await talk.writer.start_tls(self._starttls_context)
            talk.tls = True

    async def _auth(self, talk: _Talk, line: str) -> None:
        _, method, *initial = line.split(" ")
        if method.upper() == "PLAIN":
            _, user, password = _decoded(initial[0]).split("\0")
        elif method.upper() == "LOGIN":
            user, password = await self._login(talk, initial)
        else:
            await self._say(talk, "504 5.5.4 Unknown")
            return
        right = "235 2.7.0 Ok" if self.users.get(user) == password else "535 5.7.8 Authentication credentials invalid"
        if (await self._act(talk, "auth", line, right)).startswith("235"):
            talk.user = user

    async def _login(self, talk: _Talk, initial: list[str]) -> tuple[str, str]:
        if not initial:
            await self._say(talk, "334 VXNlcm5hbWU6")
            initial = [(await talk.reader.readline()).decode().strip()]
        await self._say(talk, "334 UGFzc3dvcmQ6")
        return _decoded(initial[0]), _decoded((await talk.reader.readline()).decode().strip())

    async def _data(self, talk: _Talk) -> None:
        right = "354 Go on" if talk.recipients else "554 5.5.1 No valid recipients"
        if not (await self._act(talk, "data", "DATA", right)).startswith("354"):
            return
        if self._next["body"] or "body" in self._always:
            await talk.reader.read(1024)
            await self._act(talk, "body", "", DROP)
            raise _End
        data = (await talk.reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
        copy = Copy(talk.mail, tuple(talk.recipients), data.removeprefix(b"."), talk.user, talk.tls)
        talk.forget()
        right = f"250 2.0.0 Ok: queued as {len(self.copies):X}"
        reply = self._decide("final", ",".join(copy.recipients), right)
        if reply.startswith("250") or reply in (TAKE_AND_DROP, TAKE_AND_HANG):
            self._take(copy)  # before the reply: whoever has read that finds the copy
        await self._do(talk, reply)

    def _take(self, copy: Copy) -> None:
        self.copies.append(copy)
        if self._record is not None:
            self._record.write(f"{copy.message_id} {','.join(copy.recipients)}\n")
            self._record.flush()


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--user", metavar="NAME:PASSWORD", default="")
    chosen = parser.parse_args()
    name, _, password = chosen.user.partition(":")
    run_forever(SmtpServer(port=chosen.port, record=chosen.record, users={name: password} if name else None))
