"""Settings: where they are read, what is refused, and that no secret is ever told."""

import base64
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
from pydantic import SecretStr, ValidationError

from cli.context import settings_or_exit
from runtime.settings import KomekSettings, Settings, revealed, secret_of
from ussd.gateways import GATEWAYS

STRONG = "0123456789-abcdefghij_X"
WEAK = "hunter2-is-too-short"


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder and no variable of ours, wherever the tests run."""
    for name in [name for name in os.environ if name.upper().startswith("KOMEK_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What an operator is told when the settings are refused."""
    with pytest.raises(typer.Exit) as stopped:
        settings_or_exit()
    assert stopped.value.exit_code == 1
    told = capsys.readouterr()
    assert told.out == ""
    return told.err.splitlines()


# --- Where they come from -------------------------------------------------------


def test_nothing_needs_to_be_set() -> None:
    settings = settings_or_exit()
    assert settings.gateway == ("simulator",)
    assert settings.redis_url is None
    assert settings.callback_secret is None
    assert settings.data_dir == Path("data")
    assert settings.service_code == "*384*55#"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.ussd_septets, settings.ussd_units) == (160, 70)


MISSING = [
    f"KOMEK_{name}: is missing; set it, or …_FILE to a file that holds it"
    for name in ("CALLBACK_SECRET", "DATA_KEY", "AT_API_KEY")
]
MISSING.insert(2, "KOMEK_AT_USERNAME: is missing; set it to the name of your account")
"""What a real gateway needs at least."""
DATA_KEY = base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize(
    "case",
    [
        ("KOMEK_REDIS_URL", "redis://elsewhere:6379/1", "redis_url", "redis://elsewhere:6379/1"),
        ("KOMEK_DATA_DIR", "/srv/komek", "data_dir", Path("/srv/komek")),
        ("KOMEK_MENUS_DIR", "/srv/words", "menus_dir", Path("/srv/words")),
        ("KOMEK_SERVICE_CODE", "*123#", "service_code", "*123#"),
        ("KOMEK_CALLBACK_SECRET", STRONG, "callback_secret", SecretStr(STRONG)),
        ("KOMEK_USSD_SEPTETS", "182", "ussd_septets", 182),
        ("KOMEK_USSD_UNITS", "80", "ussd_units", 80),
        ("KOMEK_DATA_KEY", DATA_KEY, "data_key", SecretStr(DATA_KEY)),
        ("KOMEK_PREFIXES", "+7, +996", "prefixes", ("+7", "+996")),
        ("KOMEK_ZONE", "Asia/Tashkent", "zone", ZoneInfo("Asia/Tashkent")),
        ("KOMEK_SERIES_EVERY_DAYS", "7", "series_every_days", 7),
        ("KOMEK_WORKER", "false", "worker", False),
        ("KOMEK_HOST", "::1", "host", "::1"),
        ("KOMEK_PORT", "0", "port", 0),
        ("komek_port", "81", "port", 81),
    ],
)
@pytest.mark.parametrize("where", ["environment", "file"])
def test_each_can_be_set(
    desk: Path, monkeypatch: pytest.MonkeyPatch, where: str, case: tuple[str, str, str, object]
) -> None:
    name, value, field, read = case
    if where == "file":
        (desk / ".env").write_text(f"{name}='{value}'\n", encoding="utf-8")
    else:
        monkeypatch.setenv(name, value)
    assert getattr(settings_or_exit(), field) == read


def test_the_environment_wins_over_the_file(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk / ".env").write_text("KOMEK_PORT=81\nKOMEK_HOST=0.0.0.0\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("KOMEK_PORT", "82")
    settings = settings_or_exit()
    assert (settings.host, settings.port) == ("0.0.0.0", 82)  # noqa: S104


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_secret_can_stand_in_a_file(
    desk: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    secret = desk / "secret"
    secret.write_text(f"{STRONG}\n")
    if where == "file":
        (desk / ".env").write_text(f"KOMEK_CALLBACK_SECRET_FILE={secret}\n")
    else:
        monkeypatch.setenv("KOMEK_CALLBACK_SECRET_FILE", str(secret))
    monkeypatch.setenv("KOMEK_GATEWAY", "africastalking")
    monkeypatch.setenv("KOMEK_DATA_KEY", DATA_KEY)
    monkeypatch.setenv("KOMEK_AT_API_KEY", "from the gateway")
    monkeypatch.setenv("KOMEK_AT_USERNAME", "komek")
    assert secret_of(settings_or_exit()) == STRONG


ALL: set[type[KomekSettings]] = {
    Settings,
    *(own for each in GATEWAYS.values() for own in each.settings),
}
SECRETS = {
    "KOMEK_CALLBACK_SECRET": STRONG,
    "KOMEK_DATA_KEY": DATA_KEY,
    "KOMEK_OPERATOR_TOKEN": STRONG,
    "KOMEK_REDIS_URL": "redis://:password@elsewhere:6379/1",
    "KOMEK_AT_API_KEY": "key",
    "KOMEK_KANNEL_PASSWORD": "password",
}
"""Every secret there is, and a value for it."""


def named(kind: type[KomekSettings]) -> dict[str, str]:
    """The settings of a kind, each by the name of its variable, and what it may be."""
    prefix = kind.model_config["env_prefix"]
    return {f"{prefix}{name.upper()}": str(of) for name, of in kind.model_fields.items()}


def test_all_secrets_are_known_here() -> None:
    """What hides its value, and the address that can hold a password."""
    hidden = {name for kind in ALL for name, of in named(kind).items() if "SecretStr" in of}
    assert {each for each in hidden if not each.endswith("_FILE")} == {*SECRETS} - {
        "KOMEK_REDIS_URL"
    }


@pytest.mark.parametrize("how", ["…_FILE", "systemd", "a container engine"])
@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_can_stand_in_a_file(
    desk: Path, monkeypatch: pytest.MonkeyPatch, how: str, name: str
) -> None:
    (desk / name).write_text(f"{SECRETS[name]}\n")
    if how == "…_FILE":
        monkeypatch.setenv(f"{name}_FILE", str(desk / name))
    elif how == "systemd":
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(desk))
    else:
        monkeypatch.setattr("runtime.settings.RUN_SECRETS", desk)
    monkeypatch.setenv("KOMEK_AT_USERNAME", "komek")
    [kind] = [each for each in ALL if name in named(each)]
    read = getattr(kind(), name.removeprefix(kind.model_config["env_prefix"]).lower())
    assert (revealed(read) if isinstance(read, SecretStr) else read) == SECRETS[name]


def test_what_is_set_wins_over_a_file_that_lies_there(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk / "KOMEK_CALLBACK_SECRET").write_text("another-secret-of-the-file")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(desk))
    monkeypatch.setenv("KOMEK_CALLBACK_SECRET", STRONG)
    assert secret_of(settings_or_exit()) == STRONG


def test_a_file_that_lies_there_and_is_no_secret_is_told(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "KOMEK_CALLBACK_SECRET").write_text(WEAK)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(desk))
    told = ["KOMEK_CALLBACK_SECRET_FILE: needs 22 or more of A-Z a-z 0-9 _ - (128 bits)"]
    assert lines(capsys) == told


# --- What is refused ------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        pytest.param(
            {"KOMEK_GATEWAY": "africastalking"},
            MISSING,
            id="a real gateway without a secret",
        ),
        pytest.param(
            {"KOMEK_GATEWAY": "africastalkng"},
            ["KOMEK_GATEWAY: Input should be 'simulator' or 'africastalking' or 'kannel'"],
            id="an unknown gateway",
        ),
        pytest.param(
            {"KOMEK_CALLBACK_SECRET": WEAK},
            ["KOMEK_CALLBACK_SECRET: needs 22 or more of A-Z a-z 0-9 _ - (128 bits)"],
            id="a secret that is short",
        ),
        pytest.param(
            {"KOMEK_GATEWAY": "africastalking", "KOMEK_CALLBACK_SECRET": ""},
            MISSING,
            id="a real gateway with an empty secret",
        ),
        pytest.param(
            {"KOMEK_CALLBACK_SECRET": f"{STRONG}/x"},
            ["KOMEK_CALLBACK_SECRET: needs 22 or more of A-Z a-z 0-9 _ - (128 bits)"],
            id="a secret that would not stand in a path",
        ),
        pytest.param(
            {"KOMEK_CALLBACK_SECRET_FILE": "/nowhere/secret"},
            ["KOMEK_CALLBACK_SECRET_FILE: No such file or directory"],
            id="a secret's file that is none",
        ),
        pytest.param(
            {"KOMEK_DATA_KEY": "c2hvcnQ=", "KOMEK_PREFIXES": "7", "KOMEK_ZONE": "Mars/Base"},
            [
                "KOMEK_DATA_KEY: needs 32 octets in base64: python3 -c 'import base64, os;"
                " print(base64.b64encode(os.urandom(32)).decode())'",
                r"KOMEK_PREFIXES_0: String should match pattern '^\+[1-9][0-9]{0,6}$'",
                "KOMEK_ZONE: is no time zone; write one such as Asia/Almaty",
            ],
            id="what only texting needs",
        ),
        pytest.param(
            {"KOMEK_SERVICE_CODE": "384"},
            [r"KOMEK_SERVICE_CODE: String should match pattern '^\*[0-9]+(\*[0-9]+)*#$'"],
            id="a code that cannot be dialled",
        ),
        pytest.param(
            {"KOMEK_PORT": "65536", "KOMEK_USSD_SEPTETS": "59", "KOMEK_USSD_UNITS": "many"},
            [
                "KOMEK_USSD_SEPTETS: Input should be greater than or equal to 60",
                "KOMEK_USSD_UNITS: Input should be a valid integer, unable to parse string as an"
                " integer",
                "KOMEK_PORT: Input should be less than or equal to 65535",
            ],
            id="several at once",
        ),
    ],
)
def test_each_fault_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    told: list[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert lines(capsys) == told


def test_a_missing_secret_is_told_beside_other_faults(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KOMEK_GATEWAY", "africastalking")
    monkeypatch.setenv("KOMEK_PORT", "none")
    told = " ".join(lines(capsys))
    assert "KOMEK_PORT" in told
    assert "KOMEK_CALLBACK_SECRET: is missing" in told


# --- What is never told ---------------------------------------------------------


def test_a_secret_is_in_no_picture_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMEK_CALLBACK_SECRET", STRONG)
    settings = settings_or_exit()
    for picture in (repr(settings), str(settings), settings.model_dump_json()):
        assert STRONG not in picture


@pytest.mark.parametrize("source", ["variable", "file"])
def test_a_secret_that_is_refused_is_not_told(
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
) -> None:
    (desk / "secret").write_text(WEAK)
    if source == "variable":
        monkeypatch.setenv("KOMEK_CALLBACK_SECRET", WEAK)
    else:
        monkeypatch.setenv("KOMEK_CALLBACK_SECRET_FILE", str(desk / "secret"))
    monkeypatch.setenv("KOMEK_PORT", "70000")
    assert WEAK not in " ".join(lines(capsys))
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert WEAK not in str(refused.value)
    assert WEAK not in repr(refused.value)


def test_a_secret_file_that_is_no_text_tells_nothing_of_it(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "secret").write_bytes(b"\xff\xfe" + WEAK.encode())
    monkeypatch.setenv("KOMEK_CALLBACK_SECRET_FILE", str(desk / "secret"))
    told = lines(capsys)
    assert len(told) == 1
    assert told[0].startswith("KOMEK_CALLBACK_SECRET")
    assert "0xff" not in told[0]


# --- Files from other machines ----------------------------------------------------

CYRILLIC = "KOMEK_OPERATOR_TOKEN=a-token-that-nobody-sees-01\nKOMEK_SHORT_CODE=7111 # пи\n"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-16", ".env: is no UTF-8 (it may be UTF-16, as Windows saves it): save it as UTF-8"),
        (
            "utf-16-le",
            ".env: is no UTF-8 (it may be UTF-16, as Windows saves it): save it as UTF-8",
        ),
        ("cp1251", ".env:2: is no UTF-8 (it may be Windows-1251): save it as UTF-8"),
    ],
)
def test_an_env_file_in_another_encoding_is_one_line(
    desk: Path, capsys: pytest.CaptureFixture[str], encoding: str, told: str
) -> None:
    (desk / ".env").write_bytes(CYRILLIC.encode(encoding))
    assert lines(capsys) == [told]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_an_env_file_of_a_windows_editor_is_read(desk: Path, encoding: str) -> None:
    (desk / ".env").write_bytes(CYRILLIC.replace("\n", "\r\n").encode(encoding))
    assert settings_or_exit().short_code == "7111"


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret#more@127.0.0.1:6399/0",
        "redis://:123#s3cret@127.0.0.1:6399/0",
        "redis://:s3cret/more@127.0.0.1:6399/0",
        "redis://:123/s3cret@127.0.0.1:6399/0",
        "redis://:123?s3cret@127.0.0.1:6399/0",
        "rediss://user:[s3cret@127.0.0.1:6399/0",
        "redis://127.0.0.1:6399/s3cret",
        "redis://127.0.0.1:s3cret",
    ],
)
@pytest.mark.parametrize("source", ["variable", ".env"])
def test_a_password_that_must_be_escaped_is_told_and_not_shown(
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    url: str,
    source: str,
) -> None:
    if source == ".env":
        (desk / ".env").write_text(f"KOMEK_REDIS_URL={url}\n")
    else:
        monkeypatch.setenv("KOMEK_REDIS_URL", url)
    [told] = lines(capsys)
    assert told.startswith("KOMEK_REDIS_URL: is no address such as redis://:password@host")
    assert "# as %23" in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    "url",
    ["redis://:s3cret%23more@127.0.0.1:6399/0", "unix:///run/a#1/redis.sock?db=1", "redis://h"],
)
def test_an_escaped_password_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("KOMEK_REDIS_URL", url)
    assert settings_or_exit().redis_url == url
