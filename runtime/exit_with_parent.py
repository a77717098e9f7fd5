"""Become another program that ends when its parent does.

    python exit_with_parent.py PARENT_PID PROGRAM ARGUMENT...

On Linux the kernel kills it when the thread that started it is gone, even by
`kill -9`.  Elsewhere the program is started and not watched.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def exit_with(parent: int, by: signal.Signals) -> None:
    """Let the kernel send us this signal when the parent is gone; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
        if os.getppid() != parent:  # the parent ended before the kernel was asked
            sys.exit(1)


if __name__ == "__main__":
    exit_with(int(sys.argv[1]), signal.SIGKILL)
    try:
        os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606
    except OSError as error:
        sys.exit(f"{sys.argv[2]}: {error.strerror}")
