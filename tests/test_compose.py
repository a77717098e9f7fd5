"""`compose.yaml`: parts apart, each limited, watched and shut off, with a Redis that keeps."""

import re
from typing import Any

import pytest
import yaml

from tests.test_house import HOUSE
from ussd.gateways import Ports

COMPOSED: dict[str, Any] = yaml.safe_load((HOUSE / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSED["services"]
DOCKERFILE = (HOUSE / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SERVICES)
def test_each_part_is_limited_watched_and_shut_off(name: str) -> None:
    part = SERVICES[name]
    assert part["mem_limit"]
    assert part["restart"] == "unless-stopped"
    assert part["read_only"] is True
    assert (part["cap_drop"], part["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert "ports" not in part
    assert part["healthcheck"]["test"]
    assert part["stop_grace_period"]


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_is_root(name: str) -> None:
    part = SERVICES[name]
    assert part.get("user", "0")[0] != "0" or (part["image"] == "komek" and "USER 1" in DOCKERFILE)


def test_web_and_worker_are_apart_on_one_redis() -> None:
    web, worker = SERVICES["web"], SERVICES["worker"]
    assert (web["command"], worker["command"]) == (["serve", "--no-worker"], ["worker"])
    assert web["environment"] == worker["environment"]
    assert web["environment"]["KOMEK_HOST"] == "127.0.0.1"


def test_redis_keeps_what_it_acknowledged() -> None:
    command = SERVICES["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert (options["--appendonly"], options["--appendfsync"]) == ("yes", "always")
    assert (options["--maxmemory-policy"], options["--port"]) == ("noeviction", "0")
    address = f"unix://{options['--unixsocket']}"
    assert SERVICES["web"]["environment"]["KOMEK_REDIS_URL"] == address


def test_kannel_is_there_when_asked_for() -> None:
    asked = {name for name, part in SERVICES.items() if part.get("profiles") == ["kannel"]}
    assert asked == {"bearerbox", "smsbox"}
    for name, port in (("bearerbox", Ports().admin), ("smsbox", Ports().sendsms)):
        assert SERVICES[name]["command"] == [name, "-v", "4", "kannel.conf"]
        assert str(SERVICES[name]["healthcheck"]["test"]).endswith(f"127.0.0.1/{port}']")


def test_images_are_pinned() -> None:
    inline = SERVICES["bearerbox"]["build"]["dockerfile_inline"]
    images = [SERVICES["redis"]["image"], *re.findall(r"^FROM (\S+)", inline, re.MULTILINE)]
    for image in images:
        assert re.search(r":\d+\.\d+", image), image


def test_the_workers_health_is_a_figure_that_there_is() -> None:
    [asked] = re.findall(r"komek_\w+", str(SERVICES["worker"]["healthcheck"]))
    assert asked in (HOUSE / "web" / "figures" / "metrics.py").read_text(encoding="utf-8")
