"""`main.py gateway …`: a configuration without a trap in it, and nothing that a stranger reads."""

import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.commands import Ended, command, ended_well, refused
from tests.support.service import SECRET

SMSC = ("--smsc", "smpp.example.kz:2775", "--user", "komek1")
GIVEN = {
    "KOMEK_CALLBACK_SECRET": SECRET,
    "KOMEK_KANNEL_PASSWORD": "of-sendsms",
    "KOMEK_PORT": "8123",
    "KOMEK_KANNEL_URL": "http://127.0.0.1:14014/cgi-bin/sendsms",
}


def written(
    tree: Path,
    *options: str,
    typed: str = "hush hush\n",
    settings: Mapping[str, str] | None = None,
) -> Ended:
    """The password is typed where it is asked for: the question is no part of what is said."""
    done = command(tree, "gateway", "kannel", *options, typed=typed, settings=settings)
    stdout, stderr = done.stdout.removeprefix(" \n"), done.stderr.removeprefix(ASKED)
    return replace(done, stdout=stdout, stderr=stderr)


def groups(conf: Path) -> list[dict[str, str]]:
    """The groups of a configuration, as Kannel reads them."""
    found: list[dict[str, str]] = []
    for line in conf.read_text("utf-8").splitlines():
        if line and line[0] != "#":
            name, _, value = line.partition(" = ")
            if name == "group":
                found.append({})
            found[-1][name] = value.strip('"')
    return found


def named(conf: Path, group: str) -> list[dict[str, str]]:
    return [each for each in groups(conf) if each["group"] == group]


ASKED = "Password at the operator:"
CONF = Path("data/gateway/kannel.conf")
TRAPS: dict[str, dict[str, str | None]] = {
    "core": {
        "admin-interface": "127.0.0.1",
        "smsbox-interface": "127.0.0.1",
        "admin-deny-ip": "*.*.*.*",
        "box-allow-ip": "127.0.0.1",
        "log-level": "1",
        "access-log": None,
        "store-type": "spool",
        "dlr-storage": "spool",
    },
    "smsbox": {
        "sendsms-interface": "127.0.0.1",
        "sendsms-port": "14014",
        "sendsms-chars": "0123456789+",
        "smsbox-id": None,
        "access-log": None,
        "log-level": "2",
        "mo-recode": "true",
        "http-request-retry": "4320",
        "http-queue-delay": "10",
        "reply-couldnotfetch": "",
        "reply-requestfailed": "",
    },
    "sendsms-user": {"password": "of-sendsms", "max-messages": "8", "user-allow-ip": "127.0.0.1"},
}


@pytest.mark.parametrize("group", TRAPS)
def test_no_trap_is_left(tree: Path, group: str) -> None:
    ended_well(written(tree, *SMSC, settings=GIVEN))
    [found] = named(tree / CONF, group)
    assert {name: found.get(name) for name in TRAPS[group]} == TRAPS[group]


def test_texts_and_sessions_have_links_and_services_of_their_own(tree: Path) -> None:
    options = (*SMSC, "--sessions", "ussd.example.kz:2776", "--sessions-user", "komek2")
    ended_well(written(tree, *options, settings=GIVEN))
    texts, sessions = named(tree / CONF, "smsc")
    assert (texts["denied-smsc-id"], sessions["allowed-smsc-id"]) == ("sessions", "sessions")
    assert (texts["host"], texts["port"], texts["smsc-username"]) == (
        "smpp.example.kz",
        "2775",
        "komek1",
    )
    assert (sessions["host"], sessions["smsc-username"]) == ("ussd.example.kz", "komek2")
    assert {each["smsc-password"] for each in (texts, sessions)} == {"hush hush"}
    assert (texts["wait-ack-expire"], texts["max-pending-submits"]) == ("0x02", "1")
    assert [each["tag"] for each in named(tree / CONF, "smpp-tlv")] == ["0x0501", "0x1383"]
    ussd, default = named(tree / CONF, "sms-service")
    base = f"http://127.0.0.1:8123/kannel/{SECRET}"
    assert (ussd["post-url"], ussd["accepted-smsc"]) == (f"{base}/ussd?id=%I&at=%T", "sessions")
    assert (default["post-url"], default["max-messages"]) == (f"{base}/sms?id=%I", "0")


def test_one_sim_card_needs_no_password(tree: Path) -> None:
    ended_well(written(tree, "--modem", "/dev/ttyUSB0", typed=""))
    [modem] = named(tree / CONF, "smsc")
    assert (modem["smsc"], modem["device"]) == ("at", "/dev/ttyUSB0")
    assert len(named(tree / CONF, "modems")) == 1


def test_only_the_owner_reads_it_and_it_says_how_to_go_on(tree: Path) -> None:
    said = ended_well(written(tree, *SMSC))
    folder = tree / CONF.parent
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in [folder, *folder.iterdir()]}
    assert modes == {
        "gateway": 0o700,
        "store": 0o700,
        "dlr": 0o700,
        "kannel.conf": 0o600,
        "komek.env": 0o600,
    }
    for program in ("bearerbox", "smsbox"):
        assert f"cd data/gateway && {program} -v 4 kannel.conf" in said
    made = dict(line.split("=", 1) for line in (folder / "komek.env").read_text().splitlines())
    conf = (folder / "kannel.conf").read_text("utf-8")
    assert made["KOMEK_GATEWAY"] == "kannel"
    for name in ("CALLBACK_SECRET", "KANNEL_PASSWORD"):
        secret = made[f"KOMEK_{name}"]
        assert secret in conf
        assert secret not in said
    assert "hush hush" in conf
    assert "hush hush" not in said


def test_a_password_may_stand_in_a_file(tree: Path) -> None:
    for name in ("one", "other"):
        (tree / name).write_text(f"{name} file\n", encoding="utf-8")
    files = ("--password-file", "one", "--sessions-password-file", "other")
    ended_well(written(tree, *SMSC, "--sessions", "ussd.example.kz:2776", *files, typed=""))
    passwords = [each["smsc-password"] for each in named(tree / CONF, "smsc")]
    assert passwords == ["one file", "other file"]


TLVS = {
    "its_session_info": ((), "0x1383", "octetstring", "2"),
    "user_message_reference": ((), "0x0204", "integer", "2"),
    "theirs": (("--session-tlv", "0x1400:8"), "0x1400", "octetstring", "8"),
}


@pytest.mark.parametrize("name", TLVS)
def test_the_parameter_of_a_session_is_declared(tree: Path, name: str) -> None:
    options, *declared = TLVS[name]
    sessions = ("--sessions", "ussd.example.kz:2776", *options)
    ended_well(written(tree, *SMSC, *sessions, settings={"KOMEK_KANNEL_USSD_SESSION_TLV": name}))
    _, tlv = named(tree / CONF, "smpp-tlv")
    assert [tlv["name"], tlv["tag"], tlv["type"], tlv["length"]] == [name, *declared]


def test_what_is_there_is_replaced_only_when_asked(tree: Path) -> None:
    ended_well(written(tree, *SMSC))
    before = (tree / CONF).read_text("utf-8")
    assert "is there already" in "".join(refused(written(tree, *SMSC)))
    assert (tree / CONF).read_text("utf-8") == before
    ended_well(written(tree, *SMSC, "--overwrite"))
    assert (tree / CONF).read_text("utf-8") != before, "its passwords are new"


REFUSED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "neither": ((), {}, "name the operator with --smsc HOST:PORT, or a modem"),
    "both": ((*SMSC, "--modem", "/dev/ttyUSB0"), {}, "name the operator with --smsc"),
    "no port": (("--smsc", "host", "--user", "u"), {}, "host is no address"),
    "no user": (("--smsc", "host:2775"), {}, "with --user"),
    "no file": ((*SMSC, "--password-file", "none"), {}, "none cannot be read"),
    "an odd character": (("--smsc", "host:2775", "--user", 'a"b'), {}, "nothing is written"),
    "an odd tag": ((*SMSC, "--session-tlv", "1383"), {}, "1383 is no tag and length"),
    "an unknown TLV": (SMSC, {"KOMEK_KANNEL_USSD_SESSION_TLV": "x"}, "x is not known"),
    "a wrong setting": (SMSC, {"KOMEK_KANNEL_URL": "x"}, "KOMEK_KANNEL_URL"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_written_is_told_in_a_line(tree: Path, name: str) -> None:
    options, settings, why = REFUSED[name]
    assert why in "".join(refused(written(tree, *options, settings=settings)))
    assert not (tree / CONF).exists()
