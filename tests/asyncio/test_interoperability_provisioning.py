"""Block B beside the incumbent, the package ``ocpp``, over real sockets: as a CSMS, and as a station."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from loopback import BRIEF, raw_station, until
from ocpp.routing import after, on
from ocpp.v21 import ChargePoint, call, call_result
from websockets.asyncio.server import serve as raw_serve
from websockets.exceptions import ConnectionClosed

from ocpp21.asyncio import NetworkProfile
from ocpp21.asyncio.roles import keep_connected, serve_roles
from ocpp21.csms import CSMS, MemoryStore, Settings
from ocpp21.messages import (
    ComponentType,
    GetVariableDataType,
    NetworkConnectionProfileType,
    OCPPInterfaceEnumType,
    OCPPTransportEnumType,
    ReportBaseEnumType,
    ResetEnumType,
    ResetStatusEnumType,
    SetVariableDataType,
    VariableType,
)
from ocpp21.simulator import SimulatedStation, wallbox
from ocpp21.station import ChargingStation
from ocpp21.station.memory import MemoryStore as StationStore
from ocpp21.testing.virtual_time import EPOCH

NOW = datetime(2026, 1, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z")
PLACE = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
PROFILE = {
    "ocpp_interface": "Any",
    "ocpp_transport": "JSON",
    "message_timeout": 30,
    "ocpp_csms_url": "wss://csms.example/ocpp",
    "security_profile": 2,
}


class Theirs(ChargePoint):  # type: ignore[misc]
    """A CSMS of theirs."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.boots: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []

    @on("BootNotification")
    def boot(self, **payload: Any) -> Any:
        self.boots.append(payload)
        return call_result.BootNotification(current_time=NOW, interval=300, status="Accepted")

    @on("NotifyReport")
    def report(self, **payload: Any) -> Any:
        self.reports.append(payload)
        return call_result.NotifyReport()

    @on("NotifyEvent")
    def event(self, **payload: Any) -> Any:
        return call_result.NotifyEvent()

    @on("SecurityEventNotification")
    def security(self, **payload: Any) -> Any:
        return call_result.SecurityEventNotification()


@asynccontextmanager
async def our_station() -> AsyncIterator[tuple[ChargingStation, Theirs]]:
    """A station of ours, connected to their CSMS."""
    peers: list[Theirs] = []

    async def welcome(socket: Any) -> None:
        peers.append(Theirs("CS001", socket))
        try:
            await peers[-1].start()
        except ConnectionClosed:
            pass

    async with raw_serve(welcome, "127.0.0.1", 0, subprotocols=["ocpp2.1"]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        station = ChargingStation(SimulatedStation(wallbox(), epoch=EPOCH, boot_s=0.0), StationStore())
        async with (
            station,
            keep_connected(station, [NetworkProfile(f"ws://127.0.0.1:{port}", "CS001")], patience=BRIEF),
        ):
            await station.provisioning.accepted()
            yield station, peers[-1]


def test_our_station_at_their_csms() -> None:
    async def main() -> None:
        async with asyncio.timeout(20), our_station() as (station, theirs):
            (boot,) = theirs.boots
            assert boot["reason"] == "PowerUp" and boot["charging_station"]["serial_number"] == "SIM-WALLBOX"
            read = await theirs.call(call.GetVariables(get_variable_data=[PLACE]))
            assert read.get_variable_result[0]["attribute_value"] == "60"
            written = await theirs.call(call.SetVariables(set_variable_data=[{**PLACE, "attribute_value": "77"}]))
            assert written.set_variable_result[0]["attribute_status"] == "Accepted"
            assert station.device_model.ocpp_comm_ctrlr.offline_threshold.value == 77
            asked = await theirs.call(call.GetBaseReport(request_id=1, report_base="FullInventory"))
            assert asked.status == "Accepted"
            await until(lambda: theirs.reports and not theirs.reports[-1].get("tbc"))
            asked = await theirs.call(call.GetReport(request_id=2, component_variable=[PLACE]))
            assert asked.status == "Accepted"
            await until(lambda: theirs.reports[-1]["request_id"] == 2)
            assert len(theirs.reports[-1]["report_data"]) == 1
            stored = await theirs.call(call.SetNetworkProfile(configuration_slot=2, connection_data=PROFILE))
            assert stored.status == "Accepted"
            refused = await theirs.call(call.SetNetworkProfile(configuration_slot=9, connection_data=PROFILE))
            assert (refused.status, refused.status_info["reason_code"]) == ("Rejected", "InvalidConfSlot")
            assert station.provisioning.network_profiles.profile(2).ocpp_csms_url == "wss://csms.example/ocpp"
            unknown = await theirs.call(call.Reset(type="Immediate", evse_id=7))
            assert unknown.status == "Rejected"
            reset = await theirs.call(call.Reset(type="Immediate"))
            assert reset.status == "Accepted"
            await station.rebooted()

    asyncio.run(main())


class TheirStation(ChargePoint):  # type: ignore[misc]
    """A station of theirs; what it is asked for is kept."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.asked: dict[str, dict[str, Any]] = {}

    @on("GetVariables")
    def get_variables(self, get_variable_data: list[dict[str, Any]], **payload: Any) -> Any:
        results = [{**item, "attribute_status": "Accepted", "attribute_value": "60"} for item in get_variable_data]
        return call_result.GetVariables(get_variable_result=results)

    @on("SetVariables")
    def set_variables(self, set_variable_data: list[dict[str, Any]], **payload: Any) -> Any:
        results = [
            {key: value for key, value in {**item, "attribute_status": "Accepted"}.items() if key != "attribute_value"}
            for item in set_variable_data
        ]
        return call_result.SetVariables(set_variable_result=results)

    @on("GetBaseReport")
    def get_base_report(self, **payload: Any) -> Any:
        return call_result.GetBaseReport(status="Accepted")

    @after("GetBaseReport")
    async def send_base_report(self, request_id: int, **payload: Any) -> None:
        await self.notify(request_id)

    @on("GetReport")
    def get_report(self, **payload: Any) -> Any:
        return call_result.GetReport(status="Accepted")

    @after("GetReport")
    async def send_report(self, request_id: int, **payload: Any) -> None:
        await self.notify(request_id)

    @on("SetNetworkProfile")
    def set_network_profile(self, **payload: Any) -> Any:
        self.asked["SetNetworkProfile"] = payload
        return call_result.SetNetworkProfile(status="Failed")

    @on("Reset")
    def reset(self, **payload: Any) -> Any:
        self.asked["Reset"] = payload
        return call_result.Reset(status="Accepted")

    @after("Reset")
    async def boot_again(self, **payload: Any) -> None:
        if "evse_id" not in payload:
            await self.boot("RemoteReset")

    async def boot(self, reason: str) -> Any:
        station = {"model": "Wallbox", "vendor_name": "Theirs"}
        return await self.call(call.BootNotification(charging_station=station, reason=reason))

    async def notify(self, request_id: int) -> None:
        row = {**PLACE, "variable_attribute": [{"value": "60"}]}
        for number in (0, 1):
            await self.call(
                call.NotifyReport(
                    request_id=request_id, generated_at=NOW, seq_no=number, tbc=number == 0, report_data=[row]
                )
            )


def test_their_station_at_our_csms() -> None:
    async def main() -> None:
        csms = CSMS(MemoryStore(), settings=Settings(inventory=None))
        async with (
            asyncio.timeout(20),
            csms,
            serve_roles(csms, "127.0.0.1", 0, allow_unauthenticated=True, patience=BRIEF) as server,
            raw_station(server, "/CS001") as socket,
        ):
            theirs = TheirStation("CS001", socket)
            running = asyncio.create_task(theirs.start())
            assert (await theirs.boot("PowerUp")).status == "Accepted"
            ours = csms["CS001"].provisioning
            place: dict[str, Any] = {
                "component": ComponentType(name="OCPPCommCtrlr"),
                "variable": VariableType(name="OfflineThreshold"),
            }
            (read,) = await ours.get_variables([GetVariableDataType(**place)])
            assert read.attribute_value == "60"
            (written,) = await ours.set_variables([SetVariableDataType(attribute_value="77", **place)])
            assert written.attribute_status == "Accepted"
            full = await ours.get_base_report(ReportBaseEnumType.FULL_INVENTORY)
            assert full.is_complete and len(full.rows) >= 1
            custom = await ours.get_report()
            assert custom.is_complete
            profile = NetworkConnectionProfileType(
                ocpp_interface=OCPPInterfaceEnumType.ANY,
                ocpp_transport=OCPPTransportEnumType.JSON,
                message_timeout=30,
                ocpp_csms_url="wss://csms.example/ocpp",
                security_profile=2,
                identity="CS001",
            )
            assert (await ours.set_network_profile(2, profile)).status == "Failed"
            assert theirs.asked["SetNetworkProfile"]["connection_data"] == {**PROFILE, "identity": "CS001"}
            of_evse = await ours.reset(ResetEnumType.ON_IDLE, evse_id=1)
            assert not of_evse.leads_to_boot and theirs.asked["Reset"] == {"type": "OnIdle", "evse_id": 1}
            reset = await ours.reset(ResetEnumType.IMMEDIATE_AND_RESUME)
            assert reset.status is ResetStatusEnumType.ACCEPTED
            boot = await reset.booted(timeout_s=5)
            assert boot is not None and boot.reason == "RemoteReset"
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    asyncio.run(main())
