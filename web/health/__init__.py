"""/operator/health, and what a launch needs."""

from web.health.findings import Finding, Verdict
from web.health.launch import Parts, findings_of
from web.health.page import Health, health_pages, health_words

__all__ = [
    "Finding",
    "Health",
    "Parts",
    "Verdict",
    "findings_of",
    "health_pages",
    "health_words",
]
