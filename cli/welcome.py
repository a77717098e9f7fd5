"""What `serve` says when it listens: where it is, and what to try first."""

from collections.abc import Collection

import typer

from runtime.settings import Settings, secret_of, token_of
from ussd.gateways import GatewayEntry, gateways_of

_DIALLED = {"ussd": "Callback, for the gateway:", "ussd/end": "End of session:"}

_STATE = """\
State:                     {base}/readyz
"""

_PHONE = """\
A phone, to look at:       {base}/
"""

_OPERATOR = """\
Operator's pages:          {base}/operator   token: {token}
"""

_TOKENS = {True: "KOMEK_OPERATOR_TOKEN", False: "each operator's own"}

_TRY_NEXT = """\
Try next, in another terminal:
  .venv/bin/python main.py dial       a phone; dial, then type an answer
  .venv/bin/python main.py screens    everything that a phone can show
  .venv/bin/python main.py text HELP  what a text is answered
"""


def welcome(settings: Settings, port: int, *, made: Collection[str]) -> None:
    """Print it.  `made`: the secrets that this start made, by their names; no others are told,
    since what is printed goes into a journal.
    """
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base, gateways = f"http://{host}:{port}", gateways_of(settings)
    answers = typer.style(f"Komek answers {settings.service_code}", bold=True)
    names = ", ".join(settings.gateway)
    typer.echo(f"\n{answers} and texts to {settings.short_code} ({names})\n")
    token = token_of(settings) if "operator_token" in made else _TOKENS[bool(token_of(settings))]
    secret = secret_of(settings) if "callback_secret" in made else "KOMEK_CALLBACK_SECRET"
    has_pages = _OPERATOR if token_of(settings) or settings.operators.exists() else ""
    pages = _STATE + (_PHONE if settings.simulated else "") + has_pages
    addresses = "".join(_addresses(each, each.address(base, secret)) for each in gateways)
    tries = "".join(_hop_to_try(each, each.address(base, secret)) for each in gateways)
    for text in (addresses + pages.format(base=base, token=token), _TRY_NEXT + tries):
        typer.echo(text)


def _addresses(gateway: GatewayEntry, callback: str) -> str:
    """What is entered in the dashboard of a gateway."""
    ussd, sms = gateway.ussd.callbacks, [what.split("/", 1) for what in gateway.sms.callbacks]
    lines = [f"{_DIALLED[what]:<27}{callback}/{what}\n" for what in ussd]
    texted = "".join(f", …/{rest[0]}" for _, *rest in sms if rest)
    return "".join([*lines, f"{'Texts and reports:':<27}{callback}/sms{texted}\n"])


def _hop_to_try(gateway: GatewayEntry, callback: str) -> str:
    hop = gateway.ussd.first_hop
    return f"  curl -d '{hop}' {callback}/ussd\n" if hop else ""
