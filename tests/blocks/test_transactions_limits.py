"""Limits of transactions (E16) over both roles, in virtual time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from laboratory import IDENTITY, Laboratory, explore

from ocpp21.csms import Settings, Station, Transaction
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import TransactionEventRequest, TransactionEventResponse, TransactionLimitType
from ocpp21.simulator import EV, fast_charger, wallbox
from ocpp21.station.hardware import StationFacts

ALL = ("maxCost", "maxEnergy", "maxTime", "maxSoC")


def limited(stop: str = "EVConnected", supported: tuple[str, ...] = ALL, interval: int = 0) -> dict[str, Any]:
    return {
        "sampled_data_ctrlr.tx_updated_interval": interval,
        "tx_ctrlr.tx_start_point": ("PowerPathClosed",),
        "tx_ctrlr.tx_stop_point": tuple(stop.split(",")),
        "tx_ctrlr.supported_limits": supported,
    }


def limit(**limits: Any) -> TransactionLimitType:
    return TransactionLimitType(**limits)


async def begin(lab: Laboratory, seconds: float = 1) -> str:
    """Start charging at EVSE 1; returns the transactionId."""
    await lab.plug_in()
    await lab.present()
    await lab.quiet(seconds)
    return lab.events[0].transaction_info.transaction_id


def reported(lab: Laboratory) -> list[tuple[str, TransactionLimitType]]:
    """The events that report limits: trigger and limits."""
    return [
        (str(event.trigger_reason), event.transaction_info.transaction_limit)
        for event in lab.events
        if event.transaction_info.transaction_limit is not None
    ]


def answers(lab: Laboratory) -> list[TransactionLimitType]:
    """The limits in the answers of the CSMS, in order."""
    found = []
    for frame in lab.frames:
        if frame.side == "CSMS" and frame.direction == "out" and b"transactionLimit" in frame.data:
            found.append(msgspec.convert(msgspec.json.decode(frame.data)[2], TransactionEventResponse))
    return [answer.transaction_limit for answer in found if answer.transaction_limit is not None]


# S1: the driver


@pytest.mark.use_case("E16")
def test_the_driver_limits_the_energy() -> None:
    async def scenario(lab: Laboratory) -> None:
        await begin(lab)
        assert await lab.station.transactions.limit(1, limit(max_energy=2000.0)) == limit(max_energy=2000.0)
        await lab.station.transactions.limit(1, limit(max_energy=500.0))
        await lab.station.transactions.limit(1, limit(max_energy=500.0))  # is no change
        await lab.quiet(600)
        assert Decimal(500) <= lab.delivered_wh() <= Decimal("500.5")
        assert lab.hardware.evses[1].connectors[1].lock.is_locked
        (transaction,) = await lab.transactions()
        assert transaction.limit is not None and transaction.limit.value == limit(max_energy=500.0)
        await lab.present()
        await lab.unplug()

    lab = explore(scenario, variables=limited())
    assert reported(lab) == [  # E16.FR.01
        ("LimitSet", limit(max_energy=2000.0)),
        ("LimitSet", limit(max_energy=500.0)),
    ]
    assert ("Updated", "EnergyLimitReached", "SuspendedEVSE") in lab.told  # E16.FR.05
    assert lab.told[-1] == ("Ended", "EVCommunicationLost", "Idle")


@pytest.mark.use_case("E16")
@pytest.mark.parametrize(
    ("limits", "trigger", "reason"),
    [
        (limit(max_energy=200.0), "EnergyLimitReached", "EnergyLimitReached"),
        (limit(max_time=60), "TimeLimitReached", "TimeLimitReached"),
        (limit(max_soc=21), "SoCLimitReached", "SOCLimitReached"),
    ],
)
@pytest.mark.parametrize("stop", ["EVConnected", "EnergyTransfer"])
def test_each_limit(limits: TransactionLimitType, trigger: str, reason: str, stop: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(ev=EV(capacity_wh=20_000, state_of_charge=20))
        await lab.present()
        await lab.quiet(1)
        await lab.station.transactions.limit(1, limits)
        await lab.quiet(600)
        assert lab.hardware.evses[1].flow.power_mw == 0
        before = lab.delivered_wh()
        await lab.quiet(600)
        assert lab.delivered_wh() == before > 0

    facts = fast_charger(evses=1, max_power_w=20_000)
    lab = explore(scenario, facts=facts, variables=limited(stop))
    last = lab.events[-1]
    if stop == "EnergyTransfer":  # E16.FR.06
        assert lab.told[-1] == ("Ended", trigger, "EVConnected")
        assert last.transaction_info.stopped_reason == reason
    else:
        assert lab.told[-1] == ("Updated", trigger, "SuspendedEVSE")
    assert last.transaction_info.transaction_limit is None  # it is told once


@pytest.mark.use_case("E16")
def test_time_counts_from_the_beginning() -> None:
    async def scenario(lab: Laboratory) -> None:
        await begin(lab, 3)
        await lab.station.transactions.limit(1, limit(max_time=5))
        await lab.quiet(10)

    lab = explore(scenario, variables=limited())
    reached = lab.events[-1]
    assert reached.trigger_reason == "TimeLimitReached"
    passed_s = (reached.timestamp - lab.events[0].timestamp).total_seconds()
    assert 5 <= passed_s < 5.1  # E16.FR.09


@pytest.mark.use_case("E16")
def test_a_limit_that_is_raised_lets_it_go_on() -> None:
    async def scenario(lab: Laboratory) -> None:
        await begin(lab)
        await lab.station.transactions.limit(1, limit(max_energy=100.0))
        await lab.quiet(600)
        await lab.station.transactions.limit(1, limit(max_energy=300.0))  # E16.FR.14, E16.FR.17
        await lab.quiet(600)
        assert Decimal(300) <= lab.delivered_wh() <= Decimal("300.5")

    lab = explore(scenario, variables=limited())
    assert lab.told[-4:] == [
        ("Updated", "EnergyLimitReached", "SuspendedEVSE"),
        ("Updated", "LimitSet", "SuspendedEVSE"),
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Updated", "EnergyLimitReached", "SuspendedEVSE"),
    ]


@pytest.mark.use_case("E16")
@pytest.mark.parametrize("value", [10.0, -1.0])
def test_a_limit_that_is_exceeded_already(value: float) -> None:
    async def scenario(lab: Laboratory) -> None:
        await begin(lab, 60)
        before = lab.delivered_wh()
        await lab.station.transactions.limit(1, limit(max_energy=value))
        await lab.quiet(60)
        assert lab.delivered_wh() == before  # E16.FR.10

    lab = explore(scenario, variables=limited())
    assert lab.told[-2:] == [
        ("Updated", "LimitSet", "Charging"),
        ("Updated", "EnergyLimitReached", "SuspendedEVSE"),
    ]


@pytest.mark.use_case("E16")
def test_a_meter_that_counts_in_large_steps() -> None:
    async def scenario(lab: Laboratory) -> None:
        meter = lab.hardware.evses[1].meter
        read = meter.read

        async def coarse(*, signed: bool = False) -> Any:
            register, *others = await read(signed=signed)
            return [msgspec.structs.replace(register, value=float(register.value // 100 * 100)), *others]

        meter.read = coarse  # type: ignore[method-assign]
        await begin(lab)
        await lab.station.transactions.limit(1, limit(max_energy=230.0))
        await lab.quiet(600)
        assert Decimal(200) <= lab.delivered_wh() < Decimal(204)  # E16.FR.19

    facts = wallbox()
    evse = msgspec.structs.replace(facts.evses[0], meter_step_wh=100.0)
    explore(scenario, facts=msgspec.structs.replace(facts, evses=(evse,)), variables=limited())


@pytest.mark.use_case("E16")
def test_what_a_driver_cannot_limit() -> None:
    async def scenario(lab: Laboratory) -> None:
        with pytest.raises(LocalProtocolError, match="expected a transaction at EVSE 1"):
            await lab.station.transactions.limit(1, limit(max_energy=1.0))
        with pytest.raises(KeyError):
            await lab.station.transactions.limit(9, limit(max_energy=1.0))
        await begin(lab)
        with pytest.raises(LocalProtocolError, match="expected limits among maxEnergy"):
            await lab.station.transactions.limit(1, limit(max_energy=1.0, max_time=60))
        await lab.quiet(60)

    lab = explore(scenario, variables=limited(supported=("maxEnergy",)))
    assert lab.told[-1][1] == "ChargingStateChanged"


# S2: the CSMS


@pytest.mark.use_case("E16")
def test_the_csms_limits_and_lowers() -> None:
    async def scenario(lab: Laboratory) -> None:
        transaction_id = await begin(lab)
        transactions = lab.csms[IDENTITY].transactions
        await transactions.limit(transaction_id, limit(max_energy=20_000.0))
        await lab.quiet(61)
        await transactions.limit(transaction_id, limit(max_energy=400.0))
        await lab.quiet(600)
        assert Decimal(400) <= lab.delivered_wh() <= Decimal("400.5")
        await transactions.limit(transaction_id, limit(max_energy=20_000.0))
        await lab.quiet(120)
        assert lab.delivered_wh() > 500

    lab = explore(scenario, variables=limited(interval=60))
    assert answers(lab) == [limit(max_energy=20_000.0), limit(max_energy=400.0), limit(max_energy=20_000.0)]
    assert [limits for trigger, limits in reported(lab) if trigger == "LimitSet"] == answers(lab)  # E16.FR.03
    assert ("Updated", "EnergyLimitReached", "SuspendedEVSE") in lab.told
    assert lab.told[-1] == ("Updated", "MeterValuePeriodic", "Charging")  # E16.FR.14


@pytest.mark.use_case("E16")
def test_the_csms_has_the_last_word() -> None:
    async def scenario(lab: Laboratory) -> None:
        transaction_id = await begin(lab)
        await lab.csms[IDENTITY].transactions.limit(transaction_id, limit(max_energy=20_000.0, max_time=3600))
        await lab.quiet(61)
        drivers = lab.station.transactions
        assert await drivers.limit(1, limit(max_energy=10_000.0)) == limit(max_energy=10_000.0, max_time=3600)
        assert await drivers.limit(1, limit(max_energy=40_000.0)) == limit(max_energy=20_000.0, max_time=3600)
        assert await drivers.limit(1, limit(max_energy=50_000.0)) == limit(max_energy=20_000.0, max_time=3600)
        await drivers.limit(1, limit(max_energy=6_000.0))
        await lab.quiet(61)
        await lab.csms[IDENTITY].transactions.limit(transaction_id, limit(max_energy=10_000.0))
        await lab.quiet(61)

    lab = explore(scenario, variables=limited(interval=60))
    assert [limits.max_energy for _, limits in reported(lab)] == [20_000, 10_000, 20_000, 6_000, 10_000]  # E16.FR.04
    assert all(limits.max_time == 3600 for _, limits in reported(lab))
    # E16.FR.08: nothing is said to the driver's 10000 and 6000.
    assert answers(lab) == [limit(max_energy=20_000.0, max_time=3600), limit(max_energy=10_000.0)]


@pytest.mark.use_case("E16")
def test_a_limit_of_the_driver_that_is_above_that_of_the_csms_is_overruled() -> None:
    """E16.FR.07: the CSMS has its own limit ready when that of the driver arrives."""

    async def scenario(lab: Laboratory) -> None:
        transaction_id = await begin(lab)
        await lab.csms[IDENTITY].transactions.limit(transaction_id, limit(max_energy=1_000.0))
        await lab.station.transactions.limit(1, limit(max_energy=40_000.0))
        await lab.quiet(1)

    lab = explore(scenario, variables=limited())
    assert [limits.max_energy for _, limits in reported(lab)] == [40_000, 1_000]
    assert answers(lab) == [limit(max_energy=1_000.0)]


@pytest.mark.use_case("E16")
def test_the_csms_limits_from_the_beginning() -> None:
    def decide(station: Station, request: TransactionEventRequest, transaction: Transaction) -> TransactionLimitType:
        return limit(max_energy=300.0)

    async def scenario(lab: Laboratory) -> None:
        await begin(lab, 600)
        assert Decimal(300) <= lab.delivered_wh() <= Decimal("300.5")

    settings = Settings(inventory=None, limit_transaction=decide)
    lab = explore(scenario, variables=limited(), settings=settings)
    assert answers(lab) == [limit(max_energy=300.0)]  # E16.FR.02: once
    assert lab.told[:2] == [("Started", "Authorized", "EVConnected"), ("Updated", "ChargingStateChanged", "Charging")]
    assert [trigger for _, trigger, _ in lab.told[2:]] == ["LimitSet", "EnergyLimitReached"]


@pytest.mark.use_case("E16")
def test_the_csms_sends_no_limit_that_is_not_supported() -> None:
    def decide(station: Station, request: TransactionEventRequest, transaction: Transaction) -> TransactionLimitType:
        return limit(max_soc=80)

    async def scenario(lab: Laboratory) -> None:
        transaction_id = await begin(lab)
        transactions = lab.csms[IDENTITY].transactions
        with pytest.raises(LocalProtocolError, match="among maxEnergy, found maxSoC"):  # E16.FR.12
            await transactions.limit(transaction_id, limit(max_soc=80, max_energy=1.0))
        with pytest.raises(LocalProtocolError, match="at least one"):
            await transactions.limit(transaction_id, limit())
        with pytest.raises(LocalProtocolError, match="found none"):
            await transactions.limit("nobody's", limit(max_energy=1.0))
        await lab.unplug()
        with pytest.raises(LocalProtocolError, match="found one that has ended"):
            await transactions.limit(transaction_id, limit(max_energy=1.0))

    settings = Settings(inventory=None, limit_transaction=decide)
    lab = explore(scenario, variables=limited(supported=("maxEnergy",)), settings=settings)
    assert not answers(lab) and not reported(lab)


@pytest.mark.use_case("E16")
def test_the_station_does_not_echo_what_it_does_not_support() -> None:
    async def scenario(lab: Laboratory) -> None:
        role = lab.csms[IDENTITY]
        told = TransactionEventResponse(transaction_limit=limit(max_soc=50, max_energy=900.0, max_cost=1.0))
        role.on(TransactionEventRequest)(lambda request: told)
        await begin(lab, 60)

    lab = explore(scenario, variables=limited(supported=("maxEnergy",)))
    assert reported(lab) == [("LimitSet", limit(max_energy=900.0))]  # E16.FR.13, and once


@pytest.mark.use_case("E16")
def test_a_cost_limit_with_the_cost_from_the_csms() -> None:
    def cost(station: Station, request: TransactionEventRequest, transaction: Transaction) -> float:
        return round(float((transaction.energy_wh or Decimal(0)) / 1000) * 0.5, 2)

    async def scenario(lab: Laboratory) -> None:
        transaction_id = await begin(lab)
        await lab.csms[IDENTITY].transactions.limit(transaction_id, limit(max_cost=0.5))
        await lab.quiet(1800)
        assert Decimal(990) < lab.delivered_wh() < Decimal(1200)
        await lab.present()
        await lab.unplug()

    settings = Settings(inventory=None, cost=cost)  # E16.FR.11
    lab = explore(scenario, variables=limited(interval=60), settings=settings)
    assert ("Updated", "CostLimitReached", "SuspendedEVSE") in lab.told  # E16.FR.15
    assert [frame for frame in lab.frames if b"totalCost" in frame.data]
    assert lab.told[-1][0] == "Ended"


@pytest.mark.use_case("E16")
def test_a_cost_that_the_station_has_from_elsewhere() -> None:
    async def scenario(lab: Laboratory) -> None:
        transaction_id = await begin(lab)
        await lab.station.transactions.limit(1, limit(max_cost=2.0))
        lab.station.transactions.note_cost(transaction_id, Decimal("1.99"))
        lab.station.transactions.note_cost("nobody's", Decimal("9.99"))
        await lab.quiet(60)
        assert lab.told[-1][2] == "Charging"
        lab.station.transactions.note_cost(transaction_id, Decimal("2.00"))
        await lab.quiet(60)

    lab = explore(scenario, variables=limited("EnergyTransfer"))
    assert lab.told[-1] == ("Ended", "CostLimitReached", "EVConnected")
    assert lab.events[-1].transaction_info.stopped_reason == "LocalOutOfCredit"


@pytest.mark.use_case("E16")
def test_the_answer_to_an_event_of_the_past_is_confirmed_now() -> None:
    async def scenario(lab: Laboratory) -> None:
        transaction_id = await begin(lab)
        await lab.csms[IDENTITY].transactions.limit(transaction_id, limit(max_energy=50_000.0))
        await lab.go_offline()
        await lab.quiet(130)
        await lab.go_online()
        await lab.quiet(10)

    lab = explore(scenario, variables=limited(interval=60))
    assert answers(lab) == [limit(max_energy=50_000.0)]
    (confirmed,) = [event for event in lab.events if event.trigger_reason == "LimitSet"]
    assert confirmed.offline is None  # E16.FR.18


@pytest.mark.use_case("E16")
@pytest.mark.memory_only
def test_the_answer_that_is_lost_is_given_again() -> None:
    async def scenario(lab: Laboratory) -> None:
        transaction_id = await begin(lab)
        await lab.csms[IDENTITY].transactions.limit(transaction_id, limit(max_energy=50_000.0))
        lab.ends[1].link.cut()  # the CSMS gets no word out any more
        await lab.quiet(70)
        await lab.go_offline()
        await lab.go_online()
        await lab.quiet(10)

    lab = explore(scenario, variables=limited(interval=60))
    assert [limits.max_energy for _, limits in reported(lab)] == [50_000]


@pytest.mark.use_case("E16")
def test_a_transaction_that_is_over_is_not_limited() -> None:
    async def scenario(lab: Laboratory) -> None:
        transaction_id = await begin(lab)
        await lab.csms[IDENTITY].transactions.limit(transaction_id, limit(max_energy=50_000.0))
        await lab.go_offline()
        await lab.unplug()
        await lab.go_online()
        await lab.quiet(10)

    lab = explore(scenario, variables=limited("EVConnected"))
    assert lab.told[-1][0] == "Ended" and not reported(lab)


FACTS: StationFacts = fast_charger(evses=1)


@pytest.mark.use_case("E16")
def test_the_first_limit_that_is_reached_counts() -> None:
    async def scenario(lab: Laboratory) -> None:
        await begin(lab)
        await lab.station.transactions.limit(1, limit(max_energy=100_000.0, max_time=120, max_soc=100))
        await lab.quiet(300)

    lab = explore(scenario, facts=FACTS, variables=limited())
    assert [trigger for _, trigger, _ in lab.told if trigger.endswith("Reached")] == ["TimeLimitReached"]
