"""Which gateway carries SMS, by the settings."""

from redis.asyncio import Redis

from runtime.encryption import Seal
from runtime.settings import Settings
from sms.gateways.gateway import Gateway
from sms.gateways.simulator import Simulator


def gateway_of(settings: Settings, redis: Redis, seal: Seal) -> Gateway:
    """The gateway of the settings: a new one is one line here."""
    if settings.gateway == "simulator" or settings.at_api_key is None:
        return Simulator(redis, seal)
    from sms.gateways.africastalking_client import AfricasTalkingGateway  # noqa: PLC0415 (it says why)

    return AfricasTalkingGateway(
        settings.at_username,
        settings.at_api_key.get_secret_value(),
        settings.at_url,
        settings.sender_id,
    )
