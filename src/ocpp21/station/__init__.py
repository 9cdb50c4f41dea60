"""The Charging Station role."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from ocpp21.block import Block, Link, Middleware, Role
from ocpp21.device_model import DeviceModel, EvseLayout
from ocpp21.messages import TransactionEventRequest, TransactionEventResponse
from ocpp21.station.authorization import Authorization
from ocpp21.station.availability import Availability
from ocpp21.station.battery_swapping import BatterySwapping
from ocpp21.station.bidirectional_power_transfer import BidirectionalPowerTransfer
from ocpp21.station.certificate_management import CertificateManagement
from ocpp21.station.data_transfer import DataTransfer
from ocpp21.station.delivery import Delivery, Retry
from ocpp21.station.der_control import DERControl
from ocpp21.station.diagnostics import Diagnostics
from ocpp21.station.display_message import DisplayMessage
from ocpp21.station.evses import Evses
from ocpp21.station.firmware_management import FirmwareManagement
from ocpp21.station.hardware import Hardware, StationFacts
from ocpp21.station.hardware_events import HardwareEvent
from ocpp21.station.local_authorization_list import LocalAuthorizationList
from ocpp21.station.metering import Metering
from ocpp21.station.provisioning import Provisioning
from ocpp21.station.queue import Discarded, MessageQueue
from ocpp21.station.registration import speak_when_registered
from ocpp21.station.remote_control import RemoteControl
from ocpp21.station.reservation import Reservation
from ocpp21.station.security import Security
from ocpp21.station.smart_charging import SmartCharging
from ocpp21.station.store import Store
from ocpp21.station.tariff_and_cost import TariffAndCost
from ocpp21.station.transactions import Transactions
from ocpp21.wire import Action, Request

__all__ = ["ChargingStation"]

logger: Final = logging.getLogger("ocpp21.station")

#: Instance of the variables that say how often messages about transactions are tried.
_TRANSACTION_EVENT: Final = "TransactionEvent"


class ChargingStation(Role):
    """A Charging Station: the nineteen functional blocks over one piece of hardware.

    ::

        async with ChargingStation(hardware, store) as station:
            async with keep_connected(station, [profile]):  # ocpp21.asyncio
                await asyncio.Event().wait()

    Args:
        hardware: what the maker has implemented.
        store: what must survive a loss of power. It is not closed with the station.
        device_model: with all that the hardware has; the minimal one for its EVSEs by default.
        blocks: classes of blocks in place of the annotated ones, by the name of the block.
        incoming: middleware around every message of the CSMS.
        outgoing: middleware around every message to the CSMS.

    Attributes:
        hardware: as given.
        store: as given.
        device_model: as given, or made.
        evses: the EVSEs, as the hardware tells of them.
        queue: messages that must arrive; there once the station has been started.
        delivery: of these messages; likewise.
    """

    side = "CS"

    security: Security
    provisioning: Provisioning
    authorization: Authorization
    local_authorization_list: LocalAuthorizationList
    transactions: Transactions
    remote_control: RemoteControl
    availability: Availability
    reservation: Reservation
    tariff_and_cost: TariffAndCost
    metering: Metering
    smart_charging: SmartCharging
    firmware_management: FirmwareManagement
    certificate_management: CertificateManagement
    diagnostics: Diagnostics
    display_message: DisplayMessage
    data_transfer: DataTransfer
    bidirectional_power_transfer: BidirectionalPowerTransfer
    der_control: DERControl
    battery_swapping: BatterySwapping

    def __init__(
        self,
        hardware: Hardware,
        store: Store,
        /,
        *,
        device_model: DeviceModel | None = None,
        blocks: Mapping[str, type[Block[Any]]] = MappingProxyType({}),
        incoming: Sequence[Middleware[Any]] = (),
        outgoing: Sequence[Middleware[Any]] = (),
    ) -> None:
        self.hardware: Final = hardware
        self.store: Final = store
        self.evses: Final = Evses(hardware.facts.evses)
        self.device_model: Final = device_model or minimal_device_model(hardware.facts)
        self.queue: MessageQueue
        self.delivery: Delivery
        comm = self.device_model.ocpp_comm_ctrlr
        comm.message_attempts[_TRANSACTION_EVENT].honour()
        comm.message_attempt_interval[_TRANSACTION_EVENT].honour()
        super().__init__(blocks=blocks, incoming=incoming, outgoing=(*outgoing, speak_when_registered))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Take up what is stored, and begin to listen to the hardware.

        Raises:
            StoreError: the store could not be read.
        """
        self.queue = await MessageQueue.open(self.store, report=_note_discarded)
        self.delivery = Delivery(self.queue, retry=self._retry)
        self.accompany(self.delivery.run(self._deliver))
        await super().start()
        self.hardware.listen(self._take)
        self.transactions.resume()

    async def rebooted(self) -> None:
        """Wait until the hardware has rebooted as a whole, by a reset: this object has done its work then.

        Whoever has made it stops it and makes another one; :func:`ocpp21.station.supervisor.operate` does. It never
        returns where the reboot ends the program.
        """
        await self.provisioning.resetting.rebooted.wait()

    def attach(self, link: Link, /, *, is_other_peer: bool = False) -> None:
        """Speak through a new connection; register anew at another CSMS (B10.FR.10)."""
        if is_other_peer:
            self.provisioning.register_anew()
        super().attach(link)

    def gate(self, action: Action, /) -> str | None:
        """Say why a message of the CSMS may not be taken now, or None: while it rejects the station (B03.FR.08)."""
        return self.provisioning.gate(action)

    def now(self) -> datetime:
        """The time of the station's clock, aware, in UTC."""
        return self.hardware.clock.now().astimezone(UTC)

    def _take(self, event: HardwareEvent) -> None:
        """Take an event of the hardware; what it was that went wrong with it is logged."""
        try:
            self.evses.take(event)
            self.transactions.take(event)
            self.availability.report_changed()
        except Exception:
            # C04.FR.04: no event is logged as it is, for it may hold a code.
            logger.exception("event of the hardware not taken: %s", type(event).__name__)

    async def _deliver(self, request: Request[Any]) -> None:
        """Send a message of the queue, and take its answer."""
        response = await self.call(request)
        if isinstance(request, TransactionEventRequest) and isinstance(response, TransactionEventResponse):
            await self.authorization.note_answer(request, response)
            self.transactions.note_answer(request, response)

    def _retry(self, request: Request[Any]) -> Retry:
        """How often a message is tried (E13.FR.02, E13.FR.03)."""
        comm = self.device_model.ocpp_comm_ctrlr
        return Retry(
            attempts=comm.message_attempts[_TRANSACTION_EVENT].get(1),
            interval_s=comm.message_attempt_interval[_TRANSACTION_EVENT].get(0),
        )


def minimal_device_model(facts: StationFacts, /) -> DeviceModel:
    """Make the device model of a station that has no more than it must, from the facts of its hardware."""
    return DeviceModel.minimal(
        [
            EvseLayout(
                connectors=tuple(connector.type for connector in evse.connectors),
                power_w=evse.max_power_w,
                supply_phases=evse.phases,
            )
            for evse in facts.evses
        ]
    )


def _note_discarded(discarded: Discarded) -> None:
    logger.warning("message %s discarded: %s", discarded.key, discarded.reason)
