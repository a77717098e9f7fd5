"""The append-only file of Redis, made anew from what Redis holds now.

What was deleted or has expired stays in that file until then, encrypted numbers too.

    redis:rewritten   that the file was made anew within the day       24 h
    redis:cut         when notes were lost to a fault within the file, and of which
                      kinds of keys: it stands in the file itself       7 days
"""

import asyncio
import logging
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from runtime.redis_client import REDIS_ERRORS, OutageLog, servers_of

EVERY_SECONDS = 24 * 3600
LOOK_SECONDS = 600.0
PATIENCE_SECONDS = 60.0
CUT = "redis:cut"
CUT_SECONDS = 7 * 24 * 3600
_REWRITTEN = "redis:rewritten"
_KIND = re.compile(rb"\r\n([a-z]+:[a-z-]+)")
_BEGIN, _END = (b"*1\r\n$%d\r\n%b\r\n" % (len(w), w) for w in (b"MULTI", b"EXEC"))

CUT_LUA = """
-- What tells one cut of the file from another; nil while there was none.
local function last_cut() return redis.call('GET', KEYS[2]) end

-- Whether notes that are newer than this key may be lost: it says by 'cut' which was the last
-- cut when it was made.
local function cut_since(key)
  local cut = last_cut()
  return cut and cut ~= (redis.call('HGET', key, 'cut') or '') and cut
end
"""

log = logging.getLogger(__name__)


async def rewrite(redis: Redis) -> bool:
    """Make the file of each server anew, and wait until that is done; whether there is one.  Raises
    `REDIS_ERRORS`: `TimeoutError` after `PATIENCE_SECONDS`, `ResponseError` where the server
    forbids it or cannot write.
    """
    return any([await _rewrite_at(redis, server) for server in await servers_of(redis)])


async def _rewrite_at(redis: Redis, server: dict[str, Any]) -> bool:
    if str((await redis.info("persistence", **server)).get("aof_enabled")) == "0":
        return False
    async with asyncio.timeout(PATIENCE_SECONDS):
        await _wait_until_idle(redis, server)  # one under way may hold what was deleted since
        await redis.bgrewriteaof(**server)
        await _wait_until_idle(redis, server)
    if (await redis.info("persistence", **server)).get("aof_last_bgrewrite_status", "ok") != "ok":
        raise ResponseError("it could not be written")
    return True


async def save_anew(redis: Redis) -> bool:
    """The same for the snapshot; whether the server keeps one."""
    return any([await _save_at(redis, server) for server in await servers_of(redis)])


async def _save_at(redis: Redis, server: dict[str, Any]) -> bool:
    if not (await redis.config_get("save", **server)).get("save"):
        return False
    async with asyncio.timeout(PATIENCE_SECONDS):
        await redis.bgsave(schedule=True, **server)
        await _wait_until_idle(redis, server)
    if (await redis.info("persistence", **server)).get("rdb_last_bgsave_status", "ok") != "ok":
        raise ResponseError("it could not be written")
    return True


async def rewrite_daily(redis: Redis, stop: asyncio.Event) -> None:
    """Make the file anew once a day, until stopped; Redis out of reach is waited for."""
    outages = OutageLog(log, "append-only file")
    while not stop.is_set():
        try:
            await rewrite_if_due(redis)
            outages.note(None)
        except REDIS_ERRORS as error:
            outages.note(error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)


async def rewrite_if_due(redis: Redis) -> bool:
    """Begin it, unless a process did within `EVERY_SECONDS`; whether it was due."""
    if not await redis.set(_REWRITTEN, "", nx=True, ex=EVERY_SECONDS):
        return False
    try:
        for server in await servers_of(redis):
            await redis.bgrewriteaof(**server)
    except ResponseError:  # forbidden, or under way by itself
        log.warning("append-only file: Redis did not make it anew; it keeps what was deleted")
    return True


async def _wait_until_idle(redis: Redis, server: dict[str, Any]) -> None:
    while _is_busy(await redis.info("persistence", **server)):  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(0.05)


def _is_busy(info: dict[str, object]) -> bool:
    names = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
    return any(str(info.get(name, 0)) == "1" for name in names)


# --- Cutting ------------------------------------------------------------------


def cut_off(torn: Path, mended: Path) -> bool:
    """Put the mended file, which is the beginning of the torn one, in its place.  Whether notes
    were lost; then the file itself says so (`CUT`), before anybody can read it.  Raises `OSError`.
    """
    with torn.open("rb") as file:
        file.seek(mended.stat().st_size)
        removed = file.read()
    with mended.open("ab") as file:
        if has_notes(removed):
            file.write(_note_of_cut(removed))
        file.flush()
        os.fsync(file.fileno())
    shutil.copymode(torn, mended)
    mended.replace(torn)
    return has_notes(removed)


def has_notes(removed: bytes) -> bool:
    """Whether more was cut off than what nobody was told of: the one command, or the one
    transaction, in which a power cut stopped the writing, and zeros.  What is none of that
    counts as more.
    """
    octets, at = removed.rstrip(b"\0"), 0
    in_transaction = octets.startswith(_BEGIN)
    try:
        while at < len(octets):
            began, at = at, _end_of_command(octets, at)
            if at <= len(octets) and (not in_transaction or octets[began:at] == _END):
                return True
    except EOFError:
        return False
    except ValueError:
        return True
    return False


def _end_of_command(octets: bytes, at: int) -> int:
    """Where the command ends that begins here; maybe behind the octets.  Raises `EOFError`
    where they end within a length, and `ValueError` where no command begins.
    """
    parts, at = _number(b"*", octets, at)
    for _ in range(parts):
        size, at = _number(b"$", octets, at)
        at += size + len(b"\r\n")
    return at


def _number(sign: bytes, octets: bytes, at: int) -> tuple[int, int]:
    """The number behind the sign, and where its line ends."""
    line = octets[at : at + 20].split(b"\r\n")[0]
    end = at + len(line) + len(b"\r\n")
    if end > len(octets) and re.fullmatch(rb"[%b]?[0-9]*\r?" % re.escape(sign), line):
        raise EOFError
    if not re.fullmatch(rb"[%b][0-9]+" % re.escape(sign), line):
        raise ValueError(line)
    return int(line[1:]), end


def _note_of_cut(removed: bytes) -> bytes:
    now = time.time()
    kinds = sorted({kind.decode() for kind in _KIND.findall(removed)})
    until = str(int((now + CUT_SECONDS) * 1000))
    set_ = ("SET", CUT, " ".join([f"{now:.3f}", *kinds]), "PXAT", until)
    return _command("SELECT", "0") + _command(*set_)


def _command(*parts: str) -> bytes:
    """As it stands in the file."""
    sized = [b"$%d\r\n%b\r\n" % (len(each.encode()), each.encode()) for each in parts]
    return b"*%d\r\n%b" % (len(parts), b"".join(sized))
