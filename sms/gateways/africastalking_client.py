"""Calls of Africa's Talking's own SDK, on connections that we keep.

By itself the SDK hides the status of an answer, gives JSON as text or not, opens a
connection for each call, and lets a bad number spoil the others.  It takes 6 MB and a
quarter of a second to load, so only who sends by it imports this file.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from ssl import SSLCertVerificationError
from typing import Any

import httpx
import requests
from africastalking.SMS import SMSService
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from runtime.msisdn import is_msisdn
from sms.gateways.africastalking import Answer, results_of
from sms.gateways.port import GatewayError, NotSent, Outbound, OutcomeUnknown, Rejected, Result

CONNECT_SECONDS, READ_SECONDS = 3.05, 9.05
CALL_SECONDS = 20.0
"""Of a whole call, however slowly its answer trickles in."""
IDLE_SECONDS = 3.0
"""After which a connection is not used again: the gateway may be closing it just
then, and a text sent into a closing connection is lost or not, nobody knows."""
MOST_CALLS = 16


class AfricasTalkingGateway:
    """A `Gateway`: the SDK on a few threads of its own.

    `url` overrides the gateway's address (the SDK knows that of the sandbox).
    `timeout`: seconds to connect, and between two parts of the answer.
    """

    def __init__(
        self,
        username: str,
        api_key: str,
        url: str | None = None,
        sender_id: str | None = None,
        *,
        timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        self._service = _service(username, api_key, url)
        self._sender_id = sender_id or None
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(MOST_CALLS, "africastalking")

    async def send(self, outbound: Outbound) -> dict[str, Result]:
        """As `Gateway.send`.  A number that is none is rejected here."""
        results: dict[str, Result] = {
            msisdn: Rejected("not a number") for msisdn in outbound.to if not is_msisdn(msisdn)
        }
        to = [msisdn for msisdn in outbound.to if msisdn not in results]
        return results | await self._sent(to, outbound.text) if to else results

    async def _sent(self, to: list[str], text: str) -> dict[str, Result]:
        call = self._pool.submit(self._ask, to, text)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await asyncio.wrap_future(call)
        except TimeoutError:
            late: Result = OutcomeUnknown("the answer took too long", GatewayError.NO_ANSWER)
            never = NotSent("no thread was free", GatewayError.OUT_OF_REACH)
            return dict.fromkeys(to, never if call.cancelled() else late)
        except Exception as error:
            return dict.fromkeys(to, result_of_error(error))
        return results_of(answer, to)

    def _ask(self, to: list[str], text: str) -> Answer:
        answer: Answer = self._service.send(
            text, to, sender_id=self._sender_id, enqueue=len(to) > 1, timeout=self._timeout
        )
        return answer


def _service(username: str, api_key: str, url: str | None) -> Any:
    """The SDK's SMS service, with our own way of asking."""

    class Service(SMSService):  # type: ignore[misc]
        def _make_request(
            self,
            url: str,
            *_method: str,
            headers: Mapping[str, str],
            data: Mapping[str, Any],
            timeout: tuple[float, float],
            **_unused: None,
        ) -> Answer:
            return connections.post(url, dict(headers), dict(data), timeout)

    connections = _Connections()
    service = Service(username, api_key)
    if url:
        service._baseUrl = service._contentUrl = f"{url.rstrip('/')}/version1"
    return service


class _Connections(threading.local):
    """The connection of each thread, kept open while there is much to send."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._used = 0.0

    def post(
        self, url: str, headers: dict[str, str], form: dict[str, Any], timeout: tuple[float, float]
    ) -> Answer:
        """Once, to this address and no other.  Raises `requests.RequestException`."""
        if time.monotonic() - self._used > IDLE_SECONDS:
            self._session.close()
        response = self._session.post(
            url, form, headers=headers, timeout=timeout, allow_redirects=False
        )
        self._used = time.monotonic()
        return Answer(response.status_code, response.content.decode(errors="replace"))


def result_of_error(error: BaseException) -> Result:
    """What a call without an answer means: whether the request can have left."""
    reason = error.args[0] if error.args else None
    reason = reason.reason if isinstance(reason, MaxRetryError) else reason
    reason = getattr(reason, "original_error", reason)  # a proxy's
    if isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, NewConnectionError | ConnectTimeoutError
    ):
        return NotSent("no connection to the gateway", GatewayError.OUT_OF_REACH)
    if _untrusted(reason):
        return NotSent("the gateway's certificate is not valid", GatewayError.OUT_OF_REACH)
    return OutcomeUnknown(f"no answer ({type(error).__name__})", GatewayError.NO_ANSWER)


def _untrusted(reason: object) -> bool:
    inner = reason.args[0] if isinstance(reason, Exception) and reason.args else None
    return isinstance(inner, SSLCertVerificationError)


async def balance_status(username: str, api_key: str, url: str | None) -> int | None:
    """The HTTP status of a question for the account's balance; None without an answer."""
    address = f"{_service(username, api_key, url)._baseUrl}/user"
    headers = {"apiKey": api_key, "Accept": "application/json"}
    try:
        async with httpx.AsyncClient(timeout=READ_SECONDS) as http:
            response = await http.get(address, params={"username": username}, headers=headers)
    except httpx.HTTPError:
        return None
    return response.status_code
