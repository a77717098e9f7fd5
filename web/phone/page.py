"""The phone in the browser, with the simulator only: `GET /`.

The page plays the phone and its network: it posts to the callbacks that a gateway
posts to.  What it cannot know itself (sizes, what has arrived, what became of a
message) it asks for here.  Nothing here is called by a real gateway.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, Field

from menus.model import Menu
from runtime.encryption import Seal
from runtime.msisdn import is_msisdn
from runtime.settings import SIMULATOR
from sms.bootstrap import SmsService
from sms.consent import Consent
from sms.encoding import measure
from sms.gateways import Delivered, Simulator
from ussd.bootstrap import ScreensOf, cached_per_day
from ussd.engine import play
from ussd.gateways import answers_of
from ussd.paging import Budget
from ussd.preview import conversation
from ussd.screens import Screens
from web.auth import json_of
from web.pages import Context, Pages, language_of, words_of
from web.phone.answers import Answer, with_redis_state
from web.phone.next_tip import SkipToNextTip

MOST_PHONES = 2
REDIS_SECONDS = 0.5
"""The most that the page waits to hear that Redis does not answer."""


def msisdn_or_fault(number: str) -> str:
    if not is_msisdn(number):
        raise ValueError("not E.164")
    return number


Msisdn = Annotated[str, AfterValidator(msisdn_or_fault)]
Id = Annotated[str, Field(max_length=200)]


class SizeQuery(BaseModel):
    """How large is this text?  Of a screen, with the dialled session and the answers that
    led to it.
    """

    text: Annotated[str, Field(max_length=4000)]
    session: Id = ""
    answers: Annotated[str, Field(max_length=2000)] | None = None


class NewsQuery(BaseModel):
    """What is new for this phone?  `wishes` and `sent` are messages by their two names."""

    msisdn: Msisdn
    wishes: Annotated[list[Id], Field(max_length=60)] = []
    sent: Annotated[list[Id], Field(max_length=60)] = []


class TipQuery(BaseModel):
    """May the next tip of the series come now?"""

    msisdn: Msisdn


@dataclass(frozen=True, slots=True)
class Network:
    """What a phone's network knows of the service.  `callback`: the path before
    `/ussd` and `/sms`.
    """

    callback: str
    service_code: str
    short_code: str
    budget: Budget


@dataclass(frozen=True, slots=True)
class PhoneContext(Context):
    """`number`: of the first phone, if the address names one; `try_words`: to be texted."""

    template: ClassVar[str] = "phone/page"
    phones: int
    number: str
    network: Network
    try_words: Sequence[str]


def phone_pages(  # noqa: PLR0913, PLR0917
    pages: Pages,
    network: Network,
    sms: SmsService,
    simulator: Simulator,
    seal: Seal,
    screens_of: ScreensOf,
) -> APIRouter:
    """The page and what it asks for."""
    routes, skip = APIRouter(), SkipToNextTip(sms, seal)
    screens = cached_per_day(screens_of)

    @routes.get("/")
    async def phone(request: Request) -> Response:
        return pages.show(request, phone_context(request, network, sms.menu.current))

    @routes.post("/phone/size")
    async def size(asked: Annotated[SizeQuery, Depends(json_of(SizeQuery))]) -> Answer:
        return _size(asked, network.budget, screens(sms.menu.current))

    @routes.post("/phone/news")
    @with_redis_state
    async def news(asked: Annotated[NewsQuery, Depends(json_of(NewsQuery))]) -> Answer:
        async with asyncio.timeout(REDIS_SECONDS):
            return await _news(asked, sms, simulator)

    @routes.post("/phone/tip")
    @with_redis_state
    async def tip(asked: Annotated[TipQuery, Depends(json_of(TipQuery))]) -> Answer:
        return {"runs": await skip.next_tip(asked.msisdn)}

    return routes


def phone_context(request: Request, network: Network, menu: Menu) -> PhoneContext:
    """What the address asks for: how many phones, and the number of the first."""
    phones, number = (request.query_params.get(key, "") for key in ("phones", "number"))
    return PhoneContext(
        phones=MOST_PHONES if phones == str(MOST_PHONES) else 1,
        number=number if is_msisdn(number) else "",
        network=network,
        try_words=words_to_try(menu, language_of(request)),
    )


def words_to_try(menu: Menu, language: str) -> list[str]:
    """Words that can be texted: one that asks for a screen, then those of every menu."""
    said = menu.languages.get(language) or next(iter(menu.languages.values()))
    first = [words.keywords[0] for node in menu.nodes if (words := said.words[node]).keywords]
    country = words_of("phone/page", said.code)["try_country"] if said.code == language else ""
    embassy, sms = f"{said.sms.embassy_keywords[0]} {country}".strip(), said.sms
    others = [sms.digest_keywords[0], sms.series_keywords[0], sms.yes_keywords[0]]
    return [*first[:1], embassy, *others, sms.stop_keywords[0]]


def _size(asked: SizeQuery, budget: Budget, screens: Screens) -> Answer:
    size = measure(asked.text)
    of_text = {"encoding": size.encoding, "units": size.units, "octets": size.octets}
    if asked.answers is None:
        return {**of_text, "segments": size.segments}
    page, pages = _page(asked, screens)
    of_screen = {"budget": budget.of(asked.text), "page": page, "pages": pages}
    return {**of_text, **of_screen, "wish": _message_key(asked, screens)}


def _page(asked: SizeQuery, screens: Screens) -> tuple[int, int]:
    """Which page of how many the answers lead to; zeros when another version of the menu,
    or a failure, showed something else.
    """
    *_, shown = conversation(screens, answers_of(asked.answers or ""))
    return (shown.number, shown.pages) if shown.screen.text == asked.text else (0, 0)


def _message_key(asked: SizeQuery, screens: Screens) -> str | None:
    """The key of the message that these answers asked for, if they did."""
    request = play(screens, answers_of(asked.answers or "")).request
    return Consent(asked.session, "", request, "").key if request else None


async def _news(asked: NewsQuery, sms: SmsService, simulator: Simulator) -> Answer:
    fault, left = await simulator.fault()
    return {
        "gateway": {"fault": fault, "seconds": left},
        "messages": [_message(each) for each in await simulator.inbox(asked.msisdn)],
        "wishes": {key: await sms.outbox.state_of(key) for key in asked.wishes},
        "sent": {id_: await sms.outbox.state_of_sent(SIMULATOR, id_) for id_ in asked.sent},
    }


def _message(delivered: Delivered) -> Answer:
    of = measure(delivered.text)
    return {
        "id": delivered.id,
        "text": delivered.text,
        "at": delivered.at.timestamp(),
        "encoding": of.encoding,
        "units": of.units,
        "segments": of.segments,
    }
