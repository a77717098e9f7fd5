"""What SMS cost: those of each day, against the caps and at the operator's price."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from sms.outbox import Caps, MessageKind
from web.figures.daily import Figures
from web.figures.store import Day


@dataclass(frozen=True, slots=True)
class Price:
    """Of one segment, as the operator wrote it: an amount and its currency."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, written: str | None) -> "Price | None":
        """Of `12.5 KZT`."""
        if not written:
            return None
        amount, currency = written.split()
        return cls(Decimal(amount), currency)

    def times(self, segments: int) -> str:
        """What so many segments cost, as a page shows it."""
        return f"{self.amount * segments:,.2f} {self.currency}".replace(",", "\N{NO-BREAK SPACE}")


@dataclass(frozen=True, slots=True)
class Costs:
    """The price of a segment, if it is known, and the most that is sent."""

    price: Price | None = None
    caps: Caps = field(default_factory=Caps)


@dataclass(frozen=True, slots=True)
class Spending:
    """SMS of a day; all counts are at least so many.  `…_share`: of the cap, in per cent."""

    day: Day
    replies: int
    replies_share: float
    series: int
    series_share: float
    segments: int
    price: str


def spending_on(day: Day, costs: Costs) -> Spending:
    """What a day's SMS were, against the caps."""
    replies = sum(
        _sent(day.all, kind, "messages") for kind in (MessageKind.REPLY, MessageKind.EMERGENCY)
    )
    series = _sent(day.all, MessageKind.SERIES, "messages")
    segments = sum(_sent(day.all, kind, "segments") for kind in MessageKind)
    return Spending(
        day,
        replies,
        _share(replies, costs.caps.replies_a_day),
        series,
        _share(series, costs.caps.series_a_day),
        segments,
        costs.price.times(segments) if costs.price and segments else "",
    )


def price_of_all(spending: Iterable[Spending], price: Price | None) -> str:
    """Of all days together; empty without a price."""
    return price.times(sum(each.segments for each in spending)) if price else ""


def _sent(figures: Figures, kind: MessageKind, what: str) -> int:
    return figures.get(f"{kind} sent", {}).get(what, 0)


def _share(count: int, cap: int) -> float:
    return round(100 * count / cap, 1)
