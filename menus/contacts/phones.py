"""Phone numbers as people read and dial them."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat

LONGEST_SHORT = 6
"""Digits of a short number; ITU-T E.164 knows none longer than six in use here."""
_BETWEEN = re.compile(r"[-() ]+")


@lru_cache(maxsize=2048)
def grouped(phone: str, country: str) -> str:
    """The phone in groups as one reads it aloud: `+44 7447 470570`.

    `country`: where a phone without `+` is dialled.  No digit is added, lost or moved; a
    short number and one of no known form stay as they are.
    """
    if len(phone) <= LONGEST_SHORT:
        return phone
    international = phone.startswith("+")
    form = PhoneNumberFormat.INTERNATIONAL if international else PhoneNumberFormat.NATIONAL
    try:
        text = phonenumbers.format_number(phonenumbers.parse(phone, country), form)
    except phonenumbers.NumberParseException:
        return phone
    groups = _BETWEEN.sub(" ", text).strip()
    return groups if groups.replace(" ", "") == phone else phone
