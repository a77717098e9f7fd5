"""Addresses of Redis: one server, sentinels, or a cluster."""

import pytest

from runtime.redis_address import (
    Cluster,
    Sentinels,
    checked_address,
    cluster_of,
    sentinels_of,
    shown_address,
)

SENTINELS = [
    ("redis+sentinel://a/komek", Sentinels((("a", 26379),), "komek", 0, False, {}, {})),
    (
        "redis+sentinel://:p%40ss@a:1,b.example.org:2,[::1]:3/main/4?sentinel_password=s%26t",
        Sentinels(
            (("a", 1), ("b.example.org", 2), ("::1", 3)),
            "main",
            4,
            False,
            {"password": "p@ss"},
            {"password": "s&t"},
        ),
    ),
    (
        "rediss+sentinel://u:p@10.0.0.1,10.0.0.2/komek?sentinel_username=x&sentinel_password=y",
        Sentinels(
            (("10.0.0.1", 26379), ("10.0.0.2", 26379)),
            "komek",
            0,
            True,
            {"username": "u", "password": "p"},
            {"username": "x", "password": "y"},
        ),
    ),
]
NONE = [
    "redis+sentinel://",
    "redis+sentinel://a",
    "redis+sentinel:///komek",
    "redis+sentinel://a,/komek",
    "redis+sentinel://a:port/komek",
    "redis+sentinel://a:1:2/komek",
    "redis+sentinel://:secret#@a/komek",
    "redis+sentinel://:sec@ret@a/komek",
    "redis+sentinel://a/komek/zero",
    "redis+sentinel://a/komek?password=secret",
    "redis+sentinel://[::1/komek",
    "redis+sentinel://a,b c/komek",
    "redis+cluster://",
    "redis+cluster://a,",
    "redis+cluster://a:port",
    "redis+cluster://a,b/0",
    "redis+cluster://:secret#@a",
    "redis+cluster://:sec@ret@a",
    "redis+cluster://a?password=secret",
    "http://:secret@a",
]


@pytest.mark.parametrize(("url", "expected"), SENTINELS)
def test_sentinels_are_read(url: str, expected: Sentinels) -> None:
    assert checked_address(url) == url
    assert sentinels_of(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis+cluster://a", Cluster((("a", 6379),), False, {})),
        (
            "redis+cluster://:p%40ss@a:1,b.example.org,[::1]:3/",
            Cluster((("a", 1), ("b.example.org", 6379), ("::1", 3)), False, {"password": "p@ss"}),
        ),
        (
            "rediss+cluster://u:p@10.0.0.1",
            Cluster((("10.0.0.1", 6379),), True, {"username": "u", "password": "p"}),
        ),
        ("redis://a", None),
        ("redis+sentinel://a/komek", None),
    ],
)
def test_a_cluster_is_read(url: str, expected: Cluster | None) -> None:
    assert checked_address(url) == url
    assert cluster_of(url) == expected


@pytest.mark.parametrize("url", NONE)
def test_what_is_no_address_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"^is no address|^Redis URL must") as told:
        checked_address(url)
    assert "secret" not in str(told.value)


def test_no_password_is_in_what_is_printed_of_sentinels() -> None:
    url = "redis+sentinel://u:secret@a,b/komek?sentinel_password=secret"
    assert "secret" not in repr(sentinels_of(url))
    assert "secret" not in repr(cluster_of("redis+cluster://u:secret@a,b"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://user:secret@example.org:6380/0", "example.org:6380"),
        ("rediss://:secret@example.org", "example.org:6379"),
        ("unix:///run/redis.sock", "/run/redis.sock"),
        ("unix://user:secret@/run/redis.sock", "/run/redis.sock"),
        ("redis+sentinel://:secret@a,b:2/komek", "a:26379, b:2"),
        ("redis+cluster://:secret@a,b:2", "a:6379, b:2"),
    ],
)
def test_where_redis_is_without_its_password(url: str, shown: str) -> None:
    assert shown_address(url) == shown
