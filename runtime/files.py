"""Files of the data: private folders, a lock on a folder, one file put in place of another."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

LOCK_SECONDS = 10.0
"""How long one waits for another who writes; a change takes well below a second."""


def make_private(folder: Path) -> None:
    """Make the folder, and those above it that are missing, with mode 0700.

    One that is there already keeps its mode: whoever made it may have reasons.
    Raises `OSError`.
    """
    if not folder.parent.exists():
        make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def close_to_others(folder: Path, patterns: Iterable[str]) -> None:
    """Let only their owner read or write these files of the folder, as far as they are ours: an
    older version, or a copy, may have left them open.
    """
    for file in (each for pattern in patterns for each in folder.glob(pattern)):
        with suppress(OSError):
            if file.is_file() and not file.is_symlink() and file.stat().st_mode & 0o077:
                file.chmod(0o600)


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """While this lasts, nobody else on this machine who asks for the same writes in the
    folder: of two that read, change and write, neither loses what the other did.

    The lock is the folder's own: it holds for all who share it, wherever their data is,
    and ends with the process.  Raises `OSError` if there is no such folder, or when the
    other takes longer than `LOCK_SECONDS`.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _locks(handle):
            if time.monotonic() > deadline:
                raise TimeoutError(None, "somebody else has been writing for too long")
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def _locks(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def replace_file(path: Path, text: str) -> None:
    """Put the text in place of the file at once: a reader sees the old or the new.  Nobody else
    may be writing it (see `exclusive_lock`): what somebody who was killed left is removed.

    It stays its owner's.  Raises `OSError` if the folder cannot be written; the file is then
    the old one.
    """
    for left in path.parent.glob(f".{escape(path.name)}.*"):
        left.unlink()
    _put(path, text, path.stat().st_mode & 0o777, path.stat())


def put_private_file(path: Path, text: str) -> None:
    """The same, for a file of mode 0600 that need not be there.  Raises `OSError`."""
    _put(path, text, 0o600)


def append_line(path: Path, line: str) -> None:
    """Add a line to a file for good; one that was cut off before stays apart from it.  The file
    is made with mode 0600.  Raises `OSError`.
    """
    make_private(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "ab+") as file:
        file.write(b"" if _ends_a_line(handle) else b"\n")
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(handle)


def _ends_a_line(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size == 0 or os.pread(handle, 1, size - 1) == b"\n"


def _put(path: Path, text: str, mode: int, was: os.stat_result | None = None) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(mode)
        if was and was.st_uid != os.getuid():
            os.chown(aside, was.st_uid, was.st_gid)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def mode_of(folder: Path) -> int | None:
    """Who may read and write in a folder; None if there is none."""
    try:
        return folder.stat().st_mode
    except OSError:
        return None
