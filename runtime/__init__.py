"""The ground: settings, connections, secrets, processes, files.

Nothing in it knows what Komek is for.
"""

import zoneinfo

# The host's table of time zones may be older than the one that comes with Komek, and have
# Almaty an hour off (UTC+5 since March 2024).
zoneinfo.reset_tzpath(to=())
