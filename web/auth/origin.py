"""The headers `Origin` and `Host`: where a request comes from, and by which name it asks for us.

Browsers fill them in truthfully; other programs need not, and these checks are not against them.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import HTTPException, Request


def origin_is_host(request: Request) -> bool | None:
    """Whether `Origin` is the host that was asked; None without that header."""
    origin = request.headers.get("origin")
    if origin is None:
        return None
    return origin.split("://", 1)[1:] == [request.headers.get("host", "")]


class RebindingGuard:
    """Guards pages of a service on this machine against DNS rebinding.

    Any site can give its own name the address of this machine: the browser then takes
    our pages for that site's, and its scripts read them.  An address cannot be such a
    name.  Where others reach the service anyway, nothing is refused.  For `Depends`.

    Starlette's `TrustedHostMiddleware` would guard the whole application: a watcher may ask
    for `/healthz` and `/metrics` by any name.  Nor can it be told to let every address pass.
    """

    def __init__(self, host: str) -> None:
        self._guards = is_loopback(host)

    def __call__(self, request: Request) -> None:
        """Raises `HTTPException`: 421, as nothing of that name is here."""
        name = host_name(request.headers.get("host", ""))
        if self._guards and name != "localhost" and not is_address(name):
            raise HTTPException(421, "There is no such name here: ask for localhost")


def host_name(host: str) -> str:
    """The name or address in a `Host` header, without the port; empty for nonsense."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether this host is the machine itself: what listens there is reached from here only."""
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


def is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
