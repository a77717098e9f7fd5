"""A whole `kannel.conf`, for a machine that Kannel and Komek share.

What a configuration made by hand easily has wrong is right here: ports that listen on all
addresses, numbers and texts in logs and addresses, texts that are not repeated, sentences of
Kannel's own to people, replies that leave by the link of the dialled sessions.  All was seen
on Kannel 1.4.5.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sms.gateways import KANNEL_SEGMENTS

HOURS_REPEATED = 12
"""How long a text is handed to us again and again while we do not answer; then it is lost."""
KNOWN_TLVS = {"its_session_info": "0x1383:2", "user_message_reference": "0x0204:2:integer"}
"""The parameters of SMPP 3.4 that name sessions.  Kannel knows the second one by itself, as an
integer, and hands it over in decimal digits; as octets it would not send it.
"""
SESSION_WINDOW = 10
"""Screens on their way without an answer.  One that comes twice is one screen on the phone."""


@dataclass(frozen=True, slots=True)
class Smpp:
    """A link to an operator or reseller, by which texts or dialled sessions come and go."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Modem:
    """A modem with one SIM card, such as `/dev/ttyUSB0`.  Its PIN is switched off."""

    device: str


@dataclass(frozen=True, slots=True)
class SessionTlv:
    """The parameter that names a dialled session: `form` is its tag and length in octets, as
    `0x1383:2`, and its type, where that is not `octetstring`.

    Kannel drops one of another length.  Raises `ValueError`.
    """

    name: str
    form: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"0x[0-9A-Fa-f]{1,4}:[1-9][0-9]{0,2}(:integer)?", self.form):
            raise ValueError(f"{self.form} is no tag and length, such as 0x1383:2")

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        tag, length, *kind = self.form.split(":")
        type_ = kind[0] if kind else "octetstring"
        return ("name", self.name), ("tag", tag), ("type", type_), ("length", length)


@dataclass(frozen=True, slots=True)
class Ports:
    """On which Kannel listens, on this machine only."""

    sendsms: int = 13013
    admin: int = 13000
    boxes: int = 13001


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds.  `resend`: until what the operator throttled is sent again; `patience`: how long
    our answer is waited for; `repeat`: until what we did not answer is handed to us again.
    """

    resend: int = 10
    reconnect: int = 5
    patience: int = 10
    repeat: int = 10


@dataclass(frozen=True, slots=True)
class KannelPlan:
    """What a configuration is made of.  `callbacks`: what the addresses of ours begin with,
    the secret in it; `window`: how many texts may be on their way to the operator without an
    answer, and may come twice when the link breaks; `queue`: how many may wait in Kannel.
    """

    texts: Smpp | Modem
    callbacks: str
    username: str
    password: str = field(repr=False)
    admin_password: str = field(repr=False)
    sessions: Smpp | None = None
    tlv: SessionTlv = SessionTlv("its_session_info", KNOWN_TLVS["its_session_info"])
    window: int = 1
    queue: int = 10_000
    ports: Ports = Ports()
    pace: Pace = Pace()


WINDOW_UNSET = 10
"""How many texts Kannel lets go without an answer where `max-pending-submits` does not say."""


def resent_at_most(conf: str) -> int:
    """How many texts Kannel may send twice when a link breaks, by a configuration: the widest
    window of the SMPP links but that of the dialled sessions; 0 if there is none.
    """
    groups = [_settings_of(block) for block in re.split(r"\n\s*\n", conf)]
    links = [each for each in groups if each.get("smsc") == "smpp"]
    texts = [each for each in links if each.get("smsc-id") != "sessions"]
    windows = [each.get("max-pending-submits", "") for each in texts]
    return max((int(each) if each.isdecimal() else WINDOW_UNSET for each in windows), default=0)


def _settings_of(block: str) -> dict[str, str]:
    """Of one group, by their names."""
    pairs = (line.partition("=") for line in block.splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}


Group = Sequence[tuple[str, str | int]]
"""Names and values; the first is that of the group."""


def conf_of(plan: KannelPlan) -> str:
    """The text of `kannel.conf`.  Raises `ValueError` for a value that cannot stand in it."""
    blocks = "\n\n".join(_block(group) for group in _groups(plan))
    return f"# Made by `main.py gateway kannel`. It holds passwords: keep it private.\n\n{blocks}\n"


def _block(group: Group) -> str:
    return "\n".join(f"{name} = {_value(value)}" for name, value in group)


def _value(value: str | int) -> str:
    if isinstance(value, int) or re.fullmatch(r"[\w-]+", value):
        return str(value)
    if re.search(r'["\\\x00-\x1f\x7f]', value):
        raise ValueError("a value has a quotation mark, a backslash or a control character")
    return f'"{value}"'


def _groups(plan: KannelPlan) -> Iterable[Group]:
    yield _core(plan)
    yield _link("texts", plan.texts, plan)
    if isinstance(plan.texts, Modem):
        yield ("group", "modems"), ("id", "generic"), ("name", "generic")
    if plan.sessions:
        yield from _sessions(plan, plan.sessions)
    yield _smsbox(plan)
    if plan.sessions:
        yield _service_of_sessions(plan)
    yield _service_of_texts(plan)
    yield _user(plan)


def _core(plan: KannelPlan) -> Group:
    """Texts and reports outlive a restart; the log names no number."""
    return (
        ("group", "core"),
        ("admin-port", plan.ports.admin),
        ("admin-interface", "127.0.0.1"),
        ("admin-password", plan.admin_password),
        ("status-password", plan.admin_password),
        ("admin-deny-ip", "*.*.*.*"),
        ("admin-allow-ip", "127.0.0.1"),
        ("smsbox-port", plan.ports.boxes),
        ("smsbox-interface", "127.0.0.1"),
        ("box-deny-ip", "*.*.*.*"),
        ("box-allow-ip", "127.0.0.1"),
        ("log-file", "bearerbox.log"),
        ("log-level", 1),
        ("store-type", "spool"),
        ("store-location", "store"),
        ("dlr-storage", "spool"),
        ("dlr-spool", "dlr"),
        ("sms-resend-freq", plan.pace.resend),
        ("sms-outgoing-queue-limit", plan.queue),
    )


def _link(name: str, link: Smpp | Modem, plan: KannelPlan) -> Group:
    """Without a rule, texts leave by any link, also by the one of dialled sessions."""
    rule = "allowed-smsc-id" if name == "sessions" else "denied-smsc-id"
    routed = [("group", "smsc"), ("smsc-id", name), (rule, "sessions")]
    if isinstance(link, Smpp):
        window = SESSION_WINDOW if name == "sessions" else plan.window
        return [*routed, *_smpp(link, window, plan.pace)]
    modem = [("smsc", "at"), ("modemtype", "auto"), ("device", link.device)]
    return [*routed, *modem, ("sim-buffering", "true")]


def _smpp(link: Smpp, window: int, pace: Pace) -> Group:
    """`wait-ack-expire` 0x02: what the operator does not answer is not sent again for that."""
    return (
        ("smsc", "smpp"),
        ("host", link.host),
        ("port", link.port),
        ("transceiver-mode", "true"),
        ("smsc-username", link.user),
        ("smsc-password", link.password),
        ("system-type", ""),
        ("address-range", ""),
        ("source-addr-ton", 0),
        ("source-addr-npi", 1),
        ("dest-addr-ton", 1),
        ("dest-addr-npi", 1),
        ("enquire-link-interval", 10),
        ("reconnect-delay", pace.reconnect),
        ("max-pending-submits", window),
        ("wait-ack-expire", "0x02"),
    )


def _sessions(plan: KannelPlan, link: Smpp) -> Iterable[Group]:
    yield _link("sessions", link, plan)
    operation = ("name", "ussd_service_op"), ("tag", "0x0501"), ("type", "integer"), ("length", 1)
    for lines in (operation, plan.tlv.lines):
        yield [("group", "smpp-tlv"), *lines, ("smsc-id", "sessions")]


def _smsbox(plan: KannelPlan) -> Group:
    """No `smsbox-id`, with which no text ever comes; no blank in a number: one a call."""
    return (
        ("group", "smsbox"),
        ("bearerbox-host", "127.0.0.1"),
        ("sendsms-port", plan.ports.sendsms),
        ("sendsms-interface", "127.0.0.1"),
        ("sendsms-chars", "0123456789+"),
        ("log-file", "smsbox.log"),
        ("log-level", 2),
        ("mo-recode", "true"),
        ("http-request-retry", HOURS_REPEATED * 3600 // plan.pace.repeat),
        ("http-queue-delay", plan.pace.repeat),
        ("http-timeout", plan.pace.patience),
        ("reply-couldnotfetch", ""),
        ("reply-requestfailed", ""),
    )


def _service_of_sessions(plan: KannelPlan) -> Group:
    """It stands before that of texts, which takes everything."""
    return (
        ("group", "sms-service"),
        ("name", "sessions"),
        ("keyword-regex", ".*"),
        ("accepted-smsc", "sessions"),
        ("catch-all", "true"),
        ("max-messages", 1),
        ("omit-empty", "true"),
        ("accept-x-kannel-headers", "true"),
        ("send-sender", "true"),
        ("alt-charset", "UTF-8"),
        ("post-url", f"{plan.callbacks}/ussd?id=%I&at=%T"),
    )


def _service_of_texts(plan: KannelPlan) -> Group:
    """Nothing of our answer is sent to the person."""
    return (
        ("group", "sms-service"),
        ("keyword", "default"),
        ("catch-all", "true"),
        ("max-messages", 0),
        ("omit-empty", "true"),
        ("send-sender", "true"),
        ("alt-charset", "UTF-8"),
        ("post-url", f"{plan.callbacks}/sms?id=%I"),
    )


def _user(plan: KannelPlan) -> Group:
    return (
        ("group", "sendsms-user"),
        ("username", plan.username),
        ("password", plan.password),
        ("max-messages", KANNEL_SEGMENTS),
        ("concatenation", "true"),
        ("user-deny-ip", "*.*.*.*"),
        ("user-allow-ip", "127.0.0.1"),
    )
