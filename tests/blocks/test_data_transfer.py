"""Data Transfer (block P) over both roles, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest
from laboratory import IDENTITY, Laboratory, explore
from msgspec import UNSET

from ocpp21.csms import Registration, Settings
from ocpp21.errors import LocalProtocolError, SessionClosed
from ocpp21.messages import (
    ComponentType,
    DataTransferRequest,
    DataTransferResponse,
    DataTransferStatusEnumType,
    RegistrationStatusEnumType,
    SetVariableDataType,
    VariableType,
)

VENDOR = "com.example"
ACCEPTED, REJECTED, UNKNOWN_MESSAGE, UNKNOWN_VENDOR = DataTransferStatusEnumType


def echo(role: object, request: DataTransferRequest) -> DataTransferResponse:
    return DataTransferResponse(status=ACCEPTED, data=request.data)


#: Every JSON type, with keys and texts that nothing may convert; UNSET is no data at all.
DATA = [
    UNSET,
    None,
    True,
    42,
    1.5,
    "plain string",
    [],
    {"a": [1, 2, {"b_c": None}], "blockedSince": "2025-06-01T10:00:00"},
]


async def to_station(lab: Laboratory, message_id: str | None = "echo", **fields: Any) -> DataTransferResponse:
    request = DataTransferRequest(vendor_id=fields.pop("vendor_id", VENDOR), message_id=message_id, **fields)
    return await lab.csms[IDENTITY].call(request)


# P01


@pytest.mark.use_case("P01")
def test_to_a_station_that_knows_nobody() -> None:
    async def scenario(lab: Laboratory) -> None:
        answer = await to_station(lab, vendor_id="com.unknown", data=1)
        assert (answer.status, answer.data) == (UNKNOWN_VENDOR, UNSET)  # P01.FR.05

    explore(scenario)


@pytest.mark.use_case("P01")
@pytest.mark.parametrize("data", DATA)
def test_to_the_station_and_back(data: Any) -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.station.data_transfer.on(VENDOR, "echo")(echo)
        answer = await to_station(lab, data=data)
        assert answer.status == ACCEPTED and answer.data == data and type(answer.data) is type(data)

    explore(scenario)


# P01.FR.01, P02.FR.02: nothing but what a vendor has registered is handled.


@pytest.mark.use_case("P01")
def test_what_a_station_cannot_do() -> None:
    seen: list[DataTransferRequest] = []

    async def scenario(lab: Laboratory) -> None:
        vendor = lab.station.data_transfer

        @vendor.on(VENDOR, "refuse")
        async def refuse(role: object, request: DataTransferRequest) -> DataTransferResponse:
            seen.append(request)
            return DataTransferResponse(status=REJECTED, data={"why": 1})  # P01.FR.07

        @vendor.on(VENDOR, "fail")
        def fail(role: object, request: DataTransferRequest) -> DataTransferResponse:
            raise RuntimeError("broken")

        refused = await to_station(lab, "refuse")
        assert (refused.status, refused.data) == (REJECTED, {"why": 1})
        assert (await to_station(lab, "nope")).status == UNKNOWN_MESSAGE  # P01.FR.06
        assert (await to_station(lab, None)).status == UNKNOWN_MESSAGE
        failed = await to_station(lab, "fail")
        assert failed.status == REJECTED and failed.status_info is not None
        assert failed.status_info.reason_code == "InternalError"
        assert (await to_station(lab, "refuse")).status == REJECTED  # the next one works
        with pytest.raises(LocalProtocolError):
            await to_station(lab, "refuse", vendor_id="v" * 256)
        assert len(seen) == 2

    explore(scenario)


@pytest.mark.use_case("P01")
def test_the_csms_switches_an_extension_off() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.station.data_transfer.on(VENDOR, "echo")(echo)
        lab.station.device_model.customization_ctrlr.custom_implementation_enabled[VENDOR].add(True)
        for value, status in (("false", UNKNOWN_VENDOR), ("true", ACCEPTED)):
            data = SetVariableDataType(
                component=ComponentType(name="CustomizationCtrlr"),
                variable=VariableType(name="CustomImplementationEnabled", instance=VENDOR),
                attribute_value=value,
            )
            (result,) = await lab.csms[IDENTITY].provisioning.set_variables([data])
            assert str(result.attribute_status) == "Accepted"
            assert (await to_station(lab)).status == status

    explore(scenario)


# P02


@pytest.mark.use_case("P02")
@pytest.mark.parametrize("data", DATA)
def test_to_the_csms_and_back(data: Any) -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.csms.vendors.on(VENDOR, "bayBlocked")(echo)
        answer = await lab.station.data_transfer.transfer(VENDOR, "bayBlocked", data=data)
        assert answer.status == ACCEPTED and answer.data == data and type(answer.data) is type(data)

    lab = explore(scenario)
    (request,) = lab.messages(DataTransferRequest)
    assert request.data == data


@pytest.mark.use_case("P02")
def test_what_a_csms_cannot_do() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.csms.vendors.on(VENDOR, "bayBlocked")(echo)
        transfer = lab.station.data_transfer.transfer
        unknown = await transfer("com.unknown", data=1)
        assert (unknown.status, unknown.data) == (UNKNOWN_VENDOR, UNSET)  # P02.FR.06
        assert (await transfer(VENDOR, "nope")).status == UNKNOWN_MESSAGE  # P02.FR.07
        assert (await transfer(VENDOR)).status == UNKNOWN_MESSAGE

    explore(scenario)


@pytest.mark.use_case("P02")
def test_nothing_is_said_before_the_station_is_accepted_or_while_it_is_offline() -> None:
    decisions = [RegistrationStatusEnumType.PENDING, RegistrationStatusEnumType.ACCEPTED]

    def register(station: object, boot: object) -> Registration:
        return Registration(decisions.pop(0), interval_s=10)

    async def scenario(lab: Laboratory) -> None:
        lab.csms.vendors.on(VENDOR)(echo)
        transfer = lab.station.data_transfer.transfer
        with pytest.raises(LocalProtocolError):
            await transfer(VENDOR)
        await lab.connect()
        await lab.quiet(1)
        with pytest.raises(LocalProtocolError):
            await transfer(VENDOR)
        await lab.station.provisioning.accepted()
        assert (await transfer(VENDOR)).status == ACCEPTED
        await lab.go_offline()
        with pytest.raises(SessionClosed):
            await transfer(VENDOR)
        await lab.go_online()
        await lab.quiet(60)

    lab = explore(scenario, is_connected=False, settings=Settings(inventory=None, register=register))
    assert len(lab.messages(DataTransferRequest)) == 1
