"""Work that is done to its end, also when whoever has asked for it is gone: what is stored takes effect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from ocpp21.block import Role

__all__ = ["see_through"]

ResultT = TypeVar("ResultT")


async def see_through(role: Role, work: Awaitable[ResultT], /) -> ResultT:
    """Do something beside a role, and wait for it; it goes on when the one who waits is cancelled.

    A handler is cancelled when the connection ends; a store that has been asked to commit does so all the same.
    """
    done: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()

    async def do() -> None:
        try:
            result = await work
        except asyncio.CancelledError:
            done.cancel()
            raise
        except Exception as error:
            if done.done():
                raise
            done.set_exception(error)
        else:
            if not done.done():
                done.set_result(result)

    role.accompany(do())
    return await done
