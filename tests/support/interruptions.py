"""Ways to be interrupted: Redis fails at the n-th call, the process ends at the n-th await."""

from collections.abc import Coroutine, Generator
from contextvars import ContextVar
from enum import Enum, auto
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as NoConnection

T = TypeVar("T")

_COUNTED = ContextVar("counted", default=False)
"""Whether the call that asks for a connection has been counted."""


class When(Enum):
    """`BEFORE`: the server hears nothing of the call.  `AFTER`: its answer is lost."""

    BEFORE = auto()
    AFTER = auto()


class FailingRedis(Redis):
    """A client whose n-th call fails, and no other; a pipeline is one call, and so is what the
    hops do that share a connection.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._connect = self.connection_pool.get_connection
        self.connection_pool.get_connection = self._connection  # type: ignore[method-assign]

    def fail_at(self, call: int, when: When) -> "FailingRedis":
        self.calls, self._fails_at, self._when = 0, call, when
        return self

    @property
    def failed(self) -> bool:
        return self.calls >= self._fails_at

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        call = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        return await self._interrupted(call)

    def pipeline(self, *args: Any, **options: Any) -> Any:
        pipe = super().pipeline(*args, **options)
        original = pipe.execute

        async def execute(raise_on_error: bool = True) -> list[Any]:
            return await self._interrupted(original(raise_on_error))

        pipe.execute = execute  # type: ignore[method-assign]
        return pipe

    async def _interrupted(self, call: Coroutine[Any, Any, T]) -> T:
        fails = self._is_next_to_fail()
        if fails and self._when is When.BEFORE:
            call.close()
            raise NoConnection("interrupted before")
        token = _COUNTED.set(True)
        try:
            answer = await call
        finally:
            _COUNTED.reset(token)
        if fails:
            raise NoConnection("interrupted after")
        return answer

    async def _connection(self, *args: Any, **options: Any) -> AbstractConnection:
        fails = not _COUNTED.get() and self._is_next_to_fail()
        if fails and self._when is When.BEFORE:
            raise NoConnection("interrupted before")
        connection = await self._connect(*args, **options)  # type: ignore[no-untyped-call]
        return deafened(connection) if fails else connection

    def _is_next_to_fail(self) -> bool:
        self.calls += 1
        return self.calls == self._fails_at


def deafened(connection: AbstractConnection) -> AbstractConnection:
    """A connection that loses the next answer."""

    async def lose(*args: Any, **options: Any) -> None:
        del connection.read_response
        await connection.read_response(*args, **options)
        raise NoConnection("interrupted after")

    connection.read_response = lose  # type: ignore[method-assign]
    return connection


class Ended(BaseException):
    """The process ends here."""


class EndsAt:
    """Awaits a coroutine, and ends it at its n-th wait."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], wait: int) -> None:
        self._coroutine = coroutine
        self._wait = wait

    def __await__(self) -> Generator[Any, Any, None]:
        steps = self._coroutine.__await__()
        for _ in range(self._wait):
            try:
                awaited = next(steps)
            except StopIteration:
                return
            yield awaited
        try:
            steps.throw(Ended())
        except StopIteration:
            return
