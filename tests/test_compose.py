"""`compose.yaml`: parts apart, each limited, watched and shut off, with a Redis that keeps."""

import re
from typing import Any

import pytest
import yaml

from runtime.settings import RUN_SECRETS
from tests.test_house import HOUSE
from ussd.gateways import Ports

COMPOSED: dict[str, Any] = yaml.safe_load((HOUSE / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSED["services"]
DOCKERFILE = (HOUSE / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SERVICES)
def test_each_part_is_limited_watched_and_shut_off(name: str) -> None:
    part = SERVICES[name]
    assert part["mem_limit"]
    assert part["cpus"]
    assert part["pids_limit"]
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
    assert int(options["--maxmemory"].removesuffix("mb")) * 2 <= 1024
    assert SERVICES["redis"]["mem_limit"] == "1g"
    address = f"unix://{options['--unixsocket']}"
    assert SERVICES["web"]["environment"]["KOMEK_REDIS_URL"] == address


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_part_of_komek_writes_nowhere_but_into_its_data(name: str) -> None:
    writable = [each for each in SERVICES[name]["volumes"] if not each.endswith(":ro")]
    assert writable == ["redis-socket:/run/redis", "komek-data:/data"]
    assert "KOMEK_DATA_DIR=/data" in DOCKERFILE
    assert f"./secrets:{RUN_SECRETS}:ro" in SERVICES[name]["volumes"]


def test_no_secret_stands_in_the_file() -> None:
    for part in SERVICES.values():
        for name, value in part.get("environment", {}).items():
            assert not re.search("SECRET|KEY|TOKEN|PASSWORD", name), (name, value)


def test_the_simulator_is_not_published() -> None:
    assert SERVICES["web"]["environment"]["KOMEK_GATEWAY"].startswith("${KOMEK_GATEWAY:?")
    documents = [HOUSE / "Dockerfile", *HOUSE.glob("*.md"), *HOUSE.glob("docs/*.md")]
    published = [
        where
        for each in documents
        for where in re.findall(r"docker run.* -p (\S+)", each.read_text(encoding="utf-8"))
    ]
    assert len(published) > 1
    assert all(each.startswith("127.0.0.1:") for each in published), published


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
