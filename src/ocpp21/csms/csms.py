"""The CSMS as a whole: its Charging Stations, what it remembers of them, and who is told of what happens there.

::

    async with CSMS(store) as csms, serve_roles(csms, port=9000, ...) as server:
        csms.subscribe(print)
        async with csms.watch(TransactionEnded) as ended:
            async for event in ended:
                bill(event.transaction)

No socket is opened here: whoever brings connections asks :meth:`CSMS.welcome` for the role that serves each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, TypeVar, overload

from ocpp21.block import Block, Middleware
from ocpp21.csms.events import StationEvent
from ocpp21.csms.settings import Settings
from ocpp21.csms.station import Station
from ocpp21.csms.store import Station as StationRecord
from ocpp21.csms.store import Store
from ocpp21.csms.subscribers import Subscribers, Watch
from ocpp21.csms.tokens import Tokens
from ocpp21.vendors import Vendors

__all__ = ["CSMS"]

EventT = TypeVar("EventT", bound=StationEvent)

#: The kinds of a subscriber that names none.
_ALL: Final[tuple[Any, ...]] = (StationEvent,)

#: Charging Stations that are read from the store at a time.
_PAGE: Final = 500

#: Ids of requests are positive integers on the wire (Part 2, 2.1.4).
_MAX_INTEGER: Final = 2**31 - 1


class CSMS(Mapping[str, Station]):
    """A CSMS: a mapping from the identity of a Charging Station, in any case, to the role towards it.

    It knows the Charging Stations that are stored and those that have been welcomed. The role of one that is stored is
    made when it is first asked for. All of it belongs to one event loop.

    Args:
        store: what survives; it stays open, since whoever has opened it closes it.
        now: the wall clock: an aware time.
        settings: intervals, bounds, and who decides on boots and IdTokens.
        station: class of the roles.
        blocks: of the roles, in place of the annotated ones, by the name of the block.
        incoming: around every message of the Charging Stations, the first one outermost.
        outgoing: around every message to them, the first one outermost.

    Attributes:
        store: what survives.
        now: the wall clock.
        settings: intervals, bounds, and who decides.
        tokens: the IdTokens that are stored.
        vendors: who handles messages of vendors; a handler takes the role and the message.
    """

    def __init__(
        self,
        store: Store,
        /,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        settings: Settings = Settings(),  # noqa: B008, it is frozen
        station: type[Station] = Station,
        blocks: Mapping[str, type[Block[Any]]] = MappingProxyType({}),
        incoming: Sequence[Middleware[Any]] = (),
        outgoing: Sequence[Middleware[Any]] = (),
    ) -> None:
        self.store: Final = store
        self.now: Final = now
        self.settings: Final = settings
        self.tokens: Final = Tokens(store)
        self.vendors: Final = Vendors()
        self._class: Final = station
        self._options: Final = {"blocks": blocks, "incoming": incoming, "outgoing": outgoing}
        self._stations: Final[dict[str, Station | StationRecord]] = {}  # a record until the role is asked for
        self._subscribers: Final = Subscribers()
        self._request_id = 0

    async def start(self) -> None:
        """Read which Charging Stations are known, and how they are registered; before the first connection.

        Raises:
            StoreError: the store could not be read.
        """
        after: str | None = None
        while records := await self.store.stations(after=after, limit=_PAGE):
            for record in records:
                self._stations.setdefault(_key(record.identity), record)
            after = records[-1].identity

    async def stop(self) -> None:
        """Lay the work down: end the tasks of all roles. There are no connections any more."""
        for station in self._roles():
            await station.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # The Charging Stations

    def welcome(self, identity: str, /) -> Station:
        """The role towards a Charging Station that has been let in, whether it has been here before or not."""
        key = _key(identity)
        known = self._stations.get(key)
        if isinstance(known, Station):
            return known
        station = self._class(self, identity if known is None else known.identity, **self._options)
        if known is not None:
            station.provisioning.restore(known)
        self._stations[key] = station
        station.accompany(station.start())
        return station

    def __getitem__(self, identity: str, /) -> Station:
        if _key(identity) not in self._stations:
            raise KeyError(identity)
        return self.welcome(identity)

    def __contains__(self, identity: object, /) -> bool:
        return isinstance(identity, str) and _key(identity) in self._stations

    def __iter__(self) -> Iterator[str]:
        return iter([known.identity for known in self._stations.values()])

    def __len__(self) -> int:
        return len(self._stations)

    @property
    def connected(self) -> list[Station]:
        """The Charging Stations that have a connection now."""
        return [station for station in self._roles() if station.is_connected]

    def _roles(self) -> list[Station]:
        return [known for known in self._stations.values() if isinstance(known, Station)]

    # What happens there

    def subscribe(self, callback: Callable[[EventT], object], /, *kinds: type[EventT]) -> Callable[[], None]:
        """Tell a callback of what happens, in the order in which it does, before the Charging Station has its answer.

        A callback that raises is logged, and harms nothing. It must not block.

        Args:
            callback: takes an event.
            kinds: of events; a class stands for its subclasses too. All events by default.

        Returns:
            What ends it.
        """
        return self._subscribers.add(callback, kinds or _ALL)

    @overload
    def watch(self, *, size: int = 1024) -> Watch[StationEvent]: ...
    @overload
    def watch(self, kind: type[EventT], /, *kinds: type[EventT], size: int = 1024) -> Watch[EventT]: ...
    def watch(self, *kinds: type[Any], size: int = 1024) -> Watch[Any]:
        """Iterate over what happens, within an ``async with`` block.

        Args:
            kinds: of events; a class stands for its subclasses too. All events by default.
            size: most events that wait to be taken; beyond it the oldest are dropped, and counted.
        """
        return Watch(self._subscribers, kinds or _ALL, size)

    def publish(self, event: StationEvent, /) -> None:
        """Tell all subscribers of an event; for blocks."""
        self._subscribers.publish(event)

    def next_request_id(self) -> int:
        """A number for a request whose answer comes in further messages; for blocks.

        They begin with the seconds of the wall clock, so what is still on its way to the CSMS from before it was
        started is not taken for the answer to something new.
        """
        self._request_id = max(self._request_id, int(self.now().timestamp()) % (_MAX_INTEGER // 2)) + 1
        return self._request_id


def _key(identity: str) -> str:
    """Identities are identifierStrings: case does not matter (Part 4, 3.1.1)."""
    return identity.lower()
