"""Where a request says that it comes from, and by which name it asks for us.

Both are what browsers say, so neither keeps out who is no browser.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import HTTPException, Request


def of_our_origin(request: Request) -> bool | None:
    """Whether `Origin` is the host that was asked; None without that header."""
    origin = request.headers.get("origin")
    if origin is None:
        return None
    return origin.split("://", 1)[1:] == [request.headers.get("host", "")]


class NoOtherName:
    """Refuses whoever asks for a service on this machine by a name that is not its own.

    Any site can give its own name the address of this machine: the browser then takes
    our pages for that site's, and its scripts read them.  An address cannot be such a
    name.  Where others reach the service anyway, nothing is refused.  For `Depends`.
    """

    def __init__(self, host: str) -> None:
        self._is_here_only = is_here(host)

    def __call__(self, request: Request) -> None:
        """Raises `HTTPException`: 421, as nothing of that name is here."""
        name = name_in(request.headers.get("host", ""))
        if self._is_here_only and name != "localhost" and not is_address(name):
            raise HTTPException(421, "There is no such name here: ask for localhost")


def name_in(host: str) -> str:
    """The name or address in a `Host` header, without the port; empty for nonsense."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_here(host: str) -> bool:
    """Whether what listens on this host is reached from this machine only."""
    return host == "localhost" or (is_address(host) and ip_address(host).is_loopback)


def is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
