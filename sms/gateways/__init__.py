"""Everything that carries SMS: the port, its results, one file for each gateway."""

from sms.gateways.africastalking import inbound_callback, opt_out_callback, report_callback
from sms.gateways.gateway import (
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
)
from sms.gateways.registry import gateway_of
from sms.gateways.simulator import Delivered, Fault, Simulator

__all__ = [
    "MOST_RECIPIENTS",
    "Accepted",
    "Delivered",
    "DeliveryReport",
    "Fault",
    "Gateway",
    "GatewayError",
    "Inbound",
    "NotSent",
    "Outbound",
    "OutcomeUnknown",
    "Rejected",
    "Result",
    "Simulator",
    "gateway_of",
    "inbound_callback",
    "opt_out_callback",
    "report_callback",
]
