"""Both roles in virtual time: a simulated station, a CSMS, and all that they say to one another.

They are joined in memory, or by a real WebSocket: ``tests/blocks/conftest.py`` runs every scenario both ways.

::

    async def scenario(lab: Laboratory) -> None:
        lab.plug_in()
        ...

    lab = explore(scenario)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from ocpp21 import framing
from ocpp21.asyncio import Patience, connect
from ocpp21.asyncio.roles import Watcher, attend, role_session, serve_roles
from ocpp21.block import Role
from ocpp21.csms import CSMS, Settings, Transaction
from ocpp21.csms import MemoryStore as CsmsStore
from ocpp21.csms.store import Store as CsmsStoreProtocol
from ocpp21.device_model import DeviceModel
from ocpp21.messages import IdTokenType, TransactionEventRequest
from ocpp21.observation import Observation
from ocpp21.simulator import EV, SimulatedStation, wallbox
from ocpp21.station import ChargingStation
from ocpp21.station.hardware import StationFacts
from ocpp21.station.memory import MemoryStore
from ocpp21.station.store import Store
from ocpp21.testing.memory import MemoryTransport
from ocpp21.testing.roles import RolePair
from ocpp21.testing.virtual_time import EPOCH, run
from ocpp21.wire import Message

MessageT = TypeVar("MessageT", bound=Message)

#: Whether the two are joined by a real WebSocket, in virtual time all the same.
OVER_SOCKETS: ContextVar[bool] = ContextVar("over_sockets", default=False)

#: Without pings: nothing but the roles makes time pass.
PATIENCE = Patience(ping_interval_s=0.0)

IDENTITY = "CS001"
TOKEN = IdTokenType(id_token="04A2B3C4", type="ISO14443")
OTHER = IdTokenType(id_token="0BADCAFE", type="ISO14443")
UNKNOWN = IdTokenType(id_token="FFFFFFFF", type="ISO14443")


class Frame(NamedTuple):
    """A frame that has passed one end of a connection.

    Attributes:
        at: the time, in s.
        connection: number of the connection, from 1.
        side: whose end.
        direction: ``out`` when it left, ``in`` when it arrived.
        verdict: ``ok``, or what became of it.
        data: the frame.
    """

    at: float
    connection: int
    side: str
    direction: str
    verdict: str
    data: bytes


def set_variable(station: ChargingStation, name: str, value: object) -> None:
    """Set a variable of a station, as ``tx_ctrlr.tx_start_point``; one that it lacks is added.

    An instance is named behind it: ``ocpp_comm_ctrlr.message_attempts[TransactionEvent]``.
    """
    component, variable = name.removesuffix("]").split(".")
    variable, _, instance = variable.partition("[")
    handle = getattr(getattr(station.device_model, component), variable)
    handle = handle[instance] if instance else handle
    if handle.exists:
        handle.set(value)
    else:
        handle.add(value)


class Laboratory:
    """A station and a CSMS; made and run by :func:`explore`.

    Attributes:
        hardware: of the station, to be played with.
        station: the station; another object after :meth:`reboot`.
        csms: the CSMS.
        pair: the connection.
        said: every valid message of the station, in order, with the time; then those of the CSMS likewise.
        frames: all that have passed an end of a connection.
    """

    def __init__(
        self,
        *,
        facts: StationFacts | None = None,
        station_store: Store | None = None,
        csms_store: CsmsStoreProtocol | None = None,
        settings: Settings = Settings(inventory=None),  # noqa: B008, it is frozen
        variables: dict[str, Any] | None = None,
        has_bay_sensors: bool = False,
        hardware: SimulatedStation | None = None,
        device_model: str | None = None,
    ) -> None:
        self._device_model = device_model  # as TOML; the minimal one by default
        self.hardware = hardware or SimulatedStation(
            facts or wallbox(), epoch=EPOCH, has_bay_sensors=has_bay_sensors, boot_s=0.0
        )
        self.station_store = station_store or MemoryStore()
        self.csms_store = csms_store or CsmsStore()
        self._settings = settings
        self.csms = self._new_csms()
        self.station: ChargingStation
        self.pair: RolePair | SocketPair
        self.said: list[tuple[float, str, Message]] = []
        self.frames: list[Frame] = []
        self._connections = 0
        self._variables = variables or {}

    def replace_csms_store(self, store: CsmsStoreProtocol) -> None:
        """Let the CSMS keep what it knows elsewhere; before it is started."""
        self.csms_store = store
        self.csms = self._new_csms()

    @property
    def has_connected(self) -> bool:
        """Whether there has been a connection."""
        return self._connections > 0

    async def start(self, *, is_connected: bool = True) -> None:
        """Power both up, and connect them."""
        await self.csms.start()
        await self.csms.tokens.put(TOKEN)
        await self.csms.tokens.put(OTHER)
        await self.boot(is_connected=is_connected)

    async def boot(self, *, is_connected: bool = True) -> None:
        """Power the station up, with what its store has kept."""
        model = None if self._device_model is None else DeviceModel.from_toml(self._device_model)
        self.station = ChargingStation(self.hardware, self.station_store, device_model=model)
        for name, value in self._variables.items():
            self.set(name, value)
        self._join()
        await self.station.start()
        if is_connected:
            await self.connect()
            await self.station.provisioning.accepted()

    async def go_offline(self) -> None:
        """Cut the connection."""
        await self.pair.cut()

    async def go_online(self) -> None:
        """Connect again."""
        await self.connect()
        await self.quiet()

    async def connect(self) -> None:
        """Open a connection."""
        self._connections += 1
        if isinstance(self.pair, SocketPair):
            await self.pair.connect()
        else:
            self.pair.connect()

    async def kill(self) -> None:
        """Let the station lose everything but its store."""
        await self.pair.cut()
        await self.station.stop()
        self.hardware.crash()

    async def rebooted(self, *, boot_s: float = 0.1, timeout_s: float = 600.0) -> None:
        """Wait until the station has rebooted by a reset of its own; it is up again then."""
        async with asyncio.timeout(timeout_s):
            await self.station.rebooted()
        await self.pair.cut()
        await self.station.stop()
        await asyncio.sleep(boot_s)
        await self.boot()
        await self.quiet()

    def cut_power(self) -> None:
        """Let the mains fail: from this moment on the station does nothing, neither to its hardware nor to the CSMS."""
        self.hardware.cut_power()
        if self.has_connected:
            self.ends[0].abort()

    @property
    def ends(self) -> tuple[MemoryTransport, MemoryTransport]:
        """Both ends of the connection in memory, that of the station first."""
        assert isinstance(self.pair, RolePair)
        return self.pair.ends

    async def restore_power(self, *, is_connected: bool = True) -> None:
        """Bring the mains back, and let the station boot with what its store has kept."""
        await self.pair.cut()
        await self.station.stop()
        self.hardware.restore_power()
        await self.quiet()
        await self.boot(is_connected=is_connected)

    async def restart_csms(self, store: CsmsStoreProtocol | None = None, *, is_connected: bool = True) -> None:
        """Kill the CSMS, and start another one with what the store has kept."""
        await self.pair.cut()
        await self.csms.stop()
        self.replace_csms_store(store or self.csms_store)
        await self.csms.start()
        self._join()
        if is_connected:
            await self.go_online()

    async def stop(self) -> None:
        """End it all."""
        await self.pair.cut()
        await self.station.stop()
        await self.csms.stop()

    def set(self, name: str, value: object) -> None:
        """Set a variable of the station, as :func:`set_variable` says."""
        set_variable(self.station, name, value)

    async def quiet(self, seconds: float = 0.1) -> None:
        """Let things happen that are due."""
        await asyncio.sleep(seconds)

    # The driver

    async def plug_in(self, evse_id: int = 1, connector_id: int = 1, ev: EV | None = None) -> EV:
        """Plug an EV in; returns it."""
        ev = ev or EV()
        self.hardware.plug_in(evse_id, connector_id, ev)
        await self.quiet()
        return ev

    async def unplug(self, evse_id: int = 1, connector_id: int = 1) -> None:
        """Unplug at the EV, and then at the station, if it lets the plug go."""
        self.hardware.unplug_ev(evse_id, connector_id)
        await self.quiet()
        lock = self.hardware.evses[evse_id].connectors[connector_id].lock
        if lock is None or not lock.is_locked:
            self.hardware.unplug(evse_id, connector_id)
            await self.quiet()

    async def leave(self, evse_id: int = 1, connector_id: int = 1, id_token: IdTokenType = TOKEN) -> None:
        """Stop if that is needed to get the cable out, and unplug."""
        lock = self.hardware.evses[evse_id].connectors[connector_id].lock
        if lock is not None and lock.is_locked:
            await self.present(id_token, evse_id)
        await self.unplug(evse_id, connector_id)

    async def present(self, id_token: IdTokenType = TOKEN, evse_id: int | None = 1) -> None:
        """Present a token."""
        self.hardware.present(id_token, evse_id)
        await self.quiet()

    # What came of it

    def messages(self, kind: type[MessageT], side: str = "CS") -> list[MessageT]:
        """The messages of a kind that a side has said."""
        return [message for _, sender, message in self.said if sender == side and isinstance(message, kind)]

    @property
    def events(self) -> list[TransactionEventRequest]:
        """The TransactionEvents that the station has sent."""
        return self.messages(TransactionEventRequest)

    @property
    def told(self) -> list[tuple[str, str, str | None]]:
        """Of each TransactionEvent: type, trigger, charging state."""
        return [
            (str(event.event_type), str(event.trigger_reason), event.transaction_info.charging_state)
            for event in self.events
        ]

    async def transactions(self) -> list[Transaction]:
        """The ledger."""
        return list(await self.csms_store.transactions(IDENTITY))

    def delivered_wh(self, evse_id: int = 1) -> Decimal:
        """What the simulator has really delivered."""
        return self.hardware.delivered_wh(evse_id)

    def _new_csms(self) -> CSMS:
        return CSMS(self.csms_store, now=wall_time, settings=self._settings)

    def _join(self) -> None:
        if OVER_SOCKETS.get():
            self.pair = SocketPair(self.station, self.csms, self._watch)
        else:
            self.pair = RolePair(self.station, self.csms.welcome(IDENTITY), identity=IDENTITY, watch=self._watch)

    def _watch(self, role: Role, observation: Observation) -> None:
        at, data = asyncio.get_running_loop().time(), observation.data
        raw = data.encode() if isinstance(data, str) else bytes(data)
        frame = Frame(at, self._connections, role.side, observation.direction, observation.verdict, raw)
        self.frames.append(frame)
        if observation.direction == "out" and observation.verdict == "ok":
            message = framing.unpack(raw)[1] if raw[1:2] in b"26" else None
            if message is not None:
                self.said.append((at, role.side, message))


class SocketPair:
    """What :class:`RolePair` is, over a real WebSocket: the CSMS listens, the station connects."""

    def __init__(self, station: Role, csms: CSMS, watch: Watcher) -> None:
        self._station = station
        self._csms = csms
        self._watch = watch
        self._stack: AsyncExitStack | None = None

    async def connect(self) -> None:
        """Open a connection; the one before has been cut."""
        self._stack = await AsyncExitStack().__aenter__()
        server = await self._stack.enter_async_context(
            serve_roles(self._csms, "127.0.0.1", 0, allow_unauthenticated=True, patience=PATIENCE, observe=self._watch)
        )
        connection = await connect(
            f"ws://127.0.0.1:{server.ports[0]}",
            IDENTITY,
            handlers=self._station.handlers,
            make_session=lambda version: role_session(self._station, version, observe=self._watch),
            patience=PATIENCE,
        )
        attendant = asyncio.ensure_future(attend(connection, self._station))
        self._stack.push_async_callback(asyncio.wait, [attendant])
        self._stack.callback(connection.abort, "the connection was cut")

    async def cut(self) -> None:
        """End the connection, and let nobody in any more."""
        if self._stack is not None:
            stack, self._stack = self._stack, None
            await stack.aclose()


def wall_time() -> datetime:
    """The time of the CSMS."""
    return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


def explore(
    scenario: Callable[[Laboratory], Awaitable[None]], *, is_connected: bool = True, **options: Any
) -> Laboratory:
    """Run a scenario in a new laboratory, in virtual time; returns what is left of it."""

    async def live() -> Laboratory:
        lab = Laboratory(**options)
        await lab.start(is_connected=is_connected)
        try:
            await scenario(lab)
        finally:
            await lab.stop()
        return lab

    return run(live(), real_io=OVER_SOCKETS.get())
