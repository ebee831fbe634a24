"""Runs a program within limits: `python -m tests.terminal.confined [--file-size BYTES] [--mode-bits] PROGRAM …`."""

import argparse
import ctypes
import os
import resource
import sys
from typing import Final

_PR_CAPBSET_DROP: Final = 24
_CAPABILITIES_OVER_MODES: Final = (1, 2, 3)
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and CAP_FOWNER of linux/capability.h."""


def main() -> None:
    """Sets the limits and becomes the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--file-size", type=int)
    parser.add_argument("--mode-bits", action="store_true")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    wanted = parser.parse_args()
    if wanted.file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (wanted.file_size, wanted.file_size))
    if wanted.mode_bits and os.geteuid() == 0:
        # Root heeds no mode bit; what it becomes without these capabilities does.
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in _CAPABILITIES_OVER_MODES:
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    os.execv(wanted.program[0], wanted.program)


if __name__ == "__main__":
    main()
