"""Where commands print: what was asked for, and what went wrong."""

from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
