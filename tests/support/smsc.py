"""An operator's SMSC and USSD centre in this process, for a real Kannel to bind to.

It runs on a thread of its own.  What it does with a text, a test says: it accepts, refuses,
stays silent, and cuts the link.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Queue
from typing import Any, TypeVar

from smpp34 import Esme, Server, SubmitSmEvent, Tlv

from sms.encoding import SEPTETS, is_gsm7
from tests.support.patience import PATIENCE
from tests.support.service import free_port

SHORT_CODE, SERVICE_CODE = "7111", "*384*55#"
OK, SILENT = 0, -1
SYSTEM_ERROR, QUEUE_FULL, THROTTLED, NO_SUCH_NUMBER = 0x08, 0x14, 0x58, 0x0B
USSD_SERVICE_OP, ITS_SESSION_INFO = 0x0501, 0x1383
"""Tags of TLVs."""
PART_OCTETS = 130
_PARTS = 0x40
"""In `esm_class`: the text begins with a header, of a part of a longer one."""
_ESCAPE = 0x1B
_SEPTETS = [char for char, cost in SEPTETS.items() if cost == 1]
_SEPTETS.insert(_ESCAPE, "")
_EXTENSION = [char for char, cost in SEPTETS.items() if cost == 2]
_ESCAPED = dict(zip(b"\x0a\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", _EXTENSION, strict=True))

T = TypeVar("T")


@dataclass(frozen=True)
class Submitted:
    """One `submit_sm`: whom it is for, what it says, and the part of the text that it is."""

    to: str
    sender: str
    text: str
    coding: int
    part: int
    parts: int
    tlvs: dict[int, bytes]
    id: str
    wants_receipt: bool


@dataclass
class Smsc:
    """`behave`: what is answered to each `submit_sm`, a status or `SILENT`."""

    port: int
    behave: Callable[[Submitted], int] = lambda _each: OK
    submitted: list[Submitted] = field(default_factory=list)
    screens: dict[str, Queue[Submitted]] = field(default_factory=dict)
    binds: dict[str, Esme] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._held: list[tuple[SubmitSmEvent, Submitted]] = []
        self._ends: set[asyncio.StreamWriter] = set()
        self._arrived = threading.Condition()
        self._inner = free_port()
        self._run(self._start())
        self.open()

    # --- What happens to the link

    def open(self) -> None:
        """Let Kannel connect and bind."""
        self._run(self._listen())

    def cut(self) -> None:
        """Break all links, and refuse new ones until `open`."""
        self.binds.clear()
        self._run(self._cut())
        self._held.clear()

    def close(self) -> None:
        self.cut()
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def answer(self) -> None:
        """Accept what was not answered until now."""
        self._run(self._answer_held())

    # --- What phones do

    def text(self, words: str, sender: str, to: str = SHORT_CODE) -> None:
        """A phone texts, in as many parts as it takes."""
        coding, octets = _coding(words), encoded(words)
        pieces = [octets[at : at + PART_OCTETS] for at in range(0, len(octets), PART_OCTETS)]
        several = len(pieces) > 1
        for n, piece in enumerate(pieces or [b""], 1):
            header = bytes([5, 0, 3, len(self.submitted) % 256, len(pieces), n])
            whole, esm_class = (header + piece, _PARTS) if several else (piece, 0)
            self._from_phone("texts", sender, to, whole, data_coding=coding, esm_class=esm_class)

    def hop(self, operation: int, typed: str, sender: str, session: bytes) -> Submitted:
        """A phone dials or answers, and is shown a screen."""
        shown = self.screens.setdefault(sender, Queue())
        self.tell(operation, typed, sender, session)
        return shown.get(timeout=PATIENCE)

    def tell(self, operation: int, typed: str, sender: str, session: bytes) -> None:
        """What the network says of a session."""
        tlvs = [Tlv(USSD_SERVICE_OP, bytes([operation])), Tlv(ITS_SESSION_INFO, session)]
        of_session = {"service_type": "USSD", "tlvs": tlvs, "data_coding": _coding(typed)}
        self._from_phone("sessions", sender, SERVICE_CODE, encoded(typed), **of_session)

    def report(self, submitted: Submitted, what: str) -> None:
        """A receipt, such as `DELIVRD`."""
        line = (
            f"id:{submitted.id} sub:001 dlvrd:001 submit date:2611251030 "
            f"done date:2611251031 stat:{what} err:000 text:"
        )
        self._from_phone("texts", submitted.to, submitted.sender, line.encode(), esm_class=4)

    def _from_phone(self, bind: str, sender: str, to: str, octets: bytes, **fields: Any) -> None:
        """Once Kannel has bound, and until it says that it has it."""
        self.until(lambda: bind in self.binds)
        number = {"source_addr": sender.removeprefix("+"), "source_addr_ton": 1}
        status = self._run(self._deliver(bind, to, octets, **number, **fields))
        assert status == OK, f"Kannel answers {status:#x}"

    # --- What phones see

    def texts(self, to: str) -> list[str]:
        """What a phone was texted, each as the phone puts it together."""
        whole: list[str] = []
        for each in [each for each in self.submitted if each.to == to]:
            if each.part == 1:
                whole.append("")
            whole[-1] += each.text
        return whole

    def wait_for(self, to: str, many: int = 1) -> list[str]:
        """The texts of a phone, once it has as many whole ones."""
        self.until(lambda: self._whole(to) >= many)
        return self.texts(to)

    def until(self, done: Callable[[], bool]) -> None:
        """Wait until something that was submitted, or bound, makes it so."""
        with self._arrived:
            assert self._arrived.wait_for(done, PATIENCE)

    def _whole(self, to: str) -> int:
        return sum(each.to == to and each.part == each.parts for each in self.submitted)

    # --- Inside

    async def _start(self) -> None:
        self._server = Server("127.0.0.1", self._inner)
        await self._server.start()
        self._pump = asyncio.create_task(self._serve())

    async def _stop(self) -> None:
        self._pump.cancel()
        await self._server.stop()

    async def _listen(self) -> None:
        self._door = await asyncio.start_server(self._link, "127.0.0.1", self.port)

    async def _cut(self) -> None:
        self._door.close()
        await self._door.wait_closed()
        for writer in self._ends:
            writer.transport.abort()
        self._ends.clear()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection of Kannel's, carried on to the server; it is ours to cut."""
        inner, outer = await asyncio.open_connection("127.0.0.1", self._inner)
        self._ends |= {writer, outer}
        await asyncio.gather(_carry(reader, outer), _carry(inner, writer))

    async def _deliver(self, bind: str, to: str, octets: bytes, **fields: Any) -> int:
        """The status that Kannel answers."""
        response = await self.binds[bind].deliver_sm(to, octets, dest_addr_ton=0, **fields)
        return response.command_status

    async def _answer_held(self) -> None:
        while self._held:
            event, submitted = self._held.pop()
            event.accept(submitted.id)

    async def _serve(self) -> None:
        while True:
            event = await self._server.next()
            with self._arrived:
                if isinstance(event, Esme):
                    self.binds[event.system_id] = event
                elif isinstance(event, SubmitSmEvent):
                    self._take(event)
                self._arrived.notify_all()

    def _take(self, event: SubmitSmEvent) -> None:
        submitted = _read(event, f"ID{len(self.submitted)}")
        self.submitted.append(submitted)
        if submitted.to in self.screens and event.service_type == "USSD":
            self.screens[submitted.to].put(submitted)
        status = self.behave(submitted)
        if status == OK:
            event.accept(submitted.id)
        elif status == SILENT:
            self._held.append((event, submitted))
        else:
            event.reject(status)

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)


async def _carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while octets := await source.read(65536):
            to.write(octets)
            await to.drain()
    to.close()


def _read(event: SubmitSmEvent, id_: str) -> Submitted:
    octets, part, parts = event.short_message, 1, 1
    if event.esm_class & _PARTS:
        parts, part, octets = octets[4], octets[5], octets[6:]
    return Submitted(
        to=f"+{event.destination_addr}",
        sender=event.source_addr,
        text=decoded(octets, event.data_coding),
        coding=event.data_coding,
        part=part,
        parts=parts,
        tlvs={each.tag: each.value for each in event.tlvs},
        id=id_,
        wants_receipt=bool(event.registered_delivery),
    )


def _coding(text: str) -> int:
    return 0 if is_gsm7(text) else 8


def encoded(text: str) -> bytes:
    """As SMPP carries it: a septet an octet, or UTF-16."""
    if not is_gsm7(text):
        return text.encode("utf-16-be")
    escapes = {char: bytes([_ESCAPE, octet]) for octet, char in _ESCAPED.items()}
    return b"".join(escapes.get(char) or bytes([_SEPTETS.index(char)]) for char in text)


def decoded(octets: bytes, coding: int) -> str:
    if coding == 8:
        return octets.decode("utf-16-be")
    following = iter(octets)
    return "".join(
        _ESCAPED[next(following)] if octet == _ESCAPE else _SEPTETS[octet] for octet in following
    )


@contextmanager
def smsc_on(port: int) -> Iterator[Smsc]:
    smsc = Smsc(port)
    try:
        yield smsc
    finally:
        smsc.close()
