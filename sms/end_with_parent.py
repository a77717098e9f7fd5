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


def become(parent: int, command: list[str]) -> None:
    """Ask the kernel for the signal, then turn into the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before the kernel knew
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])
