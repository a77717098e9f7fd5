"""How many units a text costs on the air.

Two encodings carry text to a phone.  GSM-7 (3GPP TS 23.038, section 6.2.1) has
127 characters of one septet each, and ten more that cost two, since an escape
comes before them.  One character outside both tables turns the whole text into
UCS-2 (read as UTF-16 by phones), where each costs one 16-bit unit, or two
beyond U+FFFF.  There is no Cyrillic in GSM-7 and no national table for it.

A text that is longer than one SMS is cut into segments, each shortened by a
header of 6 octets (TS 23.040, section 9.2.3.24.1, 8-bit reference).  An escape
pair and a surrogate pair are never cut in two.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"

SEPTETS: dict[str, int] = dict.fromkeys(_BASIC, 1) | dict.fromkeys(_EXTENSION, 2)
"""The cost of each GSM-7 character, in septets.  A character not here has none."""
_OUTSIDE = re.compile(f"[^{re.escape(_BASIC + _EXTENSION)}]")
_ESCAPED = re.compile(f"[{re.escape(_EXTENSION)}]")


class Encoding(StrEnum):
    """What a text travels as.  A GSM-7 unit is a septet, a UCS-2 unit 16 bits."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


_ONE_SEGMENT = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
_OF_SEVERAL = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of one text: `units` of its `encoding`, in `segments` of SMS."""

    encoding: Encoding
    units: int
    segments: int

    @property
    def octets(self) -> int:
        """The octets of the text itself, as in a USSD string: no header."""
        if self.encoding is Encoding.UCS_2:
            return self.units * 2
        return (self.units * 7 + 7) // 8


def measure(text: str) -> Measure:
    """Measure a text as it is: normalising to NFC first is the caller's choice.

    An empty text is one segment of no units, since a message is still sent.
    """
    encoding = Encoding.GSM_7 if is_gsm7(text) else Encoding.UCS_2
    units = _units(text, encoding)
    alone = units <= _ONE_SEGMENT[encoding]
    return Measure(encoding, units, 1 if alone else _segments(text, encoding, units))


def is_gsm7(text: str) -> bool:
    """Whether every character is in the GSM-7 alphabet or its extension."""
    return not _OUTSIDE.search(text)


def utf16_units(char: str) -> int:
    """What one character costs in UCS-2: two units when it is a surrogate pair."""
    return 2 if char > "\uffff" else 1


def _units(text: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM_7:
        return len(text) + len(_ESCAPED.findall(text))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _segments(text: str, encoding: Encoding, units: int) -> int:
    """Of a text that one segment does not hold."""
    if units == len(text):  # there is no pair that could not be cut
        return -(-units // _OF_SEVERAL[encoding])
    cost = SEPTETS.__getitem__ if encoding is Encoding.GSM_7 else utf16_units
    segments, room = 1, _OF_SEVERAL[encoding]
    for each in map(cost, text):
        if each > room:
            segments, room = segments + 1, _OF_SEVERAL[encoding]
        room -= each
    return segments
