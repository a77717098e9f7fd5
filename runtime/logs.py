"""What may be said of an error in a log."""

import traceback


def redacted(error: BaseException) -> str:
    """The kind of error and where it arose.  Its message may quote a person."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"
    return f"{type(error).__name__} at {where}"
