"""People who do everything that one can with two gateways; each has words of their own."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from uuid import uuid4

import httpx
from redis import Redis

from tests.support.launched import Launched, launched
from tests.support.service import SECRET, form
from tests.support.trees import until
from tests.ussd.test_kannel_ussd import ENDED, Phone, consent

TEXTER, SUBSCRIBER, CALLER = "+77019876551", "+77019876552", "+77019876553"
REFUSED, DROPPED, LATE = "+77019899406", "+77019876555", "+77019876556"
KANNEL_CALLER, KANNEL_TEXTER, KANNEL_REFUSED = "+77019876561", "+77019876562", "+77019876563"
BY_KANNEL = (KANNEL_CALLER, KANNEL_TEXTER, KANNEL_REFUSED)
NUMBERS = (TEXTER, SUBSCRIBER, CALLER, REFUSED, DROPPED, LATE, *BY_KANNEL)
TEXTED, TYPED, BROKEN = "Шұғыла құлпынай", "salem qyzgaldaq", "бозторғай шырылы"
"""Words that mean nothing: texted, typed on a screen, sent while Redis takes nothing."""
PHRASES = (TEXTED, TYPED, BROKEN, *TEXTED.split(), *TYPED.split()[1:], *BROKEN.split())


class _SendSms(BaseHTTPRequestHandler):
    """Kannel's `sendsms`: refuses one number, and quotes it."""

    sent: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        number = self.headers["X-Kannel-To"]
        self.sent.append(number)
        refused = KANNEL_REFUSED[1:] in number
        self.send_response(400 if refused else 202)
        self.end_headers()
        self.wfile.write(
            f"Bad number {number}".encode() if refused else b"0: Accepted for delivery"
        )

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def sendsms() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _SendSms) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/cgi-bin/sendsms"
        server.shutdown()


@dataclass
class Crowd:
    """The service, and all that it has answered to the gateways."""

    up: Launched
    answers: list[bytes] = field(default_factory=list)

    @property
    def base(self) -> str:
        return self.up.phones.service.base

    def post(self, path: str, method: str = "POST", **request: Any) -> httpx.Response:
        address = f"{self.base}/{path.format(secret=SECRET)}"
        response = self.up.phones.service.http.request(method, address, **request)
        self.answers.append(response.content + str(response.headers).encode())
        return response

    def text(self, number: str, words: str) -> int:
        data = {"id": uuid4().hex, "from": number, "to": "1234", "text": words}
        return self.post("africastalking/{secret}/sms", data=data).status_code

    def dial(self, number: str, answers: list[str]) -> None:
        session = uuid4().hex
        for n in range(len(answers) + 1):
            data = form(session, "*".join(answers[:n]), number)
            assert self.post("africastalking/{secret}/ussd", data=data).status_code == 200
        ended = {"sessionId": session, "phoneNumber": number, "status": "Success"}
        self.post("africastalking/{secret}/ussd/end", data={**ended, "input": TYPED})

    def text_by_kannel(self, number: str, words: str) -> int:
        headers = {"X-Kannel-From": number, "Content-Type": "text/plain; charset=UTF-8"}
        path = f"kannel/{{secret}}/sms?id={uuid4()}"
        return self.post(path, content=words.encode(), headers=headers).status_code

    # --- Journeys

    def come_by_africastalking(self) -> None:
        for words in ("HELP", TEXTED, "EMBASSY TURKEY"):
            assert self.text(TEXTER, words) == 200
        for words in ("SERIES", "YES"):
            assert self.text(SUBSCRIBER, words) == 200
        assert self.text(REFUSED, "HELP") == 200
        self.dial(CALLER, [*consent(), TYPED])
        fake = self.up.fake
        until(lambda: {TEXTER, CALLER} <= fake.times().keys(), "they were texted")
        fake.mode = "reset"
        assert self.text(DROPPED, "HELP") == 200
        until(lambda: DROPPED in fake.times(), "it was texted")
        fake.mode = "unavailable"
        assert self.text(LATE, "HELP") == 200
        until(lambda: LATE in {each["to"] for each in fake.calls}, "it was tried")
        fake.mode = "accept"

    def report(self) -> None:
        """In each way, of ours and of nobody."""
        for number in NUMBERS:
            for status, id_ in (("Success", "nobody"), (f"Odd {number}", "none"), ("Failed", "")):
                data = {"id": id_, "status": status, "phoneNumber": number}
                self.post("africastalking/{secret}/sms/delivery", data=data)
        self.post("africastalking/{secret}/sms/opt-out", data={"phoneNumber": DROPPED})
        for query in (f"id={uuid4()}&status=1", f"id={uuid4()}&status=7{KANNEL_TEXTER}"):
            self.post(f"kannel/{{secret}}/sms/delivery?{query}", method="GET")

    def come_by_kannel(self) -> None:
        phone = Phone(self.up.phones.service, KANNEL_CALLER)
        phone.dial()
        for answer in [*consent(), TYPED]:
            phone.answer(answer)
        phone.hop(ENDED, "")
        phone.dial("3")
        phone.answer(TYPED)  # this session is not ended
        for number in (KANNEL_TEXTER, KANNEL_REFUSED):
            assert self.text_by_kannel(number, "HELP") == 200
        assert self.text_by_kannel(KANNEL_TEXTER, TEXTED) == 200
        wanted = {KANNEL_CALLER, KANNEL_TEXTER, KANNEL_REFUSED}
        until(lambda: wanted <= {*_SendSms.sent}, "they were texted")

    def be_misunderstood(self) -> None:
        """What is no valid post, with words and numbers in every place."""
        words = f"{TYPED} {TEXTER}"
        for path in ("sms", "ussd", "sms/delivery", "sms/opt-out", "ussd/end"):
            for name in ("africastalking", "kannel"):
                address = f"{name}/{{secret}}/{path}"
                self.post(address, content=words.encode())
                self.post(address, json={"from": TEXTER, "text": TYPED, words: words})
                self.post(f"{address}?id={TEXTER}", headers={"X-Kannel-From": f"{TEXTER},{LATE}"})
                self.post(address, data={"from": words, "sessionId": words, "phoneNumber": words})
        self.post(f"africastalking/wrong{TEXTER}/sms", data={"from": TEXTER, "text": TYPED})

    def meet_faults(self) -> None:
        """Redis takes nothing, then holds what cannot be read."""
        with Redis.from_url(self.up.phones.url) as redis:
            redis.config_set("maxmemory", 1)
            assert self.text(TEXTER, BROKEN) == 503
            assert self.text_by_kannel(TEXTER, BROKEN) == 503
            self.dial(CALLER, ["3", BROKEN])
            redis.config_set("maxmemory", 0)
            redis.xadd("sms:queue:replies", {"id": "odd"})
            redis.set("sms:message:odd", "no message")


@contextmanager
def crowd(**settings: str) -> Iterator[Crowd]:
    """A service of two gateways, in whose zone it is noon: tips go out."""
    hours = datetime.now(UTC).hour - 12
    with sendsms() as url:
        own = {"KOMEK_GATEWAY": "africastalking,kannel", "KOMEK_KANNEL_PASSWORD": "hush"}
        own |= {"KOMEK_KANNEL_URL": url, "KOMEK_SERIES_WEEKENDS": "true"}
        with launched(**own, KOMEK_ZONE=f"Etc/GMT{hours:+d}", **settings) as up:
            yield Crowd(up)


def crawled(client: httpx.Client, start: str, most: int) -> Iterator[httpx.Response]:
    """The pages that links lead to, of one kind a few."""
    seen, next_, kinds = {start}, [start], dict[str, int]()
    while next_ and most:
        page = client.get(next_.pop(0))
        most -= 1
        yield page
        for link in re.findall(r'href="(/[^"#]*)', page.text):
            kind = "/".join(link.split("?")[0].split("/")[:4])
            kinds[kind] = kinds.get(kind, 0) + (link not in seen)
            if link not in seen and kinds[kind] <= 3 and "leave" not in link:
                seen.add(link)
                next_.append(link)
