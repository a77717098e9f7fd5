"""The tests, by room; `support/` holds what they share, and says in `lanes.py` which are fast."""

import os

os.environ.pop("COLUMNS", None)  # or Rich keeps to it, whatever width a command is told
