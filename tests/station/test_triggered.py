"""Messages that were asked for: what they carry, and that they follow the answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp21.device_model import DeviceModel, EvseLayout
from ocpp21.device_model.minimal import complete
from ocpp21.messages import (
    ChangeAvailabilityRequest,
    EVSEType,
    HeartbeatRequest,
    MessageTriggerEnumType,
    MeterValuesRequest,
    MeterValuesResponse,
    NotifyEventRequest,
    OperationalStatusEnumType,
    StatusNotificationRequest,
    TriggerMessageRequest,
)
from ocpp21.station import ChargingStation
from ocpp21.station.remote_control import RemoteControl
from ocpp21.wire import Message, Request
from station.stations import Site, play

MEASURANDS = ("Energy.Active.Import.Register", "Power.Active.Import", "Voltage")


@pytest.mark.use_case("F06")
def test_all_measurands_of_the_clock_aligned_data() -> None:
    model = DeviceModel()
    model.aligned_data_ctrlr.measurands.add(MEASURANDS[1:], values_list=MEASURANDS)
    complete(model, (EvseLayout(), EvseLayout()))

    async def scenario() -> None:
        async with Site(device_model=model) as site:
            await site.connected()
            site.csms.on(MeterValuesRequest)(lambda request: MeterValuesResponse())
            await site.csms.call(TriggerMessageRequest(requested_message=MessageTriggerEnumType.METER_VALUES))
            await asyncio.sleep(1)
            requests = site.csms.of(MeterValuesRequest)
            assert [request.evse_id for request in requests] == [0, 1, 2]  # F06.FR.06
            for request in requests:
                found = {value.measurand for value in request.meter_value[0].sampled_value}
                assert found <= set(MEASURANDS[1:]) and "Power.Active.Import" in found

    play(scenario)


async def dawdle(station: ChargingStation, message: Message, proceed: Any) -> Any:
    """A middleware that takes its time with the answer."""
    answer = await proceed(message)
    await asyncio.sleep(5)
    return answer


@pytest.mark.use_case("F06", "G03")
@pytest.mark.parametrize(
    ("request_", "follows"),
    [
        (TriggerMessageRequest(requested_message=MessageTriggerEnumType.HEARTBEAT), HeartbeatRequest),
        (
            ChangeAvailabilityRequest(operational_status=OperationalStatusEnumType.INOPERATIVE, evse=EVSEType(id=1)),
            NotifyEventRequest,
        ),
    ],
)
def test_it_follows_the_answer(request_: Request[Any], follows: type[Message]) -> None:
    async def scenario() -> None:
        async with Site(incoming=[dawdle]) as site:
            await site.connected(10)
            site.csms.forget()
            response = await site.csms.call(request_)
            assert response.status == "Accepted" and not site.csms.of(follows)
            await asyncio.sleep(1)
            assert site.csms.of(follows)

    play(scenario)


@pytest.mark.use_case("F06")
@pytest.mark.parametrize(
    ("evse", "reported"),
    [
        (None, [(1, 1), (2, 1)]),
        (EVSEType(id=2), [(2, 1)]),
        (EVSEType(id=1, connector_id=1), [(1, 1)]),
        (EVSEType(id=9), None),
        (EVSEType(id=1, connector_id=9), None),
    ],
)
def test_all_connectors_that_may_be_meant(evse: EVSEType | None, reported: list[tuple[int, int]] | None) -> None:
    class Talkative(RemoteControl):
        reports_all_connectors = True

    async def scenario() -> None:
        async with Site(blocks={"remote_control": Talkative}) as site:
            await site.connected()
            kind = MessageTriggerEnumType.STATUS_NOTIFICATION
            response = await site.csms.call(TriggerMessageRequest(requested_message=kind, evse=evse))
            assert response.status == ("Rejected" if reported is None else "Accepted")
            await asyncio.sleep(1)
            reports = site.csms.of(StatusNotificationRequest)
            assert [(report.evse_id, report.connector_id) for report in reports] == (reported or [])  # F06.FR.11

    play(scenario)
