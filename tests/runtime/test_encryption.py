"""Numbers and texts as they are kept: nobody reads or finds them without the key."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.encryption import INDEX_DIGITS, CannotOpen, Seal

KEY = bytes(range(32))
SEAL = Seal(KEY)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=20))
def test_what_is_sealed_is_read_again(plain: str, place: str) -> None:
    assert SEAL.open(SEAL.seal(plain, place), place) == plain


def test_the_same_text_is_never_sealed_alike() -> None:
    assert SEAL.seal("+77010000001", "x") != SEAL.seal("+77010000001", "x")


def test_neither_the_seal_nor_the_index_shows_the_number() -> None:
    for kept in (SEAL.seal("+77010000001", "x"), SEAL.index("+77010000001")):
        assert "7701" not in kept


@pytest.mark.parametrize(
    ("seal", "place", "change"),
    [
        pytest.param(Seal(bytes(32)), "here", "", id="under another key"),
        pytest.param(SEAL, "there", "", id="moved to another place"),
        pytest.param(SEAL, "here", "AAAA", id="longer"),
    ],
)
def test_what_is_not_ours_is_not_opened(seal: Seal, place: str, change: str) -> None:
    with pytest.raises(CannotOpen):
        seal.open(change + SEAL.seal("text", "here"), place)


@given(st.text(max_size=60))
def test_noise_is_not_opened(noise: str) -> None:
    with pytest.raises(CannotOpen):
        SEAL.open(noise, "here")


def test_every_altered_octet_is_noticed() -> None:
    octets = urlsafe_b64decode(SEAL.seal("text", "here"))
    for place in range(len(octets)):
        altered = bytearray(octets)
        altered[place] ^= 1
        with pytest.raises(CannotOpen):
            SEAL.open(urlsafe_b64encode(altered).decode(), "here")


def test_an_index_is_the_same_again_and_another_under_another_key() -> None:
    assert SEAL.index("+77010000001") == Seal(KEY).index("+77010000001")
    assert SEAL.index("+77010000001") != SEAL.index("+77010000002")
    assert SEAL.index("+77010000001") != Seal(bytes(32)).index("+77010000001")
    assert len(SEAL.index("")) == INDEX_DIGITS


@pytest.mark.parametrize("octets", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(octets: int) -> None:
    with pytest.raises(ValueError, match="32 octets"):
        Seal(bytes(octets))
