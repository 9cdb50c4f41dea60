"""An event loop in virtual time: a week of timers passes in a fraction of a second, the same way every time.

::

    async def week() -> datetime:
        await asyncio.sleep(7 * 24 * 3600)
        return wall_time()

    assert run(week(), epoch=datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 1, 8, tzinfo=UTC)

Time stands still while anything is ready to run. When nothing is, the loop does not wait for the next timer: it sets
the clock to it, exactly. Timers of the same moment run in the order in which they were set. So whatever runs on the
loop alone runs the same way every time.

Work in executors (:func:`asyncio.to_thread`, file access, name look-ups) takes no virtual time: while some is under
way, the loop really waits for it. Such work must not wait for a timer of the loop in its turn: it would for ever.

When nothing is ready, scheduled or under way in an executor, nothing can ever happen again: :class:`Deadlock`.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import selectors
import socket
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

__all__ = ["EPOCH", "Deadlock", "VirtualTimeLoop", "run", "wall_time"]

_ResultT = TypeVar("_ResultT")
_ArgumentTs = TypeVarTuple("_ArgumentTs")
_Ready = list[tuple[selectors.SelectorKey, int]]

#: Wall time at time 0, unless another is asked for; a Thursday, at midnight.
EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)

#: With real I/O: how long, in real seconds, nothing may have come over a socket before the clock jumps, once a probe
#: has come through. Loopback sockets of this process deliver within microseconds.
_SILENCE_S: Final = 0.001


class Deadlock(RuntimeError):
    """Nothing is ready, nothing is scheduled, no executor is at work: what is awaited will never happen."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer when nothing is ready.

    Args:
        epoch: aware wall time at time 0.
        real_io: sockets, or threads besides those of executors, may wake the loop. It then jumps only after 1 ms (a
            real one) without anything from them, which begins when a byte of its own has come through the loopback
            interface: so a machine under load has the time that it needs. It waits for them for ever when no timer is
            set. Runs are no longer the same every time.

    Raises:
        ValueError: the epoch is not aware.
    """

    #: Of ``BaseEventLoop``, the same in Python 3.11 to 3.14: the timers, a heap; and how much too early one may run,
    #: which is kept at the smallest step of the clock here, so that timers are exact.
    _scheduled: list[asyncio.TimerHandle]
    _clock_resolution: float

    def __init__(self, *, epoch: datetime = EPOCH, real_io: bool = False) -> None:
        self.epoch: Final = epoch
        self._real_io: Final = real_io
        self._probe: _Probe | None = None
        self._now = 0.0
        self._timers = 0
        self._working = 0  # executors' jobs under way
        super().__init__(_JumpingSelector(self._select))
        self._clock_resolution = math.ulp(self._now)
        if epoch.utcoffset() is None:
            self.close()
            raise ValueError(f"expected an aware epoch, found {epoch.isoformat()}")

    def close(self) -> None:
        """Close it, as any other."""
        if self._probe is not None:
            self._probe.close()
        super().close()

    def time(self) -> float:
        """Virtual seconds since the loop was made; begins at 0."""
        return self._now

    def wall_time(self) -> datetime:
        """The epoch plus :meth:`time`."""
        return self.epoch + timedelta(seconds=self._now)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_ArgumentTs]], object],
        *args: *_ArgumentTs,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Set a timer; those of the same moment run in the order in which they were set."""
        if self.is_closed():
            raise RuntimeError("expected an open loop, found a closed one")
        self._timers += 1
        timer = _Timer(self._timers, when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        return timer

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[Unpack[_ArgumentTs]], _ResultT],
        *args: *_ArgumentTs,
    ) -> asyncio.Future[_ResultT]:
        """Run something in an executor; virtual time stands still until it is done or cancelled."""
        future = super().run_in_executor(executor, func, *args)
        self._working += 1
        future.add_done_callback(self._done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for the threads of the default executor to end, in real time; a limit is not needed and not kept."""
        self._working += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._working -= 1

    def _done(self, _: object) -> None:
        self._working -= 1

    def _select(self, timeout: float | None, poll: Callable[[float | None], _Ready]) -> _Ready:
        """Take what is ready; if nothing is, wait for an executor, or jump to the next timer."""
        if (ready := poll(0)) or (timeout is not None and timeout <= 0):
            return ready
        if self._working or (self._real_io and timeout is None):
            return poll(None)
        if timeout is None:
            waiting = ", ".join(sorted(task.get_name() for task in asyncio.all_tasks(self))) or "no task"
            raise Deadlock(f"expected a timer or work in an executor, found neither; waiting for ever: {waiting}")
        if self._real_io and (ready := self._listen(poll)):
            return ready
        self._now = self._scheduled[0].when()
        self._clock_resolution = math.ulp(self._now)
        return []

    def _listen(self, poll: Callable[[float | None], _Ready]) -> _Ready:
        """Take what is still on its way over a socket."""
        if self._probe is None:
            self._probe = _Probe()
        self._probe.send()
        return poll(_SILENCE_S)


class _Probe:
    """A way over the loopback interface, on which nothing overtakes what was sent before."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self._sender = socket.create_connection(server.getsockname())
            self._receiver, _ = server.accept()
        self._sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self) -> None:
        """Send a byte, and wait until it is there."""
        self._sender.send(b"?")
        self._receiver.recv(1)

    def close(self) -> None:
        self._sender.close()
        self._receiver.close()


class _Timer(asyncio.TimerHandle):
    """A timer that comes after those of the same moment that were set before it."""

    __slots__ = ("_number",)
    _scheduled: bool

    def __init__(
        self,
        number: int,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        super().__init__(when, callback, args, loop, context)
        self._number = number

    def __lt__(self, other: asyncio.TimerHandle) -> bool:
        assert isinstance(other, _Timer)
        return (self.when(), self._number) < (other.when(), other._number)


class _JumpingSelector(selectors.DefaultSelector):
    """The selector of the platform, asked by somebody who knows how long to wait."""

    def __init__(self, choose: Callable[[float | None, Callable[[float | None], _Ready]], _Ready]) -> None:
        super().__init__()
        self._choose: Final = choose

    def select(self, timeout: float | None = None) -> _Ready:
        return self._choose(timeout, super().select)


def run(coroutine: Coroutine[Any, Any, _ResultT], /, *, epoch: datetime = EPOCH, real_io: bool = False) -> _ResultT:
    """Run a coroutine in a new :class:`VirtualTimeLoop`, as :func:`asyncio.run` would.

    Args:
        coroutine: what to run.
        epoch: aware wall time at time 0.
        real_io: as in :class:`VirtualTimeLoop`.

    Returns:
        What the coroutine returns.

    Raises:
        Deadlock: it waits for something that will never happen.
        ValueError: the epoch is not aware.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(epoch=epoch, real_io=real_io)) as runner:
        return runner.run(coroutine)


def wall_time() -> datetime:
    """The wall time of the running loop, aware.

    Raises:
        RuntimeError: no loop runs, or one in real time.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        raise RuntimeError(f"expected a VirtualTimeLoop to be running, found {type(loop).__name__}")
    return loop.wall_time()
