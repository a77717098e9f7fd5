"""One file for each gateway's way of dialled sessions."""

from ussd.gateways.africastalking import answers_of, end_callback, ussd_callback

__all__ = ["answers_of", "end_callback", "ussd_callback"]
