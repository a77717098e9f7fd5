"""The names of all countries, as Unicode's CLDR has them: `make territories`.

Babel carries the whole of CLDR, some 10 MB in memory for our languages.  The names
are taken out of it once, into `territories.json`, and Babel stays on the desk.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("territories.json")
LANGUAGES = ("kk", "ru", "en", "uz", "uz_Cyrl", "ky", "tg")

_NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
"""Two letters in CLDR that are a union, a test, or a part of a country."""


def territories(language: str) -> Mapping[str, str]:
    """The names of all countries in a language, by ISO 3166 code; empty for a language
    that is not in the file.
    """
    return _all_territories().get(language, {})


@cache
def _all_territories() -> Mapping[str, Mapping[str, str]]:
    names: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return names


def from_cldr() -> str:
    """What belongs into the file, by the Babel that is installed."""
    from babel import Locale  # noqa: PLC0415 (not there where the service runs)

    names = {
        language: {
            code: str(name)
            for code, name in sorted(Locale.parse(language).territories.items())
            if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRIES
        }
        for language in LANGUAGES
    }
    return json.dumps(names, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(from_cldr(), encoding="utf-8")
