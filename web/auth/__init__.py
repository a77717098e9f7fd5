"""Who may see the operator's pages: token, cookie, origin, attempts."""

from web.auth.door import Door, Refused, operator_of
from web.auth.json_body import json_of
from web.auth.origin import RebindingGuard, is_loopback
from web.auth.pages import answer_refusals, door_pages

__all__ = [
    "Door",
    "RebindingGuard",
    "Refused",
    "answer_refusals",
    "door_pages",
    "is_loopback",
    "json_of",
    "operator_of",
]
