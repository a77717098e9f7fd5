"""One file for each gateway's way of dialled sessions."""

from ussd.gateways.africastalking import answers_of

__all__ = [
    "answers_of",
]
