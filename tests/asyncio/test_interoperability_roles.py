"""Our roles beside the incumbent, the package ``ocpp``, over real sockets: blocks F and G, and E14.

Not messages alone, as in ``test_interoperability.py``, but what is to come of them: it plays the CSMS of our station,
and then the station of our CSMS.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from incumbent import NOW, TOKEN, Payload, Theirs, our_csms, our_station, transaction_event
from ocpp.v21 import call, call_result

from ocpp21.csms import EventNotified
from ocpp21.messages import (
    DataTransferRequest,
    EVSEType,
    IdTokenType,
    MessageTriggerEnumType,
    OperationalStatusEnumType,
)
from ocpp21.simulator import EV
from ocpp21.station import ChargingStation
from ocpp21.station.triggered import Sending


def is_state(value: str, evse_id: int = 1) -> Callable[[dict[str, Any]], bool]:
    """Whether a NotifyEvent says so of a connector."""

    def is_it(payload: dict[str, Any]) -> bool:
        (event,) = payload["event_data"]
        return bool(event["component"]["evse"]["id"] == evse_id and event["actual_value"] == value)

    return is_it


@pytest.mark.use_case("F01", "F03", "F05", "E14")
@pytest.mark.parametrize("authorizes", [False, True])
async def test_our_station_starts_and_stops(authorizes: bool) -> None:
    async with our_station({"auth_ctrlr.authorize_remote_start": authorizes}) as (csms, hardware, _):
        hardware.plug_in(1, 1, EV())
        started = await csms.next("TransactionEvent")
        transaction_id = started["transaction_info"]["transaction_id"]
        request = call.RequestStartTransaction(id_token=TOKEN, remote_start_id=7, evse_id=1)
        answer = await csms.ask(request)
        assert (answer.status, answer.transaction_id) == ("Accepted", transaction_id)
        if authorizes:
            assert (await csms.next("Authorize"))["id_token"] == TOKEN
        event = await csms.next("TransactionEvent")
        assert event["trigger_reason"] == "RemoteStart" and event["transaction_info"]["remote_start_id"] == 7
        assert (await csms.next("TransactionEvent"))["transaction_info"]["charging_state"] == "Charging"
        assert (await csms.ask(request)).status == "Rejected"
        assert (
            await csms.ask(call.UnlockConnector(evse_id=1, connector_id=1))
        ).status == "OngoingAuthorizedTransaction"
        status = await csms.ask(call.GetTransactionStatus(transaction_id=transaction_id))
        assert (status.ongoing_indicator, status.messages_in_queue) == (True, False)
        assert (await csms.ask(call.RequestStopTransaction(transaction_id="none"))).status == "Rejected"
        assert (await csms.ask(call.RequestStopTransaction(transaction_id=transaction_id))).status == "Accepted"
        assert (await csms.next("TransactionEvent"))["trigger_reason"] == "RemoteStop"
        assert (await csms.next("TransactionEvent"))["transaction_info"]["charging_state"] == "EVConnected"
        assert (await csms.ask(call.UnlockConnector(evse_id=1, connector_id=1))).status == "Unlocked"
        assert (await csms.ask(call.UnlockConnector(evse_id=1, connector_id=9))).status == "UnknownConnector"
        hardware.unplug(1, 1)
        ended = await csms.next("TransactionEvent")
        assert ended["event_type"] == "Ended" and ended["transaction_info"]["stopped_reason"] == "Remote"
        status = await csms.ask(call.GetTransactionStatus())
        assert status.ongoing_indicator is None


@pytest.mark.use_case("F02")
async def test_our_station_starts_before_the_cable() -> None:
    async with our_station({"auth_ctrlr.authorize_remote_start": False}) as (csms, hardware, _):
        answer = await csms.ask(call.RequestStartTransaction(id_token=TOKEN, remote_start_id=8, evse_id=2))
        assert (answer.status, answer.transaction_id) == ("Accepted", None)
        hardware.plug_in(2, 1, EV())
        started = await csms.next("TransactionEvent")
        assert (started["event_type"], started["trigger_reason"]) == ("Started", "RemoteStart")
        assert started["transaction_info"]["remote_start_id"] == 8 and started["evse"] == {"id": 2, "connector_id": 1}


@pytest.mark.use_case("F06")
async def test_our_station_sends_what_it_is_asked_for() -> None:
    async def custom(station: ChargingStation, evse: EVSEType | None) -> Sending:
        return lambda: station.call(DataTransferRequest(vendor_id="example"))

    async with our_station() as (csms, hardware, station):
        hardware.plug_in(1, 1, EV())
        await csms.next("TransactionEvent")
        station.remote_control.offer_custom_triggers({"report": custom})
        place = {"id": 1, "connector_id": 1}
        expected: list[tuple[str, dict[str, Any], str | None]] = [
            ("Heartbeat", {}, "Heartbeat"),
            ("MeterValues", {"evse": {"id": 1}}, "MeterValues"),
            ("TransactionEvent", {"evse": {"id": 1}}, "TransactionEvent"),
            ("StatusNotification", {"evse": place}, "StatusNotification"),
            ("LogStatusNotification", {}, "LogStatusNotification"),
            ("FirmwareStatusNotification", {}, "FirmwareStatusNotification"),
            ("CustomTrigger", {"custom_trigger": "report"}, "DataTransfer"),
            ("CustomTrigger", {"custom_trigger": "other"}, None),
            ("BootNotification", {}, None),
            ("SignV2GCertificate", {}, None),
            ("SignV2G20Certificate", {}, None),
            ("SignCombinedCertificate", {}, None),
            ("PublishFirmwareStatusNotification", {}, None),
        ]
        statuses = {}
        for message, options, sent in expected:
            answer = await csms.ask(call.TriggerMessage(requested_message=message, **options))
            statuses[message] = answer.status
            assert (answer.status == "Accepted") is (sent is not None), message
            if sent is not None:
                await csms.next(sent)
        assert statuses["BootNotification"] == "Rejected" and statuses["SignV2GCertificate"] == "NotImplemented"


@pytest.mark.use_case("G01", "G03", "G04")
async def test_our_station_goes_out_of_service() -> None:
    async with our_station() as (csms, hardware, _):
        for evse_id in (1, 2):
            await csms.next("NotifyEvent", is_state("Available", evse_id))
        answer = await csms.ask(call.ChangeAvailability(operational_status="Inoperative", evse={"id": 1}))
        assert answer.status == "Accepted"
        await csms.next("NotifyEvent", is_state("Unavailable", 1))
        hardware.plug_in(2, 1, EV())
        await csms.next("NotifyEvent", is_state("Occupied", 2))
        await csms.next("TransactionEvent")
        assert (await csms.ask(call.ChangeAvailability(operational_status="Inoperative"))).status == "Scheduled"
        answer = await csms.ask(call.ChangeAvailability(operational_status="Inoperative", evse={"id": 9}))
        assert answer.status == "Rejected"
        hardware.unplug(2, 1)
        await csms.next("NotifyEvent", is_state("Unavailable", 2))
        assert (await csms.ask(call.ChangeAvailability(operational_status="Operative"))).status == "Accepted"
        await csms.next("NotifyEvent", is_state("Available", 2))
        answer = await csms.ask(
            call.ChangeAvailability(operational_status="Operative", evse={"id": 1, "connector_id": 1})
        )
        assert answer.status == "Accepted"


def start_transaction(peer: Theirs, payload: Payload) -> Any:
    if payload.get("evse_id") == 9:
        return call_result.RequestStartTransaction(status="Rejected", status_info={"reason_code": "UnknownEvse"})
    remote_start_id = payload["remote_start_id"]
    peer.soon(transaction_event("Started", "RemoteStart", 0, id_token=TOKEN, remote_start_id=remote_start_id))
    return call_result.RequestStartTransaction(status="Accepted")


def stop_transaction(peer: Theirs, payload: Payload) -> Any:
    peer.soon(transaction_event("Ended", "RemoteStop", 1, stopped_reason="Remote"))
    return call_result.RequestStopTransaction(status="Accepted")


def unlock(peer: Theirs, payload: Payload) -> Any:
    return call_result.UnlockConnector(status="UnlockFailed", status_info={"reason_code": "FixedCable"})


def trigger(peer: Theirs, payload: Payload) -> Any:
    meter_value = [{"timestamp": NOW, "sampled_value": [{"value": 1.5}]}]
    messages = {
        "StatusNotification": call.StatusNotification(
            timestamp=NOW, connector_status="Faulted", evse_id=1, connector_id=1
        ),
        "LogStatusNotification": call.LogStatusNotification(status="Idle"),
        "FirmwareStatusNotification": call.FirmwareStatusNotification(status="Idle"),
        "MeterValues": call.MeterValues(evse_id=1, meter_value=meter_value),
    }
    peer.soon(messages.get(payload["requested_message"], call.Heartbeat()))
    return call_result.TriggerMessage(status="Accepted")


def change_availability(peer: Theirs, payload: Payload) -> Any:
    peer.soon(
        notify_event("Connector", "AvailabilityState", "Unavailable"),
        notify_event("ConnectorPlugRetentionLock", "Problem", "true"),
    )
    return call_result.ChangeAvailability(status="Scheduled")


def transaction_status(peer: Theirs, payload: Payload) -> Any:
    is_of_one = "transaction_id" in payload
    return call_result.GetTransactionStatus(messages_in_queue=is_of_one, ongoing_indicator=is_of_one or None)


def accept_all(peer: Theirs) -> None:
    """Let a station of theirs do what it is asked for."""
    answers = {
        "RequestStartTransaction": start_transaction,
        "RequestStopTransaction": stop_transaction,
        "UnlockConnector": unlock,
        "TriggerMessage": trigger,
        "ChangeAvailability": change_availability,
        "GetTransactionStatus": transaction_status,
    }
    peer.answers.update({name: partial(answer, peer) for name, answer in answers.items()})


def notify_event(component: str, variable: str, value: str) -> Any:
    event = {
        "event_id": 1,
        "timestamp": NOW,
        "trigger": "Delta",
        "actual_value": value,
        "event_notification_type": "HardWiredNotification",
        "component": {"name": component, "evse": {"id": 1, "connector_id": 1}},
        "variable": {"name": variable},
    }
    return call.NotifyEvent(generated_at=NOW, seq_no=0, event_data=[event])


@pytest.mark.use_case("F01", "F03", "E14")
async def test_our_csms_starts_and_stops() -> None:
    async with our_csms() as (peer, station):
        accept_all(peer)
        token = IdTokenType(**TOKEN)
        await station.csms.tokens.put(token)
        group = IdTokenType(id_token="G", type="Central")
        start = await station.remote_control.request_start_transaction(token, evse_id=1, group_id_token=group)
        assert start.is_accepted and start.transaction is not None and start.transaction.transaction_id == "T1"
        assert peer.received[-1][1] == {
            "id_token": TOKEN,
            "group_id_token": {"id_token": "G", "type": "Central"},
            "evse_id": 1,
            "remote_start_id": start.remote_start_id,
        }
        refused = await station.remote_control.request_start_transaction(token, evse_id=9)
        assert not refused.is_accepted and refused.status_info is not None and refused.transaction is None
        status = await station.transactions.get_transaction_status("T1")
        assert (status.is_ongoing, status.has_messages) == (True, True)
        stop = await station.remote_control.request_stop_transaction("T1")
        assert stop.transaction is not None and stop.transaction.is_ended
        assert stop.transaction.stopped_reason == "Remote"
        status = await station.transactions.get_transaction_status()
        assert (status.is_ongoing, status.has_messages) == (None, False)


@pytest.mark.use_case("F05", "F06")
async def test_our_csms_unlocks_and_asks_for_messages() -> None:
    async with our_csms() as (peer, station):
        accept_all(peer)
        response = await station.remote_control.unlock_connector(1, 1)
        assert response.status == "UnlockFailed" and response.status_info is not None
        for message in MessageTriggerEnumType:
            options: dict[str, Any] = {"evse_id": 1, "connector_id": 1}
            if message is MessageTriggerEnumType.CUSTOM_TRIGGER:
                options = {"custom_trigger": "Custom2", "evse_id": 1}
            assert (await station.remote_control.trigger_message(message, **options)).status == "Accepted"
            assert peer.received[-1][1]["requested_message"] == message
        assert peer.received[-1][1] == {
            "requested_message": "CustomTrigger",
            "custom_trigger": "Custom2",
            "evse": {"id": 1},
        }
        await peer.sent()  # all that was triggered is answered
        assert station.availability.connectors[1, 1].connector_status == "Faulted"


@pytest.mark.use_case("G03", "G04", "G05")
async def test_our_csms_takes_things_out_of_service() -> None:
    async with our_csms() as (peer, station):
        accept_all(peer)
        seen: list[EventNotified] = []
        station.csms.subscribe(seen.append, EventNotified)
        out = OperationalStatusEnumType.INOPERATIVE
        for options in ({}, {"evse_id": 1}, {"evse_id": 1, "connector_id": 2}):
            response = await station.availability.change_availability(out, **options)
            assert response.status == "Scheduled"
        assert [payload.get("evse") for _, payload in peer.received] == [None, {"id": 1}, {"id": 1, "connector_id": 2}]
        await peer.sent()
        assert station.availability.connectors[1, 1].connector_status == "Unavailable"
        assert {event.event.component.name for event in seen} == {"Connector", "ConnectorPlugRetentionLock"}
