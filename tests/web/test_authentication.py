"""Logging in to the operator's pages: the token, the cookie, what may be posted."""

import asyncio
import base64
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from pydantic import SecretStr
from starlette.types import ASGIApp, Message

import web.auth.authentication
from main import live_menu, make_pages
from runtime.encryption import Seal
from runtime.settings import Settings
from sms.bootstrap import build_sms
from tests.support.operators import csrf_of, entered, operator, posted, visitor, words
from tests.support.service import OPERATOR_TOKEN, Service, running
from ussd.gateways import sms_dialects
from web.auth.authentication import (
    COOKIE,
    MOST_AT_THE_DOOR,
    MOST_OCTETS,
    OPEN_SECONDS,
    Holder,
    Refused,
    TooSlow,
    read_form,
    signing_keys,
)
from web.auth.roster import Role, hash_of
from web.recent_errors import RecentErrors

NO_REDIS = "redis://127.0.0.1:1/0"
TOKEN = "another-token-of-the-operator"


@pytest.fixture
def stranger(service: Service) -> Iterator[httpx.Client]:
    with visitor(service.base) as client:
        yield client


@pytest.fixture
def inside(service: Service) -> Iterator[httpx.Client]:
    with operator(service.base) as client:
        yield client


def led_to_the_door(response: httpx.Response) -> bool:
    place = response.headers.get("location")
    return (response.status_code, place, response.content) == (303, "/operator/enter", b"")


# --- Who comes in ---------------------------------------------------------------


def made_pages(folder: Path) -> ASGIApp:
    """The pages of a service that nobody runs."""
    settings = Settings(
        redis_url=NO_REDIS,
        callback_secret=SecretStr("s" * 32),
        data_key=SecretStr(base64.b64encode(bytes(32)).decode()),
        data_dir=folder,
    )
    sms = build_sms(settings, live_menu(settings), sms_dialects(settings))
    return make_pages(settings, sms, RecentErrors())


def addresses(folder: Path) -> dict[str, list[str]]:
    """Every address under `/operator` that needs the token, with its methods."""
    app = made_pages(folder)
    assert isinstance(app, FastAPI)
    found: dict[str, dict[str, object]] = app.openapi()["paths"]
    ours = {path: list(of) for path, of in found.items() if path.startswith("/operator")}
    del ours["/operator/enter"]
    return ours


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
def test_without_the_token_nothing_is_shown_and_nothing_done(
    stranger: httpx.Client, tmp_path: Path
) -> None:
    found = addresses(tmp_path)
    assert len(found) > 15
    for path, methods in found.items():
        address = path.format(node="danger", code="en", name="danger", id_="hotline-kz-trafficking")
        for method in methods:
            form = {"csrf": "x"} if method == "post" else None
            response = stranger.request(method.upper(), address, data=form)
            assert led_to_the_door(response), (method, address)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X"])
def test_other_methods_show_nothing(inside: httpx.Client, method: str) -> None:
    for path in ("/operator/menu", "/operator/enter"):
        assert inside.request(method, path).status_code in {400, 405}, path


def test_the_token_opens(stranger: httpx.Client) -> None:
    response = entered(stranger)
    assert (response.status_code, response.headers["location"]) == (303, "/operator")
    cookie = response.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/operator", f"max-age={OPEN_SECONDS}"):
        assert part in cookie
    assert "secure" not in cookie
    assert stranger.get("/operator").headers["location"] == "/operator/menu"
    assert "no-store" in stranger.get("/operator/menu").headers["cache-control"]


def test_behind_https_the_cookie_never_goes_without_it(stranger: httpx.Client) -> None:
    response = entered(stranger, X_Forwarded_Proto="https")
    assert "; secure" in response.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "token",
    ["", "x", OPERATOR_TOKEN[:-1], OPERATOR_TOKEN + "x", OPERATOR_TOKEN.upper(), "ключ", "\x00"],
)
def test_a_wrong_token_opens_nothing(service: Service, token: str) -> None:
    with visitor(service.base, "198.51.100.2") as client:
        response = entered(client, token)
        assert response.status_code == 403
        assert "not the right one" in words(response.text)
        assert not client.cookies
        assert led_to_the_door(client.get("/operator/menu"))
        entered(client)  # so that no test finds the attempts of another


def test_a_token_that_is_no_text_is_a_wrong_one(stranger: httpx.Client) -> None:
    kind = 'multipart/form-data; boundary=b; charset="unicode_escape"'
    body = b'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n\\ud800\r\n--b--\r\n'
    response = stranger.post("/operator/enter", content=body, headers={"Content-Type": kind})
    assert response.status_code == 403


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb", "a\u200bb", "\u202eabc"])
def test_a_name_is_needed(stranger: httpx.Client, name: str) -> None:
    response = entered(stranger, name=name)
    assert response.status_code == 422
    assert "at most 60" in words(response.text)
    assert not stranger.cookies


def test_a_name_is_shown_as_it_is(service: Service) -> None:
    with operator(service.base, "<script>alert('Әсел & Ко')</script>") as client:
        page = client.get("/operator/menu").text
        assert "&lt;script&gt;alert(&#39;Әсел &amp; Ко&#39;)&lt;/script&gt;" in page
        assert "<script" not in page


def test_without_a_token_in_the_settings_there_is_nothing(redis_url: str) -> None:
    key = base64.b64encode(bytes(32)).decode()
    account = {"KOMEK_AT_USERNAME": "sandbox", "KOMEK_AT_API_KEY": "k" * 30}
    settings = {"KOMEK_GATEWAY": "africastalking", "KOMEK_DATA_KEY": key, **account}
    with running(redis_url, KOMEK_OPERATOR_TOKEN="", **settings) as service:
        for path in ("", "/enter", "/menu", "/contacts", "/health"):
            assert service.http.get(f"{service.base}/operator{path}").status_code == 404, path
        assert entered_at(service, "") == 404


def entered_at(service: Service, token: str) -> int:
    with visitor(service.base) as client:
        return entered(client, token).status_code


# --- The cookie -----------------------------------------------------------------


class LongAgo(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(time.time()) - OPEN_SECONDS - 2


def seal_of(service: Service) -> Seal:
    kept = (service.log.parent / "data-key").read_text(encoding="ascii")
    return Seal(base64.b64decode(kept))


def signed(service: Service, signer: type[TimestampSigner] = TimestampSigner) -> str:
    key = signing_keys(seal_of(service))
    cookies = URLSafeTimedSerializer(key, salt="session", signer=signer)
    mark = Holder("", Role.ALL, hash_of(OPERATOR_TOKEN)).mark
    return str(cookies.dumps(["Aigul", "a-session", mark]))


def shows(client: httpx.Client, cookie: str) -> bool:
    client.cookies.clear()
    response = client.get("/operator/menu", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert response.status_code == 200 or led_to_the_door(response)
    return response.status_code == 200


def test_a_cookie_opens_for_eight_hours(service: Service, stranger: httpx.Client) -> None:
    assert shows(stranger, signed(service))
    assert not shows(stranger, signed(service, LongAgo))


def test_a_tampered_cookie_opens_nothing(inside: httpx.Client) -> None:
    cookie = inside.cookies[COOKIE]
    content, moment, signature = cookie.split(".")
    forged = [
        "",
        "x",
        content,
        f"{content}.{moment}",
        f"{content[:-2]}AA.{moment}.{signature}",
        f"{content}.{moment}.{signature[:-2]}AA",
        f"{content}.zzzzzz.{signature}",
        csrf_of(inside),
        cookie.swapcase(),
        URLSafeTimedSerializer("guessed", salt="session").dumps(["Aigul", "a-session"]),
    ]
    assert [shows(inside, str(each)) for each in forged] == [False] * len(forged)
    assert shows(inside, cookie)


def test_after_log_out_a_copied_cookie_opens_nothing(inside: httpx.Client) -> None:
    cookie = inside.cookies[COOKIE]
    assert led_to_the_door(posted(inside, "/operator/leave"))
    assert not inside.cookies
    assert not shows(inside, cookie)


def test_another_process_knows_of_the_log_out(service: Service, redis_url: str) -> None:
    key = (service.log.parent / "data-key").read_text(encoding="ascii")
    with running(redis_url, KOMEK_DATA_KEY=key) as other, operator(service.base) as client:
        cookie = client.cookies[COOKIE]
        with visitor(other.base) as there:
            assert shows(there, cookie)
            posted(client, "/operator/leave")
            assert not shows(there, cookie)


@pytest.mark.parametrize("change", ["token", "data key"])
def test_another_token_or_key_makes_cookies_void(
    service: Service, redis_url: str, change: str
) -> None:
    kept = (service.log.parent / "data-key").read_text(encoding="ascii")
    token = TOKEN if change == "token" else OPERATOR_TOKEN
    key = kept if change == "token" else base64.b64encode(bytes(32)).decode()
    with running(redis_url, KOMEK_OPERATOR_TOKEN=token, KOMEK_DATA_KEY=key) as other:
        with operator(service.base) as client:
            cookie = client.cookies[COOKIE]
        with visitor(other.base) as there:
            assert not shows(there, cookie)
            assert entered(there, token).status_code == 303


# --- What is posted -------------------------------------------------------------


@pytest.mark.parametrize("csrf", ["", "x", "of another session", "the cookie"])
def test_a_form_that_is_not_ours_is_refused(
    service: Service, inside: httpx.Client, csrf: str
) -> None:
    with operator(service.base, "Somebody else") as other:
        others = {"of another session": csrf_of(other), "the cookie": inside.cookies[COOKIE]}
    response = inside.post("/operator/leave", data={"csrf": others.get(csrf, csrf)})
    assert response.status_code == 403
    assert inside.post("/operator/leave").status_code == 403
    assert inside.get("/operator/menu").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[elsewhere"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://named-by-a-proxy.example"}, 303),
        ({}, 303),
    ],
)
def test_other_sites_cannot_post(
    stranger: httpx.Client, inside: httpx.Client, headers: dict[str, str], status: int
) -> None:
    form = {"csrf": csrf_of(inside)}
    assert inside.post("/operator/leave", data=form, headers=headers).status_code == status
    form = {"token": OPERATOR_TOKEN, "name": "Aigul"}
    assert stranger.post("/operator/enter", data=form, headers=headers).status_code == status


def test_a_form_of_this_very_host_is_taken(service: Service, stranger: httpx.Client) -> None:
    assert entered(stranger, Origin=service.base).status_code == 303


def parts(octets: int) -> Iterator[bytes]:
    """A body that does not say how long it is."""
    yield b"token="
    for _ in range(octets // 65536):
        yield b"x" * 65536


def test_too_large_a_body_is_not_read(stranger: httpx.Client) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for size, status in ((MOST_AT_THE_DOOR // 2, 403), (MOST_AT_THE_DOOR * 4, 413)):
        content = b"token=" + b"x" * size
        response = stranger.post("/operator/enter", content=content, headers=kind)
        assert response.status_code == status
    response = stranger.post("/operator/enter", content=parts(MOST_OCTETS), headers=kind)
    assert response.status_code == 413
    entered(stranger)


async def test_too_slow_a_body_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    kind = [(b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": kind}
    monkeypatch.setattr(web.auth.authentication, "BODY_SECONDS", 0.01)
    with pytest.raises(TooSlow):
        await read_form(Request(scope, never))


async def test_a_body_that_is_cut_off_is_no_error_of_ours() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    kind = [(b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": kind}
    with pytest.raises(Refused):
        await read_form(Request(scope, gone))


def test_too_many_fields_are_refused(stranger: httpx.Client) -> None:
    response = stranger.post("/operator/enter", data={f"f{n}": "x" for n in range(101)})
    assert response.status_code == 403
