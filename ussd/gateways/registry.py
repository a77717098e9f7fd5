"""Every gateway: its name, and its file for each channel.

A new gateway is one file a channel and one line here.  What is set up (`KOMEK_GATEWAY`),
which callbacks there are, what `serve` says and what the phone in the browser posts to are
read from this.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runtime.callbacks import Callback
from runtime.settings import (
    SIMULATOR,
    ChosenGateways,
    KomekSettings,
    Settings,
    faults_in,
    faults_in_env_file,
)
from sms.gateways import SmsDialect, SmsHandlers
from sms.gateways.africastalking import AFRICASTALKING as AFRICASTALKING_SMS
from sms.gateways.kannel import KANNEL as KANNEL_SMS
from sms.gateways.simulator import SIMULATOR as SIMULATOR_SMS
from ussd.gateways.africastalking import AFRICASTALKING as AFRICASTALKING_USSD
from ussd.gateways.dialect import UssdDialect, UssdHandlers
from ussd.gateways.kannel import KANNEL as KANNEL_USSD
from ussd.gateways.kannel_conf import resent_at_most


@dataclass(frozen=True, slots=True)
class GatewayEntry:
    """A gateway.  `path` begins the addresses of its callbacks; by itself, its name.
    `resends`: of one that may itself send texts twice, reads in its configuration how many.
    """

    name: str
    sms: SmsDialect
    ussd: UssdDialect = field(default_factory=lambda: UssdDialect({}))
    path: str = ""
    resends: Callable[[str], int] | None = None

    @property
    def settings(self) -> tuple[type[KomekSettings], ...]:
        """Those that it has for itself."""
        return self.sms.settings, self.ussd.settings

    def callbacks(
        self, secret: str, sms: SmsHandlers, ussd: UssdHandlers
    ) -> dict[tuple[str, str], Callback]:
        """What it posts to, by the parts of the address before and behind the secret."""
        endpoints = {what: made(secret, sms) for what, made in self.sms.callbacks.items()}
        endpoints |= {what: made(secret, ussd) for what, made in self.ussd.callbacks.items()}
        return {(self.path or self.name, what): each for what, each in endpoints.items()}

    def address(self, base: str, secret: str) -> str:
        """What its callbacks' addresses begin with."""
        return f"{base}/{self.path or self.name}/{secret}"


_ENTRIES = (
    GatewayEntry(SIMULATOR, SIMULATOR_SMS, AFRICASTALKING_USSD, path="africastalking"),
    GatewayEntry("africastalking", AFRICASTALKING_SMS, AFRICASTALKING_USSD),
    GatewayEntry("kannel", KANNEL_SMS, KANNEL_USSD, resends=resent_at_most),
)
GATEWAYS: Mapping[str, GatewayEntry] = {each.name: each for each in _ENTRIES}


def gateways_of(settings: ChosenGateways) -> list[GatewayEntry]:
    """Those that are set up, the one that is named first before the others."""
    return [GATEWAYS[name] for name in settings.gateway]


def configurations(settings: Settings) -> Path:
    """The folder in which `main.py gateway` writes the configuration, such as `kannel.conf`, of
    a gateway that stands beside us.
    """
    return settings.data_dir / "gateway"


def sms_dialects(settings: ChosenGateways) -> dict[str, SmsDialect]:
    """The same, as SMS knows them."""
    return {each.name: each.sms for each in gateways_of(settings)}


def faults_in_settings() -> list[str]:
    """A clear line for each setting that is wrong, of the service and of its gateways."""
    if faults := faults_in_env_file():
        return faults
    if faults_in(ChosenGateways):
        return faults_in(Settings)
    chosen = ChosenGateways().gateway
    if not {*chosen} <= {*GATEWAYS}:
        names = " or ".join(f"'{name}'" for name in GATEWAYS)
        others = faults_in(Settings, gateway=(SIMULATOR,))
        return [f"KOMEK_GATEWAY: Input should be {names}", *others]
    own = [each for name in chosen for each in GATEWAYS[name].settings]
    faults = [*faults_in(Settings), *(fault for each in own for fault in faults_in(each))]
    return faults or [fault for name in chosen for fault in _too_large(GATEWAYS[name])]


def _too_large(gateway: GatewayEntry) -> Iterator[str]:
    """Screens are made for all gateways alike, so none may hold more than each carries."""
    settings, holds = Settings(), gateway.ussd.holds
    if settings.ussd_septets > holds.septets:
        yield f"KOMEK_USSD_SEPTETS: {gateway.name} carries {holds.septets} at most"
    if settings.ussd_units > holds.units:
        yield f"KOMEK_USSD_UNITS: {gateway.name} carries {holds.units} at most"
