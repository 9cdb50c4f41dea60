"""What follows the answer to a request: reports, messages that were triggered. They must not overtake it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ocpp21.block import Role

__all__ = ["afterwards"]


def afterwards(role: Role, work: Callable[[], Coroutine[Any, Any, None]], /) -> asyncio.Task[None]:
    """Run something beside a role, as :meth:`Role.accompany` does, once the request being handled has been answered.

    To be called in a coroutine function that handles a request: it runs in a task of its own, with the middleware
    around it, and that task ends when the answer has left.
    """
    return role.accompany(_follow(asyncio.current_task(), work))


async def _follow(answering: asyncio.Task[Any] | None, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    if answering is not None:
        await asyncio.wait([answering])
    await work()
