"""The tasks of one connection: none outlives it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

from ocpp21.asyncio.journal import complain

__all__ = ["Tasks"]

#: Shared, as each empty set takes memory of its own.
_NOBODY: Final[frozenset[asyncio.Task[None]]] = frozenset()


class Tasks:
    """Starts tasks, and ends them."""

    __slots__ = ("_all", "_closers", "_identity")

    def __init__(self, identity: str, /) -> None:
        self._identity: Final = identity
        self._all: dict[asyncio.Task[None], bool] = {}  # and whether the peer waits for it
        self._closers = _NOBODY

    def start(self, work: Coroutine[Any, Any, None], /, *, answers: bool = False) -> None:
        """Start a task.

        Args:
            work: what it does.
            answers: whether the peer waits for it.
        """
        task = asyncio.get_running_loop().create_task(work, name=self._identity)
        self._all[task] = answers
        task.add_done_callback(self._all.pop)

    async def guard(self, work: Awaitable[object], /) -> None:
        """Await what nobody else does: an error of the application ends nothing but itself, and is logged."""
        try:
            await work
        except Exception as error:
            complain("handler failed", error, identity=self._identity)

    @contextmanager
    def closing(self) -> Iterator[bool]:
        """Spare the current task, if it is one of ours, while it closes the connection; says whether it is."""
        ours = {task for task in (asyncio.current_task(),) if task in self._all}
        self._closers |= ours
        try:
            yield bool(ours)
        finally:
            self._closers -= ours

    async def wait_answered(self, timeout_s: float, /) -> None:
        """Wait until the peer waits for nothing any more, or the time is up."""
        answering = [task for task, answers in self._all.items() if answers]
        if answering:
            await asyncio.wait(answering, timeout=timeout_s)

    async def end(self, timeout_s: float, /) -> None:
        """Cancel what runs, and wait for it; who is closing the connection may first come to its end.

        Args:
            timeout_s: after which those that still run are cancelled again, and after which they are given up.
        """
        for task in self._all.keys() - self._closers:
            task.cancel()
        for _ in range(2):
            if self._all:
                await asyncio.wait(self._all, timeout=timeout_s)
            for task in self._all:
                task.cancel()
        if self._all:
            complain("handlers do not end", None, identity=self._identity, count=len(self._all))
