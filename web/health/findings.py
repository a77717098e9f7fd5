"""What was found where a launch needs something: pure, from what the parts said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from menus.contacts import Evidence, doubt_of, too_old
from menus.model import Menu, is_read
from runtime.load_shedding import Shed
from runtime.redis_status import Danger, RedisStatus
from runtime.settings import Settings
from web.auth import is_loopback

MOST_APART = timedelta(seconds=2)
"""By which the clocks of Komek and of Redis may differ."""
LEAST_FREE, SOON_FULL = 500 * 10**6, 2 * 10**9
"""Octets of a disk."""
NEVER = "–"

WARNINGS = {Danger.FSYNC_UNKNOWN, Danger.EVICTION_UNKNOWN, Danger.NOTES_LOST, Danger.TOO_OLD}
"""Nobody can mend them here: somebody must be asked, or see what was lost."""


class Verdict(StrEnum):
    """`MEND`: it must not be so in production.  `WARNING`: somebody should look."""

    OK = "ok"
    WARNING = "warning"
    MEND = "must be mended"


class Word(StrEnum):
    """What can be found.  The sentences are in `page.yaml`, under these names; those of
    `Danger` too.
    """

    SIMULATOR = "simulator"
    GATEWAY_WELL = "gateway_well"
    GATEWAY_TROUBLE = "gateway_trouble"
    GATEWAY_SILENT = "gateway_silent"
    RESENDS_LEAST = "resends_least"
    RESENDS_MORE = "resends_more"
    RESENDS_UNSEEN = "resends_unseen"
    CALLBACKS_WELL = "callbacks_well"
    CALLBACKS_LOST = "callbacks_lost"
    CALLBACKS_OPEN = "callbacks_open"
    NO_PUBLIC_URL = "no_public_url"
    URL_PLAIN = "url_plain"
    URL_SILENT = "url_silent"
    URL_NOT_KOMEK = "url_not_komek"
    CODES_WELL = "codes_well"
    CODES_SAMPLE = "codes_sample"
    REDIS_WELL = "redis_well"
    REDIS_DOWN = "redis_down"
    REDIS_REFUSES = "redis_refuses"
    WORKER_WELL = "worker_well"
    NO_WORKER = "no_worker"
    SET_ASIDE = "set_aside"
    SHED = "shed"
    CLOCKS_WELL = "clocks_well"
    CLOCKS_APART = "clocks_apart"
    ZONES_WELL = "zones_well"
    ZONES_OLD = "zones_old"
    KEY_WELL = "key_well"
    KEY_BESIDE = "key_beside"
    NO_KEY = "no_key"
    FOLDER_WELL = "folder_well"
    DATA_OPEN = "data_open"
    MENU_WELL = "menu_well"
    MENU_REFUSED = "menu_refused"
    MENU_BROKEN = "menu_broken"
    UNREAD = "unread"
    NUMBERS_WELL = "numbers_well"
    NUMBERS_UNSURE = "numbers_unsure"
    NUMBERS_UNCALLED = "numbers_uncalled"
    CONTACTS_WELL = "contacts_well"
    CONTACTS_UNCALLED = "contacts_uncalled"
    CONTACTS_OLD = "contacts_old"
    DISK_DATA = "disk_data"
    DISK_DATA_LOW = "disk_data_low"
    DISK_REDIS = "disk_redis"
    DISK_REDIS_LOW = "disk_redis_low"
    DISKS_SILENT = "disks_silent"
    DISK_REDIS_UNSEEN = "disk_redis_unseen"
    NOT_LOOKED_AT = "not_looked_at"


@dataclass(frozen=True, slots=True)
class Finding:
    """`facts` fill the sentence of the word.  None is a secret."""

    verdict: Verdict
    word: Word | Danger
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        return self.verdict is Verdict.OK

    def told(self, words: Mapping[str, str]) -> str:
        """The sentence, in the language of these words."""
        return words[self.word].format(**self.facts)


def ok(word: Word, **facts: object) -> Finding:
    return Finding(Verdict.OK, word, facts)


def warning(word: Word, **facts: object) -> Finding:
    return Finding(Verdict.WARNING, word, facts)


def mend(word: Word, **facts: object) -> Finding:
    return Finding(Verdict.MEND, word, facts)


def of_trouble(gateway: str, trouble: str) -> Finding:
    """By what a gateway said of the account: nothing, or what is wrong."""
    if trouble:
        return mend(Word.GATEWAY_TROUBLE, gateway=gateway, why=trouble)
    return ok(Word.GATEWAY_WELL, gateway=gateway)


def of_resends(gateway: str, most: int | None) -> Iterator[Finding]:
    """`most`: texts that a gateway itself may send twice when its link breaks, by its
    configuration; None where we do not see it; 0 where no link of it is known to.
    """
    if most is None:
        yield warning(Word.RESENDS_UNSEEN, gateway=gateway)
    elif most > 1:
        yield warning(Word.RESENDS_MORE, gateway=gateway, most=most)
    elif most == 1:
        yield ok(Word.RESENDS_LEAST, gateway=gateway)


def of_codes(settings: Settings) -> Finding:
    """What people dial and text; both settings begin with an example."""
    codes = {"service_code": settings.service_code, "short_code": settings.short_code}
    samples = [f"KOMEK_{name.upper()}" for name, code in codes.items() if code == _sample(name)]
    if samples:
        return warning(Word.CODES_SAMPLE, names=", ".join(samples))
    return ok(Word.CODES_WELL, **codes)


def _sample(name: str) -> object:
    return Settings.model_fields[name].default


def of_redis(status: RedisStatus) -> Iterator[Finding]:
    """What Redis could lose, or has lost.  What it does not tell is for somebody to ask."""
    if not status.dangers:
        yield ok(Word.REDIS_WELL)
    for each in status.dangers:
        yield Finding(Verdict.WARNING if each in WARNINGS else Verdict.MEND, each)


def of_worker(alive: bool) -> Finding:
    return ok(Word.WORKER_WELL) if alive else mend(Word.NO_WORKER)


def of_set_aside(count: int) -> Iterator[Finding]:
    """Of messages that could not be read: whom they were for, nobody knows."""
    if count:
        yield warning(Word.SET_ASIDE, count=count)


def of_shed(counts: Mapping[Shed, int]) -> Iterator[Finding]:
    """Of a day: what came behind too many others."""
    if any(counts.values()):
        yield warning(Word.SHED, **{str(what): many for what, many in counts.items()})


def of_clocks(apart: timedelta) -> Finding:
    if abs(apart) > MOST_APART:
        return mend(Word.CLOCKS_APART, seconds=f"{abs(apart.total_seconds()):.0f}")
    return ok(Word.CLOCKS_WELL)


def of_zones(now: datetime) -> Finding:
    """Almaty is at UTC+5 since 2024-03-01; a table from before has it at UTC+6."""
    offset = now.astimezone(ZoneInfo("Asia/Almaty")).utcoffset()
    if offset != timedelta(hours=5):
        return mend(Word.ZONES_OLD, offset=offset)
    return ok(Word.ZONES_WELL, version=version("tzdata"))


def of_key(beside: str | None) -> Finding:
    """`beside`: the name of a file beside the data that holds the key, if one does."""
    return mend(Word.KEY_BESIDE, file=beside) if beside else ok(Word.KEY_WELL)


def of_folder(mode: int | None) -> Finding:
    """By who may look into the data directory; None while there is none."""
    return mend(Word.DATA_OPEN) if mode is not None and mode & 0o007 else ok(Word.FOLDER_WELL)


def of_menu(menu: Menu, refused: int) -> Iterator[Finding]:
    """`refused`: faults of a newer menu, for which it is not in force."""
    languages = menu.languages.values()
    if refused:
        yield mend(Word.MENU_REFUSED)
    else:
        yield ok(Word.MENU_WELL, languages=len(languages), version=menu.version)
    if not all(is_read(each.native_reader) for each in languages):
        yield warning(Word.UNREAD)


def of_numbers(numbers: Mapping[str, Evidence], today: date, oldest_days: int) -> Finding:
    """Those on the screens: how many somebody dialled, and when the longest ago."""
    unsure = [
        name
        for name, each in numbers.items()
        if not each.verified or doubt_of(each, today, oldest_days)
    ]
    facts = {"all": len(numbers), **_calls([*numbers.values()])}
    if unsure:
        word = Word.NUMBERS_UNSURE if facts["called"] else Word.NUMBERS_UNCALLED
        return warning(word, names=", ".join(unsure), **facts)
    return ok(Word.NUMBERS_WELL, **facts)


def of_contacts(contacts: Sequence[Evidence], today: date, oldest_days: int) -> Iterator[Finding]:
    """The same of the contacts; of hundreds of them, some are always still to be called."""
    facts = {"all": len(contacts), **_calls(contacts)}
    if any(each.verified for each in contacts):
        yield ok(Word.CONTACTS_WELL, **facts)
    else:
        yield warning(Word.CONTACTS_UNCALLED, **facts)
    if old := too_old(contacts, today, oldest_days):
        yield warning(Word.CONTACTS_OLD, old=len(old))


def _calls(numbers: Sequence[Evidence]) -> dict[str, object]:
    days = [each.dated for each in numbers if each.verified and each.dated]
    called = sum(each.verified for each in numbers)
    return {"called": called, "oldest": min(days) if days else NEVER}


def of_room(free: int, enough: Word, low: Word) -> Finding:
    """By the octets that are free on a disk."""
    facts = {"free": f"{free / 1e9:.1f}"}
    if free < LEAST_FREE:
        return mend(low, **facts)
    return warning(low, **facts) if free < SOON_FULL else ok(enough, **facts)


def is_private(url: str) -> bool:
    """Whether what is asked at an address is encrypted on its way, or stays on the machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")
