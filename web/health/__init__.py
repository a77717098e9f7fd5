"""/operator/health, /healthz and /readyz."""

from web.health.page import Health, health_pages
from web.health.probes import alive, ready
from web.health.recent_errors import RecentErrors

__all__ = [
    "Health",
    "RecentErrors",
    "alive",
    "health_pages",
    "ready",
]
