"""The door of the operator's pages: the token, the cookie, what may be posted."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.service import OPERATOR_TOKEN, Service


@pytest.fixture
def browser(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base, trust_env=False) as client:
        yield client


def entered(
    browser: httpx.Client, token: str = OPERATOR_TOKEN, name: str = "Aigul"
) -> httpx.Response:
    return browser.post("/operator/enter", data={"token": token, "name": name})


def csrf_of(browser: httpx.Client) -> str:
    page = browser.get("/operator/menu").text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_nothing_is_shown_without_the_token(browser: httpx.Client) -> None:
    for path in ("/operator",):
        response = browser.get(path)
        assert response.status_code == 303
        assert response.headers["location"] == "/operator/enter"


def test_the_token_opens(browser: httpx.Client) -> None:
    response = entered(browser)
    assert response.status_code == 303
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("/operator").headers["location"] == "/operator/menu"
