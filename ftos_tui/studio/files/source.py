"""The text of a file, piece by piece: UTF-8 only, characters that break a line's meaning refused, with line numbers."""

import codecs
import hashlib
import re
from typing import BinaryIO, Final

from ftos_tui.domain.visible import code_point
from ftos_tui.studio.failures import FileProblem

PIECE: Final = 1 << 16
"""Bytes read at once."""

LARGEST_ITEM: Final = 4 * 1024 * 1024
"""The longest stretch of text, in characters, that may stand between two steps of the reading: one provider is far
shorter. It bounds the memory whatever the file is."""

_OTHER_ENCODINGS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16: its mark begins like UTF-16's
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
# YAML allows none of these unescaped, JSON hardly any; NEL, LS and PS would also count as ends of lines.
_FORBIDDEN: Final = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class FileRefused(FileProblem):
    """A file cannot be read as a document.

    Attributes:
        line: Where, from 1 on; 0 where no line is to blame.
        code: A stable name of the reason.
        message: What to do, without the line.
    """

    def __init__(self, line: int, code: str, message: str) -> None:
        super().__init__(f"Line {line}: {message}" if line else message)
        self.line = line
        self.code = code
        self.message = message


class Source:
    """The text of a file, decoded and looked through as it is read.

    Args:
        file: The file, at its start.
        size: How many bytes it has; None where that is not known.

    Attributes:
        size: How many bytes it has; None where that is not known.
        read_bytes: How many have been read.
        ended: Whether everything was read.
    """

    def __init__(self, file: BinaryIO, size: int | None = None) -> None:
        self.size = size
        self.read_bytes = 0
        self.ended = False
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._hash = hashlib.sha256()
        self._line = 1
        self._since = 0
        self._kept = ""

    @property
    def digest(self) -> str:
        """SHA-256 of what was read so far, hex."""
        return self._hash.hexdigest()

    def progressed(self) -> None:
        """Says that what was read has been understood up to here."""
        self._since = 0

    def read(self, size: int = -1) -> str:
        """The next piece of text; empty at the end. Named and called as YAML's parser wants it.

        Args:
            size: Not used; pieces are as long as they come.

        Raises:
            FileRefused: The text is not UTF-8, holds a character it must not, or one item is too long.
        """
        if self._kept:
            kept, self._kept = self._kept, ""
            return kept
        while not self.ended:
            data = self._file.read(PIECE)
            if not self.read_bytes:
                data = self._without_mark(data)
            self.read_bytes += len(data)
            self._hash.update(data)
            self.ended = not data
            text = self._decoded(data)
            if text:
                return self._examined(text)
        return ""

    def head(self) -> str:
        """The beginning of the text, to tell what it is; `read` gives it again."""
        self._kept = self.read()
        return self._kept

    def _without_mark(self, data: bytes) -> bytes:
        for mark, name in _OTHER_ENCODINGS:
            if data.startswith(mark):
                raise FileRefused(1, "file_not_utf8", f"The file is {name}: save it as UTF-8.")
        if data.startswith(codecs.BOM_UTF8):
            self.read_bytes += len(codecs.BOM_UTF8)
            self._hash.update(codecs.BOM_UTF8)
            return data[len(codecs.BOM_UTF8) :]
        return data

    def _decoded(self, data: bytes) -> str:
        try:
            return self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line = self._line + error.object[: error.start].count(b"\n")
        raise FileRefused(line, "file_not_utf8", "This is not UTF-8: save the file as UTF-8 text.")

    def _examined(self, text: str) -> str:
        found = _FORBIDDEN.search(text)
        if found:
            line = self._line + text.count("\n", 0, found.start())
            named = code_point(found[0])
            raise FileRefused(line, "file_character", f"Remove {named}, or write it as an escape within quotes.")
        self._line += text.count("\n")
        self._since += len(text)
        if self._since > LARGEST_ITEM:
            raise FileRefused(
                self._line, "file_item_too_large", "One item is longer than 4 MiB: a provider is far shorter."
            )
        return text
