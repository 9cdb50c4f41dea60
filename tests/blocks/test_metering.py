"""Metering (block J) over both roles, in virtual time; EPOCH, when it begins, is a midnight."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from laboratory import IDENTITY, Laboratory, explore

from ocpp21.csms import MeterValuesReceived, TransactionEventReceived
from ocpp21.messages import (
    ComponentType,
    EVSEType,
    MeasurandEnumType,
    MeterValuesRequest,
    MeterValueType,
    PhaseEnumType,
    SampledValueType,
    SetVariableDataType,
    TransactionEventRequest,
    UnitOfMeasureType,
    VariableType,
)
from ocpp21.simulator import EV, wallbox
from ocpp21.station.hardware import EnergyTransferStarted, sampled
from ocpp21.testing.virtual_time import EPOCH

REGISTER = "Energy.Active.Import.Register"
OFF = {
    "sampled_data_ctrlr.tx_updated_interval": 0,
    "tx_ctrlr.tx_start_point": ("PowerPathClosed",),
    "tx_ctrlr.tx_stop_point": ("PowerPathClosed",),
}
TWO = wallbox(evses=2)


def aligned(interval: int = 900, **more: Any) -> dict[str, Any]:
    """Clock-aligned values of the register."""
    return {
        **OFF,
        "aligned_data_ctrlr.interval": interval,
        "aligned_data_ctrlr.measurands": (REGISTER,),
        **{f"aligned_data_ctrlr.{name}": value for name, value in more.items()},
    }


def idle(lab: Laboratory) -> list[tuple[int, int]]:
    """Of each MeterValues: minutes since midnight, and the EVSE."""
    return [
        (int((request.meter_value[0].timestamp - EPOCH).total_seconds() // 60), request.evse_id)
        for request in lab.messages(MeterValuesRequest)
    ]


def contexts(event: TransactionEventRequest) -> list[tuple[float, str]]:
    """Of each moment of an event: seconds since midnight, and the context."""
    return [
        (round((moment.timestamp - EPOCH).total_seconds(), 1), str(moment.sampled_value[0].context))
        for moment in event.meter_value or ()
    ]


def clock_minutes(lab: Laboratory) -> list[int]:
    """When the clock-aligned values of transactions were taken, in minutes since midnight."""
    return [
        int((event.timestamp - EPOCH).total_seconds() // 60)
        for event in lab.events
        if event.trigger_reason == "MeterValueClock"
    ]


# J01


@pytest.mark.use_case("J01")
def test_the_slots_of_a_station_at_rest() -> None:
    told: list[MeterValuesReceived] = []

    async def scenario(lab: Laboratory) -> None:
        lab.csms.subscribe(told.append, MeterValuesReceived)
        await lab.quiet(440)  # 00:07:20
        assert not idle(lab)
        await lab.quiet(24 * 60)  # 00:31:20

    lab = explore(scenario, facts=TWO, variables=aligned())
    assert sorted(idle(lab)) == [(15, 0), (15, 1), (15, 2), (30, 0), (30, 1), (30, 2)]  # J01.FR.02, J01.FR.14
    for request in lab.messages(MeterValuesRequest):
        (moment,) = request.meter_value
        # J01.FR.05, J01.FR.06, J01.FR.07, J01.FR.08, J01.FR.09, J01.FR.17
        (value,) = moment.sampled_value
        assert (value.context, value.measurand) == ("Sample.Clock", REGISTER)
        assert value.location == ("Inlet" if request.evse_id == 0 else "Outlet")  # J01.FR.03, J01.FR.04
    assert len(told) == 6 and told[0].values[0].unit == "Wh"  # J01.FR.18: answered, stored, told
    assert not [frame for frame in lab.frames if frame.data[1:2] == b"4"]


@pytest.mark.use_case("J01")
def test_a_day_has_so_many_slots() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(24 * 3600 - 1)

    lab = explore(scenario, variables=aligned(900))
    assert sorted(idle(lab)) == [(15 * slot, evse_id) for slot in range(1, 96) for evse_id in (0, 1)]


@pytest.mark.use_case("J01")
def test_the_slots_begin_anew_at_midnight() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(24 * 3600 + 7200)

    lab = explore(scenario, variables=aligned(7000))
    times = [
        int((request.meter_value[0].timestamp - EPOCH).total_seconds())
        for request in lab.messages(MeterValuesRequest)
        if request.evse_id == 0
    ]
    assert times == [*range(7000, 86_400, 7000), 86_400, 86_400 + 7000]


@pytest.mark.use_case("J01")
def test_with_a_transaction() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(31 * 60)
        await lab.unplug()
        await lab.quiet(15 * 60)

    lab = explore(scenario, facts=TWO, variables=aligned())
    assert clock_minutes(lab) == [15, 30]  # J01.FR.22
    assert sorted(idle(lab)) == [(15, 0), (15, 2), (30, 0), (30, 2), (45, 0), (45, 1), (45, 2)]
    clock = next(event for event in lab.events if event.trigger_reason == "MeterValueClock")
    assert contexts(clock) == [(900.0, "Sample.Clock")]


@pytest.mark.use_case("J01")
@pytest.mark.parametrize("where", ["evse", "station"])
def test_send_during_idle(where: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        aligned_data = lab.station.device_model.aligned_data_ctrlr
        place = aligned_data if where == "station" else aligned_data.at(1)
        place.send_during_idle.add(False)
        await lab.quiet(60)
        evse = None if where == "station" else EVSEType(id=1)
        data = SetVariableDataType(
            component=ComponentType(name="AlignedDataCtrlr", evse=evse),
            variable=VariableType(name="SendDuringIdle"),
            attribute_value="true",
        )
        (result,) = await lab.csms[IDENTITY].provisioning.set_variables([data])
        assert str(result.attribute_status) == "Accepted"
        await lab.plug_in()
        await lab.present()
        await lab.quiet(20 * 60)
        await lab.unplug()
        await lab.quiet(15 * 60)

    lab = explore(scenario, facts=TWO, variables=aligned())
    assert not clock_minutes(lab)  # J01.FR.19
    during = [] if where == "station" else [(15, 0), (15, 2)]  # J01.FR.20
    assert sorted(idle(lab)) == [*during, (30, 0), (30, 1), (30, 2)]


@pytest.mark.use_case("J01")
def test_nothing_is_sent_without_an_interval_or_while_it_is_off() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.set("aligned_data_ctrlr.enabled", False)
        await lab.quiet(3660)
        lab.set("aligned_data_ctrlr.enabled", True)
        await lab.quiet(900)
        lab.set("aligned_data_ctrlr.interval", 0)
        await lab.quiet(3600)

    lab = explore(scenario, variables=aligned())
    assert sorted(idle(lab)) == [(75, 0), (75, 1)]


@pytest.mark.use_case("J01")
def test_a_station_without_a_main_meter() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.main_meter = None  # type: ignore[assignment,misc]
        await lab.quiet(1000)

    assert idle(explore(scenario, variables=aligned())) == [(15, 1)]


@pytest.mark.use_case("J01")
def test_a_measurand_that_nobody_measures_is_refused() -> None:
    async def scenario(lab: Laboratory) -> None:
        data = SetVariableDataType(
            component=ComponentType(name="AlignedDataCtrlr"),
            variable=VariableType(name="Measurands"),
            attribute_value="Foo",
        )
        (result,) = await lab.csms[IDENTITY].provisioning.set_variables([data])
        assert str(result.attribute_status) == "Rejected"

    explore(scenario, variables=aligned())


@pytest.mark.use_case("J01")
@pytest.mark.parametrize("is_busy", [False, True])
def test_too_many_values_for_one_message(is_busy: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        _many(lab, 600)
        if is_busy:
            await lab.plug_in()
            await lab.present()
        await lab.quiet(901)

    lab = explore(scenario, variables=aligned())
    if is_busy:
        parts = [event for event in lab.events if event.trigger_reason == "MeterValueClock"]  # E02.FR.11
        assert len({event.seq_no for event in parts}) == len(parts) > 1
        assert len({event.timestamp for event in parts}) == 1
        values = [value for event in parts for moment in event.meter_value or () for value in moment.sampled_value]
    else:
        requests = [request for request in lab.messages(MeterValuesRequest) if request.evse_id == 1]
        assert len(requests) > 1  # J01.FR.15
        assert len({moment.timestamp for request in requests for moment in request.meter_value}) == 1
        values = [value for request in requests for moment in request.meter_value for value in moment.sampled_value]
    assert [value.value for value in values] == [float(number) for number in range(600)]
    kind = b"MeterValueClock" if is_busy else b"MeterValues"
    assert max(len(frame.data) for frame in lab.frames if kind in frame.data) < 65_536


def _many(lab: Laboratory, count: int) -> None:
    """Let the meter of EVSE 1 give that many registers."""

    async def read(*, signed: bool = False) -> Sequence[SampledValueType]:
        return [sampled(MeasurandEnumType(REGISTER), float(number)) for number in range(count)]

    lab.hardware.evses[1].meter.read = read  # type: ignore[method-assign]


# J02


def sampling(updated: int = 60, ended: int = 0, **more: Any) -> dict[str, Any]:
    return {
        **OFF,
        "sampled_data_ctrlr.tx_updated_interval": updated,
        "sampled_data_ctrlr.tx_ended_interval": ended,
        **more,
    }


async def charge(lab: Laboratory, seconds: float, ev: EV | None = None) -> None:
    await lab.plug_in(ev=ev)
    await lab.present()
    await lab.quiet(seconds)
    await lab.unplug()


@pytest.mark.use_case("J02")
@pytest.mark.parametrize(("after_s", "expected"), [(10, [60, 70, 80, 90]), (0, [60]), (90, [60])])
def test_another_interval_while_charging(after_s: int, expected: list[int]) -> None:
    """A new interval is counted from the last sample."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(65)
        lab.set("sampled_data_ctrlr.tx_updated_interval", after_s)
        await lab.quiet(32)
        await lab.unplug()

    lab = explore(scenario, variables=sampling(60))
    start = lab.events[0].timestamp
    sampled = [event.timestamp for event in lab.events if event.trigger_reason == "MeterValuePeriodic"]
    assert [round((at - start).total_seconds()) for at in sampled] == expected


@pytest.mark.use_case("J02")
def test_values_sampled_and_aligned() -> None:
    """Scenario 1: a transaction of six minutes around a quarter of an hour."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.quiet(14 * 60 + 30 - 0.1 - lab.csms.now().timestamp() % 86_400 % 0.1)
        await lab.present()
        await lab.quiet(359.8)
        await lab.unplug()

    lab = explore(scenario, variables={**aligned(), **sampling(60, 120)})
    start = lab.events[0].timestamp
    since = [(str(event.trigger_reason), (event.timestamp - start).total_seconds()) for event in lab.events]
    # J02.FR.11
    assert [round(at) for trigger, at in since if trigger == "MeterValuePeriodic"] == [60, 120, 180, 240, 300]
    assert clock_minutes(lab) == [15]
    ended = lab.events[-1]
    marks = [context for _, context in contexts(ended)]
    assert marks == ["Transaction.Begin", "Sample.Periodic", "Sample.Periodic", "Transaction.End"]
    moments = [round((moment.timestamp - start).total_seconds()) for moment in ended.meter_value or ()]
    assert moments == [0, 120, 240, 360]
    assert contexts(lab.events[0])[0][1] == "Transaction.Begin"
    values = [moment.sampled_value[0].value for moment in ended.meter_value or ()]
    assert values == sorted(values)  # J02.FR.16
    assert abs(Decimal(repr(values[-1])) - Decimal(repr(values[0])) - lab.delivered_wh()) <= Decimal("0.001")
    for event in lab.events[:-1]:  # J02.FR.10
        assert all(
            event.timestamp - timedelta(seconds=60) < moment.timestamp <= event.timestamp
            for moment in event.meter_value or ()
        )


@pytest.mark.use_case("J02")
def test_intervals_of_zero_and_empty_lists() -> None:
    """Scenario 2."""

    async def scenario(lab: Laboratory) -> None:
        await charge(lab, 600)

    lab = explore(scenario, variables=sampling(0, 0))
    assert not [event for event in lab.events if event.trigger_reason == "MeterValuePeriodic"]
    assert [context for _, context in contexts(lab.events[-1])] == ["Transaction.Begin", "Transaction.End"]
    lists = {f"sampled_data_ctrlr.tx_{name}_measurands": () for name in ("started", "updated", "ended")}
    for switches in (lists, {"sampled_data_ctrlr.enabled": False}):
        lab = explore(scenario, variables={**sampling(60, 60), **switches})
        assert not [event for event in lab.events if event.meter_value] and lab.told[-1][0] == "Ended"


@pytest.mark.use_case("J02")
@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (12.5, UnitOfMeasureType(unit="Wh", multiplier=3)),
        (12.5, UnitOfMeasureType(unit="kWh")),
        (12_500.0, None),
        (12_500_000.0, UnitOfMeasureType(multiplier=-3)),
    ],
)
def test_units_and_multipliers(value: float, unit: UnitOfMeasureType | None) -> None:
    """Scenario 3: whatever the meter says of them, the ledger has Wh."""
    told: list[TransactionEventReceived] = []

    async def scenario(lab: Laboratory) -> None:
        readings = [0.0, value]

        async def read(*, signed: bool = False) -> Sequence[SampledValueType]:
            return [SampledValueType(value=readings.pop(0), unit_of_measure=unit)]

        lab.csms.subscribe(told.append, TransactionEventReceived)
        lab.hardware.evses[1].meter.read = read  # type: ignore[method-assign]
        await charge(lab, 60)
        (transaction,) = await lab.transactions()
        assert transaction.energy_wh == 12_500

    explore(scenario, variables=sampling(0))
    last = told[-1].values[-1]
    assert (last.value, last.unit, last.measurand) == (12_500, "Wh", REGISTER)
    assert (last.context, last.location, last.phase) == ("Transaction.End", "Outlet", None)
    assert last.at == told[-1].request.timestamp  # J02.FR.18


SIGNING = {"sampled_data_ctrlr.sign_readings": True}
POLICY = "ocpp_comm_ctrlr.public_key_with_signed_meter_value"


def signed(event: TransactionEventRequest) -> list[bool | None]:
    """Of each value of an event: None when it is not signed, else whether the public key is with it."""
    return [
        None if value.signed_meter_value is None else bool(value.signed_meter_value.public_key)
        for moment in event.meter_value or ()
        for value in moment.sampled_value
    ]


@pytest.mark.use_case("J02")
@pytest.mark.parametrize(
    ("switches", "started", "updated", "ended"),
    [
        ({**SIGNING, POLICY: "OncePerTransaction"}, [None], [None], [True, False]),  # scenario 4
        ({**SIGNING, POLICY: "Never"}, [None], [None], [False, False]),
        ({**SIGNING, POLICY: "EveryMeterValue"}, [None], [None], [True, True]),
        (SIGNING, [None], [None], [True, True]),
        (
            {**SIGNING, POLICY: "OncePerTransaction", "sampled_data_ctrlr.sign_started_readings": True},
            [True],
            [None],
            [False, False],
        ),
        (
            {
                **SIGNING,
                POLICY: "OncePerTransaction",
                "sampled_data_ctrlr.sign_started_readings": True,
                "sampled_data_ctrlr.sign_updated_readings": True,
            },
            [True],
            [False],
            [False, False],
        ),
        ({"sampled_data_ctrlr.sign_updated_readings": True}, [None], [None], [None, None]),
        ({"aligned_data_ctrlr.sign_readings": True}, [None], [None], [None, None]),
    ],
)
def test_signed_values(
    switches: dict[str, Any], started: list[bool | None], updated: list[bool | None], ended: list[bool | None]
) -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab, 61)

    lab = explore(scenario, variables={**sampling(60), **switches})
    periodic = next(event for event in lab.events if event.trigger_reason == "MeterValuePeriodic")
    # E02.FR.14, J02.FR.21
    assert (signed(lab.events[0]), signed(periodic), signed(lab.events[-1])) == (started, updated, ended)


@pytest.mark.use_case("J02")
@pytest.mark.parametrize("updates", [True, False])
def test_signed_values_of_the_clock(updates: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet(901)
        await charge(lab, 900)

    more = {"sign_readings": True, "sign_updated_readings": updates, "tx_ended_interval": 900}
    variables = {**aligned(**more), "aligned_data_ctrlr.tx_ended_measurands": (REGISTER,), POLICY: "OncePerTransaction"}
    lab = explore(scenario, variables=variables)
    values = [value for request in lab.messages(MeterValuesRequest) for value in request.meter_value[0].sampled_value]
    assert values and all(value.signed_meter_value is not None for value in values)  # J01.FR.21
    clock = next(event for event in lab.events if event.trigger_reason == "MeterValueClock")
    assert (signed(clock) != [None]) is updates
    assert (900 * 2, "Sample.Clock") in contexts(lab.events[-1])
    assert [key for event in lab.events for key in signed(event)].count(True) == 1


@pytest.mark.use_case("J02")
def test_the_public_key_that_the_station_knows() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.station.device_model.fiscal_metering.at(1).public_key.add("oca:base16:asn1:3059")  # J02.FR.23
        read = lab.hardware.evses[1].meter.read

        async def without_key(*, signed: bool = False) -> Sequence[SampledValueType]:
            register, *others = await read(signed=signed)
            given = register.signed_meter_value
            assert given is not None
            bare = msgspec.structs.replace(given, public_key=None)
            return [msgspec.structs.replace(register, signed_meter_value=bare), *others]

        lab.hardware.evses[1].meter.read = without_key  # type: ignore[method-assign]
        await charge(lab, 60)

    lab = explore(scenario, variables={**sampling(0), **SIGNING})
    (moment, _) = lab.events[-1].meter_value or ()
    assert moment.sampled_value[0].signed_meter_value is not None
    assert moment.sampled_value[0].signed_meter_value.public_key == "oca:base16:asn1:3059"


@pytest.mark.use_case("J02")
def test_samples_while_offline() -> None:
    """Scenario 5."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(1)
        await lab.go_offline()
        await lab.quiet(5 * 60)
        await lab.go_online()
        await lab.unplug()
        (transaction,) = await lab.transactions()
        assert transaction.is_complete

    lab = explore(scenario, variables=sampling(60))
    periodic = [event for event in lab.events if event.trigger_reason == "MeterValuePeriodic"]
    assert len(periodic) == 5 and all(event.offline for event in periodic)
    assert [event.seq_no for event in lab.events] == list(range(len(lab.events)))


@pytest.mark.use_case("J02")
def test_an_evse_that_is_not_known_at_first() -> None:
    """Scenario 6: the values of the beginning come when charging begins (E02.FR.21, E04.FR.11, E05.FR.08)."""

    async def scenario(lab: Laboratory) -> None:
        await lab.present(evse_id=None)
        await lab.plug_in(2)
        await lab.quiet(60)

    lab = explore(
        scenario,
        facts=TWO,
        variables={**OFF, "tx_ctrlr.tx_start_point": ("Authorized",), "tx_ctrlr.tx_stop_point": ("Authorized",)},
    )
    assert [contexts(event) != [] for event in lab.events] == [False, False, True]
    assert contexts(lab.events[-1])[0][1] == "Transaction.Begin"
    assert lab.events[-1].transaction_info.charging_state == "Charging"


@pytest.mark.use_case("J02")
def test_an_ended_event_that_would_be_too_large() -> None:
    """J02.FR.20, E06.FR.13: inner samples go, what is billed stays."""

    async def scenario(lab: Laboratory) -> None:
        meter = lab.hardware.evses[1].meter
        read = meter.read

        async def bulky(*, signed: bool = False) -> Sequence[SampledValueType]:
            register, *others = await read(signed=signed)
            given = register.signed_meter_value
            assert given is not None
            bulk = msgspec.structs.replace(given, signed_meter_data="A" * 10_000)
            return [msgspec.structs.replace(register, signed_meter_value=bulk), *others]

        meter.read = bulky  # type: ignore[method-assign]
        await charge(lab, 1250)
        (transaction,) = await lab.transactions()
        assert transaction.is_complete
        assert abs((transaction.energy_wh or 0) - lab.delivered_wh()) <= Decimal("0.001")

    lab = explore(scenario, variables={**sampling(0, 60), **SIGNING})
    marks = [context for _, context in contexts(lab.events[-1])]
    assert marks[0] == "Transaction.Begin" and marks[-1] == "Transaction.End" and 2 < len(marks) <= 6
    assert max(len(frame.data) for frame in lab.frames) < 65_536


@pytest.mark.use_case("J02")
def test_the_number_of_phases_changes() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(61)
        lab.hardware.tell(EnergyTransferStarted(1, 1))
        await lab.quiet(61)
        lab.hardware.tell(EnergyTransferStarted(1, 3))
        await lab.quiet(1)
        await lab.unplug()

    lab = explore(scenario, variables=sampling(60))
    phases = [(str(event.trigger_reason), event.number_of_phases_used) for event in lab.events]
    assert phases == [
        ("Authorized", None),
        ("ChargingStateChanged", 3),  # E02.FR.18, E03.FR.13
        ("MeterValuePeriodic", None),
        ("MeterValuePeriodic", 1),  # E02.FR.19, E03.FR.14
        ("EVCommunicationLost", 3),
    ]


#: Two halves, since a list of values has at most 1000 characters.
HALVES = list(MeasurandEnumType)[::2], list(MeasurandEnumType)[1::2]


def everything() -> str:
    """A device model whose station reports every measurand there is, half of them in each event."""
    lists = ""
    for name, half in zip(("TxStartedMeasurands", "TxUpdatedMeasurands"), HALVES, strict=True):
        names = ", ".join(f'"{measurand.value}"' for measurand in half)
        lists += f'[[variable]]\ncomponent = "SampledDataCtrlr"\nvariable = "{name}"\n'
        lists += f"value = [{names}]\nvalues_list = [{names}]\n"
    return f'[[evse]]\nconnectors = ["sType2"]\npower_w = 11_000\nsupply_phases = 3\n{lists}'


@pytest.mark.use_case("J02")
def test_every_measurand() -> None:
    told: list[TransactionEventReceived] = []

    async def scenario(lab: Laboratory) -> None:
        async def read(*, signed: bool = False) -> Sequence[SampledValueType]:
            return [sampled(measurand, 1.5) for measurand in MeasurandEnumType]

        lab.csms.subscribe(told.append, TransactionEventReceived)
        lab.hardware.evses[1].meter.read = read  # type: ignore[method-assign]
        await lab.plug_in()
        await lab.present()
        await lab.quiet(61)
        (transaction,) = await lab.transactions()
        assert transaction.soc is not None and transaction.soc.value == Decimal("1.5")

    lab = explore(scenario, device_model=everything(), variables=sampling(60))
    assert "Started" in lab.told[0]
    # J02.FR.02, J02.FR.03, J02.FR.04, J02.FR.05
    values = {value.measurand: value for event in told for value in event.values}
    assert values.keys() == {measurand.value for measurand in MeasurandEnumType}
    units = {measurand: value.unit for measurand, value in values.items()}
    assert units["SoC"] == units["Display.PresentSOC"] == "Percent"
    assert units["EnergyRequest.Target"] == units["Energy.Active.Net"] == "Wh"
    assert units["Energy.Reactive.Net"] == "varh" and units["Power.Factor"] is None
    assert units["Display.RemainingTimeToTargetSOC"] == "s" and units["Display.ChargingComplete"] is None


@pytest.mark.use_case("J02")
@pytest.mark.parametrize("without_phases", [True, False])
def test_registers_by_phase(without_phases: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        registers = iter(range(0, 3000, 300))

        async def read(*, signed: bool = False) -> Sequence[SampledValueType]:
            register = next(registers)
            phases = (PhaseEnumType.L1, PhaseEnumType.L2, PhaseEnumType.L3)
            return [sampled(MeasurandEnumType(REGISTER), register + 0.1, phase=phase) for phase in phases]

        lab.hardware.evses[1].meter.read = read  # type: ignore[method-assign]
        await charge(lab, 60)
        (transaction,) = await lab.transactions()
        assert transaction.energy_wh == 900  # the sum of the phases

    lab = explore(
        scenario, variables={**sampling(0), "sampled_data_ctrlr.register_values_without_phases": without_phases}
    )
    (moment,) = lab.events[0].meter_value or ()
    phases = [None] if without_phases else ["L1", "L2", "L3"]
    # J01.FR.10, J01.FR.11, J02.FR.06, J02.FR.07
    assert [value.phase for value in moment.sampled_value] == phases
    if without_phases:
        assert moment.sampled_value[0].value == 0.3


@pytest.mark.use_case("J02")
def test_only_values_of_its_own_evse() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(1)
        await lab.present(evse_id=1)
        await lab.quiet(600)
        await lab.plug_in(2)
        await lab.present(evse_id=2)
        await lab.quiet(60)
        await lab.unplug(2)
        ids = {event.transaction_info.transaction_id for event in lab.events}
        for transaction in await lab.transactions():
            evse_id = transaction.evse_id and transaction.evse_id.value
            if transaction.is_ended:
                assert evse_id == 2
                assert abs((transaction.energy_wh or 0) - lab.delivered_wh(2)) <= Decimal("0.001")  # J02.FR.22
        assert len(ids) == 2

    explore(scenario, facts=TWO, variables=sampling(60))


@pytest.mark.use_case("J02")
def test_the_csms_answers_whatever_the_event_says() -> None:
    """J02.FR.19: it is answered, and what contradicts the rest changes nothing."""

    async def scenario(lab: Laboratory) -> None:
        await charge(lab, 60)
        (before,) = await lab.transactions()
        late = msgspec.structs.replace(
            lab.events[-1],
            seq_no=99,
            meter_value=[MeterValueType(timestamp=EPOCH, sampled_value=[SampledValueType(value=-1.0)])],
        )
        await lab.station.call(late)
        (after,) = await lab.transactions()
        assert after == before

    explore(scenario, variables=sampling(0))


# J03


@pytest.mark.use_case("J03")
def test_what_the_ev_confirms_is_not_passed_on() -> None:
    """Events carry what the station has measured (J03.FR.04); an EV that refuses a receipt ends its session."""

    async def scenario(lab: Laboratory) -> None:
        ev = EV(id_token=None)
        await lab.plug_in(ev=ev)
        await lab.present()
        await lab.quiet(125)
        lab.hardware.stop_session(1)
        await lab.quiet(1)
        (transaction,) = await lab.transactions()
        assert transaction.is_complete
        assert abs((transaction.energy_wh or 0) - lab.delivered_wh()) <= Decimal("0.001")

    lab = explore(scenario, variables={**sampling(60), **SIGNING})
    assert lab.told[-1] == ("Ended", "StopAuthorized", "EVConnected")
    periodic = [event for event in lab.events if event.trigger_reason == "MeterValuePeriodic"]
    assert len(periodic) == 2
    for event in lab.events:
        for moment in event.meter_value or ():
            assert all(value.location == "Outlet" for value in moment.sampled_value)
