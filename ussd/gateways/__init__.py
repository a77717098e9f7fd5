"""Every gateway: the registry, and one file for each gateway's way of dialled sessions."""

from ussd.gateways.africastalking import answers_of
from ussd.gateways.dialect import UssdHandlers
from ussd.gateways.kannel import KannelUssdSettings
from ussd.gateways.kannel_conf import (
    KNOWN_TLVS,
    KannelPlan,
    Modem,
    Ports,
    SessionTlv,
    Smpp,
    conf_of,
)
from ussd.gateways.registry import (
    GATEWAYS,
    GatewayEntry,
    configurations,
    faults_in_settings,
    gateways_of,
    sms_dialects,
)

__all__ = [
    "GATEWAYS",
    "KNOWN_TLVS",
    "GatewayEntry",
    "KannelPlan",
    "KannelUssdSettings",
    "Modem",
    "Ports",
    "SessionTlv",
    "Smpp",
    "UssdHandlers",
    "answers_of",
    "conf_of",
    "configurations",
    "faults_in_settings",
    "gateways_of",
    "sms_dialects",
]
