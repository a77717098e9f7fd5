"""How numbers and texts are kept: sealed, and found again by a keyed index.

A plain hash of a number is reversed in a minute by trying all numbers, so the
index is an HMAC.  Both its key and that of the seal are derived from
`KOMEK_DATA_KEY`, which Redis never sees.

While one data key follows another there are both, the new one with the moment from which it
is used: what is new is sealed and indexed under it, what was kept before is opened and found
under the former one.
"""

import hmac
import os
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from runtime.clock import utc_now

KEY_OCTETS = 32
NONCE_OCTETS = 12
INDEX_DIGITS = 32
"""Hexadecimal, of an index: 128 bits."""
BEGINNING = datetime.min.replace(tzinfo=UTC)
CLOCKS = timedelta(minutes=1)
"""By which the clock of another machine may be ahead, and use the next key before us."""
_FROM = " from "


class CannotOpen(Exception):
    """Sealed under another key, for another place, or altered."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, and from when on what is new is kept under it.  Raises `ValueError` when it
    has not 32 octets.
    """

    octets: bytes = field(repr=False)
    since: datetime = BEGINNING

    def __post_init__(self) -> None:
        if len(self.octets) != KEY_OCTETS:
            raise ValueError(f"the data key needs {KEY_OCTETS} octets")

    @property
    def name(self) -> str:
        """By which people tell keys apart; nobody finds the key by it."""
        return hmac.digest(self.octets, b"komek name 1", "sha256").hex()[:8]


Keys = Callable[[], Sequence[DataKey]]
"""The data keys as they are now, the oldest first; there is at least one."""


def keys_in(text: str) -> tuple[DataKey, ...]:
    """The keys of a setting: one, in base64, or several, the oldest first, a line each or with
    commas between; behind each but the first the word `from` and a moment in UTC, such as
    `2026-11-27T00:00Z`.  Raises `ValueError`.
    """
    keys = tuple(_key_in(each.strip()) for each in text.strip().replace(",", "\n").splitlines())
    if not keys or keys[0].since != BEGINNING:
        raise ValueError("the first data key has no moment behind it")
    if any(later.since <= earlier.since for earlier, later in pairwise(keys)):
        raise ValueError("the data keys do not follow one another")
    return keys


def _key_in(line: str) -> DataKey:
    key, _, since = line.partition(_FROM)
    octets = b64decode(key.strip(), validate=True)
    if not since:
        return DataKey(octets)
    moment = datetime.fromisoformat(since.strip())
    if moment.tzinfo is None:
        raise ValueError("a moment has its zone: Z is UTC")
    return DataKey(octets, moment.astimezone(UTC))


def text_of(keys: Sequence[DataKey]) -> str:
    """The keys as `keys_in` reads them."""
    return "\n".join(f"{b64encode(each.octets).decode()}{_since(each)}" for each in keys)


def _since(key: DataKey) -> str:
    return "" if key.since == BEGINNING else f"{_FROM}{key.since:%Y-%m-%dT%H:%MZ}"


class Seal:
    """Seals texts with AES-256-GCM and indexes numbers with HMAC-SHA-256.

    `keys`: one key, or what tells all of them at any time.  Raises `ValueError` when a key has
    not 32 octets.
    """

    def __init__(
        self,
        keys: bytes | Keys,
        now: Callable[[], datetime] = utc_now,
        lasting: DataKey | None = None,
    ) -> None:
        self._keys = _always(DataKey(keys)) if isinstance(keys, bytes) else keys
        self._lasting = lasting
        self._now = now

    def seal(self, plain: str, bound_to: str) -> str:
        """The text, readable only under these keys and with the same `bound_to`."""
        nonce = os.urandom(NONCE_OCTETS)
        cipher = _cipher(self._in_use()[0].octets)
        sealed = cipher.encrypt(nonce, plain.encode(), bound_to.encode())
        return urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, bound_to: str) -> str:
        """The text again.  Raises `CannotOpen`."""
        try:
            raw = urlsafe_b64decode(sealed.encode())
        except ValueError:
            raw = b""
        for key in self._in_use():
            try:
                return _opened(key, raw, bound_to)
            except (InvalidTag, ValueError):
                continue
        raise CannotOpen("sealed under another key, or altered")

    def index(self, value: str, at: datetime | None = None) -> str:
        """What stands for a number (or any other secret) in the names of keys.  `at`: what is
        counted once in a period is indexed as at its beginning, whichever key is in use later.
        """
        return _index(self._in_use(at)[0], value)

    def indexes(self, value: str) -> list[str]:
        """The same, followed by those under which it may have been kept before."""
        return [_index(key, value) for key in self._in_use()]

    def lasting_index(self, value: str) -> str:
        """The same under the oldest key, however many follow it."""
        return _index(self._lasting or self._keys()[0], value)

    @property
    def has_one_key(self) -> bool:
        """Whether all that can be opened was kept under the key in use."""
        return len(self._keys()) == 1

    def apart(self) -> list["Seal"]:
        """One for each key, that opens and finds nothing by another."""
        return [Seal(key.octets, lasting=self._keys()[0]) for key in self._in_use()]

    def _in_use(self, at: datetime | None = None) -> list[DataKey]:
        """The key for what is new, then the others; one that is still to come counts as there
        for whose clock is ahead.
        """
        keys = self._keys()
        if len(keys) == 1:
            return [*keys]
        now = self._now()
        current = next(key for key in reversed(keys) if key.since <= (at or now))
        known = [key for key in reversed(keys) if key.since <= now + CLOCKS]
        return [current, *(key for key in known if key is not current)]


def _always(key: DataKey) -> Keys:
    keys = (key,)
    return lambda: keys


def _opened(key: DataKey, raw: bytes, bound_to: str) -> str:
    nonce, sealed = raw[:NONCE_OCTETS], raw[NONCE_OCTETS:]
    return _cipher(key.octets).decrypt(nonce, sealed, bound_to.encode()).decode()


def _index(key: DataKey, value: str) -> str:
    return hmac.digest(_index_key(key.octets), value.encode(), "sha256").hex()[:INDEX_DIGITS]


@cache
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(_derived(key, b"komek seal 1"))


@cache
def _index_key(key: bytes) -> bytes:
    return _derived(key, b"komek index 1")


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_OCTETS, salt=None, info=purpose).derive(key)
