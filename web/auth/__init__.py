"""Who may see the operator's pages: token, cookie, origin, attempts."""

from web.auth.authentication import Authentication, Operator, Refused, operator_of
from web.auth.json_body import json_of
from web.auth.origin import RebindingGuard, is_loopback
from web.auth.pages import answer_refusals, login_pages
from web.auth.roster import FaultyRoster, Role, Roster

__all__ = [
    "Authentication",
    "FaultyRoster",
    "Operator",
    "RebindingGuard",
    "Refused",
    "Role",
    "Roster",
    "answer_refusals",
    "is_loopback",
    "json_of",
    "login_pages",
    "operator_of",
]
