"""The phone in the browser, with the simulator only: `GET /`.

The page plays the phone and its network: it posts to the callbacks that a gateway
posts to.  What it cannot know itself (sizes, what has arrived, what became of a
message) it asks for here.  Nothing here is called by a real gateway.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, Field

from menus.model import Menu
from runtime.clock import utc_now
from runtime.encryption import Seal
from runtime.msisdn import is_msisdn
from runtime.redis_client import REDIS_ERRORS
from sms.bootstrap import SmsService
from sms.consent import Consent
from sms.encoding import measure
from sms.gateways import Delivered, Simulator
from sms.series import Subscriptions, run_due
from ussd.bootstrap import ScreensOf, cached_per_day
from ussd.engine import play
from ussd.gateways import answers_of
from ussd.paging import Budget
from ussd.preview import Shown, conversation
from ussd.screens import Screens
from web.auth import json_of
from web.pages import Pages, language_of, words_of

MOST_PHONES = 2
REDIS_SECONDS = 0.5
"""The most that the page waits to hear that Redis does not answer."""


def msisdn_or_fault(number: str) -> str:
    if not is_msisdn(number):
        raise ValueError("not E.164")
    return number


Msisdn = Annotated[str, AfterValidator(msisdn_or_fault)]
Id = Annotated[str, Field(max_length=200)]


class Sized(BaseModel):
    """A text whose size is asked; of a screen, the dialled session and the answers that
    led to it.
    """

    text: Annotated[str, Field(max_length=4000)]
    session: Id = ""
    answers: Annotated[str, Field(max_length=2000)] | None = None


class Asked(BaseModel):
    """A phone that asks what is new: `wishes` and `sent` are messages by their two names."""

    msisdn: Msisdn
    wishes: Annotated[list[Id], Field(max_length=60)] = []
    sent: Annotated[list[Id], Field(max_length=60)] = []


class Subscriber(BaseModel):
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


def phone_pages(  # noqa: PLR0913, PLR0917
    pages: Pages,
    network: Network,
    sms: SmsService,
    simulator: Simulator,
    seal: Seal,
    screens_of: ScreensOf,
) -> APIRouter:
    """The page and what it asks for."""
    routes, impatience = APIRouter(), SkipToNextTip(sms, seal)
    screens = cached_per_day(screens_of)

    @routes.get("/")
    async def phone(request: Request) -> Response:
        return pages.show(request, "phone/page", **_shown(request, network, sms.menu.current))

    @routes.post("/phone/size")
    async def size(asked: Annotated[Sized, Depends(json_of(Sized))]) -> dict[str, Any]:
        return _size(asked, network.budget, screens(sms.menu.current))

    @routes.post("/phone/news")
    async def news(asked: Annotated[Asked, Depends(json_of(Asked))]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                return await _news(asked, sms, simulator)
        except REDIS_ERRORS:
            return {"redis": False}

    @routes.post("/phone/tip")
    async def tip(asked: Annotated[Subscriber, Depends(json_of(Subscriber))]) -> dict[str, Any]:
        try:
            return {"redis": True, "runs": await impatience.next_tip(asked.msisdn)}
        except REDIS_ERRORS:
            return {"redis": False}

    return routes


def _shown(request: Request, network: Network, menu: Menu) -> dict[str, Any]:
    asked, number = request.query_params.get("phones", ""), request.query_params.get("number", "")
    language = language_of(request)
    return {
        "phones": MOST_PHONES if asked == str(MOST_PHONES) else 1,
        "number": number if is_msisdn(number) else "",
        "network": network,
        "said": dict(words_of("phone/page", language)),
        "try_words": words_to_try(menu, language),
    }


def words_to_try(menu: Menu, language: str) -> list[str]:
    """Words that can be texted: one that asks for a screen, then those of every menu."""
    said = menu.languages.get(language) or next(iter(menu.languages.values()))
    first = [words.keywords[0] for node in menu.nodes if (words := said.words[node]).keywords]
    country = words_of("phone/page", said.code)["try_country"] if said.code == language else ""
    embassy, sms = f"{said.sms.embassy_keywords[0]} {country}".strip(), said.sms
    others = [sms.tips_keywords[0], sms.series_keywords[0], sms.yes_keywords[0]]
    return [*first[:1], embassy, *others, sms.stop_keywords[0]]


def _size(asked: Sized, budget: Budget, screens: Screens) -> dict[str, Any]:
    of = measure(asked.text)
    told = {"encoding": of.encoding, "units": of.units, "octets": of.octets}
    if asked.answers is None:
        return {**told, "segments": of.segments}
    seen = _seen(asked, screens)
    told |= {"budget": budget.of(asked.text), "page": seen.number, "pages": seen.pages}
    return {**told, "wish": _wish(asked, screens)}


def _seen(asked: Sized, screens: Screens) -> Shown:
    """What the answers lead to; without a page when another version of the menu, or a
    failure, showed something else.
    """
    *_, shown = conversation(screens, answers_of(asked.answers or ""))
    return shown if shown.screen.text == asked.text else Shown("", shown.screen)


def _wish(asked: Sized, screens: Screens) -> str | None:
    """The key of the message that these answers asked for, if they did."""
    wish = play(screens, answers_of(asked.answers or "")).request
    return Consent(asked.session, "", wish, "").key if wish else None


async def _news(asked: Asked, sms: SmsService, simulator: Simulator) -> dict[str, Any]:
    fault, left = await simulator.fault()
    return {
        "redis": True,
        "gateway": {"fault": fault, "seconds": left},
        "messages": [_message(each) for each in await simulator.inbox(asked.msisdn)],
        "wishes": {key: await sms.outbox.state_of(key) for key in asked.wishes},
        "sent": {id_: await sms.outbox.state_of_sent(id_) for id_ in asked.sent},
    }


def _message(delivered: Delivered) -> dict[str, Any]:
    of = measure(delivered.text)
    return {
        "id": delivered.id,
        "text": delivered.text,
        "at": delivered.at.timestamp(),
        "encoding": of.encoding,
        "units": of.units,
        "segments": of.segments,
    }


class SkipToNextTip:
    """Does not wait for the next tip of the series, which is due in some days.

    Only this phone's clock is moved, and only in the simulator, where no tip reaches a
    person: so quiet hours and days off, which are for people, do not hold here.  All
    else is as ever: the same run queues the tip, the same outbox sends it once.
    """

    def __init__(self, sms: SmsService, seal: Seal) -> None:
        self._sms = sms
        self._calendar = replace(sms.calendar, opens=time.min, closes=time.max, weekends=True)
        self._subscriptions = Subscriptions(sms.redis, seal, self._calendar)

    async def next_tip(self, msisdn: str) -> bool:
        """Queue the next tip now; False if the series does not run.  Raises `RedisError`."""
        if not await self._subscriptions.bring_forward(msisdn, utc_now()):
            return False
        menu = self._sms.menu.current
        await run_due(self._subscriptions, self._sms.outbox, menu, self._calendar, utc_now)
        return True
