"""How long a test waits for what must come.

Nothing waits so long: who waits asks for the thing again and again, and goes on with it.  So a
busy machine makes no test fail, and only what never comes is given up on.
"""

PATIENCE = 120.0
"""Seconds; two such waits are less than the `faulthandler_timeout` of `pyproject.toml`."""
