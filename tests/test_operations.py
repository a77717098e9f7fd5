"""docs/operations.md: its back-up is restored as it says, and it names every alarm there is."""

import ast
import base64
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from runtime.redis_status import Danger
from tests.support.commands import command, ended_well
from tests.support.operators import entered, visitor, words
from tests.support.phones import Phones
from tests.support.service import new_session, running, short_folder
from tests.support.trees import MENUS
from tests.test_docs import fences, text_of
from tests.test_house import HOUSE, ROOMS, files_of, nodes
from tests.web.test_roles import edited
from web.health.findings import WARNINGS, Word
from web.health.page import health_words

PAGE = "docs/operations.md"
NUMBER = "+77015550199"


# --- Back up and restore --------------------------------------------------------------


@pytest.fixture
def machine(processes: None) -> Iterator[Path]:
    """A folder that stands for `/`, with the three folders of an installation."""
    with short_folder() as root:
        shutil.copytree(MENUS, root / "opt/komek/menus")
        for name in ("etc/komek/secrets", "media/safe/secrets", "var/backups", "var/lib/komek"):
            (root / name).mkdir(mode=0o700, parents=True)
        (root / "etc/komek/komek.env").write_text("KOMEK_SHORT_CODE=1234\n", "utf-8")
        key = base64.b64encode(os.urandom(32)).decode()
        for folder in ("etc/komek/secrets", "media/safe/secrets"):
            (root / folder / "DATA_KEY").write_text(key, "ascii")
        yield root


def done(root: Path, script: str) -> None:
    """Do what the page says, with the folder in the place of `/`."""
    moved = re.sub(r"(?<=[ =])/(?=\s|var|opt|etc|media)", f"{root}/", script)
    shell = f"set -e\nsystemctl() {{ :; }}\n{moved}"
    subprocess.run(["/bin/bash", "-c", shell], check=True, capture_output=True, text=True)


def started(root: Path) -> dict[str, str]:
    return {
        "KOMEK_DATA_DIR": str(root / "var/lib/komek"),
        "KOMEK_MENUS_DIR": str(root / "opt/komek/menus"),
        "KOMEK_DATA_KEY_FILE": str(root / "etc/komek/secrets/DATA_KEY"),
        "KOMEK_WORKER": "true",
    }


def scripts() -> list[str]:
    found = [body for kind, body in fences(PAGE) if kind == "sh" and "tar " in body]
    assert ["--create" in each for each in found] == [True, False]
    return found


def test_what_is_backed_up_is_restored_as_the_page_says(machine: Path) -> None:
    back_up, restore = scripts()
    said = command(HOUSE, "operator", "add", "Aigul", "--role", "words", settings=started(machine))
    token = ended_well(said).split()[-1]
    with running("", **started(machine)) as service:
        phones = Phones(service, "", machine)
        for text in ("SERIES", "YES"):
            assert phones.text(NUMBER, text) == 200
        with visitor(service.base) as client:
            entered(client, token)
            assert edited(client, "In danger now").status_code == 303
        done(machine, back_up)
        assert phones.text(NUMBER, "STOP") == 200, "after the back-up"
    archive = machine / "var/backups/komek.tar.gz"
    assert archive.stat().st_mode & 0o777 == 0o600
    with tarfile.open(archive) as listed:
        names = " ".join(listed.getnames())
    assert "var/lib/komek/operators.jsonl" in names
    assert not re.search(r"appendonly|redis|secrets|data-key|\.rdb", names)
    for lost in ("opt/komek/menus", "var/lib/komek", "etc/komek/secrets"):
        shutil.rmtree(machine / lost)
    done(machine, restore)
    with running("", **started(machine)) as service:
        assert "In danger now" in service.hop(new_session(), "3")
        with visitor(service.base) as client:
            assert entered(client, token).status_code == 303
            history = words(client.get("/operator/words/history").text)
            assert "Aigul" in history
        url = f"unix://{machine}/var/lib/komek/redis.sock"
        with Redis.from_url(url) as redis:
            assert not list(redis.scan_iter("sms:series:*")), "nobody is texted after their STOP"
        assert service.http.get(f"{service.base}/readyz").status_code == 200


# --- Alarms ---------------------------------------------------------------------------


def rows(heading: str, after: str = "## Alarms") -> list[str]:
    """The first cells of the table below a heading."""
    part = text_of(PAGE).split(after)[1].split(f"### {heading}\n")[1].split("\n### ")[0]
    found = re.findall(r"^\| (.+?) \|", part, re.MULTILINE)
    return found[1:]


def test_every_rule_of_prometheus_is_explained() -> None:
    rules = set(re.findall(r"alert: (\w+)", text_of("docs/running.md")))
    assert len(rules) > 5
    assert {each.strip("`") for each in rows("Rules of Prometheus")} == rules


def logged_as_errors() -> Iterator[str]:
    """The first line of what the code logs at ERROR, with … for what differs."""
    for room in (*ROOMS, "main.py"):
        for file in files_of(room):
            for node in nodes(file):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    by = ast.unparse(node.func.value)
                    if by in {"log", "self._log"} and node.func.attr in {"error", "exception"}:
                        text = ast.literal_eval(node.args[0])
                        yield re.sub(r"%[sdr]", "…", text.splitlines()[0])


def test_every_error_of_the_log_is_explained() -> None:
    logged = set(logged_as_errors())
    assert len(logged) > 20
    assert {each.strip("`") for each in rows("Lines of the log")} == logged


def must_be_mended() -> set[Word | Danger]:
    code = "".join(text_of(f"web/health/{name}.py") for name in ("findings", "launch"))
    named = re.findall(r"mend\(Word\.(\w+)", code) + re.findall(r"Word\.(\w+_LOW)", code)
    return {*(Word[name] for name in named), *(each for each in Danger if each not in WARNINGS)}


def test_all_that_must_be_mended_is_explained() -> None:
    said = health_words("en")
    sentences = {word: re.sub(r"\{\w+\}", "…", said[word]) for word in must_be_mended()}
    assert len(sentences) > 20
    beginnings = rows("The page of health, and doctor")
    explained = {
        word: max((each for each in beginnings if told.startswith(each)), key=len, default="")
        for word, told in sentences.items()
    }
    assert "" not in explained.values(), [word for word, each in explained.items() if not each]
    assert {*explained.values()} == {*beginnings}
