"""Phone numbers in the international form of ITU-T E.164."""

import re

_MSISDN = re.compile(r"\+[1-9][0-9]{6,14}")


def is_msisdn(number: str) -> bool:
    """Whether this is one E.164 number and nothing else, in ASCII digits."""
    return _MSISDN.fullmatch(number) is not None
