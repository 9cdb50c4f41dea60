"""Security events (A04) over both roles, in virtual time."""

from __future__ import annotations

import pytest
from laboratory import IDENTITY, Laboratory, explore

from ocpp21.csms import Registration, SecurityEventReceived, Settings
from ocpp21.errors import CallError, ErrorCode
from ocpp21.messages import (
    BootNotificationRequest,
    RegistrationStatusEnumType,
    SecurityEventNotificationRequest,
    SecurityEventNotificationResponse,
)
from ocpp21.messages.values import SecurityEvents
from ocpp21.testing.virtual_time import EPOCH


def of_type(lab: Laboratory, *types: str) -> list[SecurityEventNotificationRequest]:
    return [event for event in lab.messages(SecurityEventNotificationRequest) if event.type in types]


@pytest.mark.use_case("A04")
def test_a_critical_event_is_logged_sent_and_kept() -> None:
    told: list[SecurityEventReceived] = []

    async def scenario(lab: Laboratory) -> None:
        lab.csms.subscribe(told.append, SecurityEventReceived)
        await lab.quiet(60)
        await lab.station.security.report_event(SecurityEvents.TAMPER_DETECTION_ACTIVATED, tech_info="lid open")
        await lab.quiet(1)
        log = await lab.station.security.log()
        assert log[-1].type == SecurityEvents.TAMPER_DETECTION_ACTIVATED  # A04.FR.04
        kept = await lab.csms_store.security_events(IDENTITY)
        assert kept[-1].message.tech_info == "lid open"

    lab = explore(scenario)
    (event,) = of_type(lab, SecurityEvents.TAMPER_DETECTION_ACTIVATED)  # A04.FR.01
    assert 60 <= (event.timestamp - EPOCH).total_seconds() < 61
    assert told[-1].is_critical and told[-1].request == event
    assert not [frame for frame in lab.frames if frame.data[1:2] == b"4"]  # A04.FR.03


@pytest.mark.use_case("A04")
def test_other_events_are_in_the_log_only() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.station.security.report_event(SecurityEvents.FAILED_TO_AUTHENTICATE_AT_CSMS)
        await lab.station.security.report_event("com.example.Sneeze", tech_info="x" * 400)
        await lab.quiet(1)
        log = {entry.type: entry for entry in await lab.station.security.log()}
        assert SecurityEvents.FAILED_TO_AUTHENTICATE_AT_CSMS in log  # A04.FR.04
        sneeze = log["com.example.Sneeze"]
        assert sneeze.tech_info is not None and len(sneeze.tech_info) <= 255

    lab = explore(scenario)
    assert not of_type(lab, SecurityEvents.FAILED_TO_AUTHENTICATE_AT_CSMS, "com.example.Sneeze")


@pytest.mark.use_case("A04")
def test_events_of_an_outage_arrive_in_order_with_their_times() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.go_offline()
        for _ in range(3):
            await lab.station.security.report_event(SecurityEvents.TAMPER_DETECTION_ACTIVATED)
            await lab.quiet(60)
        await lab.kill()
        await lab.boot()  # A04.FR.02: not even a loss of power loses them
        await lab.quiet(10)

    lab = explore(scenario)
    events = of_type(lab, SecurityEvents.TAMPER_DETECTION_ACTIVATED)
    times = [(event.timestamp - events[0].timestamp).total_seconds() for event in events]
    assert times == [0, 60, 120]


@pytest.mark.use_case("A04")
def test_an_event_that_the_csms_refuses_is_sent_again() -> None:
    async def scenario(lab: Laboratory) -> None:
        role = lab.csms[IDENTITY]
        failures = [1, 1]

        async def answer(request: SecurityEventNotificationRequest) -> SecurityEventNotificationResponse:
            if request.type == SecurityEvents.TAMPER_DETECTION_ACTIVATED and failures:
                failures.pop()
                raise CallError(ErrorCode.INTERNAL_ERROR)
            return await role.security.on_security_event_notification_request(request)

        role.on(SecurityEventNotificationRequest)(answer)
        await lab.station.security.report_event(SecurityEvents.TAMPER_DETECTION_ACTIVATED)
        await lab.quiet(400)
        assert await lab.csms_store.security_events(IDENTITY)

    lab = explore(scenario)
    assert len(of_type(lab, SecurityEvents.TAMPER_DETECTION_ACTIVATED)) == 3


@pytest.mark.use_case("A04")
def test_nothing_leaves_before_the_station_is_accepted() -> None:
    decisions = [RegistrationStatusEnumType.PENDING, RegistrationStatusEnumType.ACCEPTED]

    def register(station: object, boot: BootNotificationRequest) -> Registration:
        return Registration(decisions.pop(0), interval_s=10)

    async def scenario(lab: Laboratory) -> None:
        await lab.station.security.report_event(SecurityEvents.TAMPER_DETECTION_ACTIVATED)
        await lab.connect()
        await lab.quiet(5)
        assert not lab.messages(SecurityEventNotificationRequest)
        await lab.quiet(10)

    lab = explore(scenario, is_connected=False, settings=Settings(inventory=None, register=register))
    assert of_type(lab, SecurityEvents.TAMPER_DETECTION_ACTIVATED)
