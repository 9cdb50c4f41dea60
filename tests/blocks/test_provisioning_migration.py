"""From one CSMS to another by NetworkConfigurationPriority: two CSMSs over real sockets, in virtual time (B10)."""

from __future__ import annotations

import asyncio
import hmac
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from laboratory import TOKEN, wall_time

from ocpp21.asyncio import Connection, NetworkProfile, Patience
from ocpp21.asyncio.roles import keep_connected, serve_roles
from ocpp21.asyncio.server import Server
from ocpp21.csms import CSMS, MemoryStore, Settings, StationBooted, StationConnected, StationDisconnected, StationEvent
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    BootReasonEnumType,
    ComponentType,
    HeartbeatRequest,
    NetworkConnectionProfileType,
    OCPPInterfaceEnumType,
    OCPPTransportEnumType,
    ResetEnumType,
    ResetStatusEnumType,
    SetVariableDataType,
    VariableType,
)
from ocpp21.simulator import EV, LiveStation, SimulatedStation, wallbox
from ocpp21.station import ChargingStation
from ocpp21.station.memory import MemoryStore as StationStore
from ocpp21.station.supervisor import operate
from ocpp21.testing.virtual_time import EPOCH, run

PASSWORD = "correct-horse-battery-staple"
BRIEF = Patience(ping_interval_s=0.0, close_timeout_s=0.5)


@pytest.fixture(autouse=True)
def _link() -> None:
    """Do not run twice: there are sockets here in any case."""


class Password:
    """Lets in whoever has the password."""

    async def authenticate(self, identity: str, password: bytes) -> bool:
        return hmac.compare_digest(password, PASSWORD.encode())

    async def knows(self, identity: str) -> bool:
        return True


class Backend:
    """A CSMS that can be taken down, and remembers its port."""

    def __init__(self, name: str, site: Site, **options: Any) -> None:
        self.name = name
        self.csms = CSMS(MemoryStore(), now=wall_time, settings=Settings(inventory=None))
        self.csms.subscribe(lambda event: site.note(name, event))
        self.port = 0
        self._options = options or {"allow_unauthenticated": True}
        self._server: Server | None = None
        self._stack: AsyncExitStack | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def start(self) -> None:
        await self.csms.tokens.put(TOKEN)
        self._stack = await AsyncExitStack().__aenter__()
        server = await self._stack.enter_async_context(
            serve_roles(self.csms, "127.0.0.1", self.port, patience=BRIEF, **self._options)
        )
        self.port = server.ports[0]

    async def stop(self) -> None:
        if self._stack is not None:
            await self._stack.aclose()
        self._stack = None

    def drop(self) -> None:
        """Cut the connection, and go on listening."""
        link = self.csms["CS001"].link
        assert isinstance(link, Connection)
        link.abort("dropped")


class Site:
    """A station that goes by its device model, and two CSMSs.

    Attributes:
        told: what both CSMSs have told, in order.
        station: that runs now.
    """

    def __init__(self, *, b: dict[str, Any] | None = None, **options: Any) -> None:
        self.told: list[tuple[str, str]] = []
        self.a, self.b = Backend("A", self), Backend("B", self, **(b or {}))
        self.hardware = SimulatedStation(wallbox(), epoch=EPOCH, boot_s=5.0)
        self.store = StationStore()
        self.station: ChargingStation
        self._options = options
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Site:
        await self.a.start()
        await self.b.start()
        self._task = asyncio.create_task(operate(self.life))
        await self.booted("A", "PowerUp")
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self.a.stop()
        await self.b.stop()

    @asynccontextmanager
    async def life(self) -> AsyncIterator[ChargingStation]:
        while not self.hardware.is_up:
            await asyncio.sleep(0.5)
        station = ChargingStation(self.hardware, self.store)
        installed = [NetworkProfile(self.a.url, "CS001", password=PASSWORD)]
        async with station, keep_connected(station, installed, patience=BRIEF, **self._options):
            self.station = station
            yield station

    def note(self, name: str, event: StationEvent) -> None:
        match event:
            case StationConnected():
                self.told.append((name, "connected"))
            case StationDisconnected():
                self.told.append((name, "disconnected"))
            case StationBooted(boot=boot):
                self.told.append((name, str(boot.reason)))

    async def booted(self, name: str, reason: str) -> None:
        await self.until(lambda: (name, reason) in self.told and self.station.provisioning.is_online)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(3600):
            while not condition():
                await asyncio.sleep(1)

    async def set(self, variable: str, value: str, component: str = "OCPPCommCtrlr") -> None:
        data = SetVariableDataType(
            component=ComponentType(name=component), variable=VariableType(name=variable), attribute_value=value
        )
        (result,) = await self.provisioning.set_variables([data])
        assert result.attribute_status == "Accepted", result

    @property
    def provisioning(self) -> Any:
        """The verbs of the CSMS that the station is connected to."""
        return (
            next(each for each in (self.a, self.b) if "CS001" in each.csms and each.csms["CS001"].is_connected)
            .csms["CS001"]
            .provisioning
        )

    @property
    def active(self) -> int:
        return self.station.device_model.ocpp_comm_ctrlr.active_network_profile.value

    async def prepare(self, *slots: int, **changes: Any) -> None:
        """Put the second CSMS into the second slot, and set the order."""
        answer = await self.provisioning.set_network_profile(2, profile(self.b.url, **changes))
        assert answer.status == "Accepted", answer
        result = await self.provisioning.prioritize_networks(slots)
        assert result.attribute_status == "Accepted", result


def profile(url: str, **changes: Any) -> NetworkConnectionProfileType:
    values: dict[str, Any] = {
        "ocpp_interface": OCPPInterfaceEnumType.ANY,
        "ocpp_transport": OCPPTransportEnumType.JSON,
        "message_timeout": 30,
        "ocpp_csms_url": url,
        "security_profile": 1,
    }
    return NetworkConnectionProfileType(**{**values, **changes})


def play(scenario: Callable[[Site], Awaitable[None]], **options: Any) -> Site:
    async def main() -> Site:
        async with Site(**options) as site:
            await scenario(site)
        return site

    return run(main(), real_io=True)


@pytest.mark.use_case("B10")
def test_a_reset_leads_to_the_new_csms() -> None:
    async def scenario(site: Site) -> None:
        assert site.active == 1
        await site.prepare(2, 1)
        asked = await site.provisioning.reset(ResetEnumType.ON_IDLE)
        assert asked.status is ResetStatusEnumType.ACCEPTED
        await site.booted("B", "RemoteReset")
        assert site.active == 2
        ev = EV()
        site.hardware.plug_in(1, 1, ev)
        site.hardware.present(TOKEN, 1)
        await asyncio.sleep(60)
        (transaction,) = await site.b.csms.store.transactions("CS001")
        assert not transaction.is_complete

    site = play(scenario)
    assert site.told[:5] == [  # B10.FR.04, B10.FR.06
        ("A", "connected"),
        ("A", "PowerUp"),
        ("A", "disconnected"),
        ("B", "connected"),
        ("B", "RemoteReset"),
    ]


@pytest.mark.use_case("B10")
def test_a_dead_csms_leads_back_to_the_old_one() -> None:
    tries: list[float] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append(asyncio.get_running_loop().time())
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def scenario(site: Site) -> None:
        await site.b.stop()
        dead = await asyncio.start_server(refuse, "127.0.0.1", site.b.port)
        async with dead:
            await site.set("NetworkProfileConnectionAttempts", "2")
            await site.set("RetryBackOffRandomRange", "0")
            await site.set("RetryBackOffWaitMinimum", "4")
            await site.prepare(2, 1)
            await site.provisioning.reset(ResetEnumType.IMMEDIATE)
            await site.booted("A", "RemoteReset")
            assert site.active == 1
            assert len(tries) == 2 and 4 <= tries[1] - tries[0] < 6  # B10.FR.03

    site = play(scenario)
    assert site.told[-2:] in ([("A", "RemoteReset"), ("A", "disconnected")], [("A", "connected"), ("A", "RemoteReset")])


@pytest.mark.use_case("B10")
def test_a_loss_of_connection_leads_to_the_next_slot_and_boots_there() -> None:
    async def scenario(site: Site) -> None:
        await site.set("NetworkProfileConnectionAttempts", "1")
        await site.prepare(1, 2)
        first = site.station
        await site.a.stop()
        await site.booted("B", "Unknown")  # B10.FR.10
        assert site.station is first and site.active == 2
        await site.a.start()
        await site.b.stop()  # and back again
        await site.until(lambda: site.told.count(("A", "Unknown")) == 1)
        assert site.active == 1

    site = play(scenario)
    assert site.told[3:5] == [("B", "connected"), ("B", "Unknown")]


@pytest.mark.use_case("B10")
@pytest.mark.use_case("B04")
def test_the_same_csms_again_is_no_boot() -> None:
    async def scenario(site: Site) -> None:
        await site.prepare(1, 2)
        site.a.drop()
        await site.until(lambda: site.told.count(("A", "connected")) == 2 and site.station.provisioning.is_online)
        await asyncio.sleep(5)

    site = play(scenario)
    assert [what for _, what in site.told].count("PowerUp") == 1 and ("B", "connected") not in site.told


@pytest.mark.use_case("B10")
def test_both_down_is_no_reason_to_give_up() -> None:
    async def scenario(site: Site) -> None:
        await site.prepare(1, 2)
        await site.a.stop()
        await site.b.stop()
        await asyncio.sleep(900)  # B10.FR.08, B10.FR.09
        await site.a.start()
        await site.until(lambda: site.told.count(("A", "connected")) == 2)

    play(scenario)


@pytest.mark.use_case("B10")
def test_all_in_vain_it_may_stay_with_the_last_that_worked() -> None:
    async def scenario(site: Site) -> None:
        await site.set("NetworkProfileConnectionAttempts", "1")
        await site.prepare(1, 2)
        await site.a.stop()
        await site.b.stop()
        await asyncio.sleep(900)  # B10.FR.07
        await site.b.start()
        await asyncio.sleep(900)
        assert ("B", "connected") not in site.told
        await site.a.start()
        await site.until(lambda: site.told.count(("A", "connected")) == 2)

    play(scenario, when_exhausted="last_successful")


@pytest.mark.use_case("B09")
@pytest.mark.use_case("B10")
def test_another_csms_in_the_slot_in_use_counts_from_the_next_connection() -> None:
    async def scenario(site: Site) -> None:
        answer = await site.provisioning.set_network_profile(1, profile(site.b.url, message_timeout=7))
        assert answer.status == "Accepted"
        await asyncio.sleep(60)
        assert ("B", "connected") not in site.told
        assert site.station.device_model.ocpp_comm_ctrlr.message_timeout["Default"].value == 30
        site.a.drop()
        await site.booted("B", "Unknown")
        assert site.active == 1
        assert site.station.device_model.ocpp_comm_ctrlr.message_timeout["Default"].value == 7

        async def never(request: HeartbeatRequest) -> Any:
            await asyncio.sleep(10_000)

        site.b.csms["CS001"].on(HeartbeatRequest)(never)
        at = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            await site.station.call(HeartbeatRequest())
        assert 6.5 <= asyncio.get_running_loop().time() - at <= 8

    play(scenario)


@pytest.mark.use_case("B09")
@pytest.mark.use_case("B10")
def test_identity_and_password_of_the_slot() -> None:
    async def scenario(site: Site) -> None:
        await site.prepare(2, 1, identity="CS001", basic_auth_password=PASSWORD)
        await site.provisioning.reset(ResetEnumType.IMMEDIATE)
        await site.booted("B", "RemoteReset")

    play(scenario, b={"authenticator": Password()})


@pytest.mark.use_case("B10")
def test_a_reset_waits_for_the_transaction_before_the_station_moves() -> None:
    async def scenario(site: Site) -> None:
        site.hardware.plug_in(1, 1, EV())
        site.hardware.present(TOKEN, 1)
        await asyncio.sleep(60)
        await site.prepare(2, 1)
        asked = await site.provisioning.reset(ResetEnumType.ON_IDLE)
        assert asked.status is ResetStatusEnumType.SCHEDULED
        await asyncio.sleep(600)
        assert site.active == 1
        site.hardware.present(TOKEN, 1)
        await site.booted("B", "ScheduledReset")
        (transaction,) = await site.a.csms.store.transactions("CS001")
        assert transaction.is_complete
        assert not await site.b.csms.store.transactions("CS001")

    play(scenario)


@pytest.mark.use_case("B10")
def test_a_slot_without_csms_is_passed_over() -> None:
    async def scenario(site: Site) -> None:
        site.station.device_model.ocpp_comm_ctrlr.network_configuration_priority.set(("2", "1"))
        site.a.drop()
        await site.until(lambda: site.told.count(("A", "connected")) == 2)

    play(scenario)


@pytest.mark.use_case("B10")
def test_what_makes_the_connection_is_asked_for_each_attempt() -> None:
    asked: list[tuple[int, str, str | None]] = []

    async def equip(slot: int, data: NetworkConnectionProfileType) -> NetworkProfile:
        asked.append((slot, data.identity or "", data.basic_auth_password))
        if len(asked) == 2:
            raise OSError("no modem")
        return NetworkProfile(data.ocpp_csms_url, data.identity or "", password=data.basic_auth_password)

    async def scenario(site: Site) -> None:
        site.a.drop()
        await site.until(lambda: site.told.count(("A", "connected")) == 2)

    play(scenario, equip=equip)
    assert asked == [(1, "CS001", PASSWORD)] * 3


@pytest.mark.use_case("B10")
def test_the_waits_are_those_of_the_device_model() -> None:
    waits: list[float] = []

    async def scenario(site: Site) -> None:
        for variable, value in (
            ("RetryBackOffWaitMinimum", "1"),
            ("RetryBackOffRandomRange", "0"),
            ("RetryBackOffRepeatTimes", "2"),
        ):
            await site.set(variable, value)
        await site.a.stop()
        at = asyncio.get_running_loop().time()
        tries: list[float] = []

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tries.append(asyncio.get_running_loop().time() - at)
            writer.close()

        async with await asyncio.start_server(refuse, "127.0.0.1", site.a.port):
            await site.until(lambda: len(tries) == 5)
        waits.extend(round(after - before) for before, after in itertools.pairwise(tries))

    play(scenario)
    assert waits == [2, 4, 4, 4]  # after the first, of 1 s


def test_a_station_needs_a_profile_and_not_more_than_it_has_slots() -> None:
    station = ChargingStation(SimulatedStation(wallbox(), epoch=EPOCH), StationStore())
    one = NetworkProfile("ws://127.0.0.1:9", "CS001")
    for wrong in ([], [one, one, one]):
        with pytest.raises(LocalProtocolError, match=f"expected 1 to 2 profiles, found {len(wrong)}"):
            keep_connected(station, wrong)
    left = {str(place) for place in station.device_model.unhonoured()}
    assert "OCPPCommCtrlr.WebSocketPingInterval" in left
    keep_connected(station, [one])
    left = {str(place) for place in station.device_model.unhonoured()}
    assert {place for place in left if place.startswith(("OCPPCommCtrlr", "NetworkConfiguration"))} == set()


@pytest.mark.use_case("B11")
def test_simulated_hardware_with_the_software_on_it_resets() -> None:
    async def scenario() -> None:
        site = Site()
        await site.a.start()
        hardware, store = SimulatedStation(wallbox(), epoch=EPOCH, boot_s=5.0), StationStore()

        def line(station: ChargingStation) -> Any:
            site.station = station
            return keep_connected(station, [NetworkProfile(site.a.url, "CS001")], patience=BRIEF)

        async with LiveStation(hardware, store, connect=line):
            await site.booted("A", "PowerUp")
            asked = await site.provisioning.reset(ResetEnumType.IMMEDIATE)
            boot = await asked.booted(timeout_s=60)
            assert boot is not None and boot.reason is BootReasonEnumType.REMOTE_RESET
        await site.a.stop()

    run(scenario(), real_io=True)
