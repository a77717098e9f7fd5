"""Where Redis is: one server, sentinels that know which of several is the primary, or a cluster.

    redis://…, rediss://…, unix://…         as redis-py reads them
    redis+sentinel://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT]…/NAME[/DB][?OPTIONS]
    rediss+sentinel://…                     the same by TLS, to the sentinels too
    redis+cluster://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT]…
    rediss+cluster://…                      the same by TLS

NAME is what the sentinels call the primary.  USER and PASSWORD are those of the servers; the
options `sentinel_username` and `sentinel_password` those of the sentinels.  Of a cluster, some of
its nodes are named: they know the others.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from redis.asyncio.connection import parse_url

SENTINEL_PORT = 26379
SENTINEL_SCHEMES = ("redis+sentinel", "rediss+sentinel")
CLUSTER_PORT = 6379
CLUSTER_SCHEMES = ("redis+cluster", "rediss+cluster")
_NO_ADDRESS = (
    "is no address such as redis://:password@host:6379/0; in the password write # as %23, / as"
    " %2F, ? as %3F, @ as %40, : as %3A and % as %25"
)
_NO_SENTINELS = (
    "is no address such as redis+sentinel://:password@host1:26379,host2:26379/name; the name is"
    " what the sentinels call the primary"
)
_NO_CLUSTER = "is no address such as redis+cluster://:password@host1:6379,host2:6379"
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?")
_OPTIONS = {"sentinel_username", "sentinel_password"}


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Whom to ask for the primary.  `login`, `sentinel_login`: keyword arguments of redis-py."""

    hosts: tuple[tuple[str, int], ...]
    primary: str
    db: int
    tls: bool
    login: dict[str, str] = field(repr=False)
    sentinel_login: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes to ask for the others.  `login`: keyword arguments of redis-py."""

    hosts: tuple[tuple[str, int], ...]
    tls: bool
    login: dict[str, str] = field(repr=False)


def checked_address(url: str) -> str:
    """The address of a Redis, if it is one.  Raises `ValueError`, which holds no password."""
    if _split(url).scheme in SENTINEL_SCHEMES:
        sentinels_of(url)
        return url
    if cluster_of(url):
        return url
    try:
        parse_url(url)
    except ValueError as error:  # which may quote a password
        known = str(error).startswith("Redis URL must specify")
        raise ValueError(str(error) if known else _NO_ADDRESS) from None
    parts = urlsplit(url)
    if parts.scheme in {"redis", "rediss"} and not _is_whole(parts):
        raise ValueError(_NO_ADDRESS)
    return url


def sentinels_of(url: str) -> Sentinels | None:
    """The sentinels that an address names; None where it names one server.  Raises `ValueError`."""
    parts = _split(url)
    if parts.scheme not in SENTINEL_SCHEMES:
        return None
    login, _, hosts = parts.netloc.rpartition("@")
    found = [each for each in map(_HOST.fullmatch, hosts.split(",")) if each]
    path = re.fullmatch(r"/(?P<name>[A-Za-z0-9._-]+)(/(?P<db>[0-9]{1,3}))?", parts.path)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    whole = path and len(found) == len(hosts.split(","))
    if (
        path is None
        or not whole
        or parts.fragment
        or "@" in login
        or not options.keys() <= _OPTIONS
    ):
        raise ValueError(_NO_SENTINELS)
    return Sentinels(
        hosts=tuple(_host_and_port(each, SENTINEL_PORT) for each in found),
        primary=path["name"],
        db=int(path["db"] or 0),
        tls=parts.scheme == "rediss+sentinel",
        login=_login(*(unquote(each) for each in login.partition(":")[::2])),
        sentinel_login={name.removeprefix("sentinel_"): value for name, value in options.items()},
    )


def cluster_of(url: str) -> Cluster | None:
    """The nodes that an address of a cluster names; None where it is another one.  Raises
    `ValueError`.
    """
    parts = _split(url)
    if parts.scheme not in CLUSTER_SCHEMES:
        return None
    login, _, hosts = parts.netloc.rpartition("@")
    found = [each for each in map(_HOST.fullmatch, hosts.split(",")) if each]
    whole = len(found) == len(hosts.split(",")) and parts.path in {"", "/"}
    if not whole or parts.query or parts.fragment or "@" in login:
        raise ValueError(_NO_CLUSTER)
    return Cluster(
        hosts=tuple(_host_and_port(each, CLUSTER_PORT) for each in found),
        tls=parts.scheme == "rediss+cluster",
        login=_login(*(unquote(each) for each in login.partition(":")[::2])),
    )


def shown_address(url: str) -> str:
    """Where Redis is, without a password that the address may hold."""
    if several := sentinels_of(url) or cluster_of(url):
        return ", ".join(f"{host}:{port}" for host, port in several.hosts)
    parts = urlsplit(url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"


def _split(url: str) -> SplitResult:
    """The parts of an address.  Raises `ValueError`, which holds no password."""
    try:
        return urlsplit(url)
    except ValueError:
        raise ValueError(_NO_ADDRESS) from None


def _host_and_port(found: re.Match[str], port: int) -> tuple[str, int]:
    return found["host"].strip("[]"), int(found["port"] or port)


def _login(username: str, password: str) -> dict[str, str]:
    given = {"username": username, "password": password}
    return {name: value for name, value in given.items() if value}


def _is_whole(parts: SplitResult) -> bool:
    """Whether nothing of the password was taken for something else."""
    return (
        not parts.fragment
        and "@" not in parts.path + parts.query
        and bool(re.fullmatch(r"/?[0-9]*", parts.path))
    )
