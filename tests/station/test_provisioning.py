"""Provisioning of the Charging Station: B01 to B08."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ocpp21.errors import CallError, LocalProtocolError, SessionClosed, StoreFull
from ocpp21.messages import (
    AttributeEnumType,
    BootNotificationRequest,
    BootReasonEnumType,
    ComponentCriterionEnumType,
    ComponentType,
    ComponentVariableType,
    DataTransferRequest,
    GenericDeviceModelStatusEnumType,
    GetBaseReportRequest,
    GetReportRequest,
    GetVariableDataType,
    GetVariablesRequest,
    GetVariableStatusEnumType,
    HeartbeatRequest,
    NotifyEventRequest,
    NotifyReportRequest,
    NotifyReportResponse,
    ReportBaseEnumType,
    SecurityEventNotificationRequest,
    SetVariableDataType,
    SetVariablesRequest,
    SetVariableStatusEnumType,
    VariableType,
)
from ocpp21.simulator.ev import EV
from ocpp21.station.registration import Registration, asked_for
from station.stations import ACCEPTED, PENDING, REJECTED, Csms, Site, play

STATUS = GenericDeviceModelStatusEnumType


def get(*names: tuple[str, str]) -> GetVariablesRequest:
    return GetVariablesRequest(
        get_variable_data=[
            GetVariableDataType(component=ComponentType(name=component), variable=VariableType(name=name))
            for component, name in names
        ]
    )


def put(*settings: tuple[str, str, str]) -> SetVariablesRequest:
    return SetVariablesRequest(
        set_variable_data=[
            SetVariableDataType(
                component=ComponentType(name=component), variable=VariableType(name=name), attribute_value=value
            )
            for component, name, value in settings
        ]
    )


async def value(site: Site, component: str, name: str) -> str | None:
    response = await site.csms.call(get((component, name)))
    return response.get_variable_result[0].attribute_value


def new_ev() -> EV:
    return EV(capacity_wh=40_000, state_of_charge=50)


@pytest.mark.use_case("B01")
def test_cold_boot() -> None:
    async def scenario() -> None:
        csms = Csms((ACCEPTED, 5))
        csms.ahead_s = 3600
        async with Site(csms) as site:
            await site.connected(2.0)
            boot = csms.of(BootNotificationRequest)[0]
            assert boot.reason == BootReasonEnumType.POWER_UP
            assert boot.charging_station == site.hardware.facts.charging_station
            assert csms.names()[:4] == ["BootNotification", "NotifyEvent", "NotifyEvent", "SecurityEventNotification"]
            places = [event.event_data[0].component.evse for event in csms.of(NotifyEventRequest)]
            assert [(place.id, place.connector_id) for place in places] == [(1, 1), (2, 1)]
            assert site.station.now() == csms.time  # B01.FR.06
            assert await value(site, "OCPPCommCtrlr", "HeartbeatInterval") == "5"  # B01.FR.04
            await asyncio.sleep(14)
            assert csms.times(HeartbeatRequest) == [5.0, 10.0, 15.0]

    play(scenario)


@pytest.mark.use_case("B01")
def test_a_new_connection_is_no_boot_a_restart_is() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            await site.pair.cut()
            await asyncio.sleep(1)
            await site.connected()
            assert len(site.csms.of(BootNotificationRequest)) == 1
            await site.station.provisioning.remember_reason(BootReasonEnumType.REMOTE_RESET)
            store = site.store
        async with Site(store=store) as again:
            await again.connected()
            assert again.csms.of(BootNotificationRequest)[0].reason == BootReasonEnumType.REMOTE_RESET
            assert [event.type for event in again.csms.of(SecurityEventNotificationRequest)] == ["ResetOrReboot"]
            assert again.csms.names()[0] == "BootNotification"
        async with Site(store=again.store) as third:
            await third.connected()
            assert third.csms.of(BootNotificationRequest)[0].reason == BootReasonEnumType.POWER_UP

    play(scenario)


@pytest.mark.use_case("B01")
def test_a_boot_that_is_not_answered_is_sent_again_after_a_wait() -> None:
    async def scenario() -> None:
        csms = Csms()
        silence = asyncio.Event()
        answer = csms.register

        async def hesitate(request: BootNotificationRequest) -> Any:
            await silence.wait()
            return answer(request)

        csms.on(BootNotificationRequest)(hesitate)
        async with Site(csms) as site:
            await site.connected(31.0)  # longer than the answer may take
            assert csms.times(BootNotificationRequest) == [0.0]
            silence.set()
            csms.on(BootNotificationRequest)(answer)
            await asyncio.sleep(60)
            times = csms.times(BootNotificationRequest)
            assert len(times) == 2 and 60 <= times[1] <= 70
            assert site.station.provisioning.is_online

    play(scenario)


@pytest.mark.use_case("B01")
def test_a_boot_that_is_refused_is_sent_again_after_a_wait() -> None:
    async def scenario() -> None:
        csms = Csms()

        def refuse(request: BootNotificationRequest) -> Any:
            csms.on(BootNotificationRequest)(csms.register)
            raise CallError("InternalError")

        csms.on(BootNotificationRequest)(refuse)
        async with Site(csms) as site:
            await site.connected(45)
            assert 30 <= csms.times(BootNotificationRequest)[1] <= 40
            assert site.station.provisioning.is_accepted

    play(scenario)


@pytest.mark.use_case("B01")
def test_a_connection_that_ends_during_the_boot() -> None:
    async def scenario() -> None:
        csms = Csms()
        csms.on(BootNotificationRequest)(lambda request: asyncio.Event().wait())
        async with Site(csms) as site:
            await site.connected()
            await site.pair.cut()
            csms.on(BootNotificationRequest)(csms.register)
            await site.connected()
            assert csms.times(BootNotificationRequest) == [0.0, 1.0]
            assert site.station.provisioning.is_online

    play(scenario)


@pytest.mark.use_case("B01")
def test_a_station_that_has_changed_boots_again() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            await site.pair.cut()
            changed = msgspec.structs.replace(site.hardware.facts.charging_station, firmware_version="2")
            site.hardware.facts = msgspec.structs.replace(site.hardware.facts, charging_station=changed)
            await site.connected()
            assert [boot.charging_station.firmware_version for boot in site.csms.of(BootNotificationRequest)] == [
                None,
                "2",
            ]

    play(scenario)


@pytest.mark.use_case("B10")
def test_another_csms_gets_a_boot_notification() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            await site.pair.cut()
            site.station.provisioning.register_anew()
            assert not site.station.provisioning.is_accepted
            await site.connected()
            assert len(site.csms.of(BootNotificationRequest)) == 2

    play(scenario)


@pytest.mark.use_case("B02")
def test_pending() -> None:
    async def scenario() -> None:
        csms = Csms((PENDING, 10), (ACCEPTED, 300))
        async with Site(csms) as site:
            provisioning = site.station.provisioning
            await site.connected()
            assert provisioning.status == PENDING and not provisioning.is_online
            response = await csms.call(put(("OCPPCommCtrlr", "OfflineThreshold", "61")))
            assert response.set_variable_result[0].attribute_status == SetVariableStatusEnumType.ACCEPTED
            assert await value(site, "OCPPCommCtrlr", "OfflineThreshold") == "61"
            base = GetBaseReportRequest(request_id=1, report_base=ReportBaseEnumType.CONFIGURATION_INVENTORY)
            assert (await csms.call(base)).status == STATUS.ACCEPTED
            await asyncio.sleep(0.1)
            with pytest.raises(LocalProtocolError, match="DataTransferRequest, found it Pending"):
                await site.station.call(DataTransferRequest(vendor_id="com.example"))
            with asked_for():
                await site.station.call(HeartbeatRequest())
            await asyncio.sleep(8.8)
            assert csms.names() == ["BootNotification", "NotifyReport", "Heartbeat"]
            await asyncio.sleep(0.2)
            assert csms.times(BootNotificationRequest) == [0.0, 10.0]  # B02.FR.08
            await provisioning.accepted()
            await asyncio.sleep(1)
            assert len(csms.of(NotifyEventRequest)) == 2

    play(scenario)


@pytest.mark.use_case("B02")
def test_a_boot_that_the_csms_asks_for_ends_the_wait() -> None:
    async def scenario() -> None:
        csms = Csms((PENDING, 1000), (PENDING, 2000), (ACCEPTED, 300))
        async with Site(csms) as site:
            await site.connected()
            assert await site.station.provisioning.boot(BootReasonEnumType.TRIGGERED) == PENDING
            await asyncio.sleep(1500)
            assert csms.times(BootNotificationRequest) == [0.0, 1.0]
            assert await site.station.provisioning.boot(BootReasonEnumType.TRIGGERED) == ACCEPTED
            await asyncio.sleep(3000)
            reasons = [boot.reason for boot in csms.of(BootNotificationRequest)]
            assert reasons == [BootReasonEnumType.POWER_UP] + 2 * [BootReasonEnumType.TRIGGERED]
            assert site.station.provisioning.is_online

    play(scenario)


@pytest.mark.use_case("B02")
def test_the_interval_holds_over_a_new_connection_and_0_is_a_wait_of_our_own() -> None:
    async def scenario() -> None:
        csms = Csms((PENDING, 50), (PENDING, 0), (ACCEPTED, 0))
        async with Site(csms) as site:
            await site.connected()
            await site.pair.cut()
            await site.connected(60)
            assert csms.times(BootNotificationRequest) == [0.0, 50.0]
            await asyncio.sleep(60)
            assert 80 <= csms.times(BootNotificationRequest)[2] <= 90  # B02.FR.07
            assert await value(site, "OCPPCommCtrlr", "HeartbeatInterval") == "300"

    play(scenario)


@pytest.mark.use_case("B03")
def test_rejected() -> None:
    async def scenario() -> None:
        csms = Csms((REJECTED, 3), (ACCEPTED, 300))
        async with Site(csms) as site:
            await site.connected()
            base = GetBaseReportRequest(request_id=1, report_base=ReportBaseEnumType.FULL_INVENTORY)
            with pytest.raises(CallError) as caught:
                await csms.call(base)
            assert caught.value.code == "SecurityError"  # B03.FR.08
            with asked_for(), pytest.raises(LocalProtocolError, match="Rejected"):
                await site.station.call(HeartbeatRequest())
            await asyncio.sleep(1.9)
            assert csms.names() == ["BootNotification"]
            await asyncio.sleep(1)
            assert csms.times(BootNotificationRequest) == [0.0, 3.0]
            assert len(csms.of(NotifyEventRequest)) == 2

    play(scenario)


def test_nothing_but_a_boot_notification_before_the_first_answer() -> None:
    registration = Registration(spread=lambda: 0.5)
    with asked_for():
        assert registration.may_send(BootNotificationRequest) and not registration.may_send(HeartbeatRequest)
    assert registration.refusal() is None
    registration.unanswered(100.0)
    assert registration.retry_at == 135.0


def test_no_report_before_the_first_answer() -> None:
    async def scenario() -> None:
        csms = Csms()
        csms.on(BootNotificationRequest)(lambda request: asyncio.Event().wait())
        async with Site(csms) as site:
            await site.connected()
            base = GetBaseReportRequest(request_id=1, report_base=ReportBaseEnumType.FULL_INVENTORY)
            assert (await csms.call(base)).status == STATUS.REJECTED
            assert (await csms.call(GetReportRequest(request_id=2))).status == STATUS.REJECTED  # B08.FR.16

    play(scenario)


@pytest.mark.use_case("B04")
def test_after_a_short_outage_the_changed_connectors_are_reported() -> None:
    async def scenario() -> None:
        async with Site() as site:
            csms = site.csms
            await site.connected()
            await csms.call(put(("OCPPCommCtrlr", "OfflineThreshold", "5")))
            for outage_s, plugs, expected in ((2, 1, [(1, "Occupied")]), (5, 0, []), (2, 2, [(1, "Occupied")])):
                csms.forget()
                await site.pair.cut()
                await asyncio.sleep(outage_s)
                if plugs == 2:
                    site.hardware.unplug(1, 1)
                if plugs:
                    site.hardware.plug_in(1, 1, new_ev())
                await site.connected()
                events = [event.event_data[0] for event in csms.of(NotifyEventRequest)]
                assert [(event.component.evse.id, event.actual_value) for event in events] == expected
                assert csms.names()[-1] == "Heartbeat"
                assert "BootNotification" not in csms.names()

    play(scenario)


@pytest.mark.use_case("B04")
def test_after_a_long_outage_all_connectors_are_reported() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            await site.csms.call(put(("OCPPCommCtrlr", "OfflineThreshold", "5")))
            site.csms.forget()
            await site.pair.cut()
            await asyncio.sleep(5.1)
            await site.connected()
            assert site.csms.names() == ["NotifyEvent", "NotifyEvent", "Heartbeat"]

    play(scenario)


@pytest.mark.use_case("B05")
def test_set_variables() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            response = await site.csms.call(
                put(
                    ("OCPPCommCtrlr", "HeartbeatInterval", "30"),
                    ("OCPPCommCtrlr", "OfflineThreshold", "abc"),
                    ("OCPPCommCtrlr", "ActiveNetworkProfile", "1"),
                    ("Nope", "HeartbeatInterval", "1"),
                    ("OCPPCommCtrlr", "Nope", "1"),
                    ("OCPPCommCtrlr", "HeartbeatInterval", "0"),
                )
            )
            accepted, rejected = SetVariableStatusEnumType.ACCEPTED, SetVariableStatusEnumType.REJECTED
            unknown = SetVariableStatusEnumType.UNKNOWN_COMPONENT, SetVariableStatusEnumType.UNKNOWN_VARIABLE
            results = response.set_variable_result
            assert [result.attribute_status for result in results] == [accepted, rejected, rejected, *unknown, rejected]
            assert all(result.attribute_type == AttributeEnumType.ACTUAL for result in results)
            site.csms.forget()
            await asyncio.sleep(65)
            assert len(site.csms.of(HeartbeatRequest)) == 2  # takes effect at once
            await site.csms.call(put(("OCPPCommCtrlr", "OfflineThreshold", "77")))
        async with Site(store=site.store) as again:
            await again.connected()
            assert await value(again, "OCPPCommCtrlr", "OfflineThreshold") == "77"

    play(scenario)


@pytest.mark.use_case("B05")
def test_what_cannot_be_stored_is_rejected() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            before = await value(site, "OCPPCommCtrlr", "OfflineThreshold")

            async def commit(*changes: object) -> None:
                raise StoreFull("full")

            site.store.commit = commit
            response = await site.csms.call(
                put(("OCPPCommCtrlr", "OfflineThreshold", "78"), ("OCPPCommCtrlr", "Nope", "1"))
            )
            del site.store.commit
            first, second = response.set_variable_result
            assert first.attribute_status == SetVariableStatusEnumType.REJECTED
            assert first.attribute_status_info.reason_code == "OutOfStorage"
            assert second.attribute_status == SetVariableStatusEnumType.UNKNOWN_VARIABLE
            assert await value(site, "OCPPCommCtrlr", "OfflineThreshold") == before

    play(scenario)


@pytest.mark.use_case("B05")
def test_what_is_stored_takes_effect_also_when_the_connection_ends() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            stored = asyncio.Event()
            commit = site.store.commit

            async def slowly(*changes: Any) -> None:
                await stored.wait()
                await commit(*changes)

            site.store.commit = slowly
            site.device_model.on_change(lambda change: 1 / 0)
            asking = asyncio.ensure_future(site.csms.call(put(("OCPPCommCtrlr", "OfflineThreshold", "79"))))
            await asyncio.sleep(1)
            await site.pair.cut()
            with pytest.raises(SessionClosed):
                await asking
            stored.set()
            await asyncio.sleep(1)
            assert site.device_model.ocpp_comm_ctrlr.offline_threshold.value == 79

    play(scenario)


@pytest.mark.use_case("B06")
def test_get_variables() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            response = await site.csms.call(
                get(
                    ("OCPPCommCtrlr", "OfflineThreshold"),
                    ("SecurityCtrlr", "BasicAuthPassword"),
                    ("Nope", "Nope"),
                    ("OCPPCommCtrlr", "Nope"),
                    ("ClockCtrlr", "DateTime"),
                )
            )
            status = GetVariableStatusEnumType
            assert [result.attribute_status for result in response.get_variable_result] == [
                status.ACCEPTED,
                status.REJECTED,
                status.UNKNOWN_COMPONENT,
                status.UNKNOWN_VARIABLE,
                status.ACCEPTED,
            ]
            shown = response.get_variable_result[4].attribute_value
            assert datetime.fromisoformat(shown) == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)

    play(scenario)


@pytest.mark.use_case("B06")
def test_a_request_over_the_limits_is_refused() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            limits = site.device_model.device_data_ctrlr
            limits.items_per_message["GetVariables"].set(2)
            limits.bytes_per_message["GetReport"].set(50)
            with pytest.raises(CallError) as caught:
                await site.csms.call(get(*3 * [("ClockCtrlr", "DateTime")]))
            assert caught.value.code == "OccurrenceConstraintViolation"  # B06.FR.16
            item = ComponentVariableType(component=ComponentType(name="Connector"))
            with pytest.raises(CallError) as caught:
                await site.csms.call(GetReportRequest(request_id=1, component_variable=[item]))
            assert caught.value.code == "FormatViolation"  # B08.FR.18

    play(scenario)


@pytest.mark.use_case("B07")
def test_base_reports() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            site.csms.forget()
            order = []

            @site.csms.on(NotifyReportRequest)
            async def hear(request: NotifyReportRequest) -> Any:
                order.append(request.seq_no)
                await asyncio.sleep(0.1)
                return NotifyReportResponse()

            full = GetBaseReportRequest(request_id=7, report_base=ReportBaseEnumType.FULL_INVENTORY)
            assert (await site.csms.call(full)).status == STATUS.ACCEPTED
            assert order == []  # the answer comes first
            assert (await site.csms.call(full)).status == STATUS.REJECTED  # B07.FR.13
            await asyncio.sleep(5)
            parts = site.csms.of(NotifyReportRequest)
            assert [part.seq_no for part in parts] == list(range(len(parts))) and len(parts) > 1
            assert {part.request_id for part in parts} == {7}
            assert [bool(part.tbc) for part in parts] == [True] * (len(parts) - 1) + [False]
            rows = [row for part in parts for row in part.report_data]
            assert len(rows) == len(site.device_model)
            password = next(row for row in rows if row.variable.name == "BasicAuthPassword")
            assert password.variable_attribute[0].value is None

    play(scenario)


@pytest.mark.use_case("B07")
def test_a_report_does_not_overtake_an_answer_that_a_middleware_holds_up() -> None:
    async def scenario() -> None:
        async def hold_up(station: Any, message: Any, proceed: Any) -> Any:
            answer = await proceed(message)
            await asyncio.sleep(5)
            return answer

        async with Site(incoming=[hold_up]) as site:
            await site.connected()
            await site.csms.call(GetReportRequest(request_id=7))
            assert site.csms.of(NotifyReportRequest) == []
            await asyncio.sleep(1)
            assert site.csms.times(NotifyReportRequest)[0] == 6.0

    play(scenario)


@pytest.mark.use_case("B07")
def test_a_report_ends_with_its_connection() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            site.csms.on(NotifyReportRequest)(lambda request: asyncio.Event().wait())
            full = GetBaseReportRequest(request_id=7, report_base=ReportBaseEnumType.FULL_INVENTORY)
            await site.csms.call(full)
            await asyncio.sleep(1)
            await site.pair.cut()
            await site.connected()
            assert len(site.csms.of(NotifyReportRequest)) == 1
            assert (await site.csms.call(full)).status == STATUS.ACCEPTED

    play(scenario)


@pytest.mark.use_case("B08")
def test_custom_reports() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()

            async def report(**criteria: Any) -> tuple[str, list[Any]]:
                site.csms.forget()
                response = await site.csms.call(GetReportRequest(request_id=3, **criteria))
                await asyncio.sleep(1)
                parts = site.csms.of(NotifyReportRequest)
                assert {part.request_id for part in parts} <= {3}  # B08.FR.04
                return response.status, [row for part in parts for row in part.report_data]

            connectors = [ComponentVariableType(component=ComponentType(name="Connector"))]
            status, rows = await report(component_variable=connectors)
            assert status == STATUS.ACCEPTED and {row.component.evse.id for row in rows} == {1, 2}  # B08.FR.01
            assert all(row.variable_characteristics for row in rows)  # B08.FR.12
            problem = [ComponentCriterionEnumType.PROBLEM]
            assert await report(component_criteria=problem) == (STATUS.EMPTY_RESULT_SET, [])
            status, rows = await report()
            assert len(rows) == len(site.device_model)
            password = next(row for row in rows if row.variable.name == "BasicAuthPassword")
            assert password.variable_attribute[0].value is None  # B08.FR.03

    play(scenario)


def test_a_clock_that_cannot_be_set_and_one_that_is_not_to_be() -> None:
    async def scenario() -> None:
        csms = Csms()
        csms.ahead_s = 3600
        async with Site(csms) as site:
            site.device_model.clock_ctrlr.time_source.set(("NTP",))
            await site.connected()
            assert csms.time - site.station.now() == timedelta(hours=1)
            site.device_model.clock_ctrlr.time_source.set(("NTP", "Heartbeat"))

            async def broken(time: datetime) -> None:
                raise RuntimeError("no clock")

            site.hardware.clock.set = broken
            site.station.accompany(site.station.availability.beat())
            await asyncio.sleep(1)
            assert csms.time - site.station.now() == timedelta(hours=1)

    play(scenario)


def test_a_stored_setting_that_is_not_known_any_more() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            site.device_model.ocpp_comm_ctrlr.queue_all_messages.add(False).honour()
            await site.csms.call(put(("OCPPCommCtrlr", "QueueAllMessages", "true")))
        async with Site(store=site.store) as again:
            assert not again.device_model.ocpp_comm_ctrlr.queue_all_messages.exists

    play(scenario)


def test_a_store_without_room_does_not_keep_the_station_from_starting() -> None:
    async def scenario() -> None:
        site = Site(clock_error_s=100)
        await site.station.provisioning.remember_reason(BootReasonEnumType.LOCAL_RESET)
        commit = site.store.commit

        async def full(*changes: Any) -> None:
            raise StoreFull("full")

        site.store.commit = full
        async with site:
            await site.connected()
            assert site.station.provisioning.is_online
            assert site.station.now() == site.csms.time
            assert site.csms.of(BootNotificationRequest)[0].reason == BootReasonEnumType.LOCAL_RESET
            assert site.csms.of(SecurityEventNotificationRequest) == []
            site.store.commit = commit

    play(scenario)


@pytest.mark.use_case("B05")
def test_a_check_that_fails_is_an_internal_error() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            site.device_model.ocpp_comm_ctrlr.offline_threshold.honour(lambda seconds: 1 / 0)
            with pytest.raises(CallError) as caught:
                await site.csms.call(put(("OCPPCommCtrlr", "OfflineThreshold", "79")))
            assert caught.value.code == "InternalError"
            asking = asyncio.ensure_future(site.csms.call(put(("OCPPCommCtrlr", "OfflineThreshold", "80"))))
            await site.pair.cut()
            with pytest.raises(SessionClosed):
                await asking

    play(scenario)
