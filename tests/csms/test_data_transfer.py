"""Messages of vendors, to the CSMS and from it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec import UNSET

from csms.scene import joined, virtual
from ocpp21.csms import Station
from ocpp21.messages import DataTransferRequest, DataTransferResponse, DataTransferStatusEnumType, HeartbeatRequest

ACCEPTED = DataTransferStatusEnumType.ACCEPTED


@pytest.mark.use_case("P02")
@virtual
async def test_who_handles_a_message_is_found_by_vendor_and_message() -> None:
    async with joined() as scene:
        seen: list[tuple[str, Any]] = []

        @scene.csms.vendors.on("com.example", "bayBlocked")
        async def bay_blocked(station: Station, request: DataTransferRequest) -> DataTransferResponse:
            await asyncio.sleep(0)
            seen.append((station.identity, request.data))
            return DataTransferResponse(status=ACCEPTED)

        data = {"blocked_since": "2025-06-01T10:00:00", "a": [1, 2, {"b_c": None}]}
        request = DataTransferRequest(vendor_id="com.example", message_id="bayBlocked", data=data)
        assert await scene.peer.call(request) == DataTransferResponse(status=ACCEPTED)
        assert seen == [("CS001", data)]


@pytest.mark.use_case("P02")
@pytest.mark.parametrize(
    ("vendor_id", "message_id", "status"),
    [
        ("com.unknown", "echo", "UnknownVendorId"),  # P02.FR.06
        ("com.Example", "echo", "UnknownVendorId"),
        ("", None, "UnknownVendorId"),
        ("com.example", "nope", "UnknownMessageId"),  # P02.FR.07
        ("com.example", None, "UnknownMessageId"),
        ("com.example", "", "UnknownMessageId"),
        ("com.plain", None, "Accepted"),
        ("com.plain", "echo", "UnknownMessageId"),
    ],
)
@virtual
async def test_what_is_not_known_says_so(vendor_id: str, message_id: str | None, status: str) -> None:
    async with joined() as scene:

        @scene.csms.vendors.on("com.example", "echo")
        @scene.csms.vendors.on("com.plain")
        def echo(station: Station, request: DataTransferRequest) -> DataTransferResponse:
            return DataTransferResponse(status=ACCEPTED, data=request.data)

        request = DataTransferRequest(vendor_id=vendor_id, message_id=message_id, data=1)
        response = await scene.peer.call(request)
        assert response.status == status
        assert response.data == (1 if status == "Accepted" else UNSET)


@pytest.mark.use_case("P02")
@virtual
async def test_a_handler_that_fails_rejects_the_message() -> None:
    async with joined() as scene:

        @scene.csms.vendors.on("com.example")
        def fail(station: Station, request: DataTransferRequest) -> DataTransferResponse:
            raise ValueError("secret")

        response = await scene.peer.call(DataTransferRequest(vendor_id="com.example"))
        assert response.status is DataTransferStatusEnumType.REJECTED
        assert response.status_info is not None and response.status_info.reason_code == "InternalError"
        await scene.peer.call(HeartbeatRequest())


@pytest.mark.use_case("P01")
@virtual
async def test_a_message_to_the_station_is_an_ordinary_call() -> None:
    async with joined() as scene:

        @scene.peer.on(DataTransferRequest)
        def answer(request: DataTransferRequest) -> DataTransferResponse:
            return DataTransferResponse(status=ACCEPTED, data=request.data)

        for data in ("text", 42, True, None, [], {"a": {"b": [1]}}, UNSET):
            response = await scene.station.call(DataTransferRequest(vendor_id="com.example", data=data))
            assert response.data == data and type(response.data) is type(data)
