"""Boots, the gate, inventories and variables, as the CSMS sees them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from csms.scene import (
    BOOT,
    NOON,
    Peer,
    component,
    event,
    joined,
    make_csms,
    part,
    refused,
    reporting,
    row,
    variable,
    virtual,
)
from ocpp21.csms import (
    MemoryStore,
    Registration,
    ReportReceived,
    Settings,
    Station,
    StationBooted,
)
from ocpp21.errors import CallError, LocalProtocolError, StoreError
from ocpp21.messages import (
    AttributeEnumType,
    BootNotificationRequest,
    BootReasonEnumType,
    ChargingStationType,
    DataTransferRequest,
    GetVariableDataType,
    GetVariableResultType,
    GetVariablesRequest,
    GetVariablesResponse,
    GetVariableStatusEnumType,
    HeartbeatRequest,
    MessageTriggerEnumType,
    RegistrationStatusEnumType,
    ReportBaseEnumType,
    SetVariableDataType,
    SetVariableResultType,
    SetVariablesRequest,
    SetVariablesResponse,
    SetVariableStatusEnumType,
    StatusInfoType,
    TriggerMessageRequest,
    TriggerMessageResponse,
    TriggerMessageStatusEnumType,
)

ACCEPTED, PENDING, REJECTED = (
    RegistrationStatusEnumType.ACCEPTED,
    RegistrationStatusEnumType.PENDING,
    RegistrationStatusEnumType.REJECTED,
)
FULL = ReportBaseEnumType.FULL_INVENTORY
OTHER = BootNotificationRequest(
    charging_station=ChargingStationType(model="Model", vendor_name="Vendor", firmware_version="2"),
    reason=BootReasonEnumType.FIRMWARE_UPDATE,
)


def deciding(*registrations: Registration, **options: Any) -> Settings:
    """Settings whose policy gives these answers, one after the other."""
    answers = iter(registrations)
    return Settings(register=lambda station, boot: next(answers), inventory=None, **options)


# Boots


@pytest.mark.use_case("B01")
@virtual
async def test_a_boot_is_accepted_and_remembered() -> None:
    store = MemoryStore()
    async with joined(make_csms(store), boots=False) as scene:
        response = await scene.peer.boot()
        assert (response.status, response.interval, response.current_time) == (ACCEPTED, 300, NOON)  # B01.FR.02
        await scene.peer.call(HeartbeatRequest())
        (booted,) = scene.told(StationBooted)
        assert booted.station is scene.station and booted.boot == BOOT and booted.is_new
        assert scene.station.provisioning.boot == BOOT
        known = await store.station("CS001")
        assert known is not None and known.status is ACCEPTED and known.boot is not None
        assert known.boot.message == BOOT and known.boot.received_at == NOON


@pytest.mark.use_case("B01")
@virtual
async def test_who_was_accepted_stays_so_over_connections_and_restarts() -> None:
    store = MemoryStore()
    async with joined(make_csms(store)) as scene:
        await scene.pair.cut()
        scene.pair.connect()
        await asyncio.sleep(0)
        await scene.peer.call(HeartbeatRequest())
    async with joined(make_csms(MemoryStore(store)), boots=False, identity="cs001") as scene:
        await scene.peer.call(HeartbeatRequest())
        assert scene.station.identity == "CS001" and scene.station.provisioning.boot == BOOT
        await scene.peer.boot()
        assert not scene.told(StationBooted)[0].is_new
        await scene.peer.boot(OTHER)
        assert scene.told(StationBooted)[1].is_new


@pytest.mark.use_case("B01")
@virtual
async def test_nothing_is_taken_before_a_boot() -> None:
    async with joined(boots=False) as scene:
        for request in (HeartbeatRequest(), event(), DataTransferRequest(vendor_id="v"), part(1, 0)):
            assert await refused(scene.peer, request) == "SecurityError"  # B01.FR.10
        await scene.peer.boot()
        await scene.peer.call(HeartbeatRequest())


@virtual
async def test_a_csms_may_take_over_stations_that_were_registered_elsewhere() -> None:
    async with joined(boots=False, settings=Settings(unregistered=ACCEPTED, inventory=None)) as scene:
        await scene.peer.call(HeartbeatRequest())


@pytest.mark.use_case("B02")
@virtual
async def test_while_pending_only_what_was_asked_for_is_taken() -> None:
    pending = Registration(PENDING, status_info=StatusInfoType(reason_code="Wait"))
    async with joined(boots=False, settings=deciding(pending, Registration(PENDING, 5), Registration())) as scene:
        peer, station = scene.peer, scene.station
        response = await peer.boot()
        assert (response.status, response.interval) == (PENDING, 60)
        assert response.status_info == pending.status_info

        @peer.on(TriggerMessageRequest)
        def trigger(request: TriggerMessageRequest) -> TriggerMessageResponse:
            return TriggerMessageResponse(status=TriggerMessageStatusEnumType.ACCEPTED)

        assert await refused(peer, HeartbeatRequest()) == "SecurityError"  # B02.FR.09
        await station.call(TriggerMessageRequest(requested_message=MessageTriggerEnumType.HEARTBEAT))
        await peer.call(HeartbeatRequest())
        await station.call(TriggerMessageRequest(requested_message=MessageTriggerEnumType.BOOT_NOTIFICATION))
        assert await refused(peer, part(1, 0)) == "SecurityError"
        numbers = reporting(peer, (0, False, "Only"))
        assert (await station.provisioning.get_base_report(FULL)).is_complete and len(numbers) == 1
        assert await refused(peer, event()) == "SecurityError"
        assert (await peer.boot()).interval == 5
        assert await refused(peer, HeartbeatRequest()) == "SecurityError"  # it has not been asked since
        assert (await peer.boot()).status is ACCEPTED
        await peer.call(event())


@pytest.mark.use_case("B03")
@virtual
async def test_nothing_is_said_to_a_rejected_station_nor_taken_from_it() -> None:
    async with joined(boots=False, settings=deciding(Registration(REJECTED, 3), Registration())) as scene:
        response = await scene.peer.boot()
        assert (response.status, response.interval) == (REJECTED, 3)
        assert await refused(scene.peer, HeartbeatRequest()) == "SecurityError"  # B03.FR.07
        trigger = TriggerMessageRequest(requested_message=MessageTriggerEnumType.BOOT_NOTIFICATION)
        with pytest.raises(LocalProtocolError, match="rejected"):
            await scene.station.call(trigger)  # B03.FR.03
        assert await refused(scene.peer, HeartbeatRequest()) == "SecurityError"
        assert (await scene.peer.boot()).status is ACCEPTED


@virtual
async def test_of_two_boots_at_a_time_the_later_one_counts() -> None:
    gates: list[asyncio.Future[Registration]] = []

    async def register(station: Station, boot: BootNotificationRequest) -> Registration:
        gates.append(asyncio.get_running_loop().create_future())
        return await gates[-1]

    store = MemoryStore()
    async with joined(make_csms(store, Settings(register=register, inventory=None)), boots=False) as scene:
        handler = scene.station.provisioning.on_boot_notification_request
        first, second = asyncio.ensure_future(handler(BOOT)), asyncio.ensure_future(handler(OTHER))
        await asyncio.sleep(0)
        gates[1].set_result(Registration())
        assert (await second).status is ACCEPTED
        gates[0].set_result(Registration(REJECTED))
        assert (await first).status is REJECTED
        assert scene.station.provisioning.status is ACCEPTED and scene.station.provisioning.boot == OTHER
        known = await store.station("CS001")
        assert known is not None and known.status is ACCEPTED


@virtual
async def test_a_boot_that_cannot_be_stored_changes_nothing() -> None:
    class Full(MemoryStore):
        async def put_station(self, station: object, /) -> None:
            raise StoreError("full")

    async with joined(make_csms(Full()), boots=False) as scene:
        assert await refused(scene.peer, BOOT) == "InternalError"
        assert await refused(scene.peer, HeartbeatRequest()) == "SecurityError"


@virtual
async def test_a_flood_of_boots_leaves_nothing_behind() -> None:
    async with joined() as scene:
        for _ in range(200):
            await scene.peer.boot()
        assert len(await scene.csms.store.stations()) == len(scene.csms) == 1
        assert not scene.station._tasks


# The inventory


@pytest.mark.use_case("B07")
@virtual
async def test_a_new_station_is_asked_for_its_inventory_once_it_is_accepted() -> None:
    async with joined(boots=False, settings=Settings()) as scene:
        numbers = reporting(scene.peer, (0, True, "One"), (1, False, "Two"))
        async with scene.csms.watch(ReportReceived) as reports:
            for boot in (BOOT, OTHER):
                await scene.peer.boot(boot)
                assert (await anext(reports)).report.is_complete  # B07.FR.14
                await scene.peer.boot(boot)
                await asyncio.sleep(1)
        assert len(numbers) == 2
        assert len(await scene.csms.store.variables("CS001")) == 2


@virtual
async def test_an_inventory_that_fails_is_asked_for_at_the_next_boot() -> None:
    async with joined(boots=False, settings=Settings(report_patience_s=10)) as scene:
        await scene.peer.boot()  # which knows no GetBaseReport yet
        await asyncio.sleep(1)
        numbers = reporting(scene.peer, (0, True, "One"))
        await scene.peer.boot()
        await asyncio.sleep(11)  # its report has no end
        await scene.peer.boot()
        await asyncio.sleep(0.5)
        assert len(numbers) == 2


# Variables


def serving_variables(peer: Peer, values: dict[str, str] | None = None) -> list[int]:
    """Let a peer answer requests for variables; what is returned grows by the number of items in each."""
    sizes: list[int] = []

    @peer.on(GetVariablesRequest)
    def get(request: GetVariablesRequest) -> GetVariablesResponse:
        sizes.append(len(request.get_variable_data))
        return GetVariablesResponse(
            get_variable_result=[
                GetVariableResultType(
                    attribute_status=GetVariableStatusEnumType.ACCEPTED,
                    attribute_type=each.attribute_type or AttributeEnumType.ACTUAL,
                    attribute_value=(values or {}).get(f"{each.variable.name}[{each.variable.instance}]", "v"),
                    component=each.component,
                    variable=each.variable,
                )
                for each in request.get_variable_data
            ]
        )

    @peer.on(SetVariablesRequest)
    def set(request: SetVariablesRequest) -> SetVariablesResponse:
        sizes.append(len(request.set_variable_data))
        return SetVariablesResponse(
            set_variable_result=[
                SetVariableResultType(
                    attribute_status=SetVariableStatusEnumType.ACCEPTED,
                    attribute_type=each.attribute_type or AttributeEnumType.ACTUAL,
                    component=each.component,
                    variable=each.variable,
                )
                for each in request.set_variable_data
            ]
        )

    return sizes


def limit(action: str, *, name: str = "ItemsPerMessage") -> GetVariableDataType:
    return GetVariableDataType(component=component("DeviceDataCtrlr"), variable=variable(name, action))


def setting(number: int, value: str = "1", **options: Any) -> SetVariableDataType:
    return SetVariableDataType(
        component=component("C"), variable=variable(f"V{number}"), attribute_value=value, **options
    )


def getting(number: int) -> GetVariableDataType:
    return GetVariableDataType(component=component("C"), variable=variable(f"V{number}"))


@pytest.mark.use_case("B06")
@virtual
async def test_variables_are_read_one_by_one_until_the_limit_is_known() -> None:
    async with joined() as scene:
        sizes = serving_variables(scene.peer, {"ItemsPerMessage[GetVariables]": "4"})
        provisioning = scene.station.provisioning
        await provisioning.get_variables([getting(0), limit("GetVariables")])
        assert sizes == [1, 1]
        results = await provisioning.get_variables([getting(number) for number in range(9)])
        assert sizes[2:] == [4, 4, 1]  # B06.FR.05
        assert [each.variable.name for each in results] == [f"V{number}" for number in range(9)]


@pytest.mark.use_case("B05")
@virtual
async def test_variables_are_set_in_as_few_requests_as_the_items_allow() -> None:
    store = MemoryStore()
    await store.record_variables("CS001", [row("itemspermessage", "3", instance="SETVARIABLES")], NOON)
    async with joined(make_csms(store)) as scene:
        sizes = serving_variables(scene.peer)
        results = await scene.station.provisioning.set_variables([setting(number) for number in range(7)])
        assert sizes == [3, 3, 1]  # B05.FR.11
        assert len(results) == 7


@pytest.mark.use_case("B05")
@virtual
async def test_no_request_is_larger_than_the_station_takes() -> None:
    frames: list[int] = []
    async with joined() as scene:
        sizes = serving_variables(
            scene.peer, {"ItemsPerMessage[SetVariables]": "100", "BytesPerMessage[SetVariables]": "1000"}
        )
        provisioning = scene.station.provisioning
        await provisioning.get_variables([limit("SetVariables"), limit("SetVariables", name="BytesPerMessage")])
        scene.pair._watch = lambda role, seen: frames.append(len(seen.data))
        await scene.pair.cut()
        scene.pair.connect()
        await asyncio.sleep(0)
        del sizes[:]
        await provisioning.set_variables([setting(number, "x" * 100) for number in range(20)])
        assert sizes == [5, 5, 5, 5]
        assert 850 < max(frames) <= 1000
        with pytest.raises(LocalProtocolError, match="at most 1000 bytes of SetVariables"):
            await provisioning.set_variables([setting(1), setting(2, "x" * 1000)])
        assert sum(sizes) == 20


@pytest.mark.use_case("B05")
@virtual
async def test_no_attribute_is_set_twice_in_a_request() -> None:
    async with joined() as scene:
        sizes = serving_variables(scene.peer)
        twice = [setting(1), setting(1, "2", attribute_type=AttributeEnumType.ACTUAL)]
        with pytest.raises(LocalProtocolError, match="each attribute once, found 'C' 'V1' twice"):
            await scene.station.provisioning.set_variables(twice)  # B05.FR.13
        await scene.station.provisioning.set_variables(
            [
                setting(1),
                setting(1, attribute_type=AttributeEnumType.TARGET),
                SetVariableDataType(component=component("C", 1), variable=variable("V1"), attribute_value="1"),
                SetVariableDataType(component=component("C", 1, 1), variable=variable("V1"), attribute_value="1"),
            ]
        )
        assert sizes == [1, 1, 1, 1]


@virtual
async def test_no_variables_are_no_request() -> None:
    async with joined() as scene:
        for verb in (scene.station.provisioning.get_variables, scene.station.provisioning.set_variables):
            with pytest.raises(LocalProtocolError, match="at least one variable"):
                await verb([])
        assert await refused(scene.station, GetVariablesRequest(get_variable_data=[getting(1)])) == "NotSupported"
        with pytest.raises(CallError):
            await scene.station.provisioning.get_variables([getting(1)])
