"""The messages of a mailbox file (mbox, RFC 4155), or the one message that comes without one, read piece by piece."""

from collections.abc import Iterator
from typing import BinaryIO, Final

LARGEST: Final = 1024 * 1024
"""Bytes of a message that are read; what a bounce says stands at its beginning."""

_LINE: Final = 65_536
_FROM: Final = b"From "


def messages_in(stream: BinaryIO) -> Iterator[bytes]:
    """The messages, each cut behind `LARGEST` bytes.

    Args:
        stream: A mailbox, in which a line that begins with "From " and follows an empty one starts a message; or a
            single message, where the first line is none of those.
    """
    parts: list[bytes] = []
    size, many, empty, begun = 0, False, True, False
    line_start = True
    while line := stream.readline(_LINE):
        if not begun and not line.strip():
            continue
        separator = line_start and empty and line.startswith(_FROM) and (many or not begun)
        if separator:
            if begun and parts:
                yield b"".join(parts)
            many, parts, size = True, [], 0
        elif size < LARGEST:
            parts.append(line)
            size += len(line)
        begun = True
        empty = line_start and not line.strip()
        line_start = line.endswith(b"\n")
    if parts:
        yield b"".join(parts)
