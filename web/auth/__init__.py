"""Who may see the operator's pages: token, cookie, origin, attempts."""

from web.auth.door import Door, Operator, Refused
from web.auth.json_body import posted
from web.auth.origin import NoOtherName
from web.auth.pages import door_pages, lead_to_the_door

__all__ = [
    "Door",
    "NoOtherName",
    "Operator",
    "Refused",
    "door_pages",
    "lead_to_the_door",
    "posted",
]
