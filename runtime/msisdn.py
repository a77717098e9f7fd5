"""Phone numbers in the international form of ITU-T E.164."""

import re

import phonenumbers

_MSISDN = re.compile(r"\+[1-9][0-9]{6,14}")


def is_msisdn(number: str) -> bool:
    """Whether this is one E.164 number and nothing else, in ASCII digits."""
    return _MSISDN.fullmatch(number) is not None


def is_possible(number: str) -> bool:
    """Whether the country of an E.164 number has numbers with so many digits."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def country_of(number: str) -> str | None:
    """The country whose number it is, as ISO 3166 writes it; none of a number that is no one's,
    or of a network that is of no country, such as a satellite's.
    """
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None
    return None if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else region


def with_plus(number: str) -> str:
    """The number in E.164 where all that it may lack is its +, also one that a decoder of
    forms made a blank of; empty when it is none.
    """
    number = number.strip(" ")
    full = number if number.startswith("+") else f"+{number}"
    return full if is_msisdn(full) else ""
