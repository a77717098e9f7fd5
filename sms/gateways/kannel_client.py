"""Calls of Kannel's `sendsms`: one text and one phone a call, many calls at once on
connections that are kept.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import httpx

from runtime.logs import redacted
from runtime.msisdn import is_msisdn
from sms.gateways.kannel import FULL, Answer, SendSms, obstacle, result_of
from sms.gateways.port import GatewayError, NotSent, Outbound, OutcomeUnknown, Rejected, Result

CONNECT_SECONDS, READ_SECONDS = 3.0, 9.0
CALL_SECONDS = 20.0
"""Of one `send`, however many phones it is for."""
IDLE_SECONDS = 5.0
"""After which a connection is not used again; Kannel closes its own after a minute."""
MOST_AT_ONCE = 16
"""Calls for a text to many phones.  Texts to single phones do not wait for them."""
MOST_CONNECTIONS = 2 * MOST_AT_ONCE
PAUSE_SECONDS = 5.0
"""In which no bulk is sent after Kannel's queue was full: replies find room in it."""

_LATE = OutcomeUnknown("the answer took too long", GatewayError.NO_ANSWER)
_NEVER = NotSent("no call was free in time", GatewayError.OUT_OF_REACH)
_HELD_BACK = NotSent("held back: Kannel takes no more just now", None)
_NO_CONNECTION = NotSent("no connection to Kannel", GatewayError.OUT_OF_REACH)
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class KannelGateway:
    """A `Gateway`.  `timeout`: seconds to connect, and for the answer."""

    def __init__(
        self, ask: SendSms, *, timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)
    ) -> None:
        connect, read = timeout
        self._ask = ask
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._pause_until = 0.0
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(read, connect=connect, pool=connect),
            limits=httpx.Limits(
                max_connections=MOST_CONNECTIONS,
                max_keepalive_connections=MOST_CONNECTIONS,
                keepalive_expiry=IDLE_SECONDS,
            ),
            verify=ask.url.startswith("https:"),
            trust_env=False,
        )

    async def send(self, outbound: Outbound) -> dict[str, Result]:
        """As `Gateway.send`.  A number that is none is rejected here, as is a text that
        Kannel would cut.
        """
        if why := obstacle(outbound.text):
            return dict.fromkeys(outbound.to, why)
        now = asyncio.get_running_loop().time()
        if outbound.bulk and now < self._pause_until:
            return dict.fromkeys(outbound.to, _HELD_BACK)
        batch = _Batch(outbound.text, outbound.bulk, now + CALL_SECONDS)
        pairs = list(_named(outbound))
        sent = self._alone if len(pairs) == 1 else self._among_others
        results = await asyncio.gather(*(sent(batch, msisdn, id_) for msisdn, id_ in pairs))
        if FULL in results:
            self._pause_until = asyncio.get_running_loop().time() + PAUSE_SECONDS
        return dict(zip(outbound.to, results, strict=True))

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _among_others(self, batch: "_Batch", msisdn: str, id_: str) -> Result:
        try:
            async with asyncio.timeout_at(batch.deadline):
                await self._room.acquire()
        except TimeoutError:
            return _NEVER
        try:
            return _HELD_BACK if batch.over else await self._alone(batch, msisdn, id_)
        finally:
            self._room.release()

    async def _alone(self, batch: "_Batch", msisdn: str, id_: str) -> Result:
        if not is_msisdn(msisdn):
            return Rejected("not a number")
        try:
            async with asyncio.timeout_at(batch.deadline):
                result = result_of(await self._post(batch, msisdn, id_), id_)
        except TimeoutError:
            result = _LATE
        except Exception as error:
            result = result_of_error(error)
        batch.over |= isinstance(result, NotSent | OutcomeUnknown)
        return result

    async def _post(self, batch: "_Batch", msisdn: str, id_: str) -> Answer:
        headers, text = self._ask.headers(msisdn, batch.text, id_, bulk=batch.bulk), batch.text
        response = await self._http.post(self._ask.url, content=text.encode(), headers=headers)
        return Answer(response.status_code, response.text)


@dataclass
class _Batch:
    """One text on its way to some phones, until `deadline` of the loop's clock.  `over`: Kannel
    took one of them not; those that it has not been asked for wait.
    """

    text: str
    bulk: bool
    deadline: float
    over: bool = False


def _named(outbound: Outbound) -> Iterator[tuple[str, str]]:
    """Each phone, and what we call its message."""
    return zip_longest(outbound.to, outbound.ids, fillvalue="")


def result_of_error(error: Exception) -> Result:
    """What a call without an answer means: whether the request can have left."""
    if isinstance(error, _NEVER_LEFT):
        return _NO_CONNECTION
    return OutcomeUnknown(f"no answer ({redacted(error)})", GatewayError.NO_ANSWER)


async def answer_to_nobody(ask: SendSms) -> Answer | None:
    """To a text without a receiver, which is never sent; None without an answer."""
    headers = ask.headers("", "x", "")
    del headers["X-Kannel-To"]
    try:
        async with httpx.AsyncClient(timeout=CONNECT_SECONDS, trust_env=False) as http:
            response = await http.post(ask.url, content=b"x", headers=headers)
    except httpx.HTTPError:
        return None
    return Answer(response.status_code, response.text)
