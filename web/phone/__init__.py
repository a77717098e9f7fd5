"""The phone in the browser, with the simulator only."""

from web.phone.faults import fault_pages
from web.phone.page import Network, phone_pages

__all__ = [
    "Network",
    "fault_pages",
    "phone_pages",
]
