"""Everything that carries SMS: the port, its results, one file for each gateway.

`ussd/gateways/registry.py` lists the gateways, with what each does for dialled sessions.
"""

from sms.gateways.kannel import MOST_SEGMENTS as KANNEL_SEGMENTS
from sms.gateways.kannel import KannelAccount
from sms.gateways.port import (
    MOST_RECIPIENTS,
    Accepted,
    DeliveryReport,
    Gateway,
    GatewayError,
    Inbound,
    NotSent,
    Outbound,
    OutcomeUnknown,
    Rejected,
    Result,
    SmsDialect,
    SmsHandlers,
)
from sms.gateways.simulator import Delivered, GatewayFault, Simulator

__all__ = [
    "KANNEL_SEGMENTS",
    "MOST_RECIPIENTS",
    "Accepted",
    "Delivered",
    "DeliveryReport",
    "Gateway",
    "GatewayError",
    "GatewayFault",
    "Inbound",
    "KannelAccount",
    "NotSent",
    "Outbound",
    "OutcomeUnknown",
    "Rejected",
    "Result",
    "Simulator",
    "SmsDialect",
    "SmsHandlers",
]
