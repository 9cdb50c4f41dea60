"""Reports on the device model, put together from their parts."""

from __future__ import annotations

import asyncio

import pytest

from csms.scene import (
    Peer,
    component,
    joined,
    part,
    reporting,
    row,
    virtual,
)
from ocpp21.csms import (
    ReportReceived,
    Settings,
)
from ocpp21.messages import (
    ComponentCriterionEnumType,
    ComponentVariableType,
    GenericDeviceModelStatusEnumType,
    GetBaseReportRequest,
    GetBaseReportResponse,
    GetReportRequest,
    GetReportResponse,
    NotifyReportRequest,
    ReportBaseEnumType,
)

OK, EMPTY, NO = (
    GenericDeviceModelStatusEnumType.ACCEPTED,
    GenericDeviceModelStatusEnumType.EMPTY_RESULT_SET,
    GenericDeviceModelStatusEnumType.REJECTED,
)
FULL = ReportBaseEnumType.FULL_INVENTORY


@pytest.mark.use_case("B07")
@pytest.mark.parametrize(
    "parts",
    [
        [(0, True, "A"), (1, True, "B"), (2, False, "C")],
        [(2, False, "C"), (0, True, "A"), (1, True, "B")],
        [(0, True, "A"), (0, True, "X"), (1, True, "B"), (1, False, "X"), (2, False, "C")],
        [(2, False, "C"), (3, False, "X"), (1, True, "B"), (0, True, "A"), (4, True, "X")],
        [(5, True, "X"), (2, False, "C"), (1, False, "B"), (0, True, "A")],
    ],
    ids=["in order", "the last one first", "twice", "behind the end", "an end too many"],
)
@virtual
async def test_a_report_is_put_together(parts: list[tuple[int, bool, str]]) -> None:
    async with joined() as scene:
        reporting(scene.peer, *parts)
        report = await scene.station.provisioning.get_base_report(FULL)
        assert report.status is OK and report.is_complete
        assert [each.variable.name for each in report.rows] == ["A", "B", "C"]
        assert [told.report for told in scene.told(ReportReceived)] == [report]
        assert len(await scene.csms.store.variables("CS001")) == 3


@pytest.mark.use_case("B07")
@virtual
async def test_a_report_with_a_gap_is_given_up_and_said_to_be_incomplete() -> None:
    async with joined() as scene:
        reporting(scene.peer, (0, True, "A"), (2, False, "C"))
        report = await scene.station.provisioning.get_base_report(FULL)
        assert not report.is_complete and len(report.rows) == 2
        assert asyncio.get_running_loop().time() == 60
        number = scene.csms.next_request_id() - 1
        await scene.peer.call(part(number, 1, row("B")))  # too late, and answered
        assert len(await scene.csms.store.variables("CS001")) == 2


@virtual
async def test_each_part_has_its_own_time() -> None:
    async with joined() as scene:

        async def slowly(request_id: int) -> None:
            for seq_no in range(3):
                await asyncio.sleep(59)
                await scene.peer.call(part(request_id, seq_no, tbc=seq_no < 2))

        @scene.peer.on(GetBaseReportRequest)
        def answer(request: GetBaseReportRequest) -> GetBaseReportResponse:
            scene.peer.accompany(slowly(request.request_id))
            return GetBaseReportResponse(status=OK)

        report = await scene.station.provisioning.get_base_report(FULL)
        assert report.is_complete and report.rows == ()


@pytest.mark.attack("A26")
@virtual
async def test_a_report_without_end_is_cut() -> None:
    async with joined(settings=Settings(inventory=None, report_rows=10)) as scene:
        numbers = reporting(scene.peer, *((number, True, f"V{number}") for number in range(50)))
        report = await scene.station.provisioning.get_base_report(FULL)
        assert not report.is_complete and len(report.rows) == 10
        assert not scene.station.provisioning._assemblies
        await scene.peer.call(part(numbers[0], 51, row("Late")))


@pytest.mark.attack("A26")
@virtual
async def test_parts_of_reports_that_nobody_asked_for_are_answered_and_left_out() -> None:
    async with joined() as scene:
        for number in range(100):
            await scene.peer.call(part(number, number, row("A"), tbc=True))
        assert scene.station.provisioning._assemblies is None
        assert await scene.csms.store.variables("CS001") == [] and scene.told(ReportReceived) == []


@pytest.mark.parametrize("status", [NO, GenericDeviceModelStatusEnumType.NOT_SUPPORTED])
@virtual
async def test_a_report_that_is_refused(status: GenericDeviceModelStatusEnumType) -> None:
    async with joined() as scene:

        @scene.peer.on(GetBaseReportRequest)
        def answer(request: GetBaseReportRequest) -> GetBaseReportResponse:
            return GetBaseReportResponse(status=status)

        report = await scene.station.provisioning.get_base_report(FULL)
        assert report.status is status and report.rows == ()
        assert scene.told(ReportReceived) == []


@virtual
async def test_two_reports_at_a_time_are_kept_apart() -> None:
    async with joined() as scene:

        async def both(first: int, second: int) -> None:
            await scene.peer.call(part(second, 0, row("B")))
            await scene.peer.call(part(first, 0, row("A")))

        numbers: list[int] = []

        @scene.peer.on(GetBaseReportRequest)
        def answer(request: GetBaseReportRequest) -> GetBaseReportResponse:
            numbers.append(request.request_id)
            if len(numbers) == 2:
                scene.peer.accompany(both(*numbers))
            return GetBaseReportResponse(status=OK)

        ask = scene.station.provisioning.get_base_report
        reports = await asyncio.gather(ask(FULL), ask(FULL))
        assert [report.rows[0].variable.name for report in reports] == ["A", "B"]


def custom_reports(peer: Peer, *statuses: GenericDeviceModelStatusEnumType) -> list[GetReportRequest]:
    """Let a peer answer requests for reports with these statuses, and one row each."""
    requests: list[GetReportRequest] = []

    @peer.on(GetReportRequest)
    def answer(request: GetReportRequest) -> GetReportResponse:
        requests.append(request)
        status = statuses[len(requests) - 1]
        if status is OK:
            peer.accompany(_call(peer, part(request.request_id, 0, row(f"R{len(requests)}"))))
        return GetReportResponse(status=status)

    return requests


async def _call(peer: Peer, request: NotifyReportRequest) -> None:
    await peer.call(request)


@pytest.mark.use_case("B08")
@pytest.mark.parametrize(
    ("statuses", "joint", "rows", "is_complete"),
    [
        ([OK, EMPTY, OK], OK, 2, True),
        ([EMPTY, OK, EMPTY], OK, 1, True),
        ([EMPTY, EMPTY, EMPTY], EMPTY, 0, True),
        ([OK, NO], NO, 1, False),
    ],
)
@virtual
async def test_a_custom_report_in_several_requests(
    statuses: list[GenericDeviceModelStatusEnumType],
    joint: GenericDeviceModelStatusEnumType,
    rows: int,
    is_complete: bool,
) -> None:
    async with joined() as scene:
        requests = custom_reports(scene.peer, *statuses)
        wanted = [ComponentVariableType(component=component(name)) for name in ("A", "B", "C")]
        report = await scene.station.provisioning.get_report(wanted)
        assert (report.status, len(report.rows), report.is_complete) == (joint, rows, is_complete)
        assert [each.component_variable for each in requests] == [[each] for each in wanted[: len(statuses)]]
        assert len({each.request_id for each in requests}) == len(statuses)


@pytest.mark.use_case("B08")
@virtual
async def test_a_custom_report_by_criteria() -> None:
    async with joined() as scene:
        requests = custom_reports(scene.peer, OK)
        report = await scene.station.provisioning.get_report(criteria=[ComponentCriterionEnumType.PROBLEM])
        assert report.is_complete and len(requests) == 1
        assert requests[0].component_criteria == [ComponentCriterionEnumType.PROBLEM]
        assert requests[0].component_variable is None
