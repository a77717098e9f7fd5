"""What a number or a text would look like wherever it must not be."""

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from sms.understanding.normalize import words_of

HASHES = ("md5", "sha1", "sha256", "sha512")


def traces(secrets: Iterable[str], octets: bytes) -> list[str]:
    """Those of the secrets that are in the octets, in any form that we know of."""
    return [secret for secret in secrets if any(form in octets for form in forms_of(secret))]


def forms_of(secret: str) -> set[bytes]:
    """As it is written and as it would be encoded or plainly hashed."""
    spellings = {secret, secret.casefold(), secret.upper(), " ".join(words_of(secret))}
    spellings |= {secret.lstrip("+"), secret[-10:]} if secret.startswith("+") else set()
    return {form for spelling in spellings for form in _encoded(spelling) if len(form) > 5}


def _encoded(text: str) -> Iterator[bytes]:
    yield json.dumps(text).strip('"').encode()
    octets_in_words = repr(text.encode())[2:-1]
    yield octets_in_words.encode()
    yield json.dumps(octets_in_words).strip('"').encode()
    for quoted in (quote(text, safe=""), quote_plus(text)):
        yield quoted.encode()
        yield quoted.lower().encode()
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        octets = text.encode(encoding)
        yield octets
        yield octets.hex().encode()
        yield octets.hex().upper().encode()
        yield from _in_base64(octets)
    for name in HASHES:
        digest = hashlib.new(name, text.encode()).digest()
        yield from (digest, digest.hex().encode(), b64encode(digest).rstrip(b"="))


def _in_base64(octets: bytes) -> Iterator[bytes]:
    """At whichever place of a longer text it stands: what is whole of it."""
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(b"\0" * before + octets).rstrip(b"=")
            broken = (before + len(octets)) % 3 != 0
            yield encoded[(0, 2, 3)[before] : -1 if broken else None]


def content_of(*folders: Path) -> bytes:
    """All that stands in the files of the folders, their names too."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return b"".join(str(file).encode() + b"\n" + file.read_bytes() for file in files)
