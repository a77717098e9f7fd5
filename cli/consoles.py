"""Where commands print: what was asked for, and what went wrong."""

from rich.console import Console

out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)
# Without emoji: the line of a fault, :100:, is no picture of a hundred.
