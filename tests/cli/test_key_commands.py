"""`main.py key …`: a new key is put beside the old one, and told of without being shown."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from runtime.data_keys import FORMER_KEPT
from runtime.encryption import DataKey, Seal, keys_in, text_of
from tests.support.commands import command, ended_well, refused
from tests.support.phones import Phones, texted_service
from tests.support.service import new_number, new_session
from tests.support.trees import until

OLD, NEW = DataKey(b"o" * 32), b"n" * 32


@pytest.fixture
def file(tree: Path) -> Path:
    file = tree / "data-key"
    file.write_text(f"{text_of([OLD])}\n", "ascii")
    file.chmod(0o640)
    return file


def asked(tree: Path, *arguments: str) -> str:
    return ended_well(command(tree, "key", *arguments, settings=in_file(tree)))


def in_file(tree: Path) -> dict[str, str]:
    return {"KOMEK_DATA_KEY_FILE": str(tree / "data-key")}


def switched(file: Path, since: datetime) -> None:
    file.write_text(text_of([OLD, DataKey(NEW, since)]), "ascii")


def test_a_new_key_waits_beside_the_old_one(tree: Path, file: Path) -> None:
    said = asked(tree, "rotate")
    old, new = keys_in(file.read_text("ascii"))
    assert old == OLD
    now = datetime.now(UTC)
    assert timedelta(minutes=59) < new.since - now <= timedelta(hours=25)
    assert f"{new.since:%Y-%m-%d} 00:00 UTC" in said
    assert str(file) in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    listed = asked(tree, "list").splitlines()
    assert listed[0] == f"{old.name}  in use"
    assert listed[1].startswith(f"{new.name}  used from ")
    secrets = [text_of([each]).split()[0] for each in (DataKey(new.octets), old)]
    assert not [each for each in secrets if each in said + "".join(listed)]
    [line] = refused(command(tree, "key", "rotate", settings=in_file(tree)))
    assert line.startswith("a new key is there already, from ")


def test_a_former_key_is_dropped_when_it_may(tree: Path, file: Path) -> None:
    [line] = refused(command(tree, "key", "drop", settings=in_file(tree)))
    assert line == "there is no former key"
    switched(file, datetime.now(UTC) - timedelta(days=3))
    assert "former; needed until " in asked(tree, "list")
    [line] = refused(command(tree, "key", "drop", settings=in_file(tree)))
    assert line.startswith("the former key is needed until ")
    switched(file, datetime.now(UTC) - FORMER_KEPT)
    asked(tree, "drop")
    assert keys_in(file.read_text("ascii")) == (DataKey(NEW),)


def test_on_a_cluster_the_first_key_stays(tree: Path, file: Path) -> None:
    switched(file, datetime.now(UTC) - FORMER_KEPT)
    on_cluster = in_file(tree) | {"KOMEK_REDIS_URL": "redis+cluster://:secret@nowhere"}
    [line] = refused(command(tree, "key", "drop", settings=on_cluster))
    assert line.startswith("on a cluster of Redis former keys stay")
    assert len(keys_in(file.read_text("ascii"))) == 2


def test_the_simulators_own_key_is_found(tree: Path) -> None:
    ended_well(command(tree, "key", "rotate"))
    assert len(keys_in((tree / "data" / "data-key").read_text("ascii"))) == 2


def test_a_key_in_a_variable_is_not_changed(tree: Path) -> None:
    done = command(tree, "key", "rotate", settings={"KOMEK_DATA_KEY": text_of([OLD])})
    assert "KOMEK_DATA_KEY_FILE" in "".join(refused(done))


def test_a_file_that_cannot_be_written_is_told(tree: Path, file: Path) -> None:
    folder = tree / "there"
    folder.mkdir()
    (folder / "data-key").symlink_to("/proc/self/environ")
    [line] = refused(
        command(tree, "key", "list", settings={"KOMEK_DATA_KEY_FILE": str(folder / "data-key")})
    )
    assert line.startswith("KOMEK_DATA_KEY_FILE: needs 32 octets in base64")
    assert text_of([OLD]) not in line


def test_whoever_keeps_the_file_needs_no_settings(tree: Path, file: Path) -> None:
    real = {"KOMEK_GATEWAY": "africastalking"}
    ended_well(command(tree, "key", "rotate", "--file", str(file), settings=real))
    assert len(keys_in(file.read_text("ascii"))) == 2
    for name, why in (("none", "cannot be read"), ("menus/en.yaml", "holds no data key")):
        other = str(tree / name)
        [line] = refused(command(tree, "key", "list", "--file", other, settings=real))
        assert line.startswith(f"{other} {why}")


def test_a_running_service_takes_a_new_key_up_and_loses_nobody(
    processes: None, tmp_path: Path
) -> None:
    """One that reads the file; nothing is started anew."""
    file, person = tmp_path / "data-key", new_number()
    file.write_text(text_of([OLD]), "ascii")
    with texted_service(KOMEK_DATA_KEY="", KOMEK_DATA_KEY_FILE=str(file)) as phones:
        session = new_session()
        first = phones.service.hop(session, "")
        for words in ("SERIES", "YES"):
            assert phones.text(person, words) == 200
        assert series_under(phones.url) == {Seal(OLD.octets).index(person)}
        switched(file, datetime.now(UTC) - timedelta(minutes=1))
        until(lambda: has_read_again(phones), "it is read again")
        assert phones.service.hop(session, "") == first
        assert phones.text(person, "SERIES") == 200, "it runs already"
        other = new_number()
        for words in ("SERIES", "YES"):
            assert phones.text(other, words) == 200
        assert len(series_under(phones.url)) == 2
        assert Seal(NEW).index(other) in series_under(phones.url)
        for each in (person, other):
            assert phones.text(each, "STOP") == 200
        assert series_under(phones.url) == set()
        assert "cannot be opened" not in phones.service.log.read_text("utf-8")


def has_read_again(phones: Phones) -> bool:
    """The file is looked at where a key is used, as at each caller's first hop."""
    phones.service.hop(new_session(), "")
    return "keys in it: 2" in phones.service.log.read_text("utf-8")


def series_under(url: str) -> set[str]:
    with Redis.from_url(url, decode_responses=True) as redis:
        return {str(index) for index in redis.zrange("sms:series:due", 0, -1)}
