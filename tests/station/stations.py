"""A Charging Station over the simulator, and a CSMS that writes down what it hears, for the tests of the blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any

from ocpp21.block import Role
from ocpp21.device_model import DeviceModel, EvseLayout
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    ChargingStationType,
    HeartbeatRequest,
    HeartbeatResponse,
    NotifyEventRequest,
    NotifyEventResponse,
    NotifyReportRequest,
    NotifyReportResponse,
    RegistrationStatusEnumType,
    SecurityEventNotificationRequest,
    SecurityEventNotificationResponse,
    StatusNotificationRequest,
    StatusNotificationResponse,
)
from ocpp21.simulator.station import SimulatedStation
from ocpp21.station import ChargingStation
from ocpp21.station.hardware import (
    ConnectorFacts,
    EvseFacts,
    StationFacts,
)
from ocpp21.station.memory import MemoryStore
from ocpp21.testing.roles import RolePair
from ocpp21.testing.virtual_time import EPOCH, run, wall_time
from ocpp21.wire import Message

ACCEPTED = RegistrationStatusEnumType.ACCEPTED
PENDING = RegistrationStatusEnumType.PENDING
REJECTED = RegistrationStatusEnumType.REJECTED

FACTS = StationFacts(
    charging_station=ChargingStationType(model="Twin", vendor_name="Example", serial_number="SN1"),
    evses=tuple(
        EvseFacts(
            evse_id=evse_id,
            connectors=(ConnectorFacts(connector_id=1, type="sType2"),),
            phases=3,
            max_power_w=22_000,
            max_current_a=32,
        )
        for evse_id in (1, 2)
    ),
)


class Csms(Role):
    """A CSMS that answers the boot as told, and keeps what it receives.

    Attributes:
        boots: answers to the next BootNotificationRequests, the last one for ever: status, interval in s.
        received: what came in: seconds of the loop, message.
        ahead_s: how far its clock is ahead of the true time.
    """

    side = "CSMS"

    def __init__(self, *boots: tuple[RegistrationStatusEnumType, int]) -> None:
        self.received: list[tuple[float, Message]] = []
        self.boots = list(boots) or [(ACCEPTED, 300)]
        self.ahead_s = 0.0
        self.reports_answered = True
        super().__init__(incoming=[Csms.keep])
        self.on(BootNotificationRequest)(self.register)
        self.on(HeartbeatRequest)(lambda request: HeartbeatResponse(current_time=self.time))
        self.on(NotifyEventRequest)(lambda request: NotifyEventResponse())
        self.on(NotifyReportRequest)(lambda request: NotifyReportResponse())
        self.on(StatusNotificationRequest)(lambda request: StatusNotificationResponse())
        self.on(SecurityEventNotificationRequest)(lambda request: SecurityEventNotificationResponse())

    @property
    def time(self) -> datetime:
        return wall_time() + timedelta(seconds=self.ahead_s)

    async def keep(self, message: Message, proceed: Callable[[Message], Any]) -> Any:
        self.received.append((asyncio.get_running_loop().time(), message))
        return await proceed(message)

    def register(self, request: BootNotificationRequest) -> BootNotificationResponse:
        status, interval = self.boots.pop(0) if len(self.boots) > 1 else self.boots[0]
        return BootNotificationResponse(current_time=self.time, interval=interval, status=status)

    def of(self, *kinds: type[Message]) -> list[Any]:
        """The messages of some kinds, in order."""
        return [message for _, message in self.received if isinstance(message, kinds)]

    def times(self, kind: type[Message]) -> list[float]:
        """When the messages of a kind came, in s."""
        return [at for at, message in self.received if isinstance(message, kind)]

    def names(self) -> list[str]:
        """What came, in order."""
        return [type(message).__name__.removesuffix("Request") for _, message in self.received]

    def forget(self) -> None:
        self.received.clear()


class Site:
    """A station, its hardware, and its CSMS; not connected at first.

    Args:
        csms: that it reports to.
        store: as the last run has left it.
        options: of the hardware.
        blocks: in place of the standard ones.
        device_model: the minimal one by default.
        incoming: middleware.
        outgoing: middleware.
    """

    def __init__(
        self,
        csms: Csms | None = None,
        /,
        *,
        store: MemoryStore | None = None,
        blocks: dict[str, Any] | None = None,
        incoming: Sequence[Any] = (),
        outgoing: Sequence[Any] = (),
        device_model: DeviceModel | None = None,
        **options: Any,
    ) -> None:
        self.csms = csms or Csms()
        self.hardware = SimulatedStation(FACTS, epoch=EPOCH, **options)
        self.store = MemoryStore(store)
        self.device_model = device_model or DeviceModel.minimal((EvseLayout(), EvseLayout()))
        self.station = ChargingStation(
            self.hardware,
            self.store,
            device_model=self.device_model,
            blocks=blocks or {},
            incoming=incoming,
            outgoing=outgoing,
        )
        self.pair = RolePair(self.station, self.csms)

    async def __aenter__(self) -> Site:
        await self.station.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.pair.cut()
        await self.station.stop()

    def connect(self) -> None:
        self.pair.connect()

    async def connected(self, s: float = 1.0) -> None:
        """Connect, and let some time pass."""
        self.pair.connect()
        await asyncio.sleep(s)


def play(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario in virtual time."""
    run(scenario())
