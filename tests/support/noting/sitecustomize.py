"""Notes what a process writes.  Python imports this first where the folder is on `PYTHONPATH`."""

import os
import sys

_NOTES = os.open(os.environ["WRITES_NOTED_IN"], os.O_WRONLY | os.O_APPEND)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {  # an event; which argument is changed, and which names the folder it is in, if any
    "os.mkdir": (0, 2),
    "os.remove": (0, 1),
    "os.rmdir": (0, 1),
    "os.rename": (1, 3),
    "os.link": (1, 3),
    "os.symlink": (1, 2),
    "os.truncate": (0, None),
    "os.chmod": (0, 2),
}


def _changed(event: str, arguments: tuple[object, ...]) -> tuple[object, object]:
    """What is changed, and the descriptor of the folder that its name is read in, else -1."""
    if event == "open":
        path, _, flags = arguments
        return (path if isinstance(flags, int) and flags & _WRITING else None), -1
    changed, folder = _CHANGES.get(event, (None, None))
    return (
        None if changed is None else arguments[changed],
        -1 if folder is None else arguments[folder],
    )


def _note(event: str, arguments: tuple[object, ...]) -> None:
    written, folder = _changed(event, arguments)
    if isinstance(written, (str, bytes, os.PathLike)):
        around = os.curdir if folder == -1 else f"/proc/self/fd/{folder}"
        path = os.path.join(os.fsencode(os.path.realpath(around)), os.fsencode(written))  # noqa: PTH118
        os.write(_NOTES, os.path.abspath(path) + b"\n")  # noqa: PTH100


sys.addaudithook(_note)
