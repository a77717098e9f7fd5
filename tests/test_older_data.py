"""The data directory of an older version, as commit 5baa15e left it, opens in this one.

It was left with a series under way, a question that waits for YES, two replies that wait, a
session of two hops, and an edit of the words.  Its moments are moved to today.
"""

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from runtime.encryption import Seal
from tests.support.operators import operator, words
from tests.support.phones import Phones
from tests.support.service import REPOSITORY, running, short_folder

LEFT = json.loads((REPOSITORY / "tests" / "data_of_5baa15e.json").read_text("utf-8"))
SUBSCRIBER, ASKED, WAITING, CALLER = (f"+7701555010{n}" for n in (1, 2, 3, 5))
AGO = 120
"""Seconds, since it was left."""
_MOMENT = re.compile(rb"(?<=\r\n)(17\d{8})((?:\d{3}(?:-\d+)?|\.\d+)?)(?=\r\n)")
"""In a command of the append-only file: seconds or milliseconds, or the name of an entry."""


def moved(content: bytes) -> bytes:
    """Each moment as long after ours as it was after theirs; none changes its length."""
    later = int(time.time()) - AGO - LEFT["made"]
    return _MOMENT.sub(lambda found: b"%d%b" % (int(found[1]) + later, found[2]), content)


def laid_out(folder: Path) -> None:
    for name, text in LEFT["files"].items():
        file = folder / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        content = text.encode("latin-1")
        file.write_bytes(moved(content) if name.endswith(".incr.aof") else content)
        file.chmod(0o600)


@pytest.fixture(scope="module")
def phones(processes: None) -> Iterator[Phones]:
    with short_folder() as folder:
        data = folder / "data"
        data.mkdir(mode=0o700)
        laid_out(data)
        settings = {"KOMEK_DATA_DIR": str(data), "KOMEK_WORKER": "true"}
        with running("", **settings) as service:
            yield Phones(service, f"unix://{data}/redis.sock", data)


def test_all_of_it_is_there(phones: Phones) -> None:
    key = base64.b64decode(LEFT["files"]["data-key"])
    assert phones.inbox(WAITING, 1, key), "the reply that waited is sent"
    with Redis.from_url(phones.url, decode_responses=True) as redis:
        index = Seal(key).index
        assert redis.exists(f"sms:series:{index(SUBSCRIBER)}")
        assert phones.text(SUBSCRIBER, "STOP", "new-1") == 200
        assert not redis.exists(f"sms:series:{index(SUBSCRIBER)}")
        assert phones.text(ASKED, "YES", "new-2") == 200
        assert redis.exists(f"sms:series:{index(ASKED)}")
        assert redis.exists("ussd:session:ATUid_old")
    assert phones.service.hop("ATUid_old", "3*1", CALLER).startswith("CON ")
    with operator(phones.service.base) as client:
        assert "Aigul" in client.get("/operator/words/history").text
        assert "I am in danger now" in words(client.get("/operator/words/history").text)
    assert phones.service.http.get(f"{phones.service.base}/readyz").status_code == 200
    log = phones.service.log.read_text("utf-8")
    assert not re.findall(r"^.* (?:ERROR|CRITICAL) .*$", log, re.MULTILINE)


def test_what_is_moved_keeps_its_length() -> None:
    [name] = [each for each in LEFT["files"] if each.endswith(".incr.aof")]
    content = LEFT["files"][name].encode("latin-1")
    assert len(moved(content)) == len(content)
    assert len(_MOMENT.findall(content)) > 20
