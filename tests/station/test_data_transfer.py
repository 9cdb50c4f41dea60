"""Data Transfer of the Charging Station: P01 and P02."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from ocpp21.errors import LocalProtocolError, SessionClosed
from ocpp21.messages import DataTransferRequest, DataTransferResponse, DataTransferStatusEnumType
from station.stations import PENDING, Csms, Site, play

ACCEPTED = DataTransferStatusEnumType.ACCEPTED
VENDOR = "com.example"


@pytest.mark.use_case("P01")
def test_to_the_station() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()

            async def ask(**members: Any) -> tuple[str, Any]:
                response = await site.csms.call(DataTransferRequest(**members))
                return response.status, response.data

            assert await ask(vendor_id="com.unknown") == ("UnknownVendorId", UNSET)

            @site.station.data_transfer.on(VENDOR, "echo")
            def echo(station: object, request: DataTransferRequest) -> DataTransferResponse:
                return DataTransferResponse(status=ACCEPTED, data=request.data)

            @site.station.data_transfer.on(VENDOR, "fail")
            async def fail(station: object, request: DataTransferRequest) -> DataTransferResponse:
                raise RuntimeError

            data = {"a": [1, 2, {"b_c": None}]}
            assert await ask(vendor_id=VENDOR, message_id="echo", data=data) == ("Accepted", data)
            assert await ask(vendor_id=VENDOR, message_id="echo") == ("Accepted", UNSET)
            assert await ask(vendor_id=VENDOR, message_id="nope") == ("UnknownMessageId", UNSET)
            assert await ask(vendor_id=VENDOR) == ("UnknownMessageId", UNSET)
            assert await ask(vendor_id=VENDOR, message_id="fail") == ("Rejected", UNSET)
            site.device_model.customization_ctrlr.custom_implementation_enabled[VENDOR].add(False)
            assert await ask(vendor_id=VENDOR, message_id="echo") == ("UnknownVendorId", UNSET)

    play(scenario)


@pytest.mark.use_case("P02")
@pytest.mark.parametrize("data", ["text", 42, True, None, [], {"a": {"b": [1]}}, UNSET])
def test_to_the_csms(data: Any) -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()

            @site.csms.on(DataTransferRequest)
            def take(request: DataTransferRequest) -> DataTransferResponse:
                return DataTransferResponse(status=ACCEPTED, data=request.data)

            answer = await site.station.data_transfer.transfer(VENDOR, "bayBlocked", data=data)
            assert answer == DataTransferResponse(status=ACCEPTED, data=data)
            assert site.csms.of(DataTransferRequest) == [
                DataTransferRequest(vendor_id=VENDOR, message_id="bayBlocked", data=data)
            ]

    play(scenario)


@pytest.mark.use_case("P02")
def test_nothing_is_sent_later() -> None:
    async def scenario() -> None:
        async with Site(Csms((PENDING, 1000))) as site:
            with pytest.raises(LocalProtocolError, match="found it not registered"):
                await site.station.data_transfer.transfer(VENDOR)
            await site.connected()
            with pytest.raises(LocalProtocolError, match="found it Pending"):
                await site.station.data_transfer.transfer(VENDOR)
        async with Site() as site:
            await site.connected()
            await site.pair.cut()
            with pytest.raises(SessionClosed):
                await site.station.data_transfer.transfer(VENDOR)

    play(scenario)
