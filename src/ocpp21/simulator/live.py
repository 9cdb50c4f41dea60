"""A Charging Station that lives: simulated hardware, the role on it, and a line to the CSMS that can be cut.

The software runs while the hardware has power. When the power is gone, or a reboot begins, it dies as it stands; when
the hardware is up again, a new :class:`~ocpp21.station.ChargingStation` starts over the same store. Which line leads to
the CSMS is a matter of whoever makes it::

    hardware = SimulatedStation(wallbox(), epoch=epoch, register_wh=await registers(store))
    async with LiveStation(hardware, store, connect=lambda station: keep_connected(station, [profile])) as live:
        await play(scenario, live)

It is an :class:`~ocpp21.simulator.play.Actor`. The registers of the meters survive in the store, as those of real
meters do without one; cables and EVs do not survive the program.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from types import TracebackType
from typing import Final, Protocol, Self

import msgspec

from ocpp21.errors import StoreError
from ocpp21.messages import (
    BootReasonEnumType,
    ChargingStateEnumType,
    ConnectorStatusEnumType,
    TransactionEventRequest,
)
from ocpp21.simulator.connector import Impossible
from ocpp21.simulator.station import SimulatedStation
from ocpp21.station import ChargingStation
from ocpp21.station.availability import Availability
from ocpp21.station.hardware import HardwareError
from ocpp21.station.store import Store, Table
from ocpp21.station.transaction import Transaction
from ocpp21.station.transactions import Transactions

__all__ = ["Line", "LiveStation", "registers"]

logger: Final = logging.getLogger("ocpp21.simulator")


class Line(Protocol):
    """What keeps a Charging Station connected; :class:`ocpp21.asyncio.Client` is one."""

    async def __aenter__(self) -> object:
        """Begin to connect."""
        ...

    async def close(self) -> None:
        """Disconnect in good order, and do not connect again."""
        ...

    async def cut(self) -> None:
        """Let the connection end without a word, and do not connect again."""
        ...


class Register(msgspec.Struct, frozen=True):
    """What a meter has counted.

    Attributes:
        wh: in Wh.
    """

    wh: Decimal


_registers: Final = Table("simulated_register", Register)


async def registers(store: Store, /) -> dict[int, Decimal]:
    """What the meters of a simulated station had counted when it lived last, in Wh, by evse_id.

    Raises:
        StoreError: the store could not be read.
    """
    return {int(key): register.wh for key, register in (await _registers.load(store)).items()}


class LiveStation:
    """Simulated hardware with the software on it; it lives within an ``async with`` block.

    Args:
        hardware: the hardware; no other software runs on it.
        store: of the software; it is not closed.
        connect: makes the line to the CSMS, anew after each boot and each outage.
        prepare: called with each new role before it starts: to set variables, to add handlers.

    Attributes:
        hardware: as given.
    """

    def __init__(
        self,
        hardware: SimulatedStation,
        store: Store,
        /,
        *,
        connect: Callable[[ChargingStation], Line],
        prepare: Callable[[ChargingStation], object] = lambda station: None,
    ) -> None:
        self.hardware: Final = hardware
        self._store: Final = store
        self._connect: Final = connect
        self._prepare: Final = prepare
        self._station: _Station | None = None
        self._line: Line | None = None
        self._is_offline = False  # as long as somebody wants it so
        self._has_died = False  # the power was gone since the software has started
        self._lock: Final = asyncio.Lock()  # whoever holds it may start and stop the software
        self._power: Final = asyncio.Event()  # has come or gone
        self._news = asyncio.Event()  # something about the EVSEs; a new one each time
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.hardware.when_down(self._go_down)
        self.hardware.when_up(self._power.set)
        if self.hardware.is_up:
            await self._boot()
        self._keeper = asyncio.get_running_loop().create_task(self._follow_power())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._keeper is not None
        self._keeper.cancel()
        await asyncio.wait([self._keeper])
        async with self._lock:
            line, self._line = self._line, None
            if line is not None:
                await line.close()
            await self._halt()
            with suppress(StoreError):
                await self._save_registers()

    @property
    def station(self) -> ChargingStation | None:
        """The role that runs now; None while the hardware is down."""
        return self._station

    # The actor of a scenario

    async def go_offline(self) -> None:
        """Cut the line, and leave it so; also over reboots."""
        self._is_offline = True
        async with self._lock:
            await self._cut()

    async def go_online(self) -> None:
        """Let the station connect again."""
        self._is_offline = False
        async with self._lock:
            await self._open()

    async def reboot(self, reason: BootReasonEnumType, /) -> None:
        """Reboot, as the station itself would for this reason; it is up again after the time that its boot takes.

        Raises:
            Impossible: it is down, or its hardware does not reboot.
        """
        if self._station is None:
            raise Impossible("expected the station to be up, found it down")
        try:
            await self._station.provisioning.remember_reason(reason)
            await self.hardware.reboot(reason)
        except (HardwareError, StoreError) as error:
            raise Impossible(str(error)) from error

    async def wait_until(self, evse_id: int, state: ChargingStateEnumType | ConnectorStatusEnumType, /) -> None:
        """Return as soon as the transaction of an EVSE, or one of its connectors, is in this state.

        An EVSE without a transaction is ``Idle``.

        Raises:
            KeyError: there is no such EVSE.
        """
        while not self._is(self.hardware.evses[evse_id].facts.evse_id, state):
            await self._news.wait()

    # The software

    def _is(self, evse_id: int, state: ChargingStateEnumType | ConnectorStatusEnumType) -> bool:
        if self._station is None:
            return False
        evse = self._station.evses[evse_id]
        if isinstance(state, ChargingStateEnumType):
            return evse.charging_state == state
        return any(self._station.availability.status(evse_id, connector) == state for connector in evse.connectors)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _go_down(self) -> None:
        self._has_died = True
        self._power.set()

    async def _follow_power(self) -> None:
        while True:
            await self._power.wait()
            self._power.clear()
            try:
                async with self._lock:
                    if self._has_died:
                        await self._cut()
                        await self._halt()
                    if self._station is None and self.hardware.is_up:
                        await self._boot()
            except StoreError as error:
                logger.error("the station does not start: %s", error)

    async def _boot(self) -> None:
        self._has_died = False
        station = _Station(self.hardware, self._store, tell=self._tell, save=self._save_registers)
        self._prepare(station)
        await station.start()
        self._station = station
        self._tell()
        await self._open()

    async def _halt(self) -> None:
        station, self._station = self._station, None
        if station is not None:
            await station.stop()

    async def _open(self) -> None:
        if self._station is not None and self._line is None and not self._is_offline:
            self._line = self._connect(self._station)
            await self._line.__aenter__()

    async def _cut(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.cut()

    async def _save_registers(self) -> None:
        await self._store.commit(
            *(_registers.put(str(evse_id), Register(evse.register_wh)) for evse_id, evse in self.hardware.evses.items())
        )


class _Availability(Availability):
    """Tells that the state of a connector may be another one."""

    def report(self, evse_id: int, connector_id: int, /) -> None:
        super().report(evse_id, connector_id)
        assert isinstance(self.role, _Station)
        self.role.tell()


class _Transactions(Transactions):
    """Keeps the registers before what they have shown leaves the station, and tells of what has happened."""

    async def store(self, transaction: Transaction, *events: TransactionEventRequest) -> None:
        assert isinstance(self.role, _Station)
        try:
            await self.role.save()
        except StoreError as error:
            logger.error("registers are not stored: %s", error)
        await super().store(transaction, *events)
        self.role.tell()


class _Station(ChargingStation):
    """A role that says when something has happened at its EVSEs."""

    transactions: _Transactions
    availability: _Availability

    def __init__(
        self,
        hardware: SimulatedStation,
        store: Store,
        /,
        *,
        tell: Callable[[], object],
        save: Callable[[], Awaitable[None]],
    ) -> None:
        self.tell: Final = tell
        self.save: Final = save
        super().__init__(hardware, store)
