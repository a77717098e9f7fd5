"""What `serve` says when it listens: where it is, and what to try first."""

from rich.console import Console

from runtime.settings import Settings, secret_of, token_of

_ADDRESSES = """\
Callback, for the gateway: {callback}/ussd
End of session:            {callback}/ussd/end
Texts and reports:         {callback}/sms, …/delivery, …/opt-out
State:                     {base}/readyz
"""

_PHONE = """\
A phone, to look at:       {base}/
"""

_OPERATOR = """\
Operator's pages:          {base}/operator   token: {token}
"""

_TRY_NEXT = """\
Try next, in another terminal:
  .venv/bin/python main.py dial       a phone; dial, then type an answer
  .venv/bin/python main.py screens    everything that a phone can show
  .venv/bin/python main.py text HELP  what a text is answered
  curl -d '{first_hop}' {callback}/ussd
"""


def welcome(out: Console, settings: Settings, port: int, first_hop: str) -> None:
    """Print it.  `first_hop`: the form of one, for the callback's address."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{port}"
    callback = f"{base}/africastalking/{secret_of(settings)}"
    answers = f"[bold]Komek answers {settings.service_code}[/]"
    out.print(f"\n{answers} and texts to {settings.short_code} ({settings.gateway})\n")
    simulated, token = settings.gateway == "simulator", token_of(settings)
    pages = (_PHONE if simulated else "") + (_OPERATOR if token else "")
    for lines in (_ADDRESSES + pages, _TRY_NEXT):
        text = lines.format(base=base, callback=callback, first_hop=first_hop, token=token)
        out.print(text, soft_wrap=True, markup=False)
