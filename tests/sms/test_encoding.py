"""How texts are measured: a table, properties, and an independent oracle."""

import random
import unicodedata

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from sms.encoding import SEPTETS, Encoding, is_gsm7, measure


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        pytest.param("", "GSM-7", 0, 1, id="nothing is still one message"),
        pytest.param("a" * 160, "GSM-7", 160, 1, id="a full GSM-7 segment"),
        pytest.param("a" * 161, "GSM-7", 161, 2, id="one septet too many"),
        pytest.param("a" * 306, "GSM-7", 306, 2, id="two full segments of 153"),
        pytest.param("a" * 307, "GSM-7", 307, 3, id="and one septet more"),
        pytest.param("€" * 80, "GSM-7", 160, 1, id="the euro costs two septets"),
        pytest.param("€" * 81, "GSM-7", 162, 2, id="eighty-one euros do not fit"),
        pytest.param("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3, id="an escape pair stays whole"),
        pytest.param("€" * 160, "GSM-7", 320, 3, id="76 euros a segment, since pairs stay whole"),
        pytest.param("ű" * 70, "UCS-2", 70, 1, id="a full UCS-2 segment"),
        pytest.param("ű" * 71, "UCS-2", 71, 2, id="one unit too many"),
        pytest.param("`" + "a" * 69, "UCS-2", 70, 1, id="a backtick is not GSM-7"),
        pytest.param("`" + "a" * 70, "UCS-2", 71, 2, id="so one backtick halves the room"),
        pytest.param("😀" * 35, "UCS-2", 70, 1, id="an emoji is two units"),
        pytest.param("😀" * 36, "UCS-2", 72, 2, id="thirty-six emoji are two segments"),
        pytest.param(
            "я" * 66 + "😜" + "я" * 66, "UCS-2", 134, 3, id="a surrogate pair stays whole"
        ),
        pytest.param("қ" * 134, "UCS-2", 134, 2, id="two full segments of 67"),
        pytest.param("қ" * 135, "UCS-2", 135, 3, id="and one letter more"),
        pytest.param("ҰӘҒҚҢӨҮҺІ", "UCS-2", 9, 1, id="Kazakh letters are UCS-2"),
        pytest.param("\x1b", "UCS-2", 1, 1, id="a bare escape is no character of GSM-7"),
        pytest.param("ç", "UCS-2", 1, 1, id="a small c with cedilla is not in GSM-7"),
        pytest.param("Ç", "GSM-7", 1, 1, id="but the capital is"),
        pytest.param("и\u0306", "UCS-2", 2, 1, id="a decomposed letter costs two"),
    ],
)
def test_measure(text: str, encoding: str, units: int, segments: int) -> None:
    size = measure(text)
    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        pytest.param("a" * 160, 140, id="160 septets are 140 octets"),
        pytest.param("a" * 182, 160, id="182 septets are 160 octets: a whole USSD string"),
        pytest.param("a" * 8, 7, id="eight septets are seven octets"),
        pytest.param("a", 1, id="one septet takes an octet"),
        pytest.param("қ" * 70, 140, id="70 units are 140 octets"),
        pytest.param("", 0, id="nothing takes nothing"),
    ],
)
def test_octets(text: str, octets: int) -> None:
    assert measure(text).octets == octets


def test_alphabet_has_127_characters_and_ten_more() -> None:
    assert sorted(SEPTETS.values()) == [1] * 127 + [2] * 10
    assert all(unicodedata.is_normalized("NFC", char) for char in SEPTETS)


ALPHABETS = st.sampled_from(["abc €[]^~|", "қазақ", "abc`“", "😀я", "\n\r\fÅéñü@"])
TEXTS = ALPHABETS.flatmap(lambda alphabet: st.text(alphabet=alphabet, max_size=500))


@given(TEXTS | st.text(max_size=300))
def test_a_longer_text_is_never_cheaper(text: str) -> None:
    for shorter in (text[:-1], text[: len(text) // 2]):
        if is_gsm7(shorter) == is_gsm7(text):
            assert measure(shorter).units <= measure(text).units
        assert measure(shorter).segments <= measure(text).segments


def test_smsutil_agrees_on_thousands_of_random_texts() -> None:
    """0 differences with an implementation that is not ours.

    Left out: the bare escape, which smsutil takes for a character of GSM-7, and
    the empty text, which it calls UTF-16.
    """
    chance = random.Random(20261121)
    basic = [char for char, cost in SEPTETS.items() if cost == 1]
    pools = [basic, [*basic, *"€[]{}~^|\\"], [*basic, *"қәөі", "😀"], list("қазақша €")]
    for _ in range(6000):
        text = "".join(chance.choices(chance.choice(pools), k=chance.randint(1, 700)))
        parts = smsutil.split(text)
        expected = Encoding.GSM_7 if smsutil.is_valid_gsm(text) else Encoding.UCS_2
        size = measure(text)
        assert (size.encoding, size.segments) == (expected, len(parts.parts)), text
        octets_a_unit = 1 if size.encoding is Encoding.GSM_7 else 2
        assert size.units * octets_a_unit == parts.total_bytes, text
