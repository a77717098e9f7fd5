"""Every gateway: the registry, and one file for each gateway's way of dialled sessions."""

from ussd.gateways.africastalking import answers_of
from ussd.gateways.dialect import UssdHandlers
from ussd.gateways.registry import (
    GATEWAYS,
    GatewayEntry,
    faults_in_settings,
    gateways_of,
    sms_dialects,
)

__all__ = [
    "GATEWAYS",
    "GatewayEntry",
    "UssdHandlers",
    "answers_of",
    "faults_in_settings",
    "gateways_of",
    "sms_dialects",
]
