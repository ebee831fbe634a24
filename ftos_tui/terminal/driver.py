"""The terminal itself: written to without hanging, read from without crashing, given back as it was found.

Workarounds for LinuxDriver of Textual 8.2.8; it also drives macOS.
"""

import asyncio
import os
import selectors
import signal
import termios
from codecs import getincrementaldecoder
from collections.abc import Iterator
from io import TextIOWrapper
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, cast

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

if TYPE_CHECKING:
    from textual.app import App

PASTE_START: Final = "\x1b[200~"
PASTE_END: Final = "\x1b[201~"

# Everything that Textual switches on, switched off: bracketed paste, in-band resize, mouse in its five modes, focus
# reports, kitty keys; colours reset, line wrap on, the main screen back, the cursor shown.
RESTORE: Final = (
    "\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[?1004l\x1b[<u\x1b[?1049l\x1b[?25h"
)


class TerminalFile:
    """What the writer thread writes to: a terminal that may vanish at any moment.

    Textual's writer thread dies of the first OSError, its queue of 30 fills, and the event loop waits for ever in
    `put` (textual#5140). Here what cannot be written is dropped; that the terminal is gone is for the guard to notice.

    Args:
        fd: A file descriptor of the terminal.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        """The file descriptor of the terminal."""
        return self._fd

    def write(self, text: str) -> int:
        """Writes all of a text, or nothing more once the terminal is gone."""
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            pass
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


class PasteSplitter:
    """Tells pasted text from typed keys.

    Textual's parser loses the escape sequences inside a paste, and types a long one as keys: a paste with ESC in it
    could press Enter (its `reissue_sequence_as_keys` runs within a bracketed paste too). Here everything between the
    two marks is the paste, as it is.
    """

    def __init__(self) -> None:
        self._pasted: list[str] | None = None
        self._held = ""

    def feed(self, text: str) -> Iterator[tuple[bool, str]]:
        """Takes what was read, gives back pieces as (is a paste, text).

        Args:
            text: What the terminal sent, decoded.

        Yields:
            Keys as soon as they are known to be keys, pastes when they are complete.
        """
        text, self._held = self._held + text, ""
        while text:
            if self._pasted is None:
                keys, mark, text = text.partition(PASTE_START)
                if not mark:
                    # A lone ESC is the Escape key: it is not held back, only what looks like the mark itself.
                    keys, self._held = _split_tail(keys, PASTE_START, shortest=3)
                else:
                    self._pasted = []
                if keys:
                    yield False, keys
            else:
                pasted, mark, text = text.partition(PASTE_END)
                if not mark:
                    pasted, self._held = _split_tail(pasted, PASTE_END, shortest=1)
                    self._pasted.append(pasted)
                else:
                    whole, self._pasted = "".join([*self._pasted, pasted]), None
                    yield True, whole

    def release(self) -> str:
        """Gives back keys that looked like the beginning of a mark but were not followed by the rest of it."""
        if self._pasted is not None:
            return ""
        held, self._held = self._held, ""
        return held


def _split_tail(text: str, mark: str, shortest: int) -> tuple[str, str]:
    """Cuts off an end that is a beginning of the mark, at least `shortest` characters of it."""
    for length in range(min(len(mark) - 1, len(text)), shortest - 1, -1):
        if text.endswith(mark[:length]):
            return text[:-length], text[-length:]
    return text, ""


class SafeDriver(LinuxDriver):
    """LinuxDriver that survives a vanished terminal, bytes that are no UTF-8, and hostile pastes."""

    def __init__(
        self, app: "App[Any]", *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        # Textual writes to standard error, which an operator may have sent to a file.
        self._file = cast(TextIOWrapper, TerminalFile(1))
        self._active = False
        self._titled = False

    def set_title(self, title: str) -> None:
        """Names the window, where the terminal has one; the old name is put aside for the end.

        Args:
            title: A text that is safe to show.
        """
        if os.environ.get("TERM", "").startswith(("linux", "vt")):
            return  # they print it
        if not self._titled:
            self.write("\x1b[22;2t")
            self._titled = True
        self.write(f"\x1b]2;{title}\x1b\\")

    def switch_mouse(self, on: bool) -> None:
        """Switches mouse reporting while the app runs.

        Args:
            on: Whether the terminal is to report the mouse; off gives its own selection back.
        """
        if on:
            self._mouse = True
            self._enable_mouse_support()
            if self._mouse_pixels:
                self._enable_mouse_pixels()
        else:
            self._disable_mouse_support()
            self._mouse = False

    def _disable_mouse_support(self) -> None:
        # Textual leaves 1016 on, and the next program's mouse then counts in pixels.
        if self._mouse and self._mouse_pixels:
            self.write("\x1b[?1016l")
        super()._disable_mouse_support()

    def start_application_mode(self) -> None:
        """Takes the terminal over."""
        self._active = True
        super().start_application_mode()  # type: ignore[no-untyped-call]
        # Textual's handler reads the size, and posts it afterwards. A second signal between the two runs the handler
        # within itself: the newer size is posted first, the older one last, and the screen stays at a size that the
        # terminal no longer has. Here the size is read in the loop, one reading at a time, after the signal.
        loop = asyncio.get_running_loop()

        def tell_size(*_arguments: object) -> None:
            asyncio.run_coroutine_threadsafe(self._tell_size(), loop)

        signal.signal(signal.SIGWINCH, tell_size)
        tell_size()  # for a signal that came in between

    async def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            await self._app._post_message(events.Resize(size, size))

    def stop_application_mode(self) -> None:
        """Gives the terminal back."""
        self._active = False
        if self._titled:
            self._titled = False
            self.write("\x1b[23;2t")
        super().stop_application_mode()

    def _sigcont_application(self, *arguments: int | FrameType | None) -> None:
        # The kernel sends SIGCONT after the SIGHUP of a closed terminal, and anyone may send it to a program that
        # runs: Textual would start its threads a second time over the first ones.
        if not (self._auto_restart and os.isatty(self.fileno)):
            return
        if self._active:
            # After a SIGSTOP, which cannot be caught, the shell has set the terminal its own way.
            self.suspend_application_mode()
            self._must_signal_resume = True
        self.resume_application_mode()

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except OSError:
            return  # the terminal is gone, and the guard knows
        except Exception as error:
            self._app.call_later(self._app._handle_exception, error)

    def run_input_thread(self) -> None:
        """Reads keys until told to stop.

        Textual's loop with three differences: bytes that are no UTF-8 become U+FFFD instead of ending the app, an end
        of file ends the thread instead of spinning (textual#5140), and pastes bypass the parser.
        """
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        splitter = PasteSplitter()
        selector = selectors.DefaultSelector()
        selector.register(self.fileno, selectors.EVENT_READ)
        try:
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    data = os.read(self.fileno, 4096)
                    if not data:
                        return
                    self._dispatch(parser, splitter, decode(data))
                elif held := splitter.release():
                    for event in parser.feed(held):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        finally:
            selector.close()

    def _dispatch(self, parser: XTermParser, splitter: PasteSplitter, text: str) -> None:
        for is_paste, piece in splitter.feed(text):
            if is_paste:
                self.process_message(events.Paste(piece))
            else:
                for event in parser.feed(piece):
                    self.process_message(event)


def restore_terminal(fd: int, attributes: list[Any] | None) -> None:
    """Gives the terminal back without Textual, without waiting for it; does nothing where it is gone.

    For the moment when the app's own way out takes too long. It opens the terminal anew, as O_NONBLOCK on the file
    descriptor at hand would hold for the shell too.

    Args:
        fd: A file descriptor of the terminal.
        attributes: What termios.tcgetattr gave before the app started; None to leave them.
    """
    # In the background, setting the terminal would stop the process.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        own = os.open(os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        if attributes is not None:
            termios.tcsetattr(own, termios.TCSANOW, attributes)
            termios.tcflush(own, termios.TCIFLUSH)
        os.write(own, RESTORE.encode())
    except (OSError, termios.error):
        pass
    finally:
        os.close(own)
