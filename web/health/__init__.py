"""/operator/health, /healthz and /readyz; what a launch needs."""

from web.health.findings import Finding, Verdict
from web.health.launch import Parts, findings_of
from web.health.page import Health, health_pages, health_words
from web.health.probes import alive, ready
from web.health.recent_errors import RecentErrors

__all__ = [
    "Finding",
    "Health",
    "Parts",
    "RecentErrors",
    "Verdict",
    "alive",
    "findings_of",
    "health_pages",
    "health_words",
    "ready",
]
