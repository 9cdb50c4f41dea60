"""Who is told of what happens at the Charging Stations: callbacks, and watches to iterate over."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from ocpp21.csms.events import StationEvent

__all__ = ["Subscribers", "Watch"]

EventT = TypeVar("EventT", bound=StationEvent)

logger: Final = logging.getLogger("ocpp21.csms")
logger.addHandler(logging.NullHandler())


class Subscribers:
    """Callbacks by the kind of event; one that raises is logged, and harms neither the others nor the station."""

    __slots__ = ("_subscribers",)

    def __init__(self) -> None:
        self._subscribers: tuple[tuple[Callable[[Any], object], tuple[type[StationEvent], ...]], ...] = ()

    def add(self, callback: Callable[[Any], object], kinds: tuple[type[StationEvent], ...], /) -> Callable[[], None]:
        """Tell a callback of events of these kinds, from now on, until what is returned is called."""
        subscriber = (callback, kinds)
        self._subscribers = (*self._subscribers, subscriber)

        def unsubscribe() -> None:
            self._subscribers = tuple(each for each in self._subscribers if each is not subscriber)

        return unsubscribe

    def publish(self, event: StationEvent, /) -> None:
        """Tell of an event; nothing that a callback does comes back."""
        for callback, kinds in self._subscribers:
            if isinstance(event, kinds):
                try:
                    callback(event)
                except Exception as error:
                    logger.error("subscriber failed event=%s", type(event).__name__, exc_info=error)


class Watch(Generic[EventT]):
    """The events of some kinds, one after the other, within an ``async with`` block; see :meth:`CSMS.watch`.

    Attributes:
        lost: how many events were dropped, the oldest first, since they were not taken in time.
    """

    def __init__(self, subscribers: Subscribers, kinds: tuple[type[EventT], ...], size: int, /) -> None:
        self.lost = 0
        self._subscribers: Final = subscribers
        self._kinds: Final = kinds
        self._events: Final[deque[EventT]] = deque(maxlen=size)
        self._arrived: Final = asyncio.Event()
        self._unsubscribe: Callable[[], None] | None = None

    async def __aenter__(self) -> Self:
        self._unsubscribe = self._subscribers.add(self._take, self._kinds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> EventT:
        while not self._events:
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()

    def _take(self, event: EventT) -> None:
        self.lost += len(self._events) == self._events.maxlen
        self._events.append(event)
        self._arrived.set()
