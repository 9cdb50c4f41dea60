"""Provisioning (block B) over both roles, in virtual time: registration, and the device model (B01 to B08)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from laboratory import IDENTITY, Laboratory, explore

from ocpp21.csms import Registration, Settings, Station, StationBooted
from ocpp21.errors import CallError, LocalProtocolError
from ocpp21.messages import (
    BootNotificationRequest,
    ComponentCriterionEnumType,
    ComponentType,
    ComponentVariableType,
    EVSEType,
    GetBaseReportRequest,
    GetReportRequest,
    GetVariableDataType,
    GetVariablesRequest,
    HeartbeatRequest,
    NotifyEventRequest,
    NotifyReportRequest,
    RegistrationStatusEnumType,
    ReportBaseEnumType,
    SetVariableDataType,
    SetVariablesRequest,
    TransactionEventRequest,
    VariableType,
)
from ocpp21.simulator import EV, SimulatedStation, wallbox
from ocpp21.testing.virtual_time import EPOCH

ACCEPTED = RegistrationStatusEnumType.ACCEPTED
PENDING = RegistrationStatusEnumType.PENDING
REJECTED = RegistrationStatusEnumType.REJECTED


class Boots:
    """Decides on boots as told, the last decision for ever."""

    def __init__(self, *decisions: Registration) -> None:
        self._decisions = list(decisions)

    def __call__(self, station: Station, boot: BootNotificationRequest) -> Registration:
        return self._decisions.pop(0) if len(self._decisions) > 1 else self._decisions[0]


def decided(*decisions: Registration) -> Settings:
    return Settings(inventory=None, register=Boots(*decisions))


def boots(lab: Laboratory) -> list[float]:
    """When boot notifications were sent, s."""
    return [at for at, side, message in lab.said if side == "CS" and isinstance(message, BootNotificationRequest)]


def kinds(lab: Laboratory, side: str = "CS") -> list[str]:
    return [
        type(message).__name__.removesuffix("Request")
        for _, sender, message in lab.said
        if sender == side and type(message).__name__.endswith("Request")
    ]


def variable(component: str, name: str, *, instance: str | None = None, evse: int | None = None) -> dict[str, Any]:
    return {
        "component": ComponentType(name=component, evse=None if evse is None else EVSEType(id=evse)),
        "variable": VariableType(name=name, instance=instance),
    }


def reported(lab: Laboratory) -> list[tuple[int, str | None]]:
    """EVSE and state of the connectors, in the order of the reports."""
    return [
        (data.component.evse.id, data.actual_value)
        for event in lab.messages(NotifyEventRequest)
        for data in event.event_data
        if data.component.evse is not None
    ]


# B01


@pytest.mark.use_case("B01")
def test_cold_boot() -> None:
    booted: list[StationBooted] = []

    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(12)
        assert lab.station.device_model.ocpp_comm_ctrlr.heartbeat_interval.value == 5  # B01.FR.04
        (result,) = await lab.csms[IDENTITY].provisioning.get_variables(
            [GetVariableDataType(**variable("OCPPCommCtrlr", "HeartbeatInterval"))]
        )
        assert result.attribute_value == "5"
        assert abs((lab.station.now() - lab.csms.now()).total_seconds()) < 1  # B01.FR.06
        lab.csms.subscribe(booted.append, StationBooted)
        await lab.kill()
        await lab.quiet()
        await lab.boot()

    hardware = SimulatedStation(wallbox(evses=2), epoch=EPOCH, clock_error_s=3600, boot_s=0.0)
    lab = explore(scenario, hardware=hardware, settings=decided(Registration(interval_s=5)))
    first, *others = kinds(lab)
    assert first == "BootNotification" and others.count("BootNotification") == 1  # B01.FR.01, B01.FR.03
    reasons = [boot.reason for boot in lab.messages(BootNotificationRequest)]
    assert reasons == ["PowerUp", "Watchdog"]  # B01.FR.09
    assert reported(lab)[:2] == [(1, "Available"), (2, "Available")]  # B01.FR.05
    assert lab.messages(HeartbeatRequest)
    assert [event.status for event in booted] == [ACCEPTED]


@pytest.mark.use_case("B01")
def test_what_is_queued_waits_for_the_registration() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.go_offline()
        await lab.present()
        await lab.kill()
        await lab.quiet()
        before = len(lab.said)
        await lab.boot()
        await lab.quiet(5)
        later = [type(message) for _, side, message in lab.said[before:] if side == "CS"]
        assert later[0] is BootNotificationRequest and TransactionEventRequest in later  # B01.FR.08

    explore(scenario)


@pytest.mark.use_case("B01")
def test_a_station_that_says_something_else_first_is_refused() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.station._outgoing = ()  # type: ignore[misc]  # a station without manners
        await lab.connect()
        with pytest.raises(CallError) as refused:
            await lab.station.call(HeartbeatRequest())
        assert refused.value.code == "SecurityError"  # B01.FR.10

    async def mute(lab: Laboratory) -> None:
        lab.station.provisioning._begin_boot = lambda: None  # type: ignore[method-assign]
        await scenario(lab)

    explore(mute, is_connected=False)


@dataclass
class Certificate:
    common_names: tuple[str, ...]


@pytest.mark.use_case("B01")
@pytest.mark.parametrize(
    ("name", "compares", "fits"),
    [
        ("SIM-WALLBOX", True, True),
        ("sim-wallbox", True, True),
        ("cs001", True, True),
        ("SN2", True, False),
        ("SN2", False, True),
    ],
)
def test_the_serial_number_is_that_of_the_certificate(name: str, compares: bool, fits: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.connect()
        link: Any = lab.csms[IDENTITY].link
        object.__setattr__(link, "certificate", Certificate((name,)))  # as after a handshake with profile 3
        await lab.quiet(5)
        assert lab.csms[IDENTITY].is_connected is fits  # B01.FR.11, B01.FR.12
        assert lab.station.provisioning.status == (ACCEPTED if fits else REJECTED)
        assert (lab.csms[IDENTITY].provisioning.boot is not None) is fits

    settings = Settings(inventory=None, compares_serial_number=compares)
    explore(scenario, is_connected=False, settings=settings)


# B02


@pytest.mark.use_case("B02")
def test_pending_is_configured_and_then_accepted() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.connect()
        await lab.quiet(1)
        csms = lab.csms[IDENTITY]
        assert csms.provisioning.status is PENDING and lab.station.provisioning.status is PENDING
        data = SetVariableDataType(attribute_value="60", **variable("OCPPCommCtrlr", "OfflineThreshold"))
        (result,) = await csms.provisioning.set_variables([data])  # B02.FR.01
        assert result.attribute_status == "Accepted"
        report = await csms.provisioning.get_base_report(ReportBaseEnumType.CONFIGURATION_INVENTORY)  # B02.FR.02
        assert report.is_complete and report.rows
        lab.hardware.plug_in(1, 1, EV())
        await lab.quiet(5)
        assert set(kinds(lab)) == {"BootNotification", "NotifyReport"}
        assert len(boots(lab)) == 1 and lab.station.is_connected  # B02.FR.04, B02.FR.06
        await lab.quiet(10)
        assert lab.station.provisioning.is_accepted and len(boots(lab)) == 2
        assert reported(lab) == [(1, "Occupied")]

    settings = decided(Registration(PENDING, interval_s=10), Registration())
    lab = explore(scenario, is_connected=False, settings=settings)
    first, second, *_ = boots(lab)
    assert 10 <= second - first < 11  # B02.FR.08


@pytest.mark.use_case("B02")
@pytest.mark.use_case("B03")
@pytest.mark.parametrize("status", [PENDING, REJECTED])
def test_without_an_interval_the_station_waits_of_its_own(status: RegistrationStatusEnumType) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.connect()
        await lab.quiet(100)

    lab = explore(scenario, is_connected=False, settings=decided(Registration(status, interval_s=0)))
    waits = [after - before for before, after in zip(boots(lab), boots(lab)[1:], strict=False)]
    assert len(waits) >= 2 and all(30 <= wait <= 41 for wait in waits)  # B02.FR.07, B03.FR.05


@pytest.mark.use_case("B02")
@pytest.mark.parametrize("is_enabled", [False, True])
def test_transactions_before_the_registration(is_enabled: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.connect()
        await lab.quiet(1)
        await lab.plug_in()
        await lab.present()
        await lab.quiet(20)
        assert not lab.events  # B02.FR.02
        await lab.quiet(45)
        assert lab.station.provisioning.is_accepted
        assert bool(lab.events) is is_enabled  # B02.FR.03, B03.FR.01

    variables = {
        "tx_ctrlr.tx_before_accepted_enabled": is_enabled,
        "auth_ctrlr.offline_tx_for_unknown_id_enabled": True,
        "sampled_data_ctrlr.tx_updated_interval": 0,
    }
    settings = decided(Registration(PENDING, interval_s=60), Registration())
    explore(scenario, is_connected=False, settings=settings, variables=variables)


# B03


@pytest.mark.use_case("B03")
def test_rejected_is_silence_on_both_sides() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.connect()
        await lab.quiet(1)
        csms = lab.csms[IDENTITY]
        with pytest.raises(LocalProtocolError, match="registration was rejected"):  # B03.FR.03
            await csms.provisioning.get_base_report(ReportBaseEnumType.FULL_INVENTORY)
        link = csms.link
        assert link is not None
        with pytest.raises(CallError) as refused:  # B03.FR.08
            await link.call(GetBaseReportRequest(request_id=1, report_base=ReportBaseEnumType.FULL_INVENTORY))
        assert refused.value.code == "SecurityError"
        with pytest.raises(LocalProtocolError):  # B03.FR.02
            await lab.station.call(HeartbeatRequest())
        theirs = lab.station.link
        assert theirs is not None
        with pytest.raises(CallError) as refused:  # B03.FR.07
            await theirs.call(HeartbeatRequest())
        assert refused.value.code == "SecurityError"
        await lab.quiet(5)
        assert lab.station.provisioning.is_accepted

    settings = decided(Registration(REJECTED, interval_s=3), Registration())
    lab = explore(scenario, is_connected=False, settings=settings)
    first, second = boots(lab)
    assert 3 <= second - first < 4  # B03.FR.06


# B04


@pytest.mark.use_case("B04")
@pytest.mark.parametrize(
    ("outage_s", "is_plugged", "expected"),
    [
        (2, True, [(1, "Occupied")]),  # B04.FR.02
        (2, False, []),
        (8, False, [(1, "Available"), (2, "Available")]),  # B04.FR.01
    ],
)
def test_back_from_an_outage(outage_s: float, is_plugged: bool, expected: list[tuple[int, str]]) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(1)
        before = len(reported(lab))
        await lab.go_offline()
        if is_plugged:
            await lab.plug_in()
        await asyncio.sleep(outage_s)
        await lab.go_online()
        await lab.quiet(1)
        assert reported(lab)[before:] == expected
        assert len(boots(lab)) == 1 and lab.messages(HeartbeatRequest)

    explore(scenario, facts=wallbox(evses=2), variables={"ocpp_comm_ctrlr.offline_threshold": 5})


@pytest.mark.use_case("B04")
def test_a_change_that_is_over_is_reported_as_it_is_now() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(1)
        before = len(reported(lab))
        await lab.go_offline()
        await lab.plug_in()
        await lab.unplug()
        await lab.go_online()
        await lab.quiet(1)
        assert reported(lab)[before:] == [(1, "Available")]

    explore(scenario, facts=wallbox(evses=2))


# B05


@pytest.mark.use_case("B05")
def test_each_value_gets_its_result() -> None:
    cases = [
        ("OCPPCommCtrlr", "OfflineThreshold", "300", "Accepted"),  # B05.FR.10
        ("OCPPCommCtrlr", "OfflineThreshold", "x", "Rejected"),  # B05.FR.07
        ("OCPPCommCtrlr", "ResetRetries", "-1", "Rejected"),  # B05.FR.08
        ("OCPPCommCtrlr", "ActiveNetworkProfile", "2", "Rejected"),  # B05.FR.09
        ("Unheard", "OfflineThreshold", "1", "UnknownComponent"),  # B05.FR.04
        ("OCPPCommCtrlr", "Unheard", "1", "UnknownVariable"),  # B05.FR.05
    ]

    async def scenario(lab: Laboratory) -> None:
        csms = lab.csms[IDENTITY]
        data = [
            SetVariableDataType(attribute_value=value, **variable(component, name))
            for component, name, value, _ in cases
        ]
        answer = await csms.call(SetVariablesRequest(set_variable_data=data))
        results = answer.set_variable_result  # B05.FR.01
        assert [str(result.attribute_status) for result in results] == [status for *_, status in cases]
        assert [(result.component, result.variable) for result in results] == [
            (item.component, item.variable)
            for item in data  # B05.FR.02
        ]
        assert {str(result.attribute_type) for result in results} == {"Actual"}  # B05.FR.12
        with pytest.raises(LocalProtocolError, match="expected each attribute once"):  # B05.FR.13
            await csms.provisioning.set_variables([data[0], data[0]])
        await lab.kill()
        await lab.quiet()
        await lab.boot()
        assert lab.station.device_model.ocpp_comm_ctrlr.offline_threshold.value == 300

    explore(scenario)


@pytest.mark.use_case("B05")
@pytest.mark.use_case("B06")
@pytest.mark.use_case("B08")
@pytest.mark.parametrize("action", ["SetVariables", "GetVariables", "GetReport"])
def test_more_than_the_station_takes_is_refused_and_never_sent(action: str) -> None:
    where = variable("OCPPCommCtrlr", "OfflineThreshold")

    def request(count: int) -> Any:
        if action == "SetVariables":
            return SetVariablesRequest(set_variable_data=[SetVariableDataType(attribute_value="77", **where)] * count)
        if action == "GetVariables":
            return GetVariablesRequest(get_variable_data=[GetVariableDataType(**where)] * count)
        return GetReportRequest(request_id=1, component_variable=[ComponentVariableType(**where)] * count)

    async def scenario(lab: Laboratory) -> None:
        limits = lab.station.device_model.device_data_ctrlr
        limits.items_per_message[action].set(3)
        csms = lab.csms[IDENTITY]
        with pytest.raises(CallError) as refused:  # B06.FR.16, B08.FR.17
            await csms.call(request(4))
        assert refused.value.code == "OccurrenceConstraintViolation"
        limits.bytes_per_message[action].set(100)
        with pytest.raises(CallError) as refused:  # B06.FR.17, B08.FR.18
            await csms.call(request(2))
        assert refused.value.code == "FormatViolation"
        assert lab.station.device_model.ocpp_comm_ctrlr.offline_threshold.value != 77
        limits.bytes_per_message[action].set(65_536)
        assert await csms.call(request(3))
        await lab.quiet(1)
        await csms.provisioning.get_base_report(ReportBaseEnumType.FULL_INVENTORY)  # so it knows the limits
        before = len(lab.messages(type(request(1)), "CSMS"))
        await many(csms, action)  # B05.FR.11, B06.FR.05, B08.FR.06
        sent = lab.messages(type(request(1)), "CSMS")[before:]
        assert [count_of(each) for each in sent] == [3, 2]

    explore(scenario)


NAMES = ["OfflineThreshold", "ResetRetries", "RetryBackOffRandomRange", "RetryBackOffRepeatTimes", "HeartbeatInterval"]


async def many(csms: Station, action: str) -> None:
    places = [variable("OCPPCommCtrlr", name) for name in NAMES]
    if action == "SetVariables":
        await csms.provisioning.set_variables([SetVariableDataType(attribute_value="5", **each) for each in places])
    elif action == "GetVariables":
        await csms.provisioning.get_variables([GetVariableDataType(**each) for each in places])
    else:
        await csms.provisioning.get_report([ComponentVariableType(**each) for each in places])


def count_of(request: Any) -> int:
    for name in ("set_variable_data", "get_variable_data", "component_variable"):
        if (items := getattr(request, name, None)) is not None:
            return len(items)
    raise AssertionError(request)


# B06


@pytest.mark.use_case("B06")
def test_values_are_read_or_not() -> None:
    cases = [
        (variable("OCPPCommCtrlr", "OfflineThreshold"), "Accepted", "60"),  # B06.FR.10
        (variable("DeviceDataCtrlr", "ItemsPerMessage", instance="GetReport"), "Accepted", "100"),  # B06.FR.14
        (variable("DeviceDataCtrlr", "ItemsPerMessage"), "UnknownVariable", None),  # B06.FR.15
        (variable("SecurityCtrlr", "BasicAuthPassword"), "Rejected", None),  # B06.FR.09
        (variable("Unheard", "X"), "UnknownComponent", None),  # B06.FR.06
        (variable("OCPPCommCtrlr", "Unheard"), "UnknownVariable", None),  # B06.FR.07
        (
            {**variable("OCPPCommCtrlr", "OfflineThreshold"), "attribute_type": "MaxSet"},
            "NotSupportedAttributeType",
            None,
        ),
        (variable("EVSE", "SupplyPhases"), "UnknownComponent", None),
        (variable("EVSE", "SupplyPhases", evse=1), "Accepted", "3"),
    ]

    async def scenario(lab: Laboratory) -> None:
        data = [GetVariableDataType(**place) for place, *_ in cases]
        results = (await lab.csms[IDENTITY].call(GetVariablesRequest(get_variable_data=data))).get_variable_result
        assert [(str(item.attribute_status), item.attribute_value) for item in results] == [
            (status, value) for _, status, value in cases
        ]
        assert [item.component for item in results] == [item.component for item in data]  # B06.FR.01, B06.FR.02

    explore(scenario)


# B07


@pytest.mark.use_case("B07")
def test_base_reports() -> None:
    async def scenario(lab: Laboratory) -> None:
        provisioning = lab.csms[IDENTITY].provisioning
        full = await provisioning.get_base_report(ReportBaseEnumType.FULL_INVENTORY)
        assert full.is_complete and len(full.rows) == len(lab.station.device_model)  # B07.FR.08
        assert all(row.variable_characteristics is not None for row in full.rows)
        secret = [row for row in full.rows if row.variable.name == "BasicAuthPassword"]
        assert secret and all(row.variable_attribute[0].value is None for row in secret)  # B07.FR.03
        configured = await provisioning.get_base_report(ReportBaseEnumType.CONFIGURATION_INVENTORY)
        assert str(full.status) == str(configured.status) == "Accepted"  # B07.FR.01, B07.FR.12
        assert 0 < len(configured.rows) < len(full.rows)  # B07.FR.07
        asked = provisioning.get_base_report(ReportBaseEnumType.FULL_INVENTORY)
        first = asyncio.ensure_future(asked)
        await asyncio.sleep(0)
        second = await provisioning.get_base_report(ReportBaseEnumType.FULL_INVENTORY)
        assert str(second.status) in ("Accepted", "Rejected")  # B07.FR.13, unless the first was over by then
        await first
        summary = await provisioning.get_base_report(ReportBaseEnumType.SUMMARY_INVENTORY)
        assert "AvailabilityState" in {row.variable.name for row in summary.rows}  # B07.FR.09

    lab = explore(scenario)
    parts = lab.messages(NotifyReportRequest)
    for number in {part.request_id for part in parts}:  # B07.FR.04, B07.FR.10
        own = [part for part in parts if part.request_id == number]
        assert [part.seq_no for part in own] == list(range(len(own)))
        assert [bool(part.tbc) for part in own] == [True] * (len(own) - 1) + [False]


@pytest.mark.use_case("B07")
def test_an_inventory_is_taken_of_what_is_new() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(5)
        assert len(lab.messages(GetBaseReportRequest, "CSMS")) == 1  # B07.FR.14
        await lab.kill()
        await lab.quiet()
        await lab.boot()
        await lab.quiet(5)
        assert len(lab.messages(GetBaseReportRequest, "CSMS")) == 1

    explore(scenario, settings=Settings())


# B08


@pytest.mark.use_case("B08")
def test_custom_reports() -> None:
    async def scenario(lab: Laboratory) -> None:
        provisioning = lab.csms[IDENTITY].provisioning

        async def rows(*places: dict[str, Any], criteria: tuple[str, ...] = ()) -> set[tuple[int | None, str]]:
            report = await provisioning.get_report(
                [ComponentVariableType(**place) for place in places],
                criteria=[ComponentCriterionEnumType(each) for each in criteria],
            )
            return {(row.component.evse.id if row.component.evse else None, row.variable.name) for row in report.rows}

        evse = {"component": ComponentType(name="EVSE")}
        assert {number for number, _ in await rows(evse)} == {1, 2}  # B08.FR.23
        only = {"component": ComponentType(name="EVSE", evse=EVSEType(id=1))}
        assert {number for number, _ in await rows(only)} == {1}  # B08.FR.22
        items = await provisioning.get_report(
            [ComponentVariableType(**variable("DeviceDataCtrlr", "ItemsPerMessage"))]  # B08.FR.21
        )
        assert {row.variable.instance for row in items.rows} >= {"GetReport", "GetVariables", "SetVariables"}
        empty = await provisioning.get_report(criteria=[ComponentCriterionEnumType.PROBLEM])
        assert str(empty.status) == "EmptyResultSet" and not empty.rows  # B08.FR.15
        assert not await rows(evse, criteria=("Problem",))  # B08.FR.05
        assert {number for number, _ in await rows(evse, criteria=("Available",))} == {1, 2}  # B08.FR.08
        everything = await provisioning.get_report()
        assert len(everything.rows) == len(lab.station.device_model)

    explore(scenario, facts=wallbox(evses=2))
