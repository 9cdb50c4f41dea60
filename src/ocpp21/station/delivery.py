"""Sending what waits in a queue, one message at a time, until the CSMS has answered (E13).

A CALLERROR, an answer that is none, or no answer in time is a failed attempt. Then the queue waits the interval times
the attempts so far, and tries again with the same content; after the last attempt the message is discarded and the next
one comes. The end of the connection is no attempt: delivery waits for :meth:`Delivery.went_online`::

    delivery = Delivery(queue, retry=lambda request: Retry(attempts=3, interval_s=60))
    delivery.went_online()
    await delivery.run(station.call)  # for as long as the station runs

Waits are those of the event loop, so all of it runs in virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec

from ocpp21.errors import OcppError, QueueFull, SessionClosed
from ocpp21.station.queue import MessageQueue
from ocpp21.wire import Request

__all__ = ["Delivery", "Retry", "Send"]

#: Sends a request, and returns once the CSMS has answered; raises as the ``call`` of a connection does.
Send: TypeAlias = Callable[[Request[Any]], Awaitable[object]]


class Retry(msgspec.Struct, frozen=True):
    """How often to try (OCPPCommCtrlr.MessageAttempts and MessageAttemptInterval; E13.FR.01).

    Attributes:
        attempts: transmissions of a message before it is discarded; None for ever.
        interval_s: pause after the first failure, in s; after the n-th it is n times as long.
    """

    attempts: int | None
    interval_s: float


class Delivery:
    """Delivers a queue; it is offline at first.

    Args:
        queue: the messages.
        retry: asked after every failed attempt how often to try that message.
    """

    def __init__(self, queue: MessageQueue, /, *, retry: Callable[[Request[Any]], Retry]) -> None:
        self._queue = queue
        self._retry = retry
        self._online = asyncio.Event()
        self._connection = 0  # counts connections, so that the late end of an earlier one is known for what it is

    def went_online(self) -> None:
        """Deliver from now on: the connection is there, and the CSMS has accepted the station (B01, B02.FR.03)."""
        self._connection += 1
        self._online.set()

    async def went_offline(self) -> None:
        """Deliver no more; all messages that wait are marked as offline, for good (E11.FR.07)."""
        self._online.clear()
        await self._queue.mark_offline()

    async def run(self, call: Send, /) -> None:
        """Deliver for ever, whenever the station is online.

        Args:
            call: sends a request, and returns once the CSMS has answered. Errors of this library are failed attempts,
                SessionClosed is none; any other error ends the run, and the message waits for the next one.

        Raises:
            StoreError: the next messages could not be read.
        """
        while True:
            await self._online.wait()
            connection = self._connection
            try:
                await self.drain(call)
            except SessionClosed:
                if connection == self._connection:
                    await self.went_offline()
            else:
                await self._queue.filled()

    async def drain(self, call: Send, /) -> None:
        """Deliver until no message waits.

        Args:
            call: as for :meth:`run`.

        Raises:
            SessionClosed: the station is offline; the message that was to be delivered waits.
            StoreError: the next messages could not be read.
        """
        while (waiting := await self._queue.next()) is not None:
            if not self._online.is_set():
                raise SessionClosed("the station is offline")
            try:
                await call(waiting.request)
            except SessionClosed:
                raise
            except QueueFull:
                # Nothing was sent, so it is no attempt.
                await asyncio.sleep(self._retry(waiting.request).interval_s)
            except OcppError:
                await self._failed(waiting.key, waiting.request)
            else:
                await self._queue.done(waiting.key)

    async def _failed(self, key: str, request: Request[Any]) -> None:
        attempts = await self._queue.failed(key)
        retry = self._retry(request)
        if retry.attempts is not None and attempts >= retry.attempts:
            # E13.FR.04
            await self._queue.give_up(key)
        else:
            # E13.FR.02, E13.FR.03
            await asyncio.sleep(retry.interval_s * attempts)
