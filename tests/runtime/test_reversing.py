"""Numbers are not found by trying all of them: what stands for one depends on the data key.

That of a plain hash they are, is shown too: so this attack would be seen to succeed.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from redis.asyncio import Redis

from menus.model import Menu
from runtime.encryption import INDEX_DIGITS, Seal
from tests.support.identifiers import everything, identifiers
from tests.support.outboxes import SEAL
from tests.support.visitor import ENDINGS, Visitor

NUMBER = "+77015550142"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TRIED = [f"+7701555{n:04}" for n in range(10_000)]
"""Of the 200 million that there are; what finds one of these finds one of those in a minute."""

HASHES = ("md5", "sha1", "sha256", "blake2b")
SPELT: tuple[Callable[[str], str], ...] = (
    lambda number: number,
    lambda number: number[1:],
    lambda number: f"8{number[2:]}",
)
GUESSED = [b"", b"komek", b"komek index 1", bytes(32), b"secret"]
"""Keys that a stranger may try."""


def purposes(msisdn: str) -> Iterator[str]:
    """What the source, which everybody can read, hashes of a number."""
    day, month = NOW.date(), f"{NOW:%Y-%m}"
    number = (NOW - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(days=1)
    yield from (msisdn, f"caller {day} {msisdn}", f"recipient {number} {msisdn}")
    yield from (f"country {month} {msisdn}", f"word sender {month} {msisdn}")
    yield from (f"answers of {msisdn}", f"forgotten {msisdn}")


def attempts(msisdn: str) -> Iterator[str]:
    """Every hash of a number that can be made without the key."""
    for spelt in SPELT:
        for text in purposes(spelt(msisdn)):
            for name in HASHES:
                yield hashlib.new(name, text.encode()).hexdigest()
            for key in GUESSED:
                yield hmac.digest(key, text.encode(), "sha256").hex()
                yield hmac.digest(derived(key), text.encode(), "sha256").hex()


def derived(key: bytes) -> bytes:
    """As the source derives the key of its index."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"komek index 1").derive(key)


@pytest.fixture(scope="module")
def hashes() -> set[str]:
    return {each[:INDEX_DIGITS] for each in attempts(NUMBER)}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_nothing_in_redis_is_a_hash_that_can_be_made_without_the_key(
    redis: Redis, menu: Menu, hashes: set[str], ending: str
) -> None:
    await Visitor(redis, SEAL, menu, NUMBER).do_everything(ENDINGS[ending])
    kept = "\n".join(await everything(redis))
    assert SEAL.index(NUMBER) in kept
    assert not [each for each in hashes if each in kept]


def test_a_plain_hash_is_found_by_trying_and_an_index_is_not() -> None:
    plain = {hashlib.sha256(each.encode()).hexdigest()[:INDEX_DIGITS]: each for each in TRIED}
    assert plain[hashlib.sha256(NUMBER.encode()).hexdigest()[:INDEX_DIGITS]] == NUMBER
    ours = set(identifiers(SEAL, NUMBER, NOW).values())
    assert not ours & plain.keys()
    strangers = Seal(b"x" * 32)
    assert not ours & {strangers.index(each) for each in TRIED}


def test_every_identifier_hangs_on_every_bit_of_the_key() -> None:
    ours = identifiers(SEAL, NUMBER, NOW)
    assert len({*ours.values()}) == len(ours), "none leads to another"
    for octet, bit in product(range(32), range(8)):
        key = bytearray(b"k" * 32)
        key[octet] ^= 1 << bit
        others = identifiers(Seal(bytes(key)), NUMBER, NOW)
        assert not {*ours.values()} & {*others.values()}


def test_an_identifier_is_as_long_as_a_key_that_nobody_tries() -> None:
    for each in identifiers(SEAL, NUMBER, NOW).values():
        assert len(bytes.fromhex(each)) * 8 == 128


def test_the_seal_of_a_number_is_found_by_trying_neither() -> None:
    """Each has its own nonce, so two seals of one number are not alike."""
    seals = {SEAL.seal(NUMBER, "place") for _ in range(100)}
    assert len(seals) == 100
    assert not {each[:16] for each in seals} & {SEAL.seal(n, "place")[:16] for n in TRIED[:100]}
