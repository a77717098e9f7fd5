"""What `serve` prints when it listens: no secret but what it has just made."""

import base64

import pytest

from cli.welcome import welcome
from runtime.provision import made_at_start
from runtime.settings import Settings

SECRET, TOKEN = "a-secret-of-the-settings-1", "a-token-of-the-settings-01"
KEY = base64.b64encode(b"k" * 32).decode()


def printed(given: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    complete = given.model_copy(
        update=Settings.model_validate(
            {"callback_secret": SECRET, "operator_token": TOKEN}
        ).model_dump(include={"callback_secret", "operator_token"})
    )
    welcome(complete, 8000, made=made_at_start(given))
    return capsys.readouterr().out


@pytest.mark.parametrize("gateway", ["africastalking", "kannel", "simulator"])
def test_what_is_set_is_not_printed(gateway: str, capsys: pytest.CaptureFixture[str]) -> None:
    secrets = {"callback_secret": SECRET, "operator_token": TOKEN, "data_key": KEY}
    text = printed(Settings.model_validate({"gateway": gateway, **secrets}), capsys)
    assert SECRET not in text
    assert TOKEN not in text
    assert "/KOMEK_CALLBACK_SECRET/ussd" in text


def test_what_was_made_is_printed_in_the_simulator(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(Settings.model_validate({}), capsys)
    assert f"/{SECRET}/ussd" in text
    assert f"token: {TOKEN}" in text
