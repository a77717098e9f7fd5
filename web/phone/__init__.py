"""The phone in the browser, with the simulator only."""

from web.phone.faults import trouble_pages
from web.phone.page import Network, phone_pages

__all__ = [
    "Network",
    "phone_pages",
    "trouble_pages",
]
