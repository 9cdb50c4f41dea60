"""Diagnostics of the Charging Station: events that are hardwired, and when they are told (N07, G05)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp21.errors import CallError
from ocpp21.messages import EventTriggerEnumType, NotifyEventRequest, NotifyEventResponse
from ocpp21.station.diagnostics import Diagnostics
from station.stations import PENDING, Csms, Site, play


def locks(csms: Csms) -> list[tuple[int, str]]:
    events = [event for request in csms.of(NotifyEventRequest) for event in request.event_data]
    return [
        (event.component.evse.id, event.actual_value)
        for event in events
        if event.component.name == "ConnectorPlugRetentionLock"
    ]


@pytest.mark.use_case("N07", "G05")
def test_each_event_has_an_id_of_its_own() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            for number in range(3):
                site.station.diagnostics.report_lock(1, 1, bool(number % 2), transaction_id="T")
            await asyncio.sleep(1)
            events = [event for request in site.csms.of(NotifyEventRequest) for event in request.event_data]
            assert len({event.event_id for event in events}) == len(events) == 3
            assert [request.seq_no for request in site.csms.of(NotifyEventRequest)] == [0] * 3  # N07.FR.07
            assert events[-1].transaction_id == "T"

    play(scenario)


@pytest.mark.use_case("N07")
def test_the_latest_of_each_variable_waits_for_the_registration() -> None:
    async def scenario() -> None:
        csms = Csms((PENDING, 10), *Csms().boots)
        async with Site(csms) as site:
            await site.connected()
            for evse_id, has_problem in ((1, True), (2, True), (1, False)):
                site.station.diagnostics.report_lock(evse_id, 1, has_problem)
            await asyncio.sleep(1)
            assert locks(csms) == []
            await asyncio.sleep(20)
            assert locks(csms) == [(1, "false"), (2, "true")]

    play(scenario)


@pytest.mark.use_case("N07")
def test_what_is_not_answered_is_told_again_with_the_next_connection() -> None:
    answers: list[bool] = [False, True]

    async def scenario() -> None:
        async with Site() as site:
            await site.connected()

            def answer(request: NotifyEventRequest) -> Any:
                if request.event_data[0].component.name != "Connector" and not answers.pop(0):
                    raise CallError("InternalError", "not now")
                return NotifyEventResponse()

            site.csms.on(NotifyEventRequest)(answer)
            site.station.diagnostics.report_lock(1, 1, True)
            await asyncio.sleep(1)
            await site.pair.cut()
            await site.connected()
            assert locks(site.csms) == [(1, "true")] * 2

    play(scenario)


@pytest.mark.use_case("G05")
def test_what_an_event_of_a_lock_names_as_its_trigger() -> None:
    class Alerting(Diagnostics):
        lock_trigger = EventTriggerEnumType.ALERTING

    async def scenario() -> None:
        async with Site(blocks={"diagnostics": Alerting}) as site:
            await site.connected()
            site.station.diagnostics.report_lock(1, 1, True)
            await asyncio.sleep(1)
            (request,) = (each for each in site.csms.of(NotifyEventRequest) if each.event_data[0].severity == 1)
            assert request.event_data[0].trigger == "Alerting"

    play(scenario)
