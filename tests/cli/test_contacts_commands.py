"""`main.py contacts …`, on copied files."""

import csv
import datetime
import re
from dataclasses import replace
from pathlib import Path

import pytest

from menus.contacts.contacts import Contact
from menus.contacts.doubts import too_old
from tests.support.commands import command, ended_well, refused
from tests.support.contact_lists import CONTACTS, HEAD, LONDON, TODAY, row

UNVERIFIED = "kz-abroad-ua-kyiv-embassy"
ANY_AGE = {"KOMEK_CONTACTS_OLDEST_DAYS": "100000"}
VERIFY = ("--by", "A. Seitova [duty]", "--on", "2026-11-20", "--source", "called, 14:00")
SURE_ONLY = re.compile(r"No faults: [0-9]+ contacts, ([0-9]+) of them may be sent\.\n")
MAY_BE_SENT = re.compile(
    r"No faults: ([0-9]+) contacts, ([0-9]+) of them may be sent\.\n([0-9]+) of .*\n"
)


def contacts_of(tree: Path) -> Path:
    return tree / "menus" / "contacts.csv"


def newer_list(tree: Path, *rows: str) -> str:
    (tree / "newer.csv").write_text("\n".join([HEAD, *rows, ""]), encoding="utf-8")
    return "newer.csv"


def changed_lines(before: bytes, after: bytes) -> tuple[list[str], list[str]]:
    """The lines that are gone, and those that have come; the order of the others is kept."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    assert [line for line in old if line in new] == [line for line in new if line in old]
    return (
        [line.decode().rstrip("\n") for line in old if line not in new],
        [line.decode().rstrip("\n") for line in new if line not in old],
    )


# --- contacts check -------------------------------------------------------------


def test_check_counts_what_may_be_sent(good: Path) -> None:
    before = contacts_of(good).read_bytes()
    said = MAY_BE_SENT.fullmatch(ended_well(command(good, "contacts", "check")))
    assert said
    assert int(said[1]) == len(CONTACTS)
    assert 0 < int(said[2]) < len(CONTACTS)
    assert contacts_of(good).read_bytes() == before


def test_the_limit_of_age_is_a_setting(good: Path) -> None:
    def may_be_sent(days: str) -> int:
        settings = {"KOMEK_CONTACTS_OLDEST_DAYS": days, "KOMEK_CONTACTS_SEND": "sure"}
        said = ended_well(command(good, "contacts", "check", settings=settings))
        found = SURE_ONLY.fullmatch(said)
        assert found, said
        return int(found[1])

    assert may_be_sent("1") < may_be_sent("100000")


@pytest.mark.parametrize("arguments", [("check",), ("verify", UNVERIFIED, *VERIFY)])
def test_every_fault_is_named_with_its_place(tree: Path, arguments: tuple[str, ...]) -> None:
    file = contacts_of(tree)
    with file.open("a", encoding="utf-8") as end:
        end.write(f"{row(id='x', source='')}\n{row(id='y', phones='+90')}\n")
    before, lines = file.read_bytes(), len(file.read_text(encoding="utf-8").splitlines())
    said = refused(command(tree, "contacts", *arguments))
    places = [fault.split(": ")[0].rpartition(":")[0] for fault in said]
    assert places == [f"menus/contacts.csv:{lines - 1}", f"menus/contacts.csv:{lines}"]
    assert file.read_bytes() == before


# --- contacts list --------------------------------------------------------------


@pytest.mark.parametrize("columns", ["80", "200"])
def test_the_list_shows_every_contact_and_the_to_do_list_only_some(
    good: Path, columns: str
) -> None:
    everyone = {each.id for each in CONTACTS}

    def ids(*options: str) -> set[str]:
        done = command(good, "contacts", "list", *options, settings={"COLUMNS": columns})
        cells = {cell.strip() for cell in re.split("[│\n]", ended_well(done))}
        assert options or {phone for each in CONTACTS for phone in each.phones} <= cells
        return everyone & cells

    assert ids() == everyone, "each is whole, to be copied into the next command"
    unverified = ids("--unverified")
    assert UNVERIFIED in unverified
    assert LONDON.id not in unverified
    assert unverified < everyone


# --- contacts verify ------------------------------------------------------------


def test_who_is_verified_is_off_the_to_do_list_and_other_rows_keep_their_bytes(tree: Path) -> None:
    file = contacts_of(tree)
    before, beside = file.read_bytes(), sorted(path.name for path in file.parent.iterdir())
    said = ended_well(command(tree, "contacts", "verify", UNVERIFIED, *VERIFY))
    assert said == f"{UNVERIFIED}: verified by A. Seitova [duty] on 2026-11-20\n"
    [old], [new] = changed_lines(before, file.read_bytes())
    [was], [now] = csv.reader([old]), csv.reader([new])
    assert now == [*was[:-4], "A. Seitova [duty]", "2026-11-20", "called, 14:00", ""]
    assert sorted(path.name for path in file.parent.iterdir()) == beside
    left = ended_well(command(tree, "contacts", "list", "--unverified", settings=ANY_AGE))
    assert UNVERIFIED not in left


@pytest.mark.parametrize(
    ("id_", "by", "told"),
    [
        ("nobody", "A", "menus/contacts.csv:1:1: nobody: there is no contact of this id"),
        (UNVERIFIED, " ", "'verified_by' is empty"),
        ("kz-abroad-de-berlin-embassy", "A", "empty, but verified"),
    ],
)
def test_a_verification_that_cannot_be_is_refused(tree: Path, id_: str, by: str, told: str) -> None:
    before = contacts_of(tree).read_bytes()
    [fault, *_] = refused(command(tree, "contacts", "verify", id_, "--by", by, *VERIFY[2:]))
    assert told in fault
    assert contacts_of(tree).read_bytes() == before


def test_a_date_that_is_none_is_refused(good: Path) -> None:
    before = contacts_of(good).read_bytes()
    arguments = ("--by", "A", "--on", "20.11.2026", "--source", "called")
    done = command(good, "contacts", "verify", UNVERIFIED, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert contacts_of(good).read_bytes() == before


# --- What a call found out ------------------------------------------------------

CALLED = ("--by", "A. Seitova", "--source", "the consul answered")


def test_the_list_of_calls_is_ordered_and_short(good: Path) -> None:
    short = ended_well(command(good, "contacts", "calls", settings={"COLUMNS": "200"}))
    ids = [each.id for each in CONTACTS]
    named = [cell for cell in map(str.strip, re.split("[│\n]", short)) if cell in ids]
    assert len(named) == 20
    assert named[0] == "foreign-in-kz-ru-astana-duty", "asked about most, and nothing is sent"
    total = re.search(r"^([0-9]+) to call\.$", short, re.MULTILINE)
    assert total
    everything = ended_well(command(good, "contacts", "calls", "--all", settings=ANY_AGE))
    assert everything.count("nothing is sent yet") > short.count("nothing is sent yet")


def test_what_a_call_found_out_is_written_down(tree: Path) -> None:
    ankara = "kz-abroad-tr-ankara-embassy"

    def cells() -> list[str]:
        lines = contacts_of(tree).read_text(encoding="utf-8").splitlines()
        [line] = [each for each in lines if each.startswith(f"{ankara},")]
        return next(csv.reader([line]))

    ended_well(command(tree, "contacts", "unanswered", ankara, "--on", "2026-11-20"))
    assert cells()[-1] == "2026-11-20"
    ended_well(command(tree, "contacts", "correct", ankara, "+90 312 491 91 01", *CALLED))
    assert cells()[6] == "+903124919101"
    assert cells()[-1] == ""
    ended_well(command(tree, "contacts", "withdraw", ankara, *CALLED))
    assert cells()[12] == "withdrawn"


@pytest.mark.parametrize(
    "arguments",
    [
        ("correct", UNVERIFIED, "12", *CALLED),
        ("withdraw", UNVERIFIED, "--by", "A", "--source", " "),
        ("unanswered", "nobody"),
    ],
)
def test_what_cannot_be_written_down_changes_nothing(
    tree: Path, arguments: tuple[str, ...]
) -> None:
    before = contacts_of(tree).read_bytes()
    assert refused(command(tree, "contacts", *arguments))
    assert contacts_of(tree).read_bytes() == before


# --- contacts import ------------------------------------------------------------


NEW = row(id="kz-abroad-tr-izmir-consulate", city="Izmir", phones="+902324919100")


def london(phone: str) -> str:
    """The row of London as it stands, with another phone."""
    text = (Path(__file__).parents[2] / "menus" / "contacts.csv").read_text(encoding="utf-8")
    [line] = [each for each in text.splitlines() if each.startswith(f"{LONDON.id},")]
    [now] = LONDON.phones
    return line.replace(now, phone)


@pytest.mark.parametrize("options", [(), ("--yes",)])
def test_an_import_shows_what_it_would_change_then_applies(
    tree: Path, options: tuple[str, ...]
) -> None:
    before = contacts_of(tree).read_bytes()
    newer = newer_list(tree, london("+442079251758"), NEW)
    said = ended_well(command(tree, "contacts", "import", newer, *options, typed="y\n"))
    lines = said.splitlines()
    assert lines[:2] == [
        "new      kz-abroad-tr-izmir-consulate  +902324919100",
        f"changed  {LONDON.id}  phones: +442079251757 -> +442079251758",
    ]
    assert "kept     kz-abroad-ua-kyiv-embassy: the newer list lacks it" in lines
    assert ("Apply?" in said) == (not options)
    assert said.endswith("1 added, 1 changed.\n")
    gone, come = changed_lines(before, contacts_of(tree).read_bytes())
    assert (gone, come) == ([london("+442079251757")], [london("+442079251758"), NEW])


def test_an_import_tells_each_cell_that_differs(tree: Path) -> None:
    newer = newer_list(tree, london("+442079251757").replace(",high,", ",medium,"))
    said = ended_well(command(tree, "contacts", "import", newer, "--yes"))
    assert f"changed  {LONDON.id}  confidence: high -> medium" in said.splitlines()


@pytest.mark.parametrize(("typed", "code"), [("n\n", 0), ("\n", 0), ("", 1)])
def test_an_import_without_a_yes_changes_nothing(tree: Path, typed: str, code: int) -> None:
    before = contacts_of(tree).read_bytes()
    done = command(tree, "contacts", "import", newer_list(tree, NEW), typed=typed)
    assert done.returncode == code
    assert "Apply?" in done.stdout
    assert "added," not in done.stdout
    assert contacts_of(tree).read_bytes() == before


def test_an_import_names_all_faults_and_asks_nothing(tree: Path) -> None:
    before = contacts_of(tree).read_bytes()
    newer = newer_list(tree, row(source=""), NEW, row(id="x", scope="y"))
    first, second = refused(command(tree, "contacts", "import", newer, "--yes"))
    assert "newer.csv:2:" in first
    assert "newer.csv:4:" in second
    assert contacts_of(tree).read_bytes() == before


def test_a_list_that_cannot_be_read_is_told_in_one_line(good: Path) -> None:
    [told] = refused(command(good, "contacts", "import", "nowhere.csv"))
    assert told.endswith("cannot be read: No such file or directory")


# --- check: what is too old -----------------------------------------------------


def aged(days: int, **differences: str) -> Contact:
    date = (TODAY - datetime.timedelta(days=days)).isoformat()
    return replace(LONDON, **{"date": date, **differences})  # type: ignore[arg-type]


def test_too_old_is_what_age_alone_keeps_back() -> None:
    old = aged(101)
    others = (aged(100), aged(101, confidence="medium"), aged(-1), replace(old, phones=()))
    assert too_old([old, *others, aged(0, date="undated")], TODAY, 100) == (old,)


@pytest.mark.parametrize(
    ("send", "so"), [("unconfirmed", "sent as not confirmed"), ("sure", "not sent")]
)
def test_check_names_contacts_that_are_too_old(good: Path, send: str, so: str) -> None:
    settings = {"KOMEK_CONTACTS_OLDEST_DAYS": "1", "KOMEK_CONTACTS_SEND": send}
    done = command(good, "check", settings=settings)
    [note] = [line for line in ended_well(done).splitlines() if " contacts are " in line]
    old = [each.id for each in too_old(CONTACTS, datetime.datetime.now(datetime.UTC).date(), 1)]
    assert note == (
        f"Note: {len(old)} contacts are {so}, being older than 1 days "
        f"(KOMEK_CONTACTS_OLDEST_DAYS): {', '.join(old[:10])} and {len(old) - 10} more."
    )


def test_check_names_numbers_of_the_words_that_are_not_sure(tree: Path) -> None:
    def notes() -> list[str]:
        said = ended_well(command(tree, "check", settings={"KOMEK_CONTACTS_OLDEST_DAYS": "1"}))
        return [line for line in said.splitlines() if "numbers.yaml" in line]

    assert notes() == [
        f"Note: {number} of numbers.yaml is shown, but not sure, being older than 1 days "
        "(KOMEK_CONTACTS_OLDEST_DAYS): call it, then write verified_by, verified_on and "
        "verified_source."
        for number in ("police 102", "emergency 112")
    ]
    file = tree / "menus" / "numbers.yaml"
    today = datetime.datetime.now(datetime.UTC).date()
    mark = f"  verified_by: A\n  verified_on: {today}\n  verified_source: called\n"
    dated = "  date: 2021-09-08\n"
    text = file.read_text(encoding="utf-8")
    assert text.count(dated) == 2
    file.write_text(text.replace(dated, dated + mark), encoding="utf-8")
    assert notes() == []


def test_check_says_nothing_of_age_when_nothing_is_too_old(good: Path) -> None:
    assert "older than" not in ended_well(command(good, "check", settings=ANY_AGE))
