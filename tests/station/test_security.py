"""Security of the Charging Station: A01, A04."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ocpp21.errors import CallError, LocalProtocolError
from ocpp21.messages import (
    ComponentType,
    SecurityEventNotificationRequest,
    SecurityEventNotificationResponse,
    SetVariableDataType,
    SetVariablesRequest,
    VariableType,
)
from ocpp21.messages.values import SecurityEvents
from ocpp21.station import security
from ocpp21.testing.virtual_time import EPOCH
from station.stations import ACCEPTED, PENDING, Csms, Site, play

TAMPERED = SecurityEvents.TAMPER_DETECTION_ACTIVATED


def types(csms: Csms) -> list[str]:
    return [event.type for event in csms.of(SecurityEventNotificationRequest)]


@pytest.mark.use_case("A04")
def test_the_start_is_reported_once_the_station_is_accepted() -> None:
    async def scenario() -> None:
        async with Site(Csms((PENDING, 10), (ACCEPTED, 300))) as site:
            await site.connected(5)
            assert types(site.csms) == []
            await asyncio.sleep(10)
            assert types(site.csms) == ["StartupOfTheDevice"]

    play(scenario)


@pytest.mark.use_case("A04")
def test_what_happens_offline_arrives_with_its_time_also_after_a_restart() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            await site.pair.cut()
            site.csms.forget()
            await asyncio.sleep(9)
            await site.station.security.report_event(TAMPERED, tech_info="door " + 300 * "x")
            await asyncio.sleep(10)
            await site.connected()
            (event,) = site.csms.of(SecurityEventNotificationRequest)
            assert event.timestamp == EPOCH + timedelta(seconds=10)
            assert event.tech_info.startswith("door x") and len(event.tech_info) == 255
            await site.pair.cut()
            await site.station.security.report_event(TAMPERED, timestamp=EPOCH)
        async with Site(store=site.store) as again:
            await again.connected()
            events = again.csms.of(SecurityEventNotificationRequest)
            assert (events[0].type, events[0].timestamp) == (TAMPERED, EPOCH)
            assert types(again.csms) == [TAMPERED, "StartupOfTheDevice"]
            assert len(await again.station.security.log()) == 4

    play(scenario)


@pytest.mark.use_case("A04")
def test_what_is_not_critical_is_in_the_log_only() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            site.csms.forget()
            await site.station.security.report_event(SecurityEvents.INVALID_MESSAGES)
            await asyncio.sleep(1)
            assert types(site.csms) == []
            entry = (await site.station.security.log())[-1]
            assert (entry.type, entry.timestamp) == ("InvalidMessages", EPOCH + timedelta(seconds=1))
            site.station.security.critical.add(SecurityEvents.INVALID_MESSAGES)
            await site.station.security.report_event(SecurityEvents.INVALID_MESSAGES)
            await asyncio.sleep(1)
            assert types(site.csms) == ["InvalidMessages"]
            with pytest.raises(LocalProtocolError, match="at most 50"):
                await site.station.security.report_event(51 * "x")

    play(scenario)


@pytest.mark.use_case("A04")
def test_an_event_is_sent_until_it_is_answered() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            site.csms.forget()
            refusals = iter(range(3))

            @site.csms.on(SecurityEventNotificationRequest)
            def refuse(request: SecurityEventNotificationRequest) -> Any:
                if next(refusals, None) is not None:
                    raise CallError("InternalError")
                return SecurityEventNotificationResponse()

            await site.station.security.report_event(TAMPERED)
            await asyncio.sleep(1000)
            events = site.csms.of(SecurityEventNotificationRequest)
            assert len(events) == 4 and len({event.timestamp for event in events}) == 1

    play(scenario)


@pytest.mark.use_case("A04")
def test_the_log_rolls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "_LOG_SIZE", 3)

    async def scenario() -> None:
        async with Site() as site:
            for number in range(5):
                await site.station.security.report_event(f"Event{number}")
            assert [entry.type for entry in await site.station.security.log()] == ["Event2", "Event3", "Event4"]
        async with Site(store=site.store) as again:
            assert [entry.type for entry in await again.station.security.log()] == [
                "Event3",
                "Event4",
                "StartupOfTheDevice",
            ]

    play(scenario)


@pytest.mark.use_case("A01")
@pytest.mark.parametrize(("password", "is_taken"), [("x" * 16, True), ("x" * 15, False), ("x" * 40, True)])
def test_a_new_password_is_kept_and_logged_but_not_shown(password: str, is_taken: bool) -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            data = SetVariableDataType(
                attribute_value=password,
                component=ComponentType(name="SecurityCtrlr"),
                variable=VariableType(name="BasicAuthPassword"),
            )
            response = await site.csms.call(SetVariablesRequest(set_variable_data=[data]))
            (result,) = response.set_variable_result
            assert (result.attribute_status == "Accepted") is is_taken  # A01.FR.01
            if not is_taken:
                assert result.attribute_status_info is not None
                assert result.attribute_status_info.reason_code == "ValueOutOfRange"
            log = [entry for entry in await site.station.security.log() if entry.type.startswith("Reconfiguration")]
            assert len(log) == is_taken  # A01.FR.11
            assert all(entry.tech_info == "SecurityCtrlr.BasicAuthPassword" for entry in log)  # A01.FR.12
            kept = site.device_model.security_ctrlr.basic_auth_password.get()
            assert (kept == password) is is_taken

    play(scenario)
