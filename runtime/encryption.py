"""How numbers and texts are kept: sealed, and found again by a keyed index.

A plain hash of a number is reversed in a minute by trying all numbers, so the
index is an HMAC.  Both its key and that of the seal are derived from
`KOMEK_DATA_KEY`, which Redis never sees.
"""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_OCTETS = 32
NONCE_OCTETS = 12
INDEX_DIGITS = 32
"""Hexadecimal, of an index: 128 bits."""


class CannotOpen(Exception):
    """Sealed under another key, for another place, or altered."""


class Seal:
    """Seals texts with AES-256-GCM and indexes numbers with HMAC-SHA-256.

    Raises `ValueError` when the key has not 32 octets.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_OCTETS:
            raise ValueError(f"the data key needs {KEY_OCTETS} octets")
        self._cipher = AESGCM(_derived(key, b"komek seal 1"))
        self._index_key = _derived(key, b"komek index 1")

    def seal(self, plain: str, bound_to: str) -> str:
        """The text, readable only under this key and with the same `bound_to`."""
        nonce = os.urandom(NONCE_OCTETS)
        sealed = self._cipher.encrypt(nonce, plain.encode(), bound_to.encode())
        return urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, bound_to: str) -> str:
        """The text again.  Raises `CannotOpen`."""
        try:
            raw = urlsafe_b64decode(sealed.encode())
            nonce, rest = raw[:NONCE_OCTETS], raw[NONCE_OCTETS:]
            return self._cipher.decrypt(nonce, rest, bound_to.encode()).decode()
        except (InvalidTag, ValueError):
            raise CannotOpen("sealed under another key, or altered") from None

    def index(self, value: str) -> str:
        """What stands for a number (or any other secret) in the names of keys."""
        return hmac.digest(self._index_key, value.encode(), "sha256").hex()[:INDEX_DIGITS]


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_OCTETS, salt=None, info=purpose).derive(key)
