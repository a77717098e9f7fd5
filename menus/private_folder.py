"""The folders that we make in the data directory: nobody but us looks into them."""

from pathlib import Path


def make_private(folder: Path) -> None:
    """Make the folder, and those above it that are missing, with mode 0700.

    One that is there already keeps its mode: whoever made it may have reasons.
    Raises `OSError`.
    """
    if not folder.parent.exists():
        make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
