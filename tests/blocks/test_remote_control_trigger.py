"""Remote Control (block F) over both roles: messages that the CSMS asks for (F06)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from laboratory import TOKEN, Laboratory, explore

from ocpp21.csms import (
    ConnectorStatusChanged,
    FirmwareStatusReceived,
    LogStatusReceived,
    MeterValuesReceived,
    Registration,
    Settings,
)
from ocpp21.errors import CallError, LocalProtocolError
from ocpp21.messages import (
    BootNotificationRequest,
    DataTransferRequest,
    DataTransferResponse,
    DataTransferStatusEnumType,
    EVSEType,
    FirmwareStatusNotificationRequest,
    HeartbeatRequest,
    LogStatusNotificationRequest,
    MessageTriggerEnumType,
    MeterValuesRequest,
    NotifyEventRequest,
    ReadingContextEnumType,
    RegistrationStatusEnumType,
    StatusInfoType,
    StatusNotificationRequest,
    TriggerMessageRequest,
)
from ocpp21.simulator import wallbox
from ocpp21.station import ChargingStation
from ocpp21.station.hardware import Fault
from ocpp21.station.triggered import Sending

QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}
CONNECTED = {**QUIET, "tx_ctrlr.tx_start_point": ("EVConnected",), "tx_ctrlr.tx_stop_point": ("EVConnected",)}
Trigger = MessageTriggerEnumType


async def trigger(lab: Laboratory, message: Trigger, **options: Any) -> tuple[str, str | None]:
    """Ask for a message; nothing that the station has said before counts from now on."""
    await lab.quiet()
    lab.said.clear()
    lab.frames.clear()
    response = await lab.csms["CS001"].remote_control.trigger_message(message, **options)
    await lab.quiet()
    return str(response.status), response.status_info and response.status_info.reason_code


def answer_came_first(lab: Laboratory) -> bool:
    """Whether the station answered before it said anything else (F06.FR.04)."""
    out = [frame.data for frame in lab.frames if frame.side == "CS" and frame.direction == "out"]
    return out[0].startswith(b"[3") and len(out) > 1


@pytest.mark.use_case("F06", "G02")
def test_heartbeat() -> None:
    async def scenario(lab: Laboratory) -> None:
        for evse_id in (None, 99):  # F06.FR.03
            assert await trigger(lab, Trigger.HEARTBEAT, evse_id=evse_id) == ("Accepted", None)
            assert lab.messages(HeartbeatRequest) and answer_came_first(lab)  # F06.FR.10
            (request,) = lab.messages(TriggerMessageRequest, "CSMS")
            assert request.requested_message == "Heartbeat"  # F06.FR.01

    explore(scenario)


@pytest.mark.use_case("F06")
@pytest.mark.parametrize(("evse_id", "reported"), [(None, [0, 1, 2]), (1, [1]), (2, [2])])
def test_meter_values(evse_id: int | None, reported: list[int]) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(2)
        await lab.present(TOKEN, 2)
        await lab.quiet(600)
        seen: list[MeterValuesReceived] = []
        lab.csms.subscribe(seen.append, MeterValuesReceived)
        assert await trigger(lab, Trigger.METER_VALUES, evse_id=evse_id) == ("Accepted", None)
        assert answer_came_first(lab)
        requests = lab.messages(MeterValuesRequest)
        assert [request.evse_id for request in requests] == reported  # F06.FR.11
        assert [event.request for event in seen] == requests
        for request in requests:
            (meter_value,) = request.meter_value
            sampled = meter_value.sampled_value
            assert {value.context for value in sampled} == {ReadingContextEnumType.TRIGGER}
            if request.evse_id == 2:  # F06.FR.09: as it is now
                assert max(value.value for value in sampled) == pytest.approx(float(lab.delivered_wh(2)), rel=0.01)

    explore(scenario, facts=wallbox(evses=2), variables=CONNECTED)


@pytest.mark.use_case("F06")
def test_meter_values_where_there_are_none() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert await trigger(lab, Trigger.METER_VALUES) == ("Accepted", None)  # no measurands are configured
        (value,) = lab.messages(MeterValuesRequest)[1].meter_value[0].sampled_value
        assert value.measurand in (None, "Energy.Active.Import.Register")
        assert await trigger(lab, Trigger.METER_VALUES, evse_id=9) == ("Rejected", "UnknownEvse")
        lab.hardware.raise_fault(Fault.METER_FAILURE, 1)
        assert await trigger(lab, Trigger.METER_VALUES, evse_id=1) == ("Rejected", "Unspecified")
        assert not lab.messages(MeterValuesRequest)
        assert await trigger(lab, Trigger.METER_VALUES) == ("Accepted", None)
        assert [request.evse_id for request in lab.messages(MeterValuesRequest)] == [0]

    explore(scenario)


@pytest.mark.use_case("F06")
def test_transaction_event() -> None:
    async def scenario(lab: Laboratory) -> None:
        for evse_id in (1, 2):
            await lab.plug_in(evse_id)
            await lab.present(TOKEN, evse_id)
        await lab.quiet(60)
        assert await trigger(lab, Trigger.TRANSACTION_EVENT, evse_id=2) == ("Accepted", None)
        assert answer_came_first(lab) and lab.told == [("Updated", "Trigger", "Charging")]  # F06.FR.07
        assert lab.events[0].evse == EVSEType(id=2, connector_id=1)
        assert await trigger(lab, Trigger.TRANSACTION_EVENT) == ("Accepted", None)
        assert lab.told == [("Updated", "Trigger", "Charging")] * 2
        assert [event.evse for event in lab.events] == [EVSEType(id=1, connector_id=1), EVSEType(id=2, connector_id=1)]
        for event in lab.events:
            contexts = {value.context for meter in event.meter_value or () for value in meter.sampled_value}
            assert contexts == {ReadingContextEnumType.TRIGGER}
        assert len({event.transaction_info.transaction_id for event in lab.events}) == 2

    explore(scenario, facts=wallbox(evses=2), variables=CONNECTED)


@pytest.mark.use_case("F06")
def test_transaction_event_without_a_transaction() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert await trigger(lab, Trigger.TRANSACTION_EVENT) == ("Rejected", "TxNotFound")
        await lab.plug_in()
        assert await trigger(lab, Trigger.TRANSACTION_EVENT, evse_id=2) == ("Rejected", "TxNotFound")
        assert await trigger(lab, Trigger.TRANSACTION_EVENT, evse_id=9) == ("Rejected", "UnknownEvse")
        assert not lab.events

    explore(scenario, facts=wallbox(evses=2), variables=CONNECTED)


@pytest.mark.use_case("F06")
def test_a_transaction_that_has_no_evse_yet() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present(TOKEN, None)
        assert await trigger(lab, Trigger.TRANSACTION_EVENT) == ("Accepted", None)
        assert lab.told == [("Updated", "Trigger", "Idle")] and lab.events[0].meter_value is None

    variables = {**QUIET, "tx_ctrlr.tx_start_point": ("Authorized",)}
    explore(scenario, facts=wallbox(evses=2), variables=variables)


@pytest.mark.use_case("F06")
def test_transaction_events_are_queued_when_the_link_drops() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        control = lab.station.transactions.control(1)
        await lab.go_offline()
        await control.step(partial(control.telling.report, lab.station.now()))
        await lab.go_online()

    lab = explore(scenario, variables=CONNECTED)
    assert lab.told[-1] == ("Updated", "Trigger", "EVConnected") and lab.events[-1].offline


@pytest.mark.use_case("F06", "G01")
@pytest.mark.parametrize("is_occupied", [False, True])
def test_status_notification(is_occupied: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        if is_occupied:
            await lab.plug_in(2, 1)
        status = await trigger(lab, Trigger.STATUS_NOTIFICATION, evse_id=2, connector_id=1)
        assert status == ("Accepted", None) and answer_came_first(lab)
        (report,) = lab.messages(StatusNotificationRequest)
        assert (report.evse_id, report.connector_id) == (2, 1)
        assert report.connector_status == ("Occupied" if is_occupied else "Available")

    explore(scenario, facts=wallbox(evses=2))


@pytest.mark.use_case("F06")
def test_status_notification_of_no_connector() -> None:
    async def scenario(lab: Laboratory) -> None:
        for options in ({}, {"evse_id": 1}):
            with pytest.raises(LocalProtocolError):  # F06.FR.13
                await trigger(lab, Trigger.STATUS_NOTIFICATION, **options)
            evse = EVSEType(id=1) if options else None
            request = TriggerMessageRequest(requested_message=Trigger.STATUS_NOTIFICATION, evse=evse)
            response = await lab.csms["CS001"].call(request)
            assert response.status == "Rejected" and response.status_info is not None  # F06.FR.12
            assert response.status_info.reason_code == "MissingParam"
        for place, reason in (((9, 1), "UnknownEvse"), ((1, 9), "UnknownConnectorId")):
            status = await trigger(lab, Trigger.STATUS_NOTIFICATION, evse_id=place[0], connector_id=place[1])
            assert status == ("Rejected", reason)
        assert not lab.messages(StatusNotificationRequest)

    explore(scenario)


@pytest.mark.use_case("F06")
def test_logs_and_firmware_are_idle() -> None:
    async def scenario(lab: Laboratory) -> None:
        seen: list[Any] = []
        lab.csms.subscribe(seen.append, LogStatusReceived, FirmwareStatusReceived)
        assert await trigger(lab, Trigger.LOG_STATUS_NOTIFICATION) == ("Accepted", None)
        assert lab.messages(LogStatusNotificationRequest) == [LogStatusNotificationRequest(status="Idle")]  # F06.FR.15
        assert await trigger(lab, Trigger.FIRMWARE_STATUS_NOTIFICATION) == ("Accepted", None)
        requests = lab.messages(FirmwareStatusNotificationRequest)
        assert requests == [FirmwareStatusNotificationRequest(status="Idle")]  # F06.FR.16
        assert [str(event.request.status) for event in seen] == ["Idle", "Idle"]

    explore(scenario)


@pytest.mark.use_case("F06")
@pytest.mark.parametrize(
    "message",
    [
        Trigger.SIGN_V2G_CERTIFICATE,
        Trigger.SIGN_V2G20_CERTIFICATE,
        Trigger.SIGN_COMBINED_CERTIFICATE,
        Trigger.PUBLISH_FIRMWARE_STATUS_NOTIFICATION,
    ],
)
def test_what_is_not_implemented(message: Trigger) -> None:
    async def scenario(lab: Laboratory) -> None:
        assert await trigger(lab, message) == ("NotImplemented", None)  # F06.FR.08
        assert len(lab.said) == 1

    explore(scenario)


@pytest.mark.use_case("F06")
def test_a_block_offers_more() -> None:
    async def refuse(station: ChargingStation, evse: EVSEType | None) -> StatusInfoType:
        return StatusInfoType(reason_code="FwUpdateInProgress")

    async def scenario(lab: Laboratory) -> None:
        lab.station.remote_control.offer_trigger(Trigger.HEARTBEAT, refuse)
        assert await trigger(lab, Trigger.HEARTBEAT) == ("Rejected", "FwUpdateInProgress")  # F06.FR.05
        assert not lab.messages(HeartbeatRequest)
        with pytest.raises(LocalProtocolError):
            lab.station.remote_control.offer_trigger(Trigger.CUSTOM_TRIGGER, refuse)

    explore(scenario)


@pytest.mark.use_case("F06")
def test_boot_notification_of_a_station_that_is_accepted() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert await trigger(lab, Trigger.BOOT_NOTIFICATION) == ("Rejected", "NoError")  # F06.FR.17
        assert not lab.messages(BootNotificationRequest)

    explore(scenario)


@pytest.mark.use_case("F06", "B02")
def test_a_station_that_is_pending() -> None:
    statuses = [RegistrationStatusEnumType.PENDING, RegistrationStatusEnumType.PENDING]

    def register(station: object, boot: BootNotificationRequest) -> Registration:
        status = statuses.pop() if statuses else RegistrationStatusEnumType.ACCEPTED
        return Registration(status=status, interval_s=3600)

    async def scenario(lab: Laboratory) -> None:
        await lab.connect()
        assert await trigger(lab, Trigger.METER_VALUES, evse_id=1) == ("Accepted", None)
        assert lab.messages(MeterValuesRequest)
        assert await trigger(lab, Trigger.STATUS_NOTIFICATION, evse_id=1, connector_id=1) == ("Accepted", None)
        assert lab.messages(StatusNotificationRequest)
        assert await trigger(lab, Trigger.TRANSACTION_EVENT) == ("Rejected", "CSNotAccepted")
        for status in ("Pending", "Accepted"):  # before its interval
            assert await trigger(lab, Trigger.BOOT_NOTIFICATION) == ("Accepted", None)
            (boot,) = lab.messages(BootNotificationRequest)
            assert boot.reason == "Triggered" and answer_came_first(lab)
            assert lab.station.provisioning.status == status
        assert all(frame.verdict == "ok" and not frame.data.startswith(b"[4") for frame in lab.frames)

    explore(scenario, is_connected=False, settings=Settings(inventory=None, register=register))


CUSTOM = DataTransferRequest(vendor_id="example", message_id="report")


async def custom(station: ChargingStation, evse: EVSEType | None) -> Sending:
    return partial(station.call, CUSTOM)


@pytest.mark.use_case("F06")
def test_custom_triggers() -> None:
    async def scenario(lab: Laboratory) -> None:
        remote_control = lab.station.remote_control
        lab.csms.vendors.on("example", "report")(
            lambda role, request: DataTransferResponse(status=DataTransferStatusEnumType.ACCEPTED)
        )
        assert await trigger(lab, Trigger.CUSTOM_TRIGGER, custom_trigger="first") == ("NotImplemented", None)
        remote_control.offer_custom_triggers({"first": custom, "second": custom})
        names = lab.station.device_model.customization_ctrlr.custom_triggers
        assert names.value == ("first", "second")
        assert await trigger(lab, Trigger.CUSTOM_TRIGGER, custom_trigger="second") == ("Accepted", None)  # F06.FR.18
        assert lab.messages(DataTransferRequest) == [CUSTOM] and answer_came_first(lab)  # F06.FR.20
        assert await trigger(lab, Trigger.CUSTOM_TRIGGER, custom_trigger="third") == ("NotImplemented", None)
        assert not lab.messages(DataTransferRequest)  # F06.FR.19
        for wrong in ("third", "x" * 51):
            with pytest.raises(LocalProtocolError):
                remote_control.offer_custom_triggers({wrong: custom})
        assert names.value == ("first", "second")
        for message, name in ((Trigger.CUSTOM_TRIGGER, None), (Trigger.HEARTBEAT, "first")):
            with pytest.raises(LocalProtocolError):
                await trigger(lab, message, custom_trigger=name)
        for kind, name, status in (("CustomTrigger", None, "NotImplemented"), ("Heartbeat", "first", "Accepted")):
            request = TriggerMessageRequest(requested_message=Trigger(kind), custom_trigger=name)
            assert (await lab.csms["CS001"].call(request)).status == status
        remote_control.offer_custom_triggers({"first": custom})
        assert names.value == ("first",)
        assert await trigger(lab, Trigger.CUSTOM_TRIGGER, custom_trigger="second") == ("NotImplemented", None)

    explore(scenario)


@pytest.mark.use_case("F06")
def test_what_is_triggered_may_be_refused() -> None:
    async def scenario(lab: Laboratory) -> None:
        role = lab.csms["CS001"]

        @role.on(HeartbeatRequest)
        def refuse(request: HeartbeatRequest) -> Any:
            raise CallError("GenericError", "no")

        role.on(LogStatusNotificationRequest)(refuse)
        assert await trigger(lab, Trigger.HEARTBEAT) == ("Accepted", None)
        assert await trigger(lab, Trigger.LOG_STATUS_NOTIFICATION) == ("Accepted", None)
        assert lab.messages(LogStatusNotificationRequest)

    explore(scenario)


@pytest.mark.use_case("F06")
def test_normal_reports_go_on() -> None:
    async def scenario(lab: Laboratory) -> None:
        changes: list[ConnectorStatusChanged] = []
        lab.csms.subscribe(changes.append, ConnectorStatusChanged)
        await trigger(lab, Trigger.STATUS_NOTIFICATION, evse_id=1, connector_id=1)
        await lab.plug_in()
        assert [str(change.report.connector_status) for change in changes][-1:] == ["Occupied"]
        assert lab.messages(NotifyEventRequest)

    explore(scenario)
