"""Our contacts, and lists of contacts with what their tests need to differ."""

import datetime
from pathlib import Path

from menus.contacts.contacts import read_contacts

OURS = Path(__file__).parents[2] / "menus" / "contacts.csv"
CONTACTS, FAULTS = read_contacts(OURS)
TODAY = datetime.date(2026, 11, 21)
LONDON = next(each for each in CONTACTS if each.id == "kz-abroad-gb-london-embassy")
HEAD = OURS.read_text(encoding="utf-8").splitlines()[0]
ROW = (
    "{id},{scope},{country},{city},{kind},A mission,{phones},,,{source},,{source_date},"
    "{confidence},,{verified_by},{verified_on},{verified_source},{unanswered}"
)
SOUND = {
    "id": "kz-abroad-tr-ankara-embassy",
    "scope": "kz_abroad",
    "country": "TR",
    "city": "Ankara",
    "kind": "embassy",
    "phones": "+903124919100",
    "source": "A list",
    "source_date": "2026-02-13",
    "confidence": "high",
    "verified_by": "",
    "verified_on": "",
    "verified_source": "",
    "unanswered": "",
}


def row(**cells: str) -> str:
    return ROW.format(**SOUND | cells)


def table_of(folder: Path, *rows: str, name: str = "contacts.csv", head: str = HEAD) -> Path:
    file = folder / name
    file.write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    return file
