"""How far a number may be relied on: one rule for `contacts.csv` and `numbers.yaml`.

A number that could mislead is worse than none.  A number is sure where its source is of
high confidence or somebody verified it, and neither is too long ago.  A number of medium
confidence, or one that was sure and is too old by now, is not confirmed: it is sent after
the sure ones, and said to be so.  All others are never sent.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from menus.contacts.checks import WITHDRAWN
from runtime.settings import Settings


class Evidence(Protocol):
    """What a number stands on.

    `dated`: the day that it was verified, or else that its source speaks for; None if
    undated.
    """

    @property
    def phones(self) -> tuple[str, ...]: ...
    @property
    def confidence(self) -> str: ...
    @property
    def verified(self) -> bool: ...
    @property
    def dated(self) -> datetime.date | None: ...


class Doubt(StrEnum):
    """Why a number is not sure."""

    NO_PHONE = "no_phone"
    WITHDRAWN = "withdrawn"
    LOW = "low"
    TO_COME = "to_come"
    MEDIUM = "medium"
    TOO_OLD = "too_old"


UNCONFIRMED = frozenset({Doubt.MEDIUM, Doubt.TOO_OLD})
"""With one of these a number may still be sent, with the words that it is not confirmed."""

Numbered = TypeVar("Numbered", bound=Evidence)


@dataclass(frozen=True, slots=True)
class Rule:
    """What the operator has set: for how many days a number stays sure, and whether
    unconfirmed ones are sent.
    """

    oldest_days: int
    unconfirmed: bool = True

    @classmethod
    def of(cls, settings: Settings) -> "Rule":
        return cls(settings.contacts_oldest_days, settings.contacts_send == "unconfirmed")

    def sends(self, doubt: Doubt | None) -> bool:
        """Whether a number with this doubt may be sent."""
        return doubt is None or (self.unconfirmed and doubt in UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class Sendable(Generic[Numbered]):
    """What may be sent: the sure ones, then those that are said to be unconfirmed."""

    sure: tuple[Numbered, ...] = ()
    unconfirmed: tuple[Numbered, ...] = ()

    @property
    def both(self) -> tuple[tuple[Numbered, ...], tuple[Numbered, ...]]:
        return self.sure, self.unconfirmed


def doubt_of(number: Evidence, today: datetime.date, oldest_days: int) -> Doubt | None:
    """Why the number is not sure today; None if it is.

    A number of high confidence whose source has no date is sure: such sources are official
    cards and live pages, and the trafficking hotline itself stands on one.  A day still to
    come is a slip of the pen.
    """
    if not number.phones:
        return Doubt.NO_PHONE
    if number.confidence == WITHDRAWN:
        return Doubt.WITHDRAWN
    if number.confidence == "low" and not number.verified:
        return Doubt.LOW
    if number.dated and number.dated > today:
        return Doubt.TO_COME
    if number.confidence == "medium" and not number.verified:
        return Doubt.MEDIUM
    too_old = number.dated is not None and (today - number.dated).days > oldest_days
    return Doubt.TOO_OLD if too_old else None


def sendable(numbers: Iterable[Numbered], today: datetime.date, rule: Rule) -> Sendable[Numbered]:
    """What of the numbers may be sent today, each kind in the order given."""
    judged = [(each, doubt_of(each, today, rule.oldest_days)) for each in numbers]
    sent = [(each, doubt) for each, doubt in judged if rule.sends(doubt)]
    return Sendable(
        tuple(each for each, doubt in sent if doubt is None),
        tuple(each for each, doubt in sent if doubt is not None),
    )


def due_for_check(
    number: Evidence, today: datetime.date, oldest_days: int, soon_days: int = 0
) -> bool:
    """Whether its age alone makes the number unsure, or will within `soon_days`."""
    return doubt_of(number, today, oldest_days - soon_days) is Doubt.TOO_OLD


def too_old(
    numbers: Iterable[Numbered], today: datetime.date, oldest_days: int
) -> tuple[Numbered, ...]:
    """Those whose age alone makes them unsure, in the order given."""
    return tuple(each for each in numbers if due_for_check(each, today, oldest_days))
