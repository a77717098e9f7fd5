"""`main.py` with other bounds of what it sheds: `python benchmarks/other_bounds.py ASKING UNDER_WAY
serve …`.  For `crowd.py`, which compares them.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import main
import runtime.callbacks
import ussd.sessions

if __name__ == "__main__":
    ussd.sessions.MOST_ASKING, runtime.callbacks.MOST_UNDER_WAY = map(int, sys.argv[1:3])
    main.cli(sys.argv[3:])
