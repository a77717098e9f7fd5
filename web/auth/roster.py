"""The operators who have a token of their own, and what each may change.

One line of JSON for each, in a file that only the service reads.  A token is 192 random bits
that nobody chose, so a plain hash of it need not be slow: nobody can try them all.
"""

import hashlib
import logging
import secrets
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from runtime.files import exclusive_lock, make_private, put_private_file

LONGEST_NAME = 60

log = logging.getLogger(__name__)


class Role(StrEnum):
    """What an operator may change; everybody may look at every page."""

    READ = "read"
    WORDS = "words"
    CONTACTS = "contacts"
    ALL = "all"

    def may(self, change: str) -> bool:
        """Whether words, or contacts, may be changed."""
        return self in {change, Role.ALL}


def is_name(name: str) -> bool:
    """Whether this can stand beside what somebody changed."""
    return bool(name) and len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()


def _name(name: str) -> str:
    if not is_name(name):
        raise ValueError(f"a name has 1 to {LONGEST_NAME} plain characters")
    return name


class OperatorEntry(BaseModel):
    """An operator.  `token`: its hash; `since`: the day (UTC) on which the token was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_name)]
    role: Role
    token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    since: date


class FaultyRoster(Exception):
    """The file is not what `main.py operator` writes: the line says where."""


class Roster:
    """The file of operators, read again whenever it is another one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, ...] = ()
        self._entries: tuple[OperatorEntry, ...] = ()

    def known(self) -> tuple[OperatorEntry, ...]:
        """Those of the file as it is now; while it has a fault, none, and one line in the log."""
        try:
            found = self._file.stat()
        except OSError:
            return ()
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen != self._seen:
            self._seen, self._entries = seen, self._read_or_none()
        return self._entries

    def read(self) -> tuple[OperatorEntry, ...]:
        """Those of the file; none where there is none.  Raises `FaultyRoster` and `OSError`."""
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return ()
        except UnicodeDecodeError:
            raise FaultyRoster(f"{self._file}: is no UTF-8") from None
        return self._checked(lines)

    def add(self, name: str, role: Role, today: date) -> str:
        """Put down somebody new; the token, which is kept nowhere.  Raises `ValueError` where
        the name is none or is there already, `FaultyRoster` and `OSError`.
        """
        token = secrets.token_urlsafe(24)
        entry = OperatorEntry(name=_name(name), role=role, token=hash_of(token), since=today)
        make_private(self._file.parent)
        with exclusive_lock(self._file.parent):
            entries = self.read()
            if is_one_of(name, entries):
                raise ValueError(f"{name} is there already: remove it first")
            self._write([*entries, entry])
        return token

    def remove(self, name: str) -> bool:
        """Take somebody out: from now on the token opens nothing.  False where there is nobody
        of that name.  Raises `FaultyRoster` and `OSError`.
        """
        if not self.read():
            return False
        with exclusive_lock(self._file.parent):
            entries = self.read()
            left = [each for each in entries if each.name != name]
            if len(left) < len(entries):
                self._write(left)
        return len(left) < len(entries)

    def _read_or_none(self) -> tuple[OperatorEntry, ...]:
        try:
            return self.read()
        except FaultyRoster as fault:
            log.error("operator: nobody enters by a token of their own: %s", fault)
        except OSError as error:
            log.error("operator: %s cannot be read: %s", self._file.name, error.strerror)
        return ()

    def _checked(self, lines: Iterable[str]) -> tuple[OperatorEntry, ...]:
        """None of these errors quotes the line, which has a hash in it."""
        entries = list[OperatorEntry]()
        for number, line in enumerate(lines, 1):
            try:
                entry = OperatorEntry.model_validate_json(line)
            except ValidationError as error:
                what = "; ".join(f"{each['loc']} {each['msg']}" for each in error.errors())
                raise FaultyRoster(f"{self._file}:{number}: {what}") from None
            if is_one_of(entry.name, entries):
                raise FaultyRoster(f"{self._file}:{number}: a name that is there already")
            entries.append(entry)
        return tuple(entries)

    def _write(self, entries: Iterable[OperatorEntry]) -> None:
        put_private_file(self._file, "".join(f"{each.model_dump_json()}\n" for each in entries))


def hash_of(token: str) -> str:
    """What is kept of a token; also of what is no Unicode text."""
    return hashlib.sha256(b"komek operator 1 " + token.encode("utf-8", "surrogatepass")).hexdigest()


def is_one_of(name: str, entries: Iterable[OperatorEntry]) -> bool:
    """Whether somebody has this name, or one that people would take for it."""
    return _alike(name) in {_alike(each.name) for each in entries}


def _alike(name: str) -> str:
    return " ".join(normalize("NFKC", name).casefold().split())
