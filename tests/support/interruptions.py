"""Ways to be interrupted: Redis fails at the n-th call, the process ends at the n-th await."""

from collections.abc import Coroutine, Generator
from enum import Enum, auto
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NoConnection

T = TypeVar("T")


class When(Enum):
    """`BEFORE`: the server hears nothing of the call.  `AFTER`: its answer is lost."""

    BEFORE = auto()
    AFTER = auto()


class FailingRedis(Redis):
    """A client whose n-th call fails, and no other; a pipeline is one call."""

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
        self.calls += 1
        fails = self.calls == self._fails_at
        if fails and self._when is When.BEFORE:
            call.close()
            raise NoConnection("interrupted before")
        answer = await call
        if fails:
            raise NoConnection("interrupted after")
        return answer


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
