"""Somebody who looks at the operator's pages with a browser, as far as HTTP goes."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.support.patience import PATIENCE
from tests.support.service import NO_TLS, OPERATOR_TOKEN

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@contextmanager
def visitor(base: str, address: str = "198.51.100.1") -> Iterator[httpx.Client]:
    """A browser that is not logged in, behind a proxy that names its address."""
    client = httpx.Client(base_url=base, trust_env=False, verify=NO_TLS, timeout=PATIENCE)
    client.headers["X-Forwarded-For"] = address
    with client:
        yield client


@contextmanager
def operator(base: str, name: str = "Aigul") -> Iterator[httpx.Client]:
    """A browser that is logged in."""
    with visitor(base) as client:
        assert entered(client, name=name).status_code == 303
        yield client


def entered(
    client: httpx.Client,
    token: str = OPERATOR_TOKEN,
    name: str = "Aigul",
    base: str = "",
    **headers: str,
) -> httpx.Response:
    """What a log-in is answered.  `base`: where it is, if the client does not know."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    form = {"token": token, "name": name}
    return client.post(f"{base}/operator/enter", data=form, headers=named)


def csrf_of(client: httpx.Client) -> str:
    """What a form must carry, as the page shows it."""
    page = client.get("/operator/menu").text
    found = _CSRF.search(page)
    assert found, page
    return found[1]


def posted(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    """The answer to a form of one of our pages."""
    return client.post(path, data={"csrf": csrf_of(client), **form})


def hidden(page: str, name: str) -> str:
    """What a page's form carries under a name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return html.unescape(found[1])


def words(page: str) -> str:
    """What a page says, without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())
