"""Notes what a process writes.  Python imports this first where the folder is on `PYTHONPATH`."""

import os
import sys

_NOTES = os.open(os.environ["WRITES_NOTED_IN"], os.O_WRONLY | os.O_APPEND)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {  # an event, and which of its arguments is changed
    "os.mkdir": 0,
    "os.remove": 0,
    "os.rmdir": 0,
    "os.rename": 1,
    "os.link": 1,
    "os.symlink": 1,
    "os.truncate": 0,
    "os.chmod": 0,
}


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        written = path if isinstance(flags, int) and flags & _WRITING else None
    else:
        written = arguments[_CHANGES[event]] if event in _CHANGES else None
    if isinstance(written, (str, bytes, os.PathLike)):
        os.write(_NOTES, os.path.abspath(os.fsencode(written)) + b"\n")  # noqa: PTH100


sys.addaudithook(_note)
