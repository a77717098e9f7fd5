"""`main.py gateway …`: the configuration of what stands between Komek and an operator."""

import secrets
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from cli.consoles import out
from cli.context import CommandContext, refuse, settings_or_exit
from runtime.files import make_private, replace_file
from runtime.settings import Settings, faults_in, revealed, secret_of
from sms.gateways import KannelAccount
from ussd.gateways import (
    KNOWN_TLVS,
    KannelPlan,
    KannelUssdSettings,
    Modem,
    Ports,
    SessionTlv,
    Smpp,
    conf_of,
    configurations,
)

_NEXT = """\
{folder}/kannel.conf is there. It holds passwords: keep the folder as private as it is.
{env}
Then start both, each by itself, as the user who owns the folder:

  cd {folder} && bearerbox -v 4 kannel.conf
  cd {folder} && smsbox -v 4 kannel.conf      once the first one listens

What to ask the operator, and what to watch, is in docs/gateways.md."""
_ENV = """\
{folder}/komek.env has the settings that go with it: add its lines to .env of Komek.
"""


def gateway_commands(_context: CommandContext) -> typer.Typer:
    """`gateway`, with its own commands."""
    cli = typer.Typer(no_args_is_help=True, help="Write what a gateway needs beside Komek.")

    @cli.callback()
    def gateway() -> None:
        """Write what a gateway needs beside Komek."""

    @cli.command()
    def kannel(  # noqa: PLR0913
        *,
        smsc: Annotated[
            str | None, typer.Option(metavar="HOST:PORT", help="SMPP of the operator, for texts")
        ] = None,
        user: Annotated[str | None, typer.Option(help="The name that the operator gave us")] = None,
        modem: Annotated[
            str | None, typer.Option(metavar="DEVICE", help="One SIM card, such as /dev/ttyUSB0")
        ] = None,
        sessions: Annotated[
            str | None, typer.Option(metavar="HOST:PORT", help="SMPP of its USSD centre")
        ] = None,
        sessions_user: Annotated[
            str | None, typer.Option(help="Our name there; if another one")
        ] = None,
        sessions_password_file: Annotated[
            Path | None, typer.Option(help="Holds our password there; if another one")
        ] = None,
        session_tlv: Annotated[
            str | None,
            typer.Option(metavar="TAG:LENGTH", help="Of KOMEK_KANNEL_USSD_SESSION_TLV: 0x1400:8"),
        ] = None,
        window: Annotated[
            int, typer.Option(min=1, max=100, help="Texts on their way without an answer")
        ] = 1,
        password_file: Annotated[
            Path | None, typer.Option(help="Holds the operator's password; else it is asked for")
        ] = None,
        folder: Annotated[Path | None, typer.Option(help="Default: in KOMEK_DATA_DIR")] = None,
        overwrite: Annotated[
            bool, typer.Option("--overwrite", help="Replace the configuration that is there")
        ] = False,
    ) -> None:
        """Write a whole kannel.conf, for one machine with Kannel and Komek on it."""
        settings, own = _completed(settings_or_exit())
        chosen = folder or configurations(settings)
        if (chosen / "kannel.conf").exists() and not overwrite:
            refuse(f"{chosen}/kannel.conf is there already: --overwrite replaces it")
        if (smsc is None) == (modem is None):
            refuse("name the operator with --smsc HOST:PORT, or a modem with --modem DEVICE")
        if (smsc or sessions) and not user:
            refuse("name who we are at the operator with --user")
        texts_at, sessions_at, tlv = _address(smsc), _address(sessions), _tlv(session_tlv)
        password = _password(password_file) if texts_at or sessions_at else ""
        other = _password(sessions_password_file) if sessions_password_file else password
        own_name = sessions_user or user or ""
        plan = KannelPlan(
            texts=Smpp(*texts_at, user or "", password) if texts_at else Modem(modem or ""),
            callbacks=own.callbacks(settings),
            username=own.username,
            password=revealed(own.password),
            admin_password=secrets.token_urlsafe(16),
            sessions=Smpp(*sessions_at, own_name, other) if sessions_at else None,
            tlv=tlv,
            window=window,
            ports=Ports(sendsms=own.sendsms_port),
        )
        _write(chosen, plan, settings, own)

    return cli


def _completed(settings: Settings) -> tuple[Settings, KannelAccount]:
    """With a secret and a password where none are set."""
    if faults := faults_in(KannelAccount):
        refuse("\n".join(faults))
    own = KannelAccount()
    secret = settings.callback_secret or SecretStr(secrets.token_urlsafe(24))
    password = own.password or SecretStr(secrets.token_urlsafe(16))
    return (
        settings.model_copy(update={"callback_secret": secret}),
        own.model_copy(update={"password": password}),
    )


def _password(file: Path | None) -> str:
    if file is None:
        return str(typer.prompt("Password at the operator", hide_input=True, err=True))
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}")


def _address(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 65536):
        refuse(f"{text} is no address: write one such as smpp.example.kz:2775")
    return host, int(port)


def _tlv(form: str | None) -> SessionTlv:
    if faults := faults_in(KannelUssdSettings):
        refuse("\n".join(faults))
    name = KannelUssdSettings().session_tlv
    known = form or KNOWN_TLVS.get(name)
    if known is None:
        refuse(f"{name} is not known: give its tag and length, such as --session-tlv 0x1400:8")
    try:
        return SessionTlv(name, known)
    except ValueError as error:
        refuse(str(error))


def _write(folder: Path, plan: KannelPlan, settings: Settings, own: KannelAccount) -> None:
    try:
        conf = conf_of(plan)
        for each in (folder, folder / "store", folder / "dlr"):
            make_private(each)
        for name, text in (("kannel.conf", conf), ("komek.env", _env(settings, own))):
            (folder / name).touch(mode=0o600)
            replace_file(folder / name, text)
    except ValueError as error:
        refuse(f"nothing is written: {error}")
    except OSError as error:
        refuse(f"{folder} cannot be written: {error.strerror}")
    env = _ENV.format(folder=folder)
    out.print(_NEXT.format(folder=folder, env=env), soft_wrap=True, markup=False)


def _env(settings: Settings, own: KannelAccount) -> str:
    """What Komek must be told; not the data key, which is to be kept apart."""
    return (
        "KOMEK_GATEWAY=kannel\n"
        f"KOMEK_CALLBACK_SECRET={secret_of(settings)}\n"
        f"KOMEK_KANNEL_URL={own.url}\n"
        f"KOMEK_KANNEL_USERNAME={own.username}\n"
        f"KOMEK_KANNEL_PASSWORD={revealed(own.password)}\n"
    )
