"""Become another program, one that ends when its parent does.

    python end_with_parent.py PARENT_PID PROGRAM ARGUMENT...

On Linux the kernel kills it when the parent (the very thread that started it) is
gone, `kill -9` included.  Elsewhere it is that program and nothing more.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with(parent: int, by: signal.Signals) -> None:
    """Ask the kernel for this signal when the parent is gone; on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
        if os.getppid() != parent:  # it was gone before the kernel knew
            sys.exit(1)


if __name__ == "__main__":
    end_with(int(sys.argv[1]), signal.SIGKILL)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606
